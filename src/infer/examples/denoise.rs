//! Times the denoiser of Wan in a folder of diffusers' form, and says how much memory it took.
//!
//! `denoise FOLDER FRAMES HEIGHT WIDTH TEXT_TOKENS CALLS [BITS]`, in units of the latent; `FILIGRANE_ONNXRUNTIME` names the
//! library. The weights may be held in 8 or 4 bits.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a tool for the development machine"
)]

use std::path::Path;
use std::time::Instant;

use filigrane_infer::network::{WanShape, WanTransformer};
use filigrane_infer::{Bits, Engine, EngineOptions, Session, SessionOptions, TensorView, Weights};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, numbers @ ..] = arguments.as_slice() else { panic!("a folder is needed") };
    let numbers: Vec<usize> = numbers.iter().map(|text| text.parse().expect("a number")).collect();
    let [frames, height, width, text_tokens, calls, bits @ ..] = numbers.as_slice() else {
        panic!("five numbers are needed")
    };
    let folder = Path::new(folder);
    let library = std::env::var_os("FILIGRANE_ONNXRUNTIME").map(Into::into);
    let engine = Engine::start(&EngineOptions { required: library, ..EngineOptions::default() }).unwrap();
    let transformer = WanTransformer::parse(&std::fs::read(folder.join("config.json")).unwrap()).unwrap();
    let mut weights = Weights::open(folder, "diffusion_pytorch_model").unwrap();
    match bits {
        [8] => weights = weights.in_bits(Bits::Eight),
        [4] => weights = weights.in_bits(Bits::Four),
        _ => {}
    }
    let shape = WanShape {
        batch: 1,
        frames: *frames,
        height: *height,
        width: *width,
        text_tokens: *text_tokens,
        time_per_frame: false,
    };
    let before = resident("VmRSS:");
    let start = Instant::now();
    let graph = transformer.graph(&engine, &weights, &shape).unwrap();
    let options = SessionOptions { threads: Some(2), ..SessionOptions::default() };
    let mut session = Session::open(&engine, &graph, &options).unwrap();
    println!("{}: open in {:.1} s", engine.name(), start.elapsed().as_secs_f64());
    println!("graph {} kB", graph.onnx().unwrap().len() / 1000);
    println!(
        "weights {} MB on disk, {} MB in memory",
        weights.bytes() / 1_000_000,
        graph.weight_bytes() / 1_000_000
    );
    println!("memory with them {} MB more, most {} MB", resident("VmRSS:") - before, resident("VmHWM:"));
    let latent = vec![0.5; transformer.in_channels() * frames * height * width];
    let latent_shape = [1, transformer.in_channels(), *frames, *height, *width];
    let text = vec![0.1; text_tokens * transformer.text_channels()];
    let text_shape = [1, *text_tokens, transformer.text_channels()];
    for _ in 0..*calls {
        let (start, spent) = (Instant::now(), processor());
        let inputs = [
            ("hidden_states", TensorView::f32(&latent_shape, &latent).unwrap().into()),
            ("timestep", TensorView::f32(&[1], &[900.0]).unwrap().into()),
            ("encoder_hidden_states", TensorView::f32(&text_shape, &text).unwrap().into()),
        ];
        session.run(&inputs).unwrap();
        println!("call {:.2} s, {:.2} s of processors", start.elapsed().as_secs_f64(), processor() - spent);
    }
    println!("most memory {} MB", resident("VmHWM:"));
}

/// Megabytes of this process in memory.
fn resident(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes * 1024 / 1_000_000
}

/// Seconds that processors have worked for this process.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let behind_name = stat.rsplit_once(')').unwrap().1;
    let ticks = behind_name.split_whitespace().skip(11).take(2).map(|text| text.parse::<f64>().unwrap());
    ticks.sum::<f64>() / 100.0
}

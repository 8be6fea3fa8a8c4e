//! Every network equals diffusers' when ONNX Runtime runs it. Needs its library: `FILIGRANE_ONNXRUNTIME` says where.

#![allow(clippy::print_stdout, reason = "the differences are the report")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]
#![allow(clippy::print_stderr, reason = "says that nothing was tested")]

mod parity;

use filigrane_infer::network::T5Encoder;
use filigrane_infer::{
    Bits, Device, Engine, EngineKind, EngineOptions, Provider, Session, SessionOptions, Weights,
};

fn engine() -> Option<Engine> {
    let Some(library) = std::env::var_os("FILIGRANE_ONNXRUNTIME").filter(|path| !path.is_empty()) else {
        eprintln!("FILIGRANE_ONNXRUNTIME names no library: nothing is tested on ONNX Runtime");
        return None;
    };
    let options = EngineOptions { required: Some(library.into()), ..EngineOptions::default() };
    let engine = Engine::start(&options).expect("the library is ONNX Runtime");
    assert!(matches!(engine.kind(), EngineKind::OnnxRuntime { .. }));
    Some(engine)
}

parity::networks!();

#[test]
fn weights_in_few_bits_give_nearly_the_same_in_a_fraction_of_the_memory() {
    let Some(engine) = engine() else { return };
    let (config, weights) = parity::network("wan21.text_encoder");
    let tensors = &parity::cases("wan21.text_encoder")["prompt"];
    let encoder = T5Encoder::parse(&config).unwrap();
    let encoded = |weights: &Weights| {
        let graph = encoder.graph(&engine, weights, 2, 16).unwrap();
        let states = parity::run(&engine, &graph, tensors)["last_hidden_state"].tensor().unwrap();
        (graph.weight_bytes(), states.into_f32().unwrap())
    };
    let (whole, exact) = encoded(&weights);
    // More than half of the small network is its table of words, which keeps its precision; its random attention is
    // sharp and enlarges each error.
    for (bits, most, share) in [(Bits::Eight, 0.05, 0.72), (Bits::Four, 0.5, 0.66)] {
        let (bytes, found) = encoded(&weights.clone().in_bits(bits));
        assert!((bytes as f64) < share * whole as f64, "{bytes} of {whole} bytes");
        let off: f32 = found.iter().zip(&exact).map(|(one, other)| (one - other).powi(2)).sum();
        let all: f32 = exact.iter().map(|value| value.powi(2)).sum();
        let error = (off / all).sqrt();
        println!("{} bits: {error:.4} of the answer, {bytes} of {whole} bytes", bits.count());
        assert!(error > 1e-5 && error < most, "{} bits: {error}", bits.count());
    }
}

#[test]
fn a_graph_that_computes_in_half_precision_is_accepted_and_stays_near() {
    let Some(engine) = engine() else { return };
    let (config, weights) = parity::network("wan21.transformer");
    let tensors = &parity::cases("wan21.transformer")["video"];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.safetensors");
    let packed = |value: f32| half::f16::from_f32(value).to_le_bytes().to_vec();
    parity::write(&path, &weights, safetensors::Dtype::F16, packed);
    let weights = Weights::open_file(&path).unwrap();
    let single = parity::sampled(&engine, &config, &weights, tensors);
    let plain = parity::wan_graph(&engine, &config, &weights, tensors).onnx().unwrap();
    let weights = weights.computed_in_half();
    assert_ne!(parity::wan_graph(&engine, &config, &weights, tensors).onnx().unwrap(), plain);
    // The CPU has no products in half precision: there the engine itself goes back to single.
    let half = parity::sampled(&engine, &config, &weights, tensors);
    let pairs = single.as_f32().unwrap().iter().zip(half.as_f32().unwrap());
    let worst = pairs.map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
    println!("computed in f16: {worst:.1e}");
    assert!(worst < 5e-3, "{worst:e}");
}

#[test]
fn cuda_is_refused_with_the_reason_where_the_library_has_none() {
    let Some(engine) = engine().filter(|engine| !engine.has_cuda()) else { return };
    let (config, weights) = parity::network("wan21.transformer");
    let graph =
        parity::wan_graph(&engine, &config, &weights, &parity::cases("wan21.transformer")["one_frame"]);
    let open = |device| Session::open(&engine, &graph, &SessionOptions { device, ..parity::options() });
    let said = open(Device::Cuda).expect_err("no CUDA").to_string();
    assert!(said.contains("CUDA") && said.contains("onnxruntime-gpu") && !said.contains('\n'), "{said}");
    let provider = open(Device::Auto).unwrap().provider().clone();
    assert_eq!(provider, Provider::Cpu { instead_of_cuda: None });
}

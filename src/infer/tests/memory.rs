//! Weights are in memory once, from opening to the last call. Needs ONNX Runtime: `FILIGRANE_ONNXRUNTIME` says where.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up has failed")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the report")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use filigrane_infer::network::{WanShape, WanTransformer};
use filigrane_infer::{Engine, EngineOptions, Session, SessionOptions, TensorView, Weights};

const WIDTH: usize = 768;
const INNER: usize = 3072;
const TEXT: usize = 64;
const LAYERS: usize = 8;

/// Most memory for each byte of weights.
const BAR: f64 = 1.15;

/// What the engine and a call take whatever the weights: with them come a few of its matrices in single precision.
const ROOM: u64 = 32 << 20;

#[test]
fn a_session_takes_hardly_more_memory_than_its_weights() {
    let Some(library) = std::env::var_os("FILIGRANE_ONNXRUNTIME").filter(|path| !path.is_empty()) else {
        eprintln!("FILIGRANE_ONNXRUNTIME names no library: nothing is tested on ONNX Runtime");
        return;
    };
    let engine =
        Engine::start(&EngineOptions { required: Some(library.into()), ..EngineOptions::default() }).unwrap();
    let config = format!(
        r#"{{"num_attention_heads":12,"attention_head_dim":64,"text_dim":{TEXT},"freq_dim":256,"ffn_dim":{INNER},
            "num_layers":{LAYERS},"in_channels":16,"out_channels":16}}"#
    );
    let transformer = WanTransformer::parse(config.as_bytes()).unwrap();
    let shape = WanShape { batch: 1, frames: 1, height: 8, width: 8, text_tokens: 8, time_per_frame: false };
    let folder = tempfile::tempdir().unwrap();
    for kind in ["BF16", "F32"] {
        let path = folder.path().join(format!("{kind}.safetensors"));
        write(&path, kind);
        let weights = Weights::open_file(&path).unwrap();
        let before = memory("VmRSS:");
        let graph = transformer.graph(&engine, &weights, &shape).unwrap();
        let mut session = Session::open(&engine, &graph, &SessionOptions::default()).unwrap();
        let (latent, text) = (vec![0.1; 16 * 64], vec![0.1; 8 * TEXT]);
        let inputs = [
            ("hidden_states", TensorView::f32(&[1, 16, 1, 8, 8], &latent).unwrap().into()),
            ("timestep", TensorView::f32(&[1], &[500.0]).unwrap().into()),
            ("encoder_hidden_states", TensorView::f32(&[1, 8, TEXT], &text).unwrap().into()),
        ];
        session.run(&inputs).unwrap();
        let taken = memory("VmHWM:") - before;
        let share = taken.saturating_sub(ROOM) as f64 / weights.bytes() as f64;
        println!("{kind}: {} MB for {} MB of weights", taken / 1_000_000, weights.bytes() / 1_000_000);
        assert!(share <= BAR, "{kind}: {share:.3} times the weights");
        assert!(graph.onnx().unwrap().len() <= 3_000_000);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is written beside the weights");
}

/// A transformer's weights, all small and alike, written piece by piece so that they are never in this process's memory.
fn write(path: &Path, kind: &str) {
    let size = if kind == "F32" { 4 } else { 2 };
    let mut end = 0;
    let mut entries = Vec::new();
    for (name, shape) in tensors() {
        let start = end;
        end += shape.iter().product::<usize>() * size;
        entries.push(format!(
            r#""{name}":{{"dtype":"{kind}","shape":{shape:?},"data_offsets":[{start},{end}]}}"#
        ));
    }
    let header = format!("{{{}}}", entries.join(","));
    let mut file = BufWriter::new(File::create(path).unwrap());
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    // 0.00390625 in both forms: bytes 0x3b80 at the end.
    let value: &[u8] = if size == 4 { &[0, 0, 0x80, 0x3b] } else { &[0x80, 0x3b] };
    // All extents are multiples of this.
    let block = value.repeat(64);
    for _ in 0..end / block.len() {
        file.write_all(&block).unwrap();
    }
    file.flush().unwrap();
}

/// Names and shapes of all weights of the transformer.
fn tensors() -> Vec<(String, Vec<usize>)> {
    let mut found = vec![
        ("patch_embedding.weight".to_owned(), vec![WIDTH, 16, 1, 2, 2]),
        ("patch_embedding.bias".to_owned(), vec![WIDTH]),
        ("scale_shift_table".to_owned(), vec![1, 2, WIDTH]),
    ];
    let mut linear = |name: &str, width: usize, height: usize| {
        found.push((format!("{name}.weight"), vec![height, width]));
        found.push((format!("{name}.bias"), vec![height]));
    };
    linear("condition_embedder.time_embedder.linear_1", 256, WIDTH);
    linear("condition_embedder.time_embedder.linear_2", WIDTH, WIDTH);
    linear("condition_embedder.time_proj", WIDTH, 6 * WIDTH);
    linear("condition_embedder.text_embedder.linear_1", TEXT, WIDTH);
    linear("condition_embedder.text_embedder.linear_2", WIDTH, WIDTH);
    linear("proj_out", WIDTH, 64);
    for layer in 0..LAYERS {
        for attention in ["attn1", "attn2"] {
            for part in ["to_q", "to_k", "to_v", "to_out.0"] {
                linear(&format!("blocks.{layer}.{attention}.{part}"), WIDTH, WIDTH);
            }
        }
        linear(&format!("blocks.{layer}.ffn.net.0.proj"), WIDTH, INNER);
        linear(&format!("blocks.{layer}.ffn.net.2"), INNER, WIDTH);
    }
    for layer in 0..LAYERS {
        for norm in ["attn1.norm_q", "attn1.norm_k", "attn2.norm_q", "attn2.norm_k", "norm2"] {
            found.push((format!("blocks.{layer}.{norm}.weight"), vec![WIDTH]));
        }
        found.push((format!("blocks.{layer}.norm2.bias"), vec![WIDTH]));
        found.push((format!("blocks.{layer}.scale_shift_table"), vec![1, 6, WIDTH]));
    }
    found
}

/// Bytes of this process in memory.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

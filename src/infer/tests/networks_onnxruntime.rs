//! Every network equals diffusers' when ONNX Runtime runs it. Needs its library: `FILIGRANE_ONNXRUNTIME` says where.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]
#![allow(clippy::print_stderr, reason = "says that nothing was tested")]

mod parity;

use filigrane_infer::{Engine, EngineKind, EngineOptions};

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

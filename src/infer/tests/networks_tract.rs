//! Every network equals diffusers' when tract runs it, which is always there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

mod parity;

use filigrane_infer::{Engine, EngineKind, EngineOptions};

fn engine() -> Option<Engine> {
    let engine = Engine::start(&EngineOptions::default()).expect("tract is always there");
    assert_eq!(engine.kind(), &EngineKind::Tract);
    Some(engine)
}

parity::networks!();

//! Every network equals diffusers' when tract runs it, which is always there.

#![allow(clippy::print_stdout, reason = "the differences are the report")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

mod parity;

use filigrane_infer::network::{WanShape, WanTransformer};
use filigrane_infer::{
    Bits, Device, Engine, EngineKind, EngineOptions, Input, Session, SessionOptions, TensorView,
};

fn engine() -> Option<Engine> {
    let engine = Engine::start(&EngineOptions::default()).expect("tract is always there");
    assert_eq!(engine.kind(), &EngineKind::Tract);
    Some(engine)
}

parity::networks!();

#[test]
fn what_tract_can_not_do_is_refused_with_the_reason() {
    let engine = engine().unwrap();
    let (config, weights) = parity::network("wan21.transformer");
    let tensors = &parity::cases("wan21.transformer")["one_frame"];
    let graph = parity::wan_graph(&engine, &config, &weights, tensors);
    let cuda = SessionOptions { device: Device::Cuda, ..parity::options() };
    let said = Session::open(&engine, &graph, &cuda).expect_err("no CUDA").to_string();
    assert!(said.contains("tract has no CUDA"), "{said}");
    let shape = WanShape { batch: 1, frames: 1, height: 4, width: 4, text_tokens: 4, time_per_frame: false };
    let weights = weights.in_bits(Bits::Eight);
    let said = WanTransformer::parse(&config).unwrap().graph(&engine, &weights, &shape).expect_err("no bits");
    assert!(said.to_string().contains("need ONNX Runtime"), "{said}");
}

#[test]
fn inputs_that_do_not_fit_are_refused_by_name_before_anything_runs() {
    let engine = engine().unwrap();
    let (config, weights) = parity::network("wan21.transformer");
    let tensors = &parity::cases("wan21.transformer")["one_frame"];
    let graph = parity::wan_graph(&engine, &config, &weights, tensors);
    let mut session = Session::open(&engine, &graph, &parity::options()).unwrap();
    let refusal =
        |session: &mut Session, inputs: &[(&str, Input<'_>)]| session.run(inputs).unwrap_err().to_string();
    let [hidden, time, text] = ["hidden_states", "timestep", "encoder_hidden_states"]
        .map(|name| (name, Input::from(tensors[name].view())));
    let said = refusal(&mut session, &[hidden, text]);
    assert!(said.contains("timestep: is missing"), "{said}");
    let said =
        refusal(&mut session, &[hidden, ("timestep", TensorView::i64(&[1], &[3]).unwrap().into()), text]);
    assert!(said.contains("timestep: is of i64 where f32"), "{said}");
    let said = refusal(
        &mut session,
        &[hidden, ("timestep", TensorView::f32(&[2], &[3.0, 3.0]).unwrap().into()), text],
    );
    assert!(said.contains("timestep: has shape [2]"), "{said}");
    let said =
        refusal(&mut session, &[hidden, time, text, ("more", TensorView::f32(&[1], &[3.0]).unwrap().into())]);
    assert!(said.contains("more: is not one"), "{said}");
    assert!(session.run(&[hidden, time, text]).is_ok());
}

#[test]
fn networks_that_can_not_be_are_refused_in_a_line() {
    let engine = engine().unwrap();
    let (config, weights) = parity::network("wan21.transformer");
    let config = String::from_utf8(config).unwrap();
    let shape = WanShape { batch: 1, frames: 1, height: 4, width: 4, text_tokens: 4, time_per_frame: false };
    let graph = |config: &str, shape: &WanShape| {
        WanTransformer::parse(config.as_bytes())?.graph(&engine, &weights, shape)
    };
    let changed = |from: &str, to: &str| {
        assert!(config.contains(from), "{from}");
        config.replace(from, to)
    };
    let odd = WanShape { height: 5, ..shape };
    let large = WanShape { frames: usize::MAX, ..shape };
    for (config, shape, expected) in [
        (config.clone(), odd, "no multiple of the patch 1x2x2"),
        (config.clone(), large, "each extent is 1 to"),
        ("{".into(), shape, "configuration is not valid"),
        ("[1]".into(), shape, "configuration is not valid"),
        (changed(r#""num_layers": 2"#, r#""num_layers": 3"#), shape, "tensor blocks.2"),
        (changed(r#""num_layers": 2"#, r#""num_layers": 1000000"#), shape, "at most 256"),
        (changed(r#""ffn_dim": 32"#, r#""ffn_dim": 64"#), shape, "has shape [32] where [64]"),
        (changed(r#""ffn_dim": 32"#, r#""ffn_dim": 9223372036854775807"#), shape, "ffn_dim is"),
        (changed(r#""freq_dim": 256"#, r#""freq_dim": -1"#), shape, "configuration is not valid"),
        (changed(r#""added_kv_proj_dim": null"#, r#""added_kv_proj_dim": 5"#), shape, "not supported"),
    ] {
        let said = graph(&config, &shape).expect_err("impossible").to_string();
        assert!(said.contains(expected) && !said.contains('\n'), "{said}");
    }
}

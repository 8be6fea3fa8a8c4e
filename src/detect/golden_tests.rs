//! What the models inside the program say of a drawn clip is what the training code says of it.
//!
//! `FILIGRANE_OBSERVATION=FILE cargo test -p filigrane-detect golden` writes down what is seen of the clip, of which
//! `detectors/train/golden.py` makes `detectors/traces/results/golden.json`.

use std::fs;
use std::path::PathBuf;

use filigrane_frame::{ColourRange, LumaLayout, LumaRef};
use filigrane_infer::{Engine, EngineOptions, SessionOptions};
use serde_json::Value;

use crate::{Network as _, Observation, Observer, OnnxNetwork, Trees};

/// Log-odds by which two engines may differ.
const NEAR: f64 = 1e-4;

fn shipped(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../detectors/traces");
    fs::read(folder.join(name)).expect(name)
}

/// Forty pictures of moving waves under noise, by whole numbers alone.
fn drawn() -> Observation {
    let (width, height) = (400, 304);
    let layout = LumaLayout { width, height, stride: width, bits: 8, range: ColourRange::Limited };
    let mut observer = Observer::default();
    let mut state = 1_u32;
    for index in 0..40 {
        let mut bytes = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let wave = ((x + 3 * index) % 64).abs_diff(32) + ((2 * y + x + index) % 90).abs_diff(45);
                let block = if (x / 24 + y / 40) % 3 == 0 { 60 } else { 0 };
                bytes.push((30 + wave as u32 + block + (state >> 28)) as u8);
            }
        }
        observer.push(LumaRef::new(layout, &bytes).expect("fits"), index as f64 / 25.0);
    }
    observer.finish()
}

#[test]
fn golden_log_odds_of_the_training_code_are_those_of_the_program_to_a_ten_thousandth() {
    let observation = drawn();
    if let Some(path) = std::env::var_os("FILIGRANE_OBSERVATION") {
        let mut bytes = Vec::new();
        observation.write_to(&mut bytes).expect("memory takes it");
        fs::write(path, bytes).expect("written");
    }
    let golden: Value = serde_json::from_slice(&shipped("results/golden.json")).expect("JSON");
    let trees = Trees::from_json(&shipped("statistics.json")).expect("trees");
    let engine = Engine::start(&EngineOptions::default()).expect("tract is always there");
    let experts = golden.as_object().expect("experts by name");
    assert!(experts.len() > 1, "{experts:?}");
    for (name, wanted) in experts {
        let wanted: Vec<Vec<f64>> = serde_json::from_value(wanted.clone()).expect("log-odds of bursts");
        assert_eq!(wanted.len(), observation.bursts().len());
        let found: Vec<Vec<f64>> = if name == "statistics" {
            observation.bursts().iter().map(|burst| vec![trees.assess(&burst.statistics).log_odds]).collect()
        } else {
            let graph = shipped(&format!("{name}.onnx"));
            let network =
                OnnxNetwork::open(&engine, name, &graph, &SessionOptions::default()).expect("a network");
            let look = |burst| network.look(burst).expect("log-odds").logits;
            observation
                .bursts()
                .iter()
                .map(|burst| look(burst).into_iter().map(f64::from).collect())
                .collect()
        };
        for (found, wanted) in found.iter().flatten().zip(wanted.iter().flatten()) {
            assert!((found - wanted).abs() < NEAR * (1.0 + wanted.abs()), "{name}: {found} for {wanted}");
        }
        assert_eq!(found.concat().len(), wanted.concat().len(), "{name}");
    }
}

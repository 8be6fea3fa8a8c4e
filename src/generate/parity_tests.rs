//! Whole pipelines against what diffusers made of the same folder, prompt and seed.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use filigrane_infer::{Engine, EngineOptions};
use safetensors::SafeTensors;
use serde_json::Value;

use crate::testing::{fixture, fixtures, floats};
use crate::{Adapter, FirstFrame, Generator, ModelFiles, Request, RunOptions, Size};

/// The project's bars: largest difference of a latent, and least share of 8-bit samples that are equal.
const LATENT_BAR: f32 = 1e-5;
const EQUAL_BAR: f64 = 0.999;

/// The engine of the tests: the library named by `FILIGRANE_ONNXRUNTIME`, else tract.
pub(crate) fn engine() -> Engine {
    let required =
        std::env::var_os("FILIGRANE_ONNXRUNTIME").filter(|path| !path.is_empty()).map(PathBuf::from);
    Engine::start(&EngineOptions { required, libraries: Vec::new() }).unwrap()
}

fn generator(family: &str) -> Generator {
    let files = ModelFiles::Folder(fixtures().join(family).join("model"));
    Generator::open(engine(), files, RunOptions::default()).unwrap()
}

fn request(case: &Value, tensors: &SafeTensors<'_>) -> Request {
    let number = |name: &str| case[name].as_u64().unwrap();
    let size = Size {
        width: case["size"][0].as_u64().unwrap() as u32,
        height: case["size"][1].as_u64().unwrap() as u32,
    };
    let image = case["image"].as_bool().is_some_and(|image| image).then(|| FirstFrame {
        size,
        rgb: tensors.tensor(&format!("picture.{size}")).unwrap().data().to_vec(),
    });
    Request {
        prompt: case["prompt"].as_str().unwrap().to_owned(),
        negative_prompt: case["negative"].as_str().unwrap().to_owned(),
        image,
        seed: number("seed"),
        frames: Some(number("frames") as u32),
        size: Some(size),
        steps: Some(number("steps") as u32),
        guidance: case["guidance"].as_f64(),
        guidance_low_noise: case["guidance_low_noise"].as_f64(),
        frame_rate: None,
    }
}

/// Compares every case of a family.
fn compare(family: &str) {
    let cases: serde_json::Map<String, Value> =
        serde_json::from_slice(&fixture(&format!("{family}/cases.json"))).unwrap();
    let bytes = fixture(&format!("{family}/expected.safetensors"));
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut generator = generator(family);
    assert!(!cases.is_empty());
    let mut faults = Vec::new();
    for (name, case) in &cases {
        let request = request(case, &tensors);
        let go_on = &mut |_: &crate::Progress| ControlFlow::Continue(());
        let (latents, log) = generator.denoised(&request, go_on).unwrap();
        let expected = floats(&tensors.tensor(&format!("{name}.latents")).unwrap());
        // LTX's pipeline gives its latents as tokens.
        let latents = match family {
            "ltx" => crate::latents::pack(&latents, generator.model().geometry().channels),
            _ => latents,
        };
        assert_eq!(latents.len(), expected.len(), "{family} {name}");
        let apart = latents.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);

        let mut pictures = Vec::new();
        let sink = &mut |picture: crate::Picture| {
            assert_eq!(picture.index as usize, pictures.len());
            pictures.push(picture.to_rgb8());
            Ok::<(), Infallible>(())
        };
        generator.run(&request, go_on, sink).unwrap();
        let expected = tensors.tensor(&format!("{name}.frames")).unwrap();
        let found = pictures.concat();
        assert_eq!(found.len(), expected.data().len(), "{family} {name}");
        let equal = found.iter().zip(expected.data()).filter(|(a, b)| a == b).count();
        let share = equal as f64 / found.len() as f64;
        println!("| {family} | {name} | {} | {apart:.1e} | {:.4} % |", log.engine, 100.0 * share);
        if apart > LATENT_BAR || share < EQUAL_BAR {
            faults.push(format!("{family} {name}: latents {apart:e} apart, {share} equal"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn wan_2_1_makes_the_latents_and_pictures_that_diffusers_makes() {
    compare("wan21");
}

#[test]
fn the_two_transformers_of_wan_2_2_take_their_turns_as_in_diffusers() {
    compare("wan22-pair");
}

#[test]
fn wan_2_2_ti2v_makes_what_diffusers_makes_from_text_and_from_a_picture() {
    compare("wan22-ti2v");
}

#[test]
fn ltx_makes_the_latents_and_pictures_that_diffusers_makes() {
    compare("ltx");
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_seed_others() {
    let mut generator = generator("wan21");
    let mut bytes = |seed| {
        let request = Request {
            prompt: "a red ball".to_owned(),
            seed,
            frames: Some(5),
            size: Some(Size { width: 16, height: 16 }),
            steps: Some(2),
            ..Request::default()
        };
        let mut all = Vec::new();
        let sink = &mut |picture: crate::Picture| {
            all.extend(picture.to_rgb8());
            Ok::<(), Infallible>(())
        };
        generator.run(&request, &mut |_| ControlFlow::Continue(()), sink).unwrap();
        all
    };
    let first = bytes(1);
    assert_eq!(first, bytes(1));
    assert_ne!(first, bytes(2));
}

#[test]
fn a_run_ends_when_told_to_after_any_step_and_makes_no_further_picture() {
    let mut generator = generator("wan21");
    let request = Request {
        prompt: "a red ball".to_owned(),
        frames: Some(9),
        size: Some(Size { width: 16, height: 16 }),
        steps: Some(3),
        ..Request::default()
    };
    let mut told = 0;
    generator
        .run(
            &request,
            &mut |_| {
                told += 1;
                ControlFlow::Continue(())
            },
            &mut |_| Ok::<(), Infallible>(()),
        )
        .unwrap();
    assert!(told > 9, "{told}");
    for stop in 1..=told {
        let (mut calls, mut pictures) = (0, 0);
        let progress = &mut |_: &crate::Progress| {
            calls += 1;
            if calls == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let sink = &mut |_| {
            pictures += 1;
            Ok::<(), Infallible>(())
        };
        let error = generator.run(&request, progress, sink).unwrap_err();
        assert!(matches!(error, crate::RunError::Generate(crate::Error::Cancelled)), "{error}");
        assert_eq!(calls, stop);
        assert!(pictures <= 9);
    }
}

/// So that `make parity` shows which fixtures it compared with.
#[test]
fn the_fixtures_are_there() {
    for family in ["wan21", "wan22-pair", "wan22-ti2v", "ltx"] {
        assert!(Path::new(&fixtures()).join(family).join("cases.json").is_file());
    }
}

#[test]
fn tiles_as_large_as_the_picture_change_nothing_and_smaller_ones_join_without_a_seam() {
    let request = Request {
        prompt: "a red ball".to_owned(),
        frames: Some(5),
        size: Some(Size { width: 96, height: 64 }),
        steps: Some(2),
        ..Request::default()
    };
    let clip = |tile| {
        let files = ModelFiles::Folder(fixtures().join("wan21/model"));
        let options = RunOptions { tile, ..RunOptions::default() };
        let mut generator = Generator::open(engine(), files, options).unwrap();
        let mut pictures = Vec::new();
        let sink = &mut |picture: crate::Picture| {
            pictures.push(picture.planes);
            Ok::<(), Infallible>(())
        };
        generator.run(&request, &mut |_| ControlFlow::Continue(()), sink).unwrap();
        pictures
    };
    let whole = clip(None);
    assert_eq!(whole.len(), 5);
    assert_eq!(whole, clip(Some(4096)));
    let tiled = clip(Some(48));
    assert_ne!(whole, tiled);
    // The middle of the VAE looks at the whole tile, so that tiles are not quite the picture; but no edge of one shows.
    let steepest = |pictures: &[Vec<f32>]| {
        let steps = |column: usize| {
            let rows = pictures.iter().flat_map(|picture| picture.chunks_exact(96));
            rows.map(|row| (row[column + 1] - row[column]).abs()).sum::<f32>()
        };
        (0..95).map(steps).fold(0f32, f32::max)
    };
    let (plain, joined) = (steepest(&whole), steepest(&tiled));
    assert!(joined < 1.25 * plain, "{joined} {plain}");
}

#[test]
fn an_adapter_changes_the_clip_by_its_strength_and_stands_in_the_log() {
    let path = fixtures().join("adapter.safetensors");
    let request = Request {
        prompt: "a red ball".to_owned(),
        frames: Some(1),
        size: Some(Size { width: 32, height: 32 }),
        steps: Some(2),
        ..Request::default()
    };
    let denoised = |adapters: Vec<Adapter>| {
        let files = ModelFiles::Folder(fixtures().join("wan21/model"));
        let options = RunOptions { adapters, ..RunOptions::default() };
        let mut generator = Generator::open(engine(), files, options).unwrap();
        generator.denoised(&request, &mut |_| ControlFlow::Continue(()))
    };
    let adapter = |strength| Adapter { path: path.clone(), strength, low_noise: None };
    let (plain, log) = denoised(Vec::new()).unwrap();
    assert!(log.adapters.is_empty());
    let (none, _) = denoised(vec![adapter(0.0)]).unwrap();
    assert_eq!(plain, none);
    let (changed, log) = denoised(vec![adapter(1.0)]).unwrap();
    assert_ne!(plain, changed);
    assert_eq!(log.adapters[0].file, "adapter.safetensors");
    // For the second of a pair, it leaves the first alone.
    let (other, _) = denoised(vec![Adapter { low_noise: Some(true), ..adapter(1.0) }]).unwrap();
    assert_eq!(plain, other);
    let nowhere = Adapter { path: "/nowhere.safetensors".into(), strength: 1.0, low_noise: None };
    let line = denoised(vec![nowhere]).unwrap_err().to_string();
    assert!(line.contains("/nowhere.safetensors") && !line.contains('\n'), "{line}");
}

use std::ops::ControlFlow;

use crate::parity_tests::engine;
use crate::testing::fixtures;
use crate::{Generator, ModelFiles, Progress, Request, RunError, RunOptions, Size, Stage};

fn generator(family: &str) -> Generator {
    let files = ModelFiles::Folder(fixtures().join(family).join("model"));
    Generator::open(engine(), files, RunOptions::default()).unwrap()
}

fn request() -> Request {
    Request {
        prompt: "a réd ball".to_owned(),
        negative_prompt: "blurry".to_owned(),
        seed: 3,
        frames: Some(9),
        size: Some(Size { width: 16, height: 16 }),
        steps: Some(3),
        ..Request::default()
    }
}

#[test]
fn the_log_tells_every_parameter_that_a_clip_depends_on() {
    let mut pictures = 0;
    let sink = &mut |_| {
        pictures += 1;
        Ok::<(), std::convert::Infallible>(())
    };
    let log = generator("wan21").run(&request(), &mut |_| ControlFlow::Continue(()), sink).unwrap();
    assert_eq!(pictures, 9);
    let json = serde_json::to_value(&log).unwrap();
    for (pointer, value) in [
        ("/pipeline", "WanPipeline".into()),
        ("/prompt", "a réd ball".into()),
        ("/negative_prompt", "blurry".into()),
        ("/plan/seed", 3.into()),
        ("/plan/steps", 3.into()),
        ("/plan/frames", 9.into()),
        ("/plan/size/width", 16.into()),
        ("/plan/guidance", 5.0.into()),
        ("/plan/frame_rate", 16.0.into()),
        ("/scheduler", "UniPC".into()),
        ("/version", env!("CARGO_PKG_VERSION").into()),
        ("/seconds/0/stage", "text".into()),
    ] {
        assert_eq!(json.pointer(pointer), Some::<&serde_json::Value>(&value), "{pointer}");
    }
    assert_eq!(json["prompt_sha256"].as_str().map(str::len), Some(64));
    assert_eq!((log.sigmas.len(), log.timesteps.len()), (4, 3));
    assert!(!log.engine.is_empty() && !log.provider.is_empty());
}

#[test]
fn a_failing_sink_ends_the_run_with_its_own_error() {
    let mut taken = 0;
    let sink = &mut |picture: crate::Picture| {
        taken += 1;
        if picture.index == 2 { Err("disk full") } else { Ok(()) }
    };
    let error = generator("wan21").run(&request(), &mut |_| ControlFlow::Continue(()), sink).unwrap_err();
    assert!(matches!(error, RunError::Sink("disk full")));
    assert_eq!(taken, 3);
}

#[test]
fn progress_counts_each_part_up_to_its_end_and_knows_what_remains() {
    let mut told: Vec<Progress> = Vec::new();
    let progress = &mut |step: &Progress| {
        told.push(*step);
        ControlFlow::Continue(())
    };
    generator("wan21").run(&request(), progress, &mut |_| Ok::<(), std::convert::Infallible>(())).unwrap();
    for (stage, total) in [(Stage::Text, 2), (Stage::Denoise, 3), (Stage::Decode, 3)] {
        let steps: Vec<&Progress> = told.iter().filter(|step| step.stage == stage).collect();
        let done: Vec<u32> = steps.iter().map(|step| step.done).collect();
        assert_eq!(done, (0..=total).collect::<Vec<_>>(), "{stage:?}");
        assert!(steps.iter().all(|step| step.total == total && step.remaining.is_some() == (step.done > 0)));
        assert!(steps.last().unwrap().remaining.unwrap().is_zero());
    }
}

#[test]
fn a_prompt_that_was_read_before_needs_no_text_encoder_again() {
    let folder = tempfile::tempdir().unwrap();
    for part in ["scheduler", "text_encoder", "tokenizer", "transformer", "vae"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
        for file in std::fs::read_dir(fixtures().join("wan21/model").join(part)).unwrap().flatten() {
            std::fs::copy(file.path(), folder.path().join(part).join(file.file_name())).unwrap();
        }
    }
    let index = "model_index.json";
    std::fs::copy(fixtures().join("wan21/model").join(index), folder.path().join(index)).unwrap();
    let files = ModelFiles::Folder(folder.path().to_owned());
    let mut generator = Generator::open(engine(), files, RunOptions::default()).unwrap();
    let mut run = |request: &Request| {
        generator.denoised(request, &mut |_| ControlFlow::Continue(())).map(|(latents, _)| latents)
    };
    let first = run(&request()).unwrap();
    std::fs::remove_file(folder.path().join("text_encoder/model.safetensors")).unwrap();
    assert_eq!(run(&request()).unwrap(), first);
    let line = run(&Request { prompt: "another".to_owned(), ..request() }).unwrap_err().to_string();
    assert!(line.contains("text_encoder/model.safetensors") && !line.contains('\n'), "{line}");
}

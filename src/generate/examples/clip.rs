//! Makes a clip of a folder in the layout of diffusers, shows nothing of it, and prints the log of the run.
//!
//! `cargo run --release -p filigrane-generate --example clip -- FOLDER WIDTHxHEIGHT FRAMES STEPS [THREADS]`;
//! `FILIGRANE_ONNXRUNTIME` names the library, else tract runs.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use filigrane_generate::{Generator, ModelFiles, Request, RunOptions, Size};
use filigrane_infer::{Engine, EngineOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, size, frames, steps, rest @ ..] = arguments.as_slice() else {
        return Err("FOLDER WIDTHxHEIGHT FRAMES STEPS [THREADS]".into());
    };
    let (width, height) = size.split_once('x').ok_or("a size is WIDTHxHEIGHT")?;
    let required =
        std::env::var_os("FILIGRANE_ONNXRUNTIME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let engine = Engine::start(&EngineOptions { required, libraries: Vec::new() })?;
    let threads = rest.first().map(|threads| threads.parse()).transpose()?;
    let options = RunOptions { threads, ..RunOptions::default() };
    let start = Instant::now();
    let mut generator = Generator::open(engine, ModelFiles::Folder(folder.into()), options)?;
    let request = Request {
        prompt: "a red ball rolls over the grass".to_owned(),
        negative_prompt: "blurry".to_owned(),
        seed: 42,
        size: Some(Size { width: width.parse()?, height: height.parse()? }),
        frames: Some(frames.parse()?),
        steps: Some(steps.parse()?),
        ..Request::default()
    };
    let mut pictures = 0;
    let sink = &mut |_| {
        pictures += 1;
        Ok::<(), Infallible>(())
    };
    let log = generator.run(&request, &mut |_| ControlFlow::Continue(()), sink)?;
    println!("{}", serde_json::to_string_pretty(&log)?);
    println!("{pictures} pictures in {:.3} s", start.elapsed().as_secs_f64());
    Ok(())
}

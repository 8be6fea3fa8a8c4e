//! Judges clips by the models in a folder, `statistics.json`, `fusion.json` and `NAME.onnx` of each other expert, on tract:
//! `cargo run --release -p filigrane-detect --example judge -- FOLDER FILE…`

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use filigrane_detect::{Detector, Fusion, Network, Observer, OnnxNetwork, Trees};
use filigrane_frame::Limits;
use filigrane_infer::{Engine, EngineOptions, SessionOptions};
use filigrane_media::{Cancel, Decoder};

type Failure = Box<dyn std::error::Error>;

fn open(folder: &Path) -> Result<Detector, Failure> {
    let trees = Trees::from_json(&fs::read(folder.join("statistics.json"))?)?;
    let fusion = Fusion::from_json(&fs::read(folder.join("fusion.json"))?)?;
    let engine = Engine::start(&EngineOptions::default())?;
    let mut networks: Vec<(String, Box<dyn Network + Send + Sync>)> = Vec::new();
    for name in fusion.experts().filter(|name| *name != "statistics") {
        let graph = fs::read(folder.join(format!("{name}.onnx")))?;
        let options = SessionOptions { threads: Some(1), ..SessionOptions::default() };
        networks.push((name.to_owned(), Box::new(OnnxNetwork::open(&engine, name, &graph, &options)?)));
    }
    Ok(Detector::new(trees, networks, fusion)?)
}

#[allow(clippy::print_stdout)]
fn judge(detector: &Detector, path: &Path) -> Result<(), Failure> {
    let mut decoder = Decoder::open(path, &Limits::default(), &Cancel::default())?;
    let mut observer = Observer::default();
    let start = Instant::now();
    while let Some(picture) = decoder.next_picture()? {
        observer.push(picture.luma(), picture.time());
    }
    let observation = observer.finish();
    let between = Instant::now();
    let judgement = detector.judge(&observation, None)?;
    println!(
        "{}: {} bursts, observed in {:.2?}, judged in {:.2?}\n{judgement:#?}",
        path.display(),
        observation.bursts().len(),
        between - start,
        between.elapsed()
    );
    Ok(())
}

#[allow(clippy::print_stderr)]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, files @ ..] = arguments.as_slice() else {
        eprintln!("usage: judge FOLDER FILE…");
        return ExitCode::from(2);
    };
    let run = || -> Result<(), Failure> {
        let detector = open(Path::new(folder))?;
        files.iter().try_for_each(|file| judge(&detector, Path::new(file)))
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

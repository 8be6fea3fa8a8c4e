use std::fmt::Display;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use filigrane::detect::{Detector, Fusion, Network, OnnxNetwork, Trees};
use filigrane::frame::Digest;
use filigrane::infer::{Engine, SessionOptions};
use filigrane::pipeline::{Examiner, Model};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::model;

const CARD: &str = "card.toml";
const TREES: &str = "statistics.json";
const FUSION: &str = "fusion.json";
/// The expert that is trees over statistics; all others are networks, each in a file of its name.
const STATISTICS: &str = "statistics";
/// Most that is read of a file of a detector, bytes.
const LARGEST: u64 = 16 << 20;

/// What a card says that reports tell.
#[derive(Deserialize)]
struct Card {
    name: String,
}

/// The statistical layer, with the detector in a folder.
pub fn examiner(folder: &Path, home: &Home) -> Examiner {
    let (folder, home) = (folder.to_owned(), home.clone());
    Examiner::new(move || open(&folder, &home))
}

/// Of all files in a detector's folder, by their names: what its answers depend on.
pub fn digest(folder: &Path) -> Result<String, Failure> {
    let io = |source| Failure::Io { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        if entry.file_type().map_err(io)?.is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    let mut all = Sha256::new();
    for name in names {
        let bytes = read(folder, &name).map_err(Failure::Usage)?;
        all.update(Sha256::digest(name.as_bytes()));
        all.update(Sha256::digest(&bytes));
    }
    Ok(Digest(all.finalize().into()).to_string())
}

/// A file's bytes.
fn read(folder: &Path, name: &str) -> Result<Vec<u8>, String> {
    let path = folder.join(name);
    let mut bytes = Vec::new();
    match fs::File::open(&path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)) {
        Ok(length) if length as u64 <= LARGEST => Ok(bytes),
        Ok(_) => Err(format!("{}: over the limit of {LARGEST} bytes", path.display())),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

fn open(folder: &Path, home: &Home) -> Result<Model, String> {
    let mut digest = Sha256::new();
    let mut take = |name: &str| {
        let bytes = read(folder, name)?;
        digest.update(Sha256::digest(&bytes));
        Ok::<_, String>(bytes)
    };
    let (card, trees, fusion) = (take(CARD)?, take(TREES)?, take(FUSION)?);
    // Which file is at fault, and which of its versions.
    let at = |name: &str, bytes: &[u8], why: &dyn Display| {
        format!("{}, sha256 {}: {why}", folder.join(name).display(), digest_of(bytes))
    };
    let told: Card =
        toml::from_str(&String::from_utf8_lossy(&card)).map_err(|error| at(CARD, &card, &error.message()))?;
    let judged = Trees::from_json(&trees).map_err(|error| at(TREES, &trees, &error))?;
    let fused = Fusion::from_json(&fusion).map_err(|error| at(FUSION, &fusion, &error))?;
    let experts: Vec<String> =
        fused.experts().filter(|expert| *expert != STATISTICS).map(str::to_owned).collect();
    let mut networks: Vec<(String, Box<dyn Network + Send + Sync>)> = Vec::new();
    // No engine is started for trees alone.
    let engine = (!experts.is_empty()).then(|| engine(home)).transpose()?;
    for expert in experts {
        let Some(engine) = &engine else { break };
        let file = format!("{expert}.onnx");
        let graph = take(&file)?;
        let network = OnnxNetwork::open(engine, &expert, &graph, &SessionOptions::default())
            .map_err(|error| at(&file, &graph, &error))?;
        networks.push((expert, Box::new(network)));
    }
    let detector = Detector::new(judged, networks, fused).map_err(|error| at(FUSION, &fusion, &error))?;
    Ok(Model { name: format!("{}@{}", told.name, Digest(digest.finalize().into())), detector })
}

fn engine(home: &Home) -> Result<Engine, String> {
    model::engine(None, home).map_err(|failure| failure.to_string())
}

fn digest_of(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

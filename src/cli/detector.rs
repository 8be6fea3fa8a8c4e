use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt::Display;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use filigrane::detect::{Detector, Familiar, Fusion, Network, OnnxNetwork, Trees};
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
const FAMILIAR: &str = "familiar.json";
/// The expert that is trees over statistics; all others are networks, each in a file of its name.
const STATISTICS: &str = "statistics";
/// Most that is read of a file of a detector, bytes.
const LARGEST: u64 = 16 << 20;

/// The files of the detector inside the program.
const BUILTIN: [(&str, &[u8]); 5] = [
    (CARD, include_bytes!("../../detectors/traces/card.toml")),
    (TREES, include_bytes!("../../detectors/traces/statistics.json")),
    (FUSION, include_bytes!("../../detectors/traces/fusion.json")),
    (FAMILIAR, include_bytes!("../../detectors/traces/familiar.json")),
    ("temporal.onnx", include_bytes!("../../detectors/traces/temporal.onnx")),
];

/// Which detector estimates whether pictures were generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detectors {
    /// The one inside the program.
    Builtin,
    /// None does.
    None,
    /// The one in this folder.
    Folder(PathBuf),
}

impl FromStr for Detectors {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "builtin" => Self::Builtin,
            "none" => Self::None,
            folder => Self::Folder(folder.into()),
        })
    }
}

impl Detectors {
    /// The statistical layer with that detector; it is opened when a video first needs it.
    pub fn examiner(&self, home: &Home) -> Option<Examiner> {
        let (detectors, home) = (self.clone(), home.clone());
        (*self != Self::None).then(|| Examiner::new(move || open(&detectors, &home)))
    }

    /// Of all its files, by their names: what its answers depend on.
    pub fn digest(&self) -> Result<Option<String>, Failure> {
        let mut names: Vec<String> = match self {
            Self::None => return Ok(None),
            Self::Builtin => BUILTIN.iter().map(|(name, _)| (*name).to_owned()).collect(),
            Self::Folder(folder) => files(folder)?,
        };
        names.sort();
        let mut all = Sha256::new();
        for name in names {
            let bytes = self.read(&name).map_err(Failure::Usage)?;
            all.update(Sha256::digest(name.as_bytes()));
            all.update(Sha256::digest(&bytes));
        }
        Ok(Some(Digest(all.finalize().into()).to_string()))
    }

    /// What messages call one of its files.
    fn place(&self, name: &str) -> String {
        match self {
            Self::Folder(folder) => folder.join(name).display().to_string(),
            Self::Builtin | Self::None => format!("the detector inside the program, {name}"),
        }
    }

    /// Whether it has a file of that name.
    fn has(&self, name: &str) -> bool {
        match self {
            Self::Folder(folder) => folder.join(name).exists(),
            Self::Builtin | Self::None => BUILTIN.iter().any(|(held, _)| *held == name),
        }
    }

    /// A file's bytes.
    fn read(&self, name: &str) -> Result<Cow<'static, [u8]>, String> {
        let Self::Folder(folder) = self else {
            let held = BUILTIN.iter().find(|(held, _)| *held == name).map(|(_, bytes)| Cow::Borrowed(*bytes));
            return held.ok_or_else(|| format!("{}: there is none", self.place(name)));
        };
        let mut bytes = Vec::new();
        let opened = fs::File::open(folder.join(name));
        match opened.and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)) {
            Ok(length) if length as u64 <= LARGEST => Ok(bytes.into()),
            Ok(_) => Err(format!("{}: over the limit of {LARGEST} bytes", self.place(name))),
            Err(error) => Err(format!("{}: {error}", self.place(name))),
        }
    }
}

/// Names of the files in a folder.
fn files(folder: &Path) -> Result<Vec<String>, Failure> {
    let io = |source| Failure::Io { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        if entry.file_type().map_err(io)?.is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

/// What a card says that reports tell.
#[derive(Deserialize)]
struct Card {
    name: String,
}

fn open(detectors: &Detectors, home: &Home) -> Result<Model, String> {
    let mut digest = Sha256::new();
    let mut take = |name: &str| {
        let bytes = detectors.read(name)?;
        digest.update(Sha256::digest(&bytes));
        Ok::<_, String>(bytes)
    };
    let (card, trees, fusion) = (take(CARD)?, take(TREES)?, take(FUSION)?);
    // Which file is at fault, and which of its versions.
    let at = |name: &str, bytes: &[u8], why: &dyn Display| {
        format!("{}, sha256 {}: {why}", detectors.place(name), digest_of(bytes))
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
    let mut detector = Detector::new(judged, networks, fused).map_err(|error| at(FUSION, &fusion, &error))?;
    if detectors.has(FAMILIAR) {
        let familiar = take(FAMILIAR)?;
        let read = Familiar::from_json(&familiar).map_err(|error| at(FAMILIAR, &familiar, &error))?;
        detector = detector.familiar_with(read);
    }
    Ok(Model { name: format!("{}@{}", told.name, Digest(digest.finalize().into())), detector })
}

fn engine(home: &Home) -> Result<Engine, String> {
    model::engine(None, home).map_err(|failure| failure.to_string())
}

fn digest_of(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Common;

    #[test]
    fn the_detector_inside_the_program_is_whole_and_within_ten_megabytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let common = Common { json: false, quiet: true, home: Some(folder.path().to_owned()) };
        let home = Home::of(&common).expect("a home");
        let model = open(&Detectors::Builtin, &home).expect("it opens");
        assert!(model.name.starts_with("traces@") && model.name.len() == 71, "{}", model.name);
        assert!(BUILTIN.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() < 10 << 20);
        let shipped = Detectors::Folder(Path::new(env!("CARGO_MANIFEST_DIR")).join("detectors/traces"));
        assert_eq!(shipped.digest().ok(), Detectors::Builtin.digest().ok(), "the folder has the same files");
        assert_eq!(Detectors::None.digest().ok(), Some(None));
    }
}

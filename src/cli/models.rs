use std::path::{Path, PathBuf};

use filigrane::generate::{MemoryNeed, Model, ModelFile, Size, free_memory};
use filigrane::media::Cancel;
use filigrane::provenance::ModelCard;
use filigrane::verdict::visible;
use serde::Serialize;

use crate::cli::args::{Common, ModelsVerb};
use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::model::{self, BUILTIN};
use crate::cli::output::{print, print_json};

/// Longest text of a folder's shown.
const TEXT: usize = 300;
/// Most folders listed.
const MOST: usize = 1000;

#[derive(Serialize)]
struct Listed {
    model: String,
    supported: bool,
    /// Pipeline, or why it is not supported.
    what: String,
    weight_bytes: u64,
}

#[derive(Serialize)]
struct Shown<'a> {
    schema: u32,
    model: String,
    supported: bool,
    pipeline: &'a str,
    card: Option<&'a ModelCard>,
    width: u32,
    height: u32,
    frames: u32,
    frame_rate: f64,
    steps: u32,
    guidance: f64,
    takes_image: bool,
    scheduler: String,
    memory: MemoryNeed,
    free_memory: Option<u64>,
    fits: Option<bool>,
    files: Vec<File>,
}

#[derive(Serialize)]
struct File {
    name: String,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

pub fn run(verb: &ModelsVerb, common: &Common, cancel: &Cancel) -> Result<u8, Failure> {
    let home = Home::of(common)?;
    match verb {
        ModelsVerb::List { folder } => list(folder.as_deref(), &home, common),
        ModelsVerb::Show { model } => show(model, false, &home, common, cancel),
        ModelsVerb::Check { model } => show(model, true, &home, common, cancel),
    }
}

/// The embedded model, and what lies in a folder of model folders.
fn list(folder: Option<&Path>, home: &Home, common: &Common) -> Result<u8, Failure> {
    let mut models = vec![listed(Path::new(BUILTIN), home)];
    let place = folder.map_or_else(|| home.models(), Path::to_owned);
    if folder.is_some() || place.is_dir() {
        let io = |source| Failure::Io { path: place.clone(), source };
        let mut found: Vec<PathBuf> = std::fs::read_dir(&place)
            .map_err(io)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.join("model_index.json").is_file())
            .take(MOST)
            .collect();
        found.sort();
        models.extend(found.iter().map(|path| listed(path, home)));
    }
    if common.json {
        print_json(&serde_json::json!({ "schema": 1, "models": models }));
        return Ok(0);
    }
    for model in &models {
        let state = if model.supported { "supported" } else { "not supported" };
        print(&format!(
            "{}: {state}: {} ({})",
            visible(&model.model, TEXT),
            visible(&model.what, TEXT),
            bytes(model.weight_bytes)
        ));
    }
    Ok(0)
}

fn listed(path: &Path, home: &Home) -> Listed {
    let read = model::open(path, home).and_then(|opened| Ok(Model::read(opened.files())?));
    let name = path.display().to_string();
    match read {
        Ok(model) => Listed {
            model: name,
            supported: true,
            what: model.index().pipeline.clone(),
            weight_bytes: weights(&model),
        },
        Err(failure) => Listed { model: name, supported: false, what: failure.to_string(), weight_bytes: 0 },
    }
}

fn weights(model: &Model) -> u64 {
    ["text_encoder", "transformer", "transformer_2", "vae"].iter().map(|part| model.weight_bytes(part)).sum()
}

/// What a folder holds; `whole` also reads each file to its end.
fn show(path: &Path, whole: bool, home: &Home, common: &Common, cancel: &Cancel) -> Result<u8, Failure> {
    let about = |failure: Failure| failure.about(path);
    let opened = model::open(path, home)?;
    let model = Model::read(opened.files()).map_err(|error| about(error.into()))?;
    let card = match whole {
        true => Some(opened.card(&model, cancel)?),
        false => None,
    };
    let mut files = Vec::new();
    for ModelFile { name, length } in model.parts() {
        if cancel.is_cancelled() {
            return Err(filigrane::pipeline::Error::from(filigrane::media::Error::Cancelled).into());
        }
        let sha256 = whole.then(|| model.files().digest(name)).transpose()?.map(|digest| digest.to_string());
        files.push(File { name: name.clone(), bytes: *length, sha256 });
    }
    let defaults = *model.defaults();
    let size = Size { width: defaults.width, height: defaults.height };
    let memory = model.memory(size, defaults.frames);
    let free = free_memory();
    let shown = Shown {
        schema: 1,
        model: path.display().to_string(),
        supported: true,
        pipeline: &model.index().pipeline,
        card: card.as_ref(),
        width: size.width,
        height: size.height,
        frames: defaults.frames,
        frame_rate: defaults.frame_rate,
        steps: defaults.steps,
        guidance: defaults.guidance,
        takes_image: model.family().takes_image(),
        scheduler: model.scheduler().kind.name().to_owned(),
        fits: free.map(|free| memory.peak() <= free),
        memory,
        free_memory: free,
        files,
    };
    if common.json {
        print_json(&shown);
    } else {
        print(&describe(&shown));
    }
    Ok(0)
}

fn describe(shown: &Shown<'_>) -> String {
    let mut lines = vec![
        format!("{}: supported: {}", visible(&shown.model, TEXT), visible(shown.pipeline, TEXT)),
        format!(
            "  by default {} pictures of {}x{} at {} a second, {} steps of {}, guidance {}",
            shown.frames,
            shown.width,
            shown.height,
            shown.frame_rate,
            shown.steps,
            shown.scheduler,
            shown.guidance
        ),
    ];
    if let Some(card) = shown.card {
        lines.push(format!("  {}", visible(&card.title(), TEXT)));
        let facts = [
            ("licence", card.licence.as_deref()),
            ("trained on", card.training_data.as_deref()),
            ("weights", card.sha256.as_deref()),
        ];
        for (name, fact) in facts {
            lines.push(format!("  {name}: {}", fact.map_or("not stated".into(), |fact| visible(fact, TEXT))));
        }
    }
    let free = shown.free_memory.map_or_else(|| "unknown".to_owned(), bytes);
    let fits = match shown.fits {
        Some(true) => "it fits",
        Some(false) => "too little",
        None => "not known whether it fits",
    };
    lines.push(format!(
        "  needs {} of memory by default, free here {free}: {fits}",
        bytes(shown.memory.peak())
    ));
    for file in &shown.files {
        let digest = file.sha256.as_deref().unwrap_or_default();
        lines.push(format!("  {:>9}  {}  {digest}", bytes(file.bytes), visible(&file.name, TEXT)));
    }
    lines.join("\n")
}

fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} B"),
        10_000..100_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

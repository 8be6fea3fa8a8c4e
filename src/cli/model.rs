use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use filigrane::generate::{Model, ModelFiles, unpack_builtin};
use filigrane::infer::{Engine, EngineOptions};
use filigrane::media::Cancel;
use filigrane::provenance::ModelCard;
use serde::Deserialize;
use tempfile::TempDir;

use crate::cli::error::Failure;
use crate::cli::home::Home;

/// What `--model` says for the model inside the program.
pub const BUILTIN: &str = "builtin";
/// The card beside `model_index.json`, ours or the user's.
const CARD: &str = "card.toml";
/// Most that is read of a card or a page about a model, bytes.
const LARGEST: u64 = 256 << 10;
/// Names of ONNX Runtime's library.
const LIBRARIES: [&str; 3] = ["libonnxruntime.so", "libonnxruntime.so.1", "libonnxruntime.dylib"];
const FOLDERS: [&str; 5] =
    ["/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/lib64"];

/// A model that can be opened.
pub enum Opened {
    /// The one inside the program, laid out like any other in a folder that goes again.
    Builtin(TempDir),
    /// A folder of the user's.
    Folder(PathBuf),
}

/// What a card says that the manifest states; it may say more, for people.
#[derive(Deserialize)]
struct Card {
    name: String,
    version: Option<String>,
    licence: Option<String>,
    training_data: Option<String>,
    link: Option<String>,
}

/// Opens what `--model` names.
pub fn open(wanted: &Path, home: &Home) -> Result<Opened, Failure> {
    if wanted == Path::new(BUILTIN) {
        let folder = home.scratch()?;
        unpack_builtin(folder.path())?;
        return Ok(Opened::Builtin(folder));
    }
    if !wanted.is_dir() {
        return Err(Failure::Usage(format!(
            "{}: no folder; --model takes \"{BUILTIN}\" or a folder in the layout of diffusers, with model_index.json",
            wanted.display()
        )));
    }
    Ok(Opened::Folder(wanted.to_owned()))
}

impl Opened {
    pub fn is_builtin(&self) -> bool {
        matches!(self, Self::Builtin(_))
    }

    pub fn folder(&self) -> &Path {
        match self {
            Self::Builtin(folder) => folder.path(),
            Self::Folder(folder) => folder,
        }
    }

    pub fn files(&self) -> ModelFiles {
        ModelFiles::Folder(self.folder().to_owned())
    }

    /// What a manifest states of the model: its card, or else what the folder's own page says, and always the digest of
    /// its weights.
    pub fn card(&self, model: &Model, cancel: &Cancel) -> Result<ModelCard, Failure> {
        let mut card = match text(&self.folder().join(CARD))? {
            Some(text) => stated(&text).map_err(|failure| failure.about(self.folder().join(CARD)))?,
            None => self.guessed()?,
        };
        let digest = model.weights_digest(&mut || !cancel.is_cancelled())?;
        card.sha256 = Some(digest.to_string());
        // The same checks as for a card that a user writes for `stamp`.
        let json = serde_json::to_string(&card).map_err(|error| Failure::Usage(error.to_string()))?;
        ModelCard::from_json(&json).map_err(|error| Failure::from(error).about(self.folder().join(CARD)))
    }

    /// A folder without a card is called by its own name, under the licence that its page names.
    fn guessed(&self) -> Result<ModelCard, Failure> {
        let folder = self.folder();
        let real = folder.canonicalize().map_err(|source| Failure::Io { path: folder.to_owned(), source })?;
        let name = real.file_name().unwrap_or_default().to_string_lossy().chars().take(200).collect();
        let page = text(&folder.join("README.md"))?.unwrap_or_default();
        Ok(ModelCard { name, licence: licence(&page), ..ModelCard::default() })
    }
}

fn stated(text: &str) -> Result<ModelCard, Failure> {
    let card: Card = toml::from_str(text).map_err(|error| {
        Failure::Usage(format!(
            "{}; a card needs name and may have version, licence, training_data, link",
            error.message()
        ))
    })?;
    Ok(ModelCard {
        name: card.name,
        version: card.version,
        kind: None,
        sha256: None,
        licence: card.licence,
        training_data: card.training_data,
        link: card.link,
    })
}

/// The licence in the head of a page, as model pages have it between two lines of dashes.
fn licence(page: &str) -> Option<String> {
    let mut lines = page.lines();
    (lines.next()?.trim() == "---").then_some(())?;
    let head = lines.take_while(|line| line.trim() != "---");
    let named = head.filter_map(|line| line.strip_prefix("license:")).next()?;
    let named = named.trim().trim_matches(['"', '\'']);
    (!named.is_empty()).then(|| named.chars().take(100).collect())
}

/// The text of a small file; `None` when there is none.
fn text(path: &Path) -> Result<Option<String>, Failure> {
    if !path.is_file() {
        return Ok(None);
    }
    let io = |source| Failure::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)).map_err(io)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// What runs networks here: the library asked for, or the first that is found, or what is inside the program.
pub fn engine(wanted: Option<&Path>, home: &Home) -> Result<Engine, Failure> {
    let named = std::env::var_os("FILIGRANE_ONNXRUNTIME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let required = wanted.map(Path::to_owned).or(named);
    let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_owned));
    let folders = [Some(home.libraries()), beside].into_iter().flatten().chain(FOLDERS.map(PathBuf::from));
    let libraries = folders.flat_map(|folder| LIBRARIES.map(|name| folder.join(name))).collect();
    Ok(Engine::start(&EngineOptions { required, libraries })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_licence_is_read_from_the_head_of_a_page_alone() {
        assert_eq!(licence("---\nlanguage: en\nlicense: apache-2.0\n---\n"), Some("apache-2.0".to_owned()));
        assert_eq!(licence("---\nlanguage: en\n---\nlicense: mit\n"), None);
        assert_eq!(licence("# A model\nlicense: mit\n"), None);
        assert_eq!(licence(""), None);
    }

    #[test]
    fn a_card_without_a_name_is_refused_and_what_it_says_beyond_is_for_people() {
        let card = stated("name = \"a\"\nversion = \"2\"\n[metrics]\ncolour = 0.9\n").expect("a card");
        assert_eq!((card.title(), card.licence), ("a 2".to_owned(), None));
        assert!(stated("version = \"2\"").expect_err("refused").to_string().contains("name"));
    }
}

use std::path::Path;

use filigrane_pipeline::{Cancel, Progress};
use filigrane_registry::Registry;
use filigrane_report::{Original, Sample};
use filigrane_verdict::Report;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who does the newsroom's work. The program brings one that knows trust, keys and identities; here is only known what is
/// wanted and what came of it.
pub trait Desk: Send + Sync {
    /// Says where a video comes from. Never fails: what cannot be read is said in the report.
    fn check(&self, job: &Job<'_>) -> Checked;

    /// Marks and signs a video into `output`.
    ///
    /// # Errors
    /// Why not, in one line for whoever asked.
    fn stamp(&self, job: &Job<'_>, output: &Path, wish: &Wish) -> Result<Stamped, String>;

    /// Names of the identities that may sign here.
    fn identities(&self) -> Vec<String>;

    /// A finished report, signed so that a change of it is noticed.
    ///
    /// # Errors
    /// Why it could not be signed, for the operator.
    fn seal(&self, report: String) -> Result<String, String>;

    /// Version of the program.
    fn version(&self) -> &'static str;
}

/// One video to work on.
pub struct Job<'a> {
    /// The video.
    pub video: &'a Path,
    /// What the sender calls it.
    pub name: &'a str,
    /// Where manifests are looked up and published.
    pub registry: &'a Registry,
    /// Told how far it is.
    pub progress: &'a dyn Progress,
    /// Stops the work.
    pub cancel: &'a Cancel,
}

/// What came of a check.
pub struct Checked {
    /// Evidence and verdict.
    pub report: Report,
    /// Pictures from the whole length of the video.
    pub samples: Vec<Sample>,
    /// The manifests as crJSON; none when the file carries none.
    pub manifests: Option<Value>,
    /// The picture that the registered manifest holds of its content, where one was reached.
    pub original: Option<Original>,
}

/// How a video is to be stamped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Wish {
    /// Who signs, by the name of an identity.
    pub identity: String,
    /// How it came to be, as the sender vouches for: `camera`, `edited`, `composite`, `generated`; empty to say nothing.
    pub origin: String,
    /// Whether pictures and sound are marked.
    pub watermark: bool,
}

/// What came of a stamping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    /// The manifest's name.
    pub manifest: Option<String>,
    /// The bits in the picture, 16 hexadecimal digits.
    pub payload: Option<String>,
    /// Who signed.
    pub issuer: String,
    /// Whether others find the manifest by the mark.
    pub registered: bool,
    /// Pictures written.
    pub frames: u64,
    /// What the sender should know.
    pub notes: Vec<String>,
    /// How the container of the result is named, `mp4`.
    pub extension: String,
}

use crate::policy::{self, policy};
use crate::{
    Classifier, Credentials, Depth, Fingerprints, Jail, Language, RegistryFinding, Verdict, Watermark, number,
};
use serde::{Deserialize, Serialize};

/// Version of the JSON document.
pub const SCHEMA: u32 = 1;

/// What the container says about the video.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Media {
    /// Short name of the container, `mp4`.
    pub container: String,
    /// Codec of the picture, `h264`; none when there is no picture stream.
    pub video: Option<String>,
    /// Pixels a row.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
    /// Pictures a second.
    #[serde(with = "number::optional")]
    pub fps: Option<f64>,
    /// Number of pictures.
    pub frames: Option<u64>,
    /// Length, seconds.
    #[serde(with = "number::optional")]
    pub duration: Option<f64>,
    /// Codec of the sound; none when there is no sound stream.
    pub audio: Option<String>,
}

/// Wall-clock time spent, seconds; 0 for a stage that did not run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// From opening the file to the verdict.
    #[serde(with = "number::plain")]
    pub total_s: f64,
    /// Decoding pictures.
    #[serde(with = "number::plain")]
    pub decode_s: f64,
    /// Reading and checking the manifest.
    #[serde(with = "number::plain")]
    pub credentials_s: f64,
    /// Looking for the watermark.
    #[serde(with = "number::plain")]
    pub watermark_s: f64,
    /// Running the detector.
    #[serde(with = "number::plain")]
    pub classifier_s: f64,
    /// Fingerprinting and looking up the registry. An addition to the contract.
    #[serde(with = "number::plain")]
    pub registry_s: f64,
}

/// Everything said about one input: the document that `verify --json` prints.
///
/// A stage that did not run stands there with its state and nothing else. The states of the contract are extended
/// by `skipped`, for a stage that was not asked for (`--only`) or had nothing to work on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The input as the caller named it.
    pub file: String,
    /// SHA-256 of the whole input, 64 lowercase hexadecimal digits; none when it could not be read.
    pub sha256: Option<String>,
    /// Size of the input; none when it could not be read.
    pub bytes: Option<u64>,
    /// What the container says; none when it could not be read.
    pub media: Option<Media>,
    /// The answer; none when the input could not be read.
    pub verdict: Option<Verdict>,
    /// The manifest in the file.
    pub credentials: Credentials,
    /// The mark in the picture.
    pub watermark: Watermark,
    /// The manifest registry's answer.
    pub registry: RegistryFinding,
    /// The statistical detector's answer.
    pub classifier: Classifier,
    /// Fingerprints in forms that others exchange. An addition.
    #[serde(default)]
    pub fingerprints: Fingerprints,
    /// How deep the video was looked into. An addition.
    #[serde(default)]
    pub depth: Depth,
    /// Where its bytes were read. An addition.
    #[serde(default)]
    pub jail: Jail,
    /// Time spent.
    pub timing: Timing,
    /// What went wrong, one line each.
    pub errors: Vec<String>,
}

impl Report {
    /// A report on `file` in which no stage has run yet and no verdict is given.
    pub fn new(file: impl Into<String>) -> Self {
        Self {
            schema: SCHEMA,
            file: file.into(),
            sha256: None,
            bytes: None,
            media: None,
            verdict: None,
            credentials: Credentials::default(),
            watermark: Watermark::default(),
            registry: RegistryFinding::default(),
            classifier: Classifier::default(),
            fingerprints: Fingerprints::default(),
            depth: Depth::default(),
            jail: Jail::default(),
            timing: Timing::default(),
            errors: Vec::new(),
        }
    }

    /// The report on an input that could not be read: no verdict, and the reason.
    pub fn unreadable(file: impl Into<String>, error: impl Into<String>) -> Self {
        Self { errors: vec![error.into()], ..Self::new(file) }
    }

    /// Draws the verdict from the evidence gathered so far.
    pub fn decide(&mut self) {
        self.verdict = Some(policy(&self.credentials, &self.watermark, &self.registry, &self.classifier));
    }

    /// The verdict's sentence in a language; in English, the one that was given with it.
    pub fn summary(&self, language: Language) -> Option<String> {
        let verdict = self.verdict.as_ref()?;
        Some(match language {
            Language::English => verdict.summary.clone(),
            other => policy::restated(self, verdict.code, other),
        })
    }

    /// The program's exit status for this input: the verdict's, or 2 without a verdict.
    pub fn exit_status(&self) -> u8 {
        self.verdict.as_ref().map_or(2, |verdict| verdict.code.exit_status())
    }
}

/// The program's exit status for several inputs: the gravest, in the order 2 (unreadable), 3, 1, 0.
pub fn overall_exit_status(reports: &[Report]) -> u8 {
    let statuses: Vec<u8> = reports.iter().map(Report::exit_status).collect();
    [2, 3, 1].into_iter().find(|status| statuses.contains(status)).unwrap_or(0)
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;

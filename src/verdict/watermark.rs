use crate::number;
use serde::{Deserialize, Serialize};

/// Whether the keyed pattern is in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WatermarkState {
    /// Detected at the stated false-alarm rate.
    Found,
    /// Looked for and not detected.
    Absent,
    /// The search was not asked for. An addition to the two states of the contract.
    #[default]
    Skipped,
}

/// How the picture in hand was changed since it was marked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Geometry {
    /// Width of the marked content here, relative to when it was marked.
    #[serde(with = "number::plain")]
    pub scale_x: f64,
    /// Height of the marked content here, relative to when it was marked.
    #[serde(with = "number::plain")]
    pub scale_y: f64,
    /// Turn, degrees.
    #[serde(with = "number::plain")]
    pub rotation: f64,
    /// Offset of the pattern, pixels to the right; known up to the pattern's period.
    #[serde(with = "number::plain")]
    pub shift_x: f64,
    /// Offset of the pattern, pixels down; known up to the pattern's period.
    #[serde(with = "number::plain")]
    pub shift_y: f64,
    /// Left and right are exchanged.
    pub mirrored: bool,
}

impl Default for Geometry {
    /// Nothing was changed.
    fn default() -> Self {
        Self { scale_x: 1.0, scale_y: 1.0, rotation: 0.0, shift_x: 0.0, shift_y: 0.0, mirrored: false }
    }
}

/// Strength of the mark in one stretch of the video.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Strength {
    /// First instant, seconds.
    #[serde(with = "number::plain")]
    pub start: f64,
    /// First instant no longer covered, seconds.
    #[serde(with = "number::plain")]
    pub end: f64,
    /// Correlation with the pattern, in standard deviations of unmarked video.
    #[serde(with = "number::plain")]
    pub score: f64,
}

/// The mark in the sound. An addition to the contract.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(remote = "Self", default)]
pub struct AudioMark {
    /// Whether the pattern is there; `skipped` without sound that could be decoded.
    pub state: WatermarkState,
    /// The 64 bits carried, as 16 lowercase hexadecimal digits; none when they did not pass their check.
    pub payload: Option<String>,
    /// Decimal logarithm of the probability that unmarked sound gives so strong a finding.
    #[serde(with = "number::optional")]
    pub log10_p: Option<f64>,
    /// Start of the marked stretch, seconds.
    #[serde(with = "number::optional")]
    pub start: Option<f64>,
    /// End of the marked stretch, seconds.
    #[serde(with = "number::optional")]
    pub end: Option<f64>,
    /// Name of a registered manifest, whose signature holds and which binds this payload; none when there is none, or
    /// none was looked for because the picture carries the same payload. That the sound belongs to it is not checked.
    pub registered: Option<String>,
    /// Whether that manifest was withdrawn.
    pub withdrawn: bool,
}

impl AudioMark {
    /// False when there was no sound to look into, or it was not asked for.
    pub fn ran(&self) -> bool {
        self.state != WatermarkState::Skipped
    }

    /// The payload of a mark that was found; none without a mark.
    pub fn found_payload(&self) -> Option<&str> {
        self.payload.as_deref().filter(|_| self.state == WatermarkState::Found)
    }
}

crate::stage::stage!(AudioMark);

/// A further mark in the picture. An addition to the contract.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FurtherMark {
    /// The 64 bits carried, as 16 lowercase hexadecimal digits.
    pub payload: String,
    /// Decimal logarithm of the probability that video without this mark gives so strong a finding.
    #[serde(with = "number::optional")]
    pub log10_p: Option<f64>,
}

/// A soft match: the invisible mark in the picture.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(remote = "Self", default)]
pub struct Watermark {
    /// Whether the pattern is there.
    pub state: WatermarkState,
    /// The 64 bits carried, as 16 lowercase hexadecimal digits; none when they did not pass their check.
    pub payload: Option<String>,
    /// Decimal logarithm of the probability that unmarked video gives so strong a finding.
    #[serde(with = "number::optional")]
    pub log10_p: Option<f64>,
    /// Start of the marked stretch, seconds.
    #[serde(with = "number::optional")]
    pub start: Option<f64>,
    /// End of the marked stretch, seconds.
    #[serde(with = "number::optional")]
    pub end: Option<f64>,
    /// How the picture was changed since it was marked.
    pub geometry: Option<Geometry>,
    /// Strength stretch by stretch. An addition to the contract.
    pub timeline: Vec<Strength>,
    /// The score above which a stretch counts as marked, in the unit of the timeline. An addition.
    #[serde(with = "number::optional")]
    pub threshold: Option<f64>,
    /// Marks found beside this one: those that the credentials state and that are there when they are asked for, and one
    /// that is read when the part of this one is taken off. An addition.
    pub also: Vec<FurtherMark>,
    /// The mark in the sound. An addition.
    pub audio: AudioMark,
}

impl Watermark {
    /// False when the search was not asked for.
    pub fn ran(&self) -> bool {
        self.state != WatermarkState::Skipped
    }

    /// The payload of a mark that was found; none without a mark.
    pub fn found_payload(&self) -> Option<&str> {
        self.payload.as_deref().filter(|_| self.state == WatermarkState::Found)
    }

    /// The payloads of all marks that were found, the one that was read first.
    pub fn all_payloads(&self) -> impl Iterator<Item = &str> {
        let also = self.also.iter().filter(|_| self.state == WatermarkState::Found);
        self.found_payload().into_iter().chain(also.map(|mark| mark.payload.as_str()))
    }
}

crate::stage::stage!(Watermark);

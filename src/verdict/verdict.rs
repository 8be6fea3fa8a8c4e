use crate::{Origin, number};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Credentials present, intact, signer trusted.
    Verified,
    /// Credentials present and intact, signer not on the trust list.
    Signed,
    /// No credentials; watermark or fingerprint led to a registered manifest that fits this content.
    Recovered,
    /// Watermark found; no registered manifest that could be relied on.
    Marked,
    /// Credentials present, but content or claim changed after signing.
    Altered,
    /// The watermark leads to a manifest of other content.
    Mismatched,
    /// Manifest or signer withdrawn.
    Revoked,
    /// No provenance; the classifier sees signs of generation.
    LikelyGenerated,
    /// No provenance; the classifier sees no signs of generation.
    LikelyCamera,
    /// No provenance and no answer.
    Inconclusive,
}

impl Code {
    /// Every code, in the order of the contract.
    pub const ALL: [Self; 10] = [
        Self::Verified,
        Self::Signed,
        Self::Recovered,
        Self::Marked,
        Self::Altered,
        Self::Mismatched,
        Self::Revoked,
        Self::LikelyGenerated,
        Self::LikelyCamera,
        Self::Inconclusive,
    ];

    /// The program's exit status: 0 provenance found, 1 no provenance, 3 something is wrong.
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Verified | Self::Signed | Self::Recovered | Self::Marked => 0,
            Self::Altered | Self::Mismatched | Self::Revoked => 3,
            Self::LikelyGenerated | Self::LikelyCamera | Self::Inconclusive => 1,
        }
    }

    /// The code as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Signed => "signed",
            Self::Recovered => "recovered",
            Self::Marked => "marked",
            Self::Altered => "altered",
            Self::Mismatched => "mismatched",
            Self::Revoked => "revoked",
            Self::LikelyGenerated => "likely-generated",
            Self::LikelyCamera => "likely-camera",
            Self::Inconclusive => "inconclusive",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is said about one video. No verdict says that a video is true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The answer in one word.
    pub code: Code,
    /// The answer in one plain sentence.
    pub summary: String,
    /// How the content came to be, as a manifest that holds for it says; none when none does, or two disagree.
    pub origin: Option<Origin>,
    /// How surely chance is excluded as the source of the finding that `code` names, 0 to 1.
    ///
    /// - `verified`, `signed`, `altered`: a check of signatures and hashes, [`CONFIDENCE_CEILING`].
    /// - `marked`, `recovered`, `revoked` through the watermark: 1 − the stated false-alarm probability, never more
    ///   than the ceiling.
    /// - `recovered`, `revoked` through the fingerprint alone, and `mismatched`: a likeness of pictures, never more
    ///   than [`SOFT_CEILING`].
    /// - `likely-generated`: the lower end of the classifier's interval; `likely-camera`: 1 − its upper end.
    /// - `inconclusive`: 0, because nothing is claimed.
    ///
    /// It says nothing about whether a signer tells the truth, and does not exclude an adversary.
    ///
    /// [`CONFIDENCE_CEILING`]: crate::CONFIDENCE_CEILING
    /// [`SOFT_CEILING`]: crate::SOFT_CEILING
    #[serde(with = "number::plain")]
    pub confidence: f64,
}

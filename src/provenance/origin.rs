use std::fmt;
use std::str::FromStr;

use crate::Error;

/// How a video came to be, as its signer states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Made by a model or another algorithm.
    Generated,
    /// Changed by people, without generated parts.
    Edited,
    /// Captured and generated parts together.
    Composite,
    /// Captured by a camera.
    Camera,
}

const IPTC: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/";

impl Origin {
    /// `generated`, `edited`, `composite` or `camera`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Edited => "edited",
            Self::Composite => "composite",
            Self::Camera => "camera",
        }
    }

    /// The IPTC digital source type that a manifest states for this origin, as a URI (C2PA 2.4, `digitalSourceType`).
    pub fn source_type(self) -> String {
        let term = match self {
            Self::Generated => "trainedAlgorithmicMedia",
            Self::Edited => "humanEdits",
            Self::Composite => "compositeWithTrainedAlgorithmicMedia",
            Self::Camera => "digitalCapture",
        };
        format!("{IPTC}{term}")
    }

    /// The origin that a digital source type stands for; `None` for the types that say nothing of it, such as
    /// `screenCapture` or `digitalCreation`. Takes a URI or the bare term.
    pub fn from_source_type(text: &str) -> Option<Self> {
        match text.rsplit('/').next()? {
            "trainedAlgorithmicMedia" | "algorithmicMedia" | "dataDrivenMedia" | "trainedAlgorithmicData" => {
                Some(Self::Generated)
            }
            "compositeWithTrainedAlgorithmicMedia"
            | "compositeSynthetic"
            | "composite"
            | "virtualRecording" => Some(Self::Composite),
            "humanEdits" | "minorHumanEdits" | "algorithmicallyEnhanced" => Some(Self::Edited),
            "digitalCapture"
            | "computationalCapture"
            | "compositeCapture"
            | "negativeFilm"
            | "positiveFilm"
            | "print" => Some(Self::Camera),
            _ => None,
        }
    }

    /// The one of two statements in a chain of manifests that matters more to a viewer: generated content stays
    /// generated whatever people did to it afterwards.
    pub(crate) fn graver(self, other: Self) -> Self {
        let weight = |origin: Self| match origin {
            Self::Generated => 3,
            Self::Composite => 2,
            Self::Edited => 1,
            Self::Camera => 0,
        };
        if weight(other) > weight(self) { other } else { self }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Origin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::Generated, Self::Edited, Self::Composite, Self::Camera]
            .into_iter()
            .find(|origin| origin.as_str() == text)
            .ok_or_else(|| Error::Origin(text.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_origin_survives_its_text_and_its_source_type() {
        for origin in [Origin::Generated, Origin::Edited, Origin::Composite, Origin::Camera] {
            assert_eq!(origin.as_str().parse::<Origin>().unwrap(), origin);
            assert_eq!(Origin::from_source_type(&origin.source_type()), Some(origin));
        }
        assert!("Camera".parse::<Origin>().is_err());
        assert_eq!(Origin::from_source_type("http://c2pa.org/digitalsourcetype/empty"), None);
    }

    #[test]
    fn generated_outweighs_later_edits() {
        assert_eq!(Origin::Edited.graver(Origin::Generated), Origin::Generated);
        assert_eq!(Origin::Edited.graver(Origin::Camera), Origin::Edited);
    }
}

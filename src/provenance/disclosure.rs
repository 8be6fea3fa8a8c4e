use std::str::FromStr;

use serde_json::json;
use uuid::Uuid;

use crate::{Assertion, Error, ModelCard, Origin};

/// Fields that a law asks of generated content. What they mean for anybody's duties is for lawyers to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disclosure {
    /// `c2pa.ai-disclosure` (C2PA 2.4), the machine-readable mark of Art. 50(2) of the EU's AI Act.
    Eu,
    /// Provider, system and its version, time, unique identifier: the latent disclosure of California's SB 942.
    California,
    /// The `AIGC` field of China's labelling measures (GB 45438-2025, annex on implicit labels).
    China,
    /// No field.
    None,
}

/// What the disclosures say.
#[derive(Debug, Clone, Copy)]
pub struct Disclosed<'a> {
    /// Who provides the content: the name in the signer's certificate.
    pub provider: &'a str,
    /// The system that generated it, name and version, as far as it is known.
    pub system: Option<&'a str>,
    /// The model that it was generated with, where that is stated; it stands for a system without a name.
    pub model: Option<&'a ModelCard>,
    /// The program that signs, name and version.
    pub generator: &'a str,
    /// The manifest's name.
    pub id: Uuid,
    /// How the content came to be.
    pub origin: Origin,
    /// Now, RFC 3339.
    pub time: &'a str,
}

const LONGEST_SYSTEM: usize = 200;
/// Label of the two that have none of their own in C2PA.
const CALIFORNIA: &str = "org.filigrane.disclosure";
const CHINA: &str = "org.filigrane.aigc";

impl Disclosure {
    /// The assertion for content that is generated or has generated parts; none for other content.
    ///
    /// # Errors
    /// The system's name is too long.
    pub fn assertion(self, about: &Disclosed<'_>) -> Result<Option<Assertion>, Error> {
        if about.system.is_some_and(|system| system.chars().count() > LONGEST_SYSTEM) {
            return Err(Error::Claim(format!(
                "the name of a system takes at most {LONGEST_SYSTEM} characters"
            )));
        }
        if !matches!(about.origin, Origin::Generated | Origin::Composite) {
            return Ok(None);
        }
        let model = about.model.map(ModelCard::title);
        let system = about.system.or(model.as_deref());
        let (label, data) = match self {
            Self::None => return Ok(None),
            Self::Eu => {
                let kind = about.model.unwrap_or(&ModelCard::default()).asset_type();
                let mut data = json!({ "modelType": kind });
                if let Some(name) = model.as_deref().or(system) {
                    data["modelName"] = json!(name);
                }
                if let Some(identifier) = about.model.and_then(ModelCard::identifier) {
                    data["modelIdentifier"] = json!(identifier);
                }
                ("c2pa.ai-disclosure", data)
            }
            Self::California => {
                let (name, version) = named(system.unwrap_or(about.generator));
                let data = json!({
                    "provider": about.provider,
                    "system": name,
                    "systemVersion": version,
                    "time": about.time,
                    "identifier": about.id.to_string(),
                    "digitalSourceType": about.origin.source_type(),
                });
                (CALIFORNIA, data)
            }
            Self::China => {
                let data = json!({ "AIGC": {
                    "Label": "1",
                    "ContentProducer": about.provider,
                    "ProduceID": about.id.to_string(),
                    "ReservedCode1": "",
                    "ContentPropagator": about.provider,
                    "PropagateID": about.id.to_string(),
                    "ReservedCode2": "",
                }});
                (CHINA, data)
            }
        };
        Ok(Some(Assertion { label: label.to_owned(), data }))
    }
}

/// `Name of it 1.2` as name and version; a last word without a digit is no version.
fn named(system: &str) -> (&str, Option<&str>) {
    match system.trim().rsplit_once(' ') {
        Some((name, version)) if version.contains(|c: char| c.is_ascii_digit()) => (name, Some(version)),
        _ => (system.trim(), None),
    }
}

impl FromStr for Disclosure {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "eu" => Ok(Self::Eu),
            "california" => Ok(Self::California),
            "china" => Ok(Self::China),
            "none" => Ok(Self::None),
            _ => Err(Error::Claim("use eu, california, china or none".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_content_discloses_what_each_law_asks_and_a_camera_nothing() {
        let id = Uuid::from_u128(7);
        let about = Disclosed {
            provider: "A studio",
            system: Some("Dream Machine 2.1"),
            model: None,
            generator: "filigrane 0.1",
            id,
            origin: Origin::Generated,
            time: "2026-11-01T00:00:00Z",
        };
        let data = |disclosure: Disclosure| disclosure.assertion(&about).unwrap().unwrap().data;
        assert_eq!(data(Disclosure::Eu)["modelName"], "Dream Machine 2.1");
        let california = data(Disclosure::California);
        assert_eq!(
            (&california["system"], &california["systemVersion"]),
            (&json!("Dream Machine"), &json!("2.1"))
        );
        assert_eq!(california["identifier"], id.to_string());
        assert_eq!(data(Disclosure::China)["AIGC"]["ContentProducer"], "A studio");
        assert_eq!(Disclosure::None.assertion(&about).unwrap(), None);
        let filmed = Disclosed { origin: Origin::Camera, ..about };
        assert_eq!(Disclosure::Eu.assertion(&filmed).unwrap(), None);
        let unnamed = Disclosed { system: None, ..about };
        let data = Disclosure::California.assertion(&unnamed).unwrap().unwrap().data;
        assert_eq!(data["system"], "filigrane");
        let card = r#"{"name": "Wan", "version": "2.1", "type": "onnx", "link": "https://example.org/wan"}"#;
        let card = ModelCard::from_json(card).unwrap();
        let modelled = Disclosed { model: Some(&card), ..unnamed };
        let data = |disclosure: Disclosure| disclosure.assertion(&modelled).unwrap().unwrap().data;
        let eu = data(Disclosure::Eu);
        assert_eq!(
            (&eu["modelType"], &eu["modelName"]),
            (&json!("c2pa.types.model.onnx"), &json!("Wan 2.1"))
        );
        assert_eq!(eu["modelIdentifier"], "https://example.org/wan");
        assert_eq!(data(Disclosure::California)["systemVersion"], "2.1");
    }
}

use c2pa::{Ingredient, Relationship};
use filigrane_frame::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Error;
use crate::read::short;

/// Most models that one claim names.
pub(crate) const MOST: usize = 16;
/// Under this name the card stands in the metadata of its ingredient.
const CARD: &str = "org.filigrane.model";
/// What an ingredient is that is a model (C2PA 2.4, asset types).
const MODEL: &str = "c2pa.types.model";
const LONGEST_NAME: usize = 200;
const LONGEST_TEXT: usize = 2000;

/// The kinds of model that C2PA 2.4 has names for.
const KINDS: [&str; 23] = [
    "caffe",
    "caffe2",
    "catboost",
    "coreml",
    "flax",
    "huggingface.transformers",
    "jax",
    "keras",
    "lightgbm",
    "ml_net",
    "mxnet",
    "onnx",
    "openvino",
    "openvino.parameter",
    "openvino.topology",
    "paddle",
    "pytorch",
    "sklearn",
    "tensorflow",
    "tensorrt",
    "tflite",
    "torchscript",
    "xgboost",
];

/// A model that content was made with, as the signer states it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelCard {
    /// What it is called.
    pub name: String,
    /// Which of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Form of its weights as C2PA names it: `pytorch`, `onnx` and the like, what follows `c2pa.types.model.`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// SHA-256 of its weights, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The licence it is under, an SPDX name or words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// What it was trained on, and whether that was allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_data: Option<String>,
    /// Where more is said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl ModelCard {
    /// The card that a JSON object states.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let wrong = |what: String| Error::Claim(format!("model card: {what}"));
        let value: Value = serde_json::from_str(text).map_err(|error| wrong(format!("no JSON ({error})")))?;
        let card: Self = serde_json::from_value(value).map_err(|error| {
            wrong(format!(
                "{error}; it needs \"name\" and may have \"version\", \"type\", \"sha256\", \"licence\", \
                 \"trainingData\" and \"link\", all texts"
            ))
        })?;
        card.check()?;
        Ok(card)
    }

    /// Name and version.
    pub fn title(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.clone(),
        }
    }

    /// What it is in C2PA's names: `c2pa.types.model`, or one that begins so.
    pub fn asset_type(&self) -> String {
        self.kind.as_ref().map_or_else(|| MODEL.to_owned(), |kind| format!("{MODEL}.{kind}"))
    }

    /// What names it and no other: the digest of its weights, or else its address.
    pub(crate) fn identifier(&self) -> Option<String> {
        self.sha256.as_ref().map(|digits| format!("sha256:{}", digits.to_lowercase())).or(self.link.clone())
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::Claim(format!("model card: {what}")));
        if self.name.trim().is_empty() {
            return wrong("\"name\" is empty".to_owned());
        }
        let bounds = [
            ("name", Some(&self.name), LONGEST_NAME),
            ("version", self.version.as_ref(), LONGEST_NAME),
            ("licence", self.licence.as_ref(), LONGEST_NAME),
            ("trainingData", self.training_data.as_ref(), LONGEST_TEXT),
            ("link", self.link.as_ref(), LONGEST_TEXT),
        ];
        for (field, text, most) in bounds {
            if text.is_some_and(|text| text.chars().count() > most) {
                return wrong(format!("{field:?} takes at most {most} characters"));
            }
        }
        if self.sha256.as_ref().is_some_and(|digits| digits.parse::<Digest>().is_err()) {
            return wrong("\"sha256\" is not 64 hexadecimal digits".to_owned());
        }
        match &self.kind {
            Some(kind) if !KINDS.contains(&kind.as_str()) => {
                let kind: String = kind.chars().take(40).collect();
                wrong(format!("type {kind:?} has no name in C2PA; use one of {}", KINDS.join(", ")))
            }
            _ => Ok(()),
        }
    }

    /// The model as an ingredient that went into the making (`inputTo`); `label` is how actions refer to it.
    ///
    /// # Errors
    /// Something in the card cannot be stated.
    pub(crate) fn ingredient(&self, label: &str) -> Result<Ingredient, Error> {
        self.check()?;
        let failed = |error: String| Error::Internal(format!("model ingredient: {error}"));
        let card = serde_json::to_value(self).map_err(|error| failed(error.to_string()))?;
        let mut definition = json!({
            "title": self.title(),
            "relationship": "inputTo",
            "label": label,
            "data_types": [{ "type": self.asset_type() }],
            "metadata": { CARD: card },
        });
        if let Some(statement) = &self.training_data {
            definition["description"] = json!(format!("Training data: {statement}"));
        }
        if let Some(link) = &self.link {
            definition["informational_URI"] = json!(link);
        }
        Ingredient::from_json(&definition.to_string()).map_err(|error| failed(error.to_string()))
    }

    /// The model that an ingredient is, whoever wrote it; `None` when it is something else.
    pub(crate) fn of_ingredient(ingredient: &Ingredient) -> Option<Self> {
        let kind = ingredient
            .data_types()?
            .iter()
            .find_map(|data| data.asset_type.strip_prefix(MODEL))
            .filter(|rest| rest.is_empty() || rest.starts_with('.'))?;
        if *ingredient.relationship() == Relationship::ParentOf {
            return None;
        }
        let metadata = ingredient.metadata().and_then(|metadata| serde_json::to_value(metadata).ok());
        let card = metadata.as_ref().and_then(|metadata| metadata.get(CARD));
        let stated = |field: &str| card?.get(field)?.as_str().map(short);
        Some(Self {
            name: stated("name").or_else(|| ingredient.title().map(short))?,
            version: stated("version"),
            kind: kind.strip_prefix('.').map(short),
            sha256: stated("sha256").filter(|digits| digits.parse::<Digest>().is_ok()),
            licence: stated("licence"),
            training_data: stated("trainingData"),
            link: ingredient.informational_uri().map(short),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = r#"{"name": "Dream Machine", "version": "2.1", "type": "pytorch",
        "sha256": "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08", "licence": "Apache-2.0",
        "trainingData": "Licensed stock footage; opt-outs honoured.", "link": "https://example.org/card"}"#;

    #[test]
    fn a_card_survives_as_an_ingredient() {
        let card = ModelCard::from_json(FULL).unwrap();
        let ingredient = card.ingredient("model-0").unwrap();
        assert_eq!(ingredient.relationship(), &Relationship::InputTo);
        assert_eq!(ingredient.title(), Some("Dream Machine 2.1"));
        assert_eq!(ingredient.data_types().unwrap()[0].asset_type, "c2pa.types.model.pytorch");
        assert_eq!(ModelCard::of_ingredient(&ingredient), Some(card));
        let bare = ModelCard::from_json(r#"{"name": "x"}"#).unwrap();
        assert_eq!(ModelCard::of_ingredient(&bare.ingredient("m").unwrap()), Some(bare));
    }

    #[test]
    fn models_of_others_are_known_by_their_type_and_other_ingredients_are_none() {
        let of = |text: &str| ModelCard::of_ingredient(&Ingredient::from_json(text).unwrap());
        let foreign =
            of(r#"{"title": "A", "relationship": "inputTo", "data_types": [{"type": "c2pa.types.model"}]}"#);
        assert_eq!(foreign, Some(ModelCard { name: "A".to_owned(), ..ModelCard::default() }));
        for other in [
            r#"{"title": "A", "relationship": "inputTo"}"#,
            r#"{"title": "A", "relationship": "inputTo", "data_types": [{"type": "c2pa.types.generator.prompt"}]}"#,
            r#"{"title": "A", "relationship": "inputTo", "data_types": [{"type": "c2pa.types.modelling"}]}"#,
            r#"{"title": "A", "relationship": "parentOf", "data_types": [{"type": "c2pa.types.model"}]}"#,
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn cards_that_cannot_be_relied_on_are_refused_with_what_is_wrong() {
        let long = format!(r#"{{"name": "x", "trainingData": "{}"}}"#, "x".repeat(2001));
        for (text, words) in [
            ("", "no JSON"),
            ("[]", "needs \"name\""),
            (r#"{"name": " "}"#, "is empty"),
            (r#"{"name": "x", "license": "MIT"}"#, "unknown field `license`"),
            (r#"{"name": "x", "sha256": "abc"}"#, "64 hexadecimal digits"),
            (r#"{"name": "x", "type": "gguf"}"#, "\"gguf\" has no name in C2PA"),
            (&long, "at most 2000"),
        ] {
            let error = ModelCard::from_json(text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}

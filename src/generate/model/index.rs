use std::collections::BTreeMap;

use serde_json::Value;

use super::ModelFiles;
use crate::Error;

/// The file that says what a folder holds.
pub(crate) const PLACE: &str = "model_index.json";

/// Longest configuration that is read, bytes.
pub(crate) const MAX_CONFIG: u64 = 1 << 20;

/// What `model_index.json` says: a pipeline and the classes of its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelIndex {
    /// Class of the pipeline.
    pub pipeline: String,
    /// Class of each part, by folder; parts that are `null` are left out.
    pub parts: BTreeMap<String, String>,
    /// From which noise level on, as a share of time, the first transformer of a pair works.
    pub boundary_ratio: Option<f64>,
    /// Whether each token has a time of its own (Wan 2.2 TI2V).
    pub expand_timesteps: bool,
}

impl ModelIndex {
    /// Reads the index of a folder.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Malformed`].
    pub fn read(files: &ModelFiles) -> Result<Self, Error> {
        if !files.has(PLACE) {
            return Err(Error::Missing {
                part: PLACE.to_owned(),
                hint: "--model takes a folder in the layout of diffusers".to_owned(),
            });
        }
        Self::parse(&files.read(PLACE, MAX_CONFIG)?)
    }

    pub(crate) fn parse(text: &[u8]) -> Result<Self, Error> {
        let malformed = |reason: String| Error::malformed(PLACE, reason);
        let entries: serde_json::Map<String, Value> =
            serde_json::from_slice(text).map_err(|error| malformed(error.to_string()))?;
        let pipeline = entries
            .get("_class_name")
            .and_then(Value::as_str)
            .ok_or_else(|| malformed("no _class_name".to_owned()))?
            .to_owned();
        let mut parts = BTreeMap::new();
        for (name, value) in &entries {
            let Value::Array(pair) = value else { continue };
            let Some(class) = pair.get(1) else { continue };
            match class {
                Value::Null => {}
                Value::String(class) if is_plain(name) => {
                    parts.insert(name.clone(), class.clone());
                }
                _ => return Err(malformed(format!("the part {name:?} is no pair of names"))),
            }
        }
        let boundary_ratio = match entries.get("boundary_ratio") {
            None | Some(Value::Null) => None,
            Some(value) => {
                let ratio = value.as_f64().filter(|ratio| (0.0..=1.0).contains(ratio));
                Some(ratio.ok_or_else(|| malformed("boundary_ratio must lie in 0 to 1".to_owned()))?)
            }
        };
        let expand_timesteps = entries.get("expand_timesteps").and_then(Value::as_bool).unwrap_or(false);
        Ok(Self { pipeline, parts, boundary_ratio, expand_timesteps })
    }

    /// Class of a part that must be there.
    pub(crate) fn part(&self, name: &str) -> Result<&str, Error> {
        self.parts.get(name).map(String::as_str).ok_or_else(|| Error::Missing {
            part: name.to_owned(),
            hint: format!("{PLACE} does not name it, and {} cannot run without", self.pipeline),
        })
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

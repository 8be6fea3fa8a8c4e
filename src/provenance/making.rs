use std::fs::File;
use std::path::{Path, PathBuf};

use c2pa::{Builder, Ingredient, Relationship};
use filigrane_frame::Limits;
use serde_json::{Value, json};

use crate::sign::from_store;
use crate::store::{self, Store};
use crate::{Asset, Claim, Error};

/// Under this name the settings stand among the parameters of the action.
pub(crate) const SETTINGS: &str = "org.filigrane.generation";
/// Most files that one claim names.
const MOST: usize = 16;

/// How a program made the content: what `c2pa.created` says beyond the source type (C2PA 2.4, actions).
#[derive(Debug, Clone, PartialEq)]
pub struct Making {
    /// Name of the program (`softwareAgent`).
    pub agent: String,
    /// Its version.
    pub version: String,
    /// What it was told, a JSON object: seed, steps, digest of the prompt and the like.
    pub settings: Value,
    /// Files that went in, such as a first picture: ingredients (`inputTo`) with credentials of their own, if they have
    /// any.
    pub inputs: Vec<PathBuf>,
}

/// Name by which the action refers to a file that went in.
pub(crate) fn input_name(index: usize) -> String {
    format!("input-{index}")
}

/// Adds the files that went into the making.
///
/// # Errors
/// One of them can't be read, or there are too many.
pub(crate) fn add_inputs(
    builder: &mut Builder,
    claim: &Claim,
    limits: &Limits,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    let inputs = claim.making.as_ref().map_or(&[][..], |making| &making.inputs);
    if inputs.len() > MOST {
        return Err(Error::Claim(format!("{} files went in; at most {MOST} can be stated", inputs.len())));
    }
    for (index, path) in inputs.iter().enumerate() {
        builder.add_ingredient(input(path, &input_name(index), limits, notes)?);
    }
    Ok(())
}

fn input(path: &Path, label: &str, limits: &Limits, notes: &mut Vec<String>) -> Result<Ingredient, Error> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let title = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let media_type = store::media_type(path, &mut file)?;
    let mut fault = |why: String| {
        notes.push(format!("the credentials of {} could not be carried along: {why}", path.display()));
        None
    };
    let carried = match store::find(&Asset::named(path), &mut file, limits)? {
        Store::Found { bytes, .. } => from_store(bytes, &media_type, &mut file)
            .map(Some)
            .unwrap_or_else(|error| fault(error.to_string())),
        Store::Unreadable { why, .. } => fault(why),
        Store::None { .. } => None,
    };
    let mut ingredient = match carried {
        Some(ingredient) => ingredient,
        None => {
            let definition = json!({ "title": title, "format": media_type, "relationship": "inputTo" });
            Ingredient::from_json(&definition.to_string())
                .map_err(|error| Error::Internal(format!("input ingredient: {error}")))?
        }
    };
    ingredient.set_title(title.as_str()).set_label(label);
    ingredient.set_relationship(Relationship::InputTo);
    Ok(ingredient)
}

#[cfg(test)]
#[path = "making_tests.rs"]
mod tests;

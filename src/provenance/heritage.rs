use std::fs::File;

use c2pa::Ingredient;
use filigrane_frame::Limits;
use serde_json::Value;

use crate::sign::from_store;
use crate::store::{self, Store};
use crate::{Asset, Error, engine, preflight};

/// Largest manifest store that is carried along, and largest description of it, bytes.
const LARGEST_STORE: usize = 32 << 20;
const LARGEST_FACTS: usize = 4 << 20;
/// What the engine tells of a file that was read: nothing else is believed of a description.
const FACTS: [&str; 9] = [
    "format",
    "document_id",
    "instance_id",
    "provenance",
    "thumbnail",
    "active_manifest",
    "validation_status",
    "validation_results",
    "relationship",
];

/// The credentials of an earlier version of a video, read and checked, and ready to be carried along under a signature. They
/// may be read in another process than that which signs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heritage {
    carried: Option<Carried>,
    /// Why there is something that can't be carried along.
    why: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Carried {
    /// The engine's description of it, with what checking gave: JSON.
    facts: String,
    /// The manifests; none where the engine can't read any of them.
    store: Option<Vec<u8>>,
}

/// What a [`Heritage`] consists of: description, manifests, and why there is something that can't be carried along.
pub type HeritageParcel = (Option<String>, Option<Vec<u8>>, Option<String>);

impl Heritage {
    /// Of a file: what is in it or beside it.
    ///
    /// # Errors
    /// It can't be read.
    pub fn of(asset: &Asset, limits: &Limits) -> Result<Self, Error> {
        let read = engine::guarded(|| read(asset, limits))?;
        read.unwrap_or_else(|| Ok(Self::lost("the manifest makes the C2PA engine break off".to_owned())))
    }

    /// For another process.
    pub fn into_parcel(self) -> HeritageParcel {
        let (facts, store) =
            self.carried.map_or((None, None), |carried| (Some(carried.facts), carried.store));
        (facts, store, self.why)
    }

    /// From another process, which need not be believed: what is wrong with it shows when it is to be carried along.
    pub fn from_parcel((facts, store, why): HeritageParcel) -> Self {
        Self { carried: facts.map(|facts| Carried { facts, store }), why }
    }

    /// Why credentials that are there can't be carried along.
    pub fn fault(&self) -> Option<&str> {
        self.why.as_deref()
    }

    fn lost(why: String) -> Self {
        Self { carried: None, why: Some(why) }
    }

    /// The engine's form of it; `None` where there is nothing.
    ///
    /// # Errors
    /// Why it is not what [`of`](Self::of) gives.
    pub(crate) fn ingredient(&self) -> Result<Option<Ingredient>, String> {
        let Some(carried) = &self.carried else { return Ok(None) };
        let store = carried.store.as_deref().unwrap_or_default();
        if store.len() > LARGEST_STORE || carried.facts.len() > LARGEST_FACTS {
            return Err(too_large());
        }
        preflight::check(store)?;
        let mut facts: Value = serde_json::from_str(&carried.facts).map_err(|error| error.to_string())?;
        let object = facts.as_object_mut().ok_or("no description of them")?;
        object.retain(|name, _| FACTS.contains(&name.as_str()));
        // Only one within the store: others would be looked for elsewhere.
        let inside = |thumbnail: &Value| {
            thumbnail["identifier"].as_str().is_some_and(|place| place.starts_with("self#jumbf="))
        };
        if object.get("thumbnail").is_some_and(|thumbnail| !inside(thumbnail)) {
            object.remove("thumbnail");
        }
        let refused = |error: c2pa::Error| error.to_string();
        let mut ingredient = Ingredient::from_json(&facts.to_string()).map_err(refused)?;
        if let Some(store) = &carried.store {
            ingredient.set_manifest_data(store.clone()).map_err(refused)?;
        }
        Ok(Some(ingredient))
    }
}

fn too_large() -> String {
    format!("they take more than the {} MiB that can be carried along", LARGEST_STORE >> 20)
}

fn read(asset: &Asset, limits: &Limits) -> Result<Heritage, Error> {
    let mut file = asset.open()?;
    let media_type = store::media_type(asset.path(), &mut file)?;
    Ok(match store::find(asset, &mut file, limits)? {
        Store::Found { bytes, .. } if bytes.len() > LARGEST_STORE => Heritage::lost(too_large()),
        Store::Found { bytes, .. } => described(bytes, &media_type, &mut file)
            .map_or_else(Heritage::lost, |carried| Heritage { carried: Some(carried), why: None }),
        Store::Unreadable { why, .. } => Heritage::lost(why),
        Store::None { .. } => Heritage::default(),
    })
}

fn described(store: Vec<u8>, media_type: &str, file: &mut File) -> Result<Carried, String> {
    let ingredient = from_store(store, media_type, file).map_err(|error| error.to_string())?;
    let facts = serde_json::to_string(&ingredient).map_err(|error| error.to_string())?;
    if facts.len() > LARGEST_FACTS {
        return Err(too_large());
    }
    Ok(Carried { facts, store: ingredient.manifest_data().map(std::borrow::Cow::into_owned) })
}

#[cfg(test)]
#[path = "heritage_tests.rs"]
mod tests;

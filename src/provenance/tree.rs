use std::io::{self, Read, Seek};
use std::time::Instant;

use c2pa::Reader;
use serde_json::Value;

use crate::container::{self, Container};
use crate::content;
use crate::merkle_box::Place;

/// A tree of hashes over the fragments of one track, as the manifest states it (`merkle-map` of C2PA 2.4, section 18.7).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tree {
    unique: u64,
    local: u64,
    /// Number of fragments.
    pub count: u64,
    /// Whether a hash of the initialisation segment stands with it; without one, the engine checks nothing.
    pub covers_init: bool,
    init: Option<Vec<u8>>,
    algorithm: String,
    exclusions: Value,
}

impl Tree {
    pub fn is_of(&self, place: &Place) -> bool {
        (self.unique, self.local) == (place.unique, place.local)
    }

    /// Whether the initialisation segment is as signed; `None` where only the engine can tell, which does not.
    pub fn init_holds(&self, file: &mut (impl Read + Seek), deadline: Instant) -> io::Result<Option<bool>> {
        self.init.as_deref().map_or(Ok(None), |stated| {
            content::beginning_holds(&self.exclusions, &self.algorithm, stated, file, deadline)
        })
    }
}

/// The trees that the manifest binds its content by.
pub(crate) fn of(reader: &Reader) -> Vec<Tree> {
    let document = reader.to_crjson_value().unwrap_or_default();
    let manifests = document["manifests"].as_array().map_or(&[][..], Vec::as_slice);
    let active = manifests.iter().find(|one| one["label"].as_str() == reader.active_label());
    active.map(in_manifest).unwrap_or_default()
}

/// Whether a file is the beginning of a stream in several files, whose manifest says nothing of it alone.
pub(crate) fn wants_fragments(reader: &Reader, file: &mut (impl Read + Seek)) -> io::Result<bool> {
    if !of(reader).iter().any(|tree| tree.covers_init) {
        return Ok(false);
    }
    let found = container::survey(file, Container::Mp4)?;
    Ok(found.fragments == 0 && found.media == 0)
}

fn in_manifest(manifest: &Value) -> Vec<Tree> {
    let assertions = manifest["assertions"].as_object();
    // The first version hashes boxes without their places, and is no longer relied on.
    let bindings =
        assertions.into_iter().flatten().filter(|(label, _)| label.starts_with("c2pa.hash.bmff.v"));
    bindings.flat_map(|(_, binding)| in_binding(binding)).collect()
}

fn in_binding(binding: &Value) -> Vec<Tree> {
    let bytes = |value: &Value| -> Option<Vec<u8>> {
        value.as_array()?.iter().map(|byte| u8::try_from(byte.as_u64()?).ok()).collect()
    };
    let tree = |map: &Value| {
        let algorithm = map["alg"].as_str().or(binding["alg"].as_str()).unwrap_or_default();
        Some(Tree {
            unique: map["uniqueId"].as_u64()?,
            local: map["localId"].as_u64()?,
            count: map["count"].as_u64()?,
            covers_init: !map["initHash"].is_null(),
            init: bytes(&map["initHash"]),
            algorithm: algorithm.to_owned(),
            exclusions: binding["exclusions"].clone(),
        })
    };
    binding["merkle"].as_array().into_iter().flatten().filter_map(tree).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn trees_are_read_and_one_without_a_hash_of_the_beginning_is_told() {
        let manifest = json!({ "assertions": { "c2pa.hash.bmff.v3": { "merkle": [
            { "uniqueId": 1, "localId": 2, "count": 3, "initHash": "AA==", "hashes": [] },
            { "uniqueId": 2, "localId": 2, "count": 4, "hashes": [] },
            { "uniqueId": -1, "localId": 2, "count": 4 },
        ]}, "c2pa.actions.v2": {} } });
        let trees = in_manifest(&manifest);
        assert_eq!(trees.len(), 2);
        assert!(trees[0].is_of(&Place { unique: 1, local: 2, location: 9 }));
        assert_eq!((trees[0].count, trees[0].covers_init), (3, true));
        assert!(!trees[1].covers_init);
    }
}

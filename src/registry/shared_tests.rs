//! Several handles on one store.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::{Candidate, Code, Entry, Error, Listed, Published, Record, Registry, Revocation, Store, Urn};

/// Registries by name, each opened once.
#[derive(Default)]
pub(crate) struct Shared(Mutex<HashMap<String, Arc<Registry>>>);

impl Shared {
    pub fn handle(&self, name: &str, open: impl FnOnce() -> Registry) -> Registry {
        let mut known = self.0.lock().unwrap();
        let registry = known.entry(name.to_owned()).or_insert_with(|| Arc::new(open()));
        Registry::of(Handle(Arc::clone(registry)))
    }
}

#[derive(Debug)]
struct Handle(Arc<Registry>);

impl Store for Handle {
    fn place(&self) -> &Path {
        self.0.place()
    }

    fn publish(&self, entry: &Entry, at: &str) -> Result<Published, Error> {
        self.0.store().publish(entry, at)
    }

    fn copy_in(&self, records: &[Record]) -> Result<(), Error> {
        self.0.copy_in(records)
    }

    fn by_payload(&self, payload: u64) -> Result<Vec<Record>, Error> {
        self.0.by_payload(payload)
    }

    fn names(&self, payload: u64) -> Result<Vec<Urn>, Error> {
        self.0.names(payload)
    }

    fn by_urn(&self, urn: Urn) -> Result<Option<Record>, Error> {
        self.0.store().by_urn(urn)
    }

    fn like(&self, keys: &[u64], most: u32) -> Result<Vec<Candidate>, Error> {
        self.0.like(keys, most)
    }

    fn with_part(&self, parts: &[u64]) -> Result<Vec<(Urn, Option<Code>)>, Error> {
        self.0.store().with_part(parts)
    }

    fn after(&self, after: i64, most: u32) -> Result<Vec<(i64, Record)>, Error> {
        self.0.store().after(after, most)
    }

    fn revoke(&self, urn: Urn, revocation: &Revocation) -> Result<(), Error> {
        self.0.store().revoke(urn, revocation)
    }

    fn list(&self, limit: u32, offset: u64) -> Result<Vec<Listed>, Error> {
        self.0.list(limit, offset)
    }

    fn count(&self) -> Result<u64, Error> {
        self.0.count()
    }
}

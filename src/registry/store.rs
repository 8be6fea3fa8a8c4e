use std::fmt::Debug;
use std::path::Path;

use crate::{Candidate, Code, Entry, Error, Listed, Published, Record, Revocation, Urn};

/// Largest fingerprint kept, bytes.
pub(crate) const LARGEST_FINGERPRINT: usize = 16 << 20;
/// Most records given for one payload: honest collisions of 64 bits are rarer than one in a billion.
pub(crate) const MOST_COLLISIONS: i64 = 64;
/// Most rows of the index looked at in one search: bounds the time that a key shared by very many records takes.
pub(crate) const MOST_ROWS: i64 = 20_000;
/// Most rows looked at in one search by code.
pub(crate) const MOST_CODES: i64 = 1000;
/// Most withdrawals given for one record.
pub(crate) const MOST_REVOCATIONS: i64 = 64;

/// Where records are kept. What is given to it was checked by [`Registry`](crate::Registry) already.
///
/// Records and withdrawals are only ever added. What [`publish`](Self::publish) has answered stays after a crash or a
/// power cut, and a record is there whole or not at all. Every call blocks until it is done.
pub trait Store: Debug + Send + Sync {
    /// What errors call it: a folder, or a URL without its password.
    fn place(&self) -> &Path;

    /// Adds an entry under the time `at`, RFC 3339.
    fn publish(&self, entry: &Entry, at: &str) -> Result<Published, Error>;

    /// Adds records in one step, with the times they have, and their withdrawals; for copies of whole registries.
    fn copy_in(&self, records: &[Record]) -> Result<(), Error>;

    /// Every record whose UUID begins with these 64 bits, oldest first.
    fn by_payload(&self, payload: u64) -> Result<Vec<Record>, Error>;

    /// The names of these records alone.
    fn names(&self, payload: u64) -> Result<Vec<Urn>, Error>;

    /// The record of one manifest.
    fn by_urn(&self, urn: Urn) -> Result<Option<Record>, Error>;

    /// The records that share the most of these keys, at most `most` of them.
    fn like(&self, keys: &[u64], most: u32) -> Result<Vec<Candidate>, Error>;

    /// Name and code of the records that have one of these parts, in no order; of very many, those with the first parts.
    fn with_part(&self, parts: &[u64]) -> Result<Vec<(Urn, Option<Code>)>, Error>;

    /// The records that a whole soft-binding value leads to, best first; `None` where [`like`](Self::like) is asked instead.
    fn resembling(&self, _algorithm: &str, _value: &[u8]) -> Result<Option<Vec<Record>>, Error> {
        Ok(None)
    }

    /// At most `most` records after the place `after` in the order of publishing, each with its place.
    fn after(&self, after: i64, most: u32) -> Result<Vec<(i64, Record)>, Error>;

    /// Adds a withdrawal.
    ///
    /// # Errors
    /// The manifest is not registered.
    fn revoke(&self, urn: Urn, revocation: &Revocation) -> Result<(), Error>;

    /// Records from the newest on, `limit` of them after the first `offset`.
    fn list(&self, limit: u32, offset: u64) -> Result<Vec<Listed>, Error>;

    /// Number of records.
    fn count(&self) -> Result<u64, Error>;
}

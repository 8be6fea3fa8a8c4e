//! The manifest repository that watermarks and fingerprints resolve through: a folder with an SQLite database and
//! one file a manifest. The only crate that knows SQL.
//!
//! Records are only ever added. A folder that was exported, or carried here from elsewhere, reads the same way.

mod database;
mod entry;
mod error;
mod folder;
#[cfg(test)]
mod killed_tests;
mod manifest_file;
mod registry;
mod schema;
mod sql;
mod store;
mod urn;

pub use entry::{Candidate, Entry, Listed, Published, Record, Revocation};
pub use error::Error;
pub use registry::Registry;
pub use store::Store;
pub use urn::Urn;

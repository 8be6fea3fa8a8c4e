//! The manifest repository that watermarks and fingerprints resolve through: a folder with an SQLite database and
//! one file a manifest, or a PostgreSQL database and an object store. The only crate that knows SQL.
//!
//! Records are only ever added. A folder that was exported, or carried here from elsewhere, reads the same way.

mod code;
#[cfg(test)]
mod conformance_tests;
mod database;
mod driver;
mod entry;
mod error;
mod folder;
#[cfg(test)]
mod killed_tests;
mod manifest_file;
mod objects;
mod postgres;
mod postgres_schema;
#[cfg(test)]
mod postgres_server;
mod registry;
mod schema;
#[cfg(test)]
mod shared_tests;
mod sql;
mod store;
mod urn;

pub use code::{Code, Neighbour};
pub use entry::{Candidate, Entry, Listed, Published, Record, Revocation};
pub use error::Error;
pub use postgres::shown;
pub use registry::Registry;
pub use store::Store;
pub use urn::Urn;

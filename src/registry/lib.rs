//! The manifest repository that watermarks and fingerprints resolve through: a folder with an SQLite database and
//! one file a manifest, a PostgreSQL database and an object store, or a server behind the C2PA Soft Binding Resolution
//! API. The only crate that knows SQL.
//!
//! Records are only ever added. A folder that was exported, or carried here from elsewhere, reads the same way.

mod access;
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
mod names;
mod objects;
mod postgres;
mod postgres_schema;
#[cfg(test)]
mod postgres_server;
mod registry;
mod remote;
mod remote_http;
mod schema;
#[cfg(test)]
mod shared_tests;
mod sql;
mod store;
mod urn;

pub use access::Access;
pub use code::{Code, Neighbour};
pub use entry::{Candidate, Entry, Listed, Published, Record, Revocation};
pub use error::Error;
pub use names::{FINGERPRINT_ALGORITHM, ISCC_ALGORITHM, WATERMARK_ALGORITHM};
pub use postgres::shown;
pub use registry::Registry;
pub use store::Store;
pub use urn::Urn;

//! Verifies many files on one machine: what sources name is looked at by a bounded pool of workers, and each file is answered
//! by one line, in order of completion. Memory does not grow with their number.
//!
//! - [`Source`]: a folder, a file, a pattern, a list of names, or a place in an object store;
//! - [`Stores`]: how object stores are reached;
//! - [`Results`]: the file of lines, and which names an earlier scan answered in it;
//! - [`scan`]: the work;
//! - [`tabulate`]: the lines as a Parquet table;
//! - [`find`]: the files alone, for work that is done elsewhere.

mod error;
mod find;
mod item;
mod object;
mod results;
mod scan;
mod source;
mod stores;
mod table;
mod tally;
mod walk;

pub use error::Error;
pub use find::{Found, find};
pub use results::Results;
pub use scan::{Scan, Watcher, scan};
pub use source::Source;
pub use stores::Stores;
pub use table::tabulate;
pub use tally::Tally;

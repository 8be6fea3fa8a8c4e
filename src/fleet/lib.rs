//! Work for many machines: tasks wait in a database, workers on any number of machines take them, and what became of each is
//! kept once. The only crate that knows River, whose queue in PostgreSQL or SQLite this is; what the work is, it does not know.
//!
//! What holds, whoever dies when:
//! - a task is tried at least once, and its result is kept once: result and completion are one transaction;
//! - a task is known by tenant, content, engine and policy, whatever its state: submitting it again tells of the first;
//! - a try counts when it begins; after three the task is dead, listed, and can be tried again by hand;
//! - a worker that is asked to stop finishes its tasks or gives them back, which costs no try;
//! - no more tasks wait than the bound allows: submitting then says how long to wait.

mod address;
mod bench;
mod clock;
mod error;
mod finish;
mod fleet;
mod jobs;
mod link;
mod location;
mod outcome;
mod pace;
#[cfg(test)]
#[path = "../registry/postgres_server.rs"]
mod postgres_server;
mod schema;
mod sql;
mod stats;
mod store;
mod submit;
mod task;
#[cfg(test)]
mod tests;
mod watch;
mod work;
mod worker;

pub use bench::{Bench, Fault, Stop};
pub use error::Error;
pub use fleet::Fleet;
pub use jobs::{Job, Page, State};
pub use location::Location;
pub use outcome::Outcome;
pub use pace::Pace;
pub use stats::{Load, Stats};
pub use submit::Answer;
pub use task::{Priority, Task};
pub use worker::{Crew, News};

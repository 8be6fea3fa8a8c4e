//! What a newsroom keeps: the videos that were sent, the jobs on them, the answers, and what people noted beside. One
//! SQLite database and one folder a video. Who may see what is not decided here.

mod archive;
mod clip;
mod error;
mod jobs;
mod notes;
mod retention;
mod search;
#[cfg(test)]
mod tests;

pub use archive::Archive;
pub use clip::{Clip, Kind, NewClip, State};
pub use error::Error;
pub use jobs::{MOST_ATTEMPTS, Recovered};
pub use notes::{LONGEST_NOTE, LONGEST_TAG, MOST_TAGS, Note};
pub use search::{Count, Search};

//! What a folder of diffusers holds, and whether this build runs it; no weight is read here.

mod configuration;
mod digest;
mod family;
mod files;
mod geometry;
mod index;
mod memory;
mod opened;

pub use family::Family;
pub use files::{ModelFile, ModelFiles};
pub use geometry::Geometry;
pub use index::ModelIndex;
pub use memory::{MemoryNeed, free_memory};
pub use opened::{Defaults, Model};

pub(crate) use files::file_digest;
pub(crate) use index::MAX_CONFIG;

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;

//! Makes clips with diffusion models: prompt, noise, schedule, guidance, streaming decode.
//!
//! - [`Model`]: a folder in the layout of diffusers, checked without reading weights;
//! - [`Request`] and [`Plan`]: what to make, and the same with every default filled in;
//! - [`Solver`] and [`TorchRandom`]: from the noise a seed stands for to a clip, step by step.

mod box_muller;
mod error;
mod model;
mod noise;
mod plan;
mod progress;
mod prompt;
mod request;
mod scheduler;
mod sentencepiece;
#[cfg(test)]
mod testing;
mod tokenizer;

pub use error::{Error, RunError};
pub use model::{
    Defaults, Family, Geometry, MemoryNeed, Model, ModelFile, ModelFiles, ModelIndex, free_memory,
};
pub use noise::TorchRandom;
pub use plan::Plan;
pub use progress::{Progress, Stage};
pub use prompt::clean;
pub use request::{FirstFrame, Picture, Request, Size};
pub use scheduler::{Grid, Schedule, SchedulerConfig, SchedulerKind, Shift, Solver};

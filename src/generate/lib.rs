//! Makes clips with diffusion models: prompt, noise, schedule, guidance, streaming decode.
//!
//! - [`Generator`]: a model that makes clips, picture after picture;
//! - [`Model`]: a folder in the layout of diffusers, checked without reading weights;
//! - [`Request`] and [`Plan`]: what to make, and the same with every default filled in;
//! - [`Solver`] and [`TorchRandom`]: from the noise a seed stands for to a clip, step by step.

mod box_muller;
mod builtin;
mod decode;
mod denoise;
mod error;
mod generator;
mod guidance;
mod latents;
mod model;
mod mosaic;
mod networks;
mod noise;
#[cfg(test)]
mod parity_tests;
mod plan;
mod progress;
mod prompt;
mod request;
mod run_log;
mod scheduler;
mod sentencepiece;
#[cfg(test)]
mod testing;
mod text;
mod tokenizer;

pub use builtin::unpack_builtin;
pub use error::{Error, RunError};
pub use generator::{Generator, OnProgress};
pub use model::{
    Defaults, Family, Geometry, MemoryNeed, Model, ModelFile, ModelFiles, ModelIndex, free_memory,
};
pub use networks::{Adapter, RunOptions};
pub use noise::TorchRandom;
pub use plan::Plan;
pub use progress::{Progress, Stage};
pub use prompt::clean;
pub use request::{FirstFrame, Picture, Request, Size};
pub use run_log::{AdapterUsed, RunLog, StageSeconds};
pub use scheduler::{Grid, Schedule, SchedulerConfig, SchedulerKind, Shift, Solver};

//! The networks of a model, each loaded when its part of the work begins and freed when it ends.

mod decoder;
mod denoiser;
mod encoder;
mod text_encoder;

use filigrane_infer::{Device, Engine, Graph, Outputs, Session, SessionOptions, Weights};

pub(crate) use decoder::Decoder;
pub(crate) use denoiser::Denoiser;
pub(crate) use encoder::Encoder;
pub(crate) use text_encoder::TextEncoder;

use crate::model::MAX_CONFIG;
use crate::{Error, Model};

/// How networks are run.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Where.
    pub device: Device,
    /// Threads that compute; the engine's own choice when nothing is said.
    pub threads: Option<usize>,
    /// Most bytes of GPU memory.
    pub gpu_bytes: Option<u64>,
    /// Pixels along a side of the tiles in which Wan's pictures are decoded; whole when nothing is said. Tiles need less memory,
    /// and fade into one another over a quarter.
    pub tile: Option<u32>,
    /// Whether to start although the memory estimate says it cannot fit.
    pub ignore_memory: bool,
}

/// Where the networks of a model are opened.
pub(crate) struct Networks<'a> {
    pub engine: &'a Engine,
    pub model: &'a Model,
    pub options: &'a RunOptions,
}

impl Networks<'_> {
    pub(crate) fn config(&self, part: &str) -> Result<Vec<u8>, Error> {
        self.model.files().read(&format!("{part}/config.json"), MAX_CONFIG)
    }

    pub(crate) fn weights(&self, part: &str) -> Result<Weights, Error> {
        let stem = if part == "text_encoder" { "model" } else { "diffusion_pytorch_model" };
        Ok(Weights::open(&self.model.files().folder().join(part), stem)?)
    }

    pub(crate) fn session(&self, graph: &Graph) -> Result<Session, Error> {
        let options = SessionOptions {
            device: self.options.device,
            threads: self.options.threads,
            gpu_bytes: self.options.gpu_bytes,
        };
        Ok(Session::open(self.engine, graph, &options)?)
    }
}

/// The numbers of an output.
fn taken(outputs: &mut Outputs, name: &str) -> Result<Vec<f32>, Error> {
    Ok(outputs.take(name)?.tensor()?.into_f32()?)
}

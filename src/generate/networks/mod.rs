//! The networks of a model, each loaded when its part of the work begins and freed when it ends.

mod decoder;
mod denoiser;
mod encoder;
mod text_encoder;

use std::path::PathBuf;

use filigrane_infer::{Bits, Device, Engine, Graph, Outputs, Session, SessionOptions, Weights};

pub(crate) use decoder::Decoder;
pub(crate) use denoiser::Denoiser;
pub(crate) use encoder::Encoder;
pub(crate) use text_encoder::TextEncoder;

use crate::model::MAX_CONFIG;
use crate::{Error, Model};

/// A LoRA file that is merged into a transformer as it is loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapter {
    /// The safetensors file.
    pub path: PathBuf,
    /// How much of it; 1 is as it was trained.
    pub strength: f32,
    /// Of a pair of transformers, the one it is for: `Some(true)` the second, which takes low noise. `None` is for each.
    pub low_noise: Option<bool>,
}

/// How networks are run.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Where.
    pub device: Device,
    /// Threads that compute; the engine's own choice when nothing is said.
    pub threads: Option<usize>,
    /// Most bytes of GPU memory.
    pub gpu_bytes: Option<u64>,
    /// In how many bits the text encoder and the transformers hold their linear layers; as stored when nothing is said.
    pub bits: Option<Bits>,
    /// LoRA files, merged in this order.
    pub adapters: Vec<Adapter>,
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
        let mut weights = self.model.weights(part)?;
        if part.starts_with("transformer") {
            let second = part == "transformer_2";
            for adapter in &self.options.adapters {
                if adapter.low_noise.is_none_or(|low| low == second) {
                    weights = weights.with_lora(&adapter.path, adapter.strength)?;
                }
            }
        }
        Ok(match self.options.bits {
            Some(bits) if part != "vae" => weights.in_bits(bits),
            _ => weights,
        })
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

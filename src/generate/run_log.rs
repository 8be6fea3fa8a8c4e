use serde::Serialize;

use crate::{Family, Plan, Stage};

/// Every parameter that a clip depends on, and how long its making took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunLog {
    /// Class of the pipeline, as the folder names it.
    pub pipeline: String,
    /// Which pipeline that is here.
    pub family: Family,
    /// The prompt as it was given.
    pub prompt: String,
    /// The prompt as it was read.
    pub prompt_read: String,
    /// SHA-256 of the prompt as it was given.
    pub prompt_sha256: String,
    /// What was to be avoided, as it was given.
    pub negative_prompt: String,
    /// Tokens of the prompt that were read.
    pub prompt_tokens: usize,
    /// Tokens that did not fit and were cut off.
    pub prompt_tokens_cut: usize,
    /// Words that the tokenizer does not know.
    pub unknown_words: Vec<String>,
    /// SHA-256 of the first picture's samples.
    pub image_sha256: Option<String>,
    /// Size, number, rate, steps, guidance, seed, memory.
    pub plan: Plan,
    /// Solver.
    pub scheduler: &'static str,
    /// Noise levels, from 1 to 0.
    pub sigmas: Vec<f32>,
    /// What the denoiser was told at each step.
    pub timesteps: Vec<f32>,
    /// What ran the networks.
    pub engine: String,
    /// On what.
    pub provider: String,
    /// Threads, where a number was asked for.
    pub threads: Option<usize>,
    /// Bits of the weights of linear layers, where they were reduced.
    pub bits: Option<usize>,
    /// LoRA files that were merged.
    pub adapters: Vec<AdapterUsed>,
    /// Pixels along a side of the tiles, where the pictures were decoded in tiles.
    pub tile: Option<u32>,
    /// Seconds each part took.
    pub seconds: Vec<StageSeconds>,
    /// This program's version.
    pub version: &'static str,
}

/// A LoRA file that was merged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AdapterUsed {
    /// Its name, without the folder.
    pub file: String,
    /// SHA-256 of it.
    pub sha256: String,
    /// How much of it.
    pub strength: f32,
    /// Of a pair of transformers, the one it was for.
    pub low_noise: Option<bool>,
}

/// How long a part took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StageSeconds {
    /// Which part.
    pub stage: Stage,
    /// Wall time.
    pub seconds: f64,
}

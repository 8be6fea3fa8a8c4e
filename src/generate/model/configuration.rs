use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{MAX_CONFIG, ModelFiles};
use crate::Error;

/// What the loop around the networks needs of `transformer/config.json`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TransformerConfig {
    #[serde(rename = "_class_name")]
    pub class: String,
    pub in_channels: usize,
    /// Wan: frames, rows, columns; LTX: rows and columns alike.
    pub patch_size: PatchSize,
    #[serde(default = "one")]
    pub patch_size_t: usize,
    pub num_attention_heads: usize,
    pub attention_head_dim: usize,
    pub text_dim: Option<usize>,
    pub caption_channels: Option<usize>,
    /// Most patches along an axis.
    pub rope_max_seq_len: Option<usize>,
    /// Width of an image encoder's answers, where one is needed.
    pub image_dim: Option<usize>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum PatchSize {
    Square(usize),
    Each([usize; 3]),
}

/// What the loop needs of `vae/config.json`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct VaeConfig {
    #[serde(rename = "_class_name")]
    pub class: String,
    /// Wan.
    pub z_dim: Option<usize>,
    /// LTX.
    pub latent_channels: Option<usize>,
    pub scale_factor_spatial: Option<usize>,
    pub scale_factor_temporal: Option<usize>,
    pub scaling_factor: Option<f32>,
    pub patch_size: Option<usize>,
    pub patch_size_t: Option<usize>,
    pub spatio_temporal_scaling: Option<Vec<bool>>,
    pub spatial_compression_ratio: Option<usize>,
    pub temporal_compression_ratio: Option<usize>,
    pub base_dim: Option<usize>,
    pub decoder_base_dim: Option<usize>,
    pub block_out_channels: Option<Vec<usize>>,
}

/// What the loop needs of `text_encoder/config.json`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TextConfig {
    pub d_model: usize,
    pub vocab_size: usize,
}

fn one() -> usize {
    1
}

/// The `config.json` of a part.
pub(crate) fn read<T: DeserializeOwned>(files: &ModelFiles, part: &str) -> Result<T, Error> {
    let place = format!("{part}/config.json");
    let text = files.read(&place, MAX_CONFIG)?;
    serde_json::from_slice(&text).map_err(|error| Error::malformed(place, error.to_string()))
}

use serde::Serialize;

use super::Geometry;
use super::configuration::TransformerConfig;
use crate::{Error, Size};

/// What a clip needs at its peak, estimated from file sizes and shapes before anything is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MemoryNeed {
    /// Text encoder, which is freed before the rest is loaded, bytes.
    pub text: u64,
    /// Transformer with its activations, bytes.
    pub denoise: u64,
    /// VAE with its activations, bytes.
    pub decode: u64,
}

/// What the program itself takes beside the networks.
const BASE: u64 = 64 << 20;

/// Floats a token that live at once in a block of a transformer, by width: the stream, its norm, three projections, the
/// feed-forward's four widths, and the answer.
const LIVE_WIDTHS: u64 = 10;

impl MemoryNeed {
    /// The largest of the three parts: they follow one another.
    pub fn peak(&self) -> u64 {
        self.text.max(self.denoise).max(self.decode)
    }

    /// Whether so much is free.
    ///
    /// # Errors
    /// [`Error::Memory`] that says how much is needed.
    pub fn check(&self, free: u64) -> Result<(), Error> {
        if self.peak() <= free {
            return Ok(());
        }
        let hint = if self.peak() == self.text {
            "the text encoder alone needs that much; close other programs, or use a machine with more"
        } else if self.peak() == self.denoise {
            "a smaller size, fewer pictures or int8 weights need less"
        } else {
            "a smaller size needs less"
        };
        Err(Error::Memory { needed: gigabytes(self.peak()), free: gigabytes(free), hint: hint.to_owned() })
    }
}

/// Sizes of the parts' weights in memory, bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartSizes {
    pub text: u64,
    pub denoiser: u64,
    pub second_denoiser: u64,
    pub vae: u64,
}

pub(super) fn need(
    parts: PartSizes,
    transformer: &TransformerConfig,
    vae_width: usize,
    geometry: &Geometry,
    size: Size,
    frames: u32,
) -> MemoryNeed {
    let width =
        (transformer.num_attention_heads as u64).saturating_mul(transformer.attention_head_dim as u64);
    let tokens = geometry.tokens(size, frames);
    let activations = tokens.saturating_mul(width).saturating_mul(4 * LIVE_WIDTHS);
    let pixels = u64::from(size.width) * u64::from(size.height);
    // The widest layer at full resolution, for the pictures of one latent frame, three times: in, padded, out.
    let decoding = pixels
        .saturating_mul(geometry.temporal as u64)
        .saturating_mul(vae_width as u64)
        .saturating_mul(4 * 3);
    let denoiser = parts.denoiser.max(parts.second_denoiser);
    MemoryNeed {
        text: BASE.saturating_add(parts.text),
        denoise: BASE.saturating_add(denoiser).saturating_add(activations),
        decode: BASE.saturating_add(parts.vae).saturating_add(decoding),
    }
}

/// Bytes that a program can still take without swapping; `None` where the system does not say.
pub fn free_memory() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    let free = system.available_memory();
    let free = system.cgroup_limits().map_or(free, |limits| free.min(limits.free_memory));
    (free > 0).then_some(free)
}

/// Bytes as people say them.
pub(crate) fn gigabytes(bytes: u64) -> String {
    if bytes < 100_000_000 {
        return format!("{:.0} MB", bytes as f64 / 1e6);
    }
    format!("{:.1} GB", bytes as f64 / 1e9)
}

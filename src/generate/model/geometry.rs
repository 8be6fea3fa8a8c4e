use serde::Serialize;

use super::Family;
use super::configuration::{PatchSize, TransformerConfig, VaeConfig};
use crate::{Error, Size};

/// How pictures, latents and tokens lie over each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Geometry {
    /// Channels of a latent.
    pub channels: usize,
    /// Pixels along a side of a latent.
    pub spatial: usize,
    /// Pictures after the first in a latent frame.
    pub temporal: usize,
    /// Latents along frames, rows and columns in a token.
    pub patch: [usize; 3],
    /// Most tokens along an axis.
    pub longest_axis: usize,
    /// What width and height must be multiples of.
    pub multiple: usize,
}

/// Largest factor of any kind in a sound configuration.
const MAX_FACTOR: usize = 4096;

/// Longest side of a picture, pixels.
const LONGEST_SIDE: u64 = 8192;

/// Most tokens along an axis where the configuration sets no bound.
const UNBOUNDED_AXIS: usize = 1024;

impl Geometry {
    pub(super) fn of(
        family: Family,
        transformer: &TransformerConfig,
        vae: &VaeConfig,
    ) -> Result<Self, Error> {
        let malformed = |reason: &str| Error::malformed("vae/config.json", reason);
        let patch = match &transformer.patch_size {
            PatchSize::Square(side) => [transformer.patch_size_t, *side, *side],
            PatchSize::Each(patch) => *patch,
        };
        let (channels, spatial, temporal, base_multiple) = match family {
            Family::Wan { .. } | Family::WanTextImage => (
                vae.z_dim.unwrap_or(16),
                vae.scale_factor_spatial.unwrap_or(8),
                vae.scale_factor_temporal.unwrap_or(4),
                // diffusers refuses anything else before it looks at the patches.
                16,
            ),
            Family::Ltx => {
                let scaling = vae.spatio_temporal_scaling.as_deref().unwrap_or(&[true, true, true, false]);
                let halvings = scaling.iter().filter(|halves| **halves).count().min(12) as u32;
                let power = 2usize.pow(halvings);
                (
                    vae.latent_channels.unwrap_or(128),
                    vae.spatial_compression_ratio
                        .unwrap_or_else(|| power.saturating_mul(vae.patch_size.unwrap_or(4))),
                    vae.temporal_compression_ratio
                        .unwrap_or_else(|| power.saturating_mul(vae.patch_size_t.unwrap_or(1))),
                    32,
                )
            }
        };
        let factors = [channels, spatial, temporal, patch[0], patch[1], patch[2]];
        if factors.iter().any(|factor| !(1..=MAX_FACTOR).contains(factor)) {
            return Err(malformed("a size, a patch or a number of channels is out of range"));
        }
        if patch[1] != patch[2] || patch[0] != 1 {
            return Err(Error::Unsupported(format!(
                "transformer/config.json: patches of {patch:?} are not supported, only square ones of one frame"
            )));
        }
        if transformer.in_channels != channels {
            return Err(Error::malformed(
                "transformer/config.json",
                format!("takes {} channels, the VAE has {channels}", transformer.in_channels),
            ));
        }
        let longest_axis = transformer.rope_max_seq_len.unwrap_or(UNBOUNDED_AXIS).clamp(1, UNBOUNDED_AXIS);
        let multiple = least_common_multiple(spatial * patch[1], base_multiple);
        Ok(Self { channels, spatial, temporal, patch, longest_axis, multiple })
    }

    /// Latent frames of a clip.
    pub fn latent_frames(&self, frames: u32) -> usize {
        (frames.saturating_sub(1) as usize) / self.temporal + 1
    }

    /// Latents along rows and columns.
    pub fn latent_size(&self, size: Size) -> (usize, usize) {
        (size.height as usize / self.spatial, size.width as usize / self.spatial)
    }

    /// Tokens of a clip.
    pub fn tokens(&self, size: Size, frames: u32) -> u64 {
        let (rows, columns) = self.latent_size(size);
        (self.latent_frames(frames) as u64 / self.patch[0] as u64)
            * (rows as u64 / self.patch[1] as u64)
            * (columns as u64 / self.patch[2] as u64)
    }

    /// Whether a size can be made; else the nearest that can.
    ///
    /// # Errors
    /// [`Error::Parameter`] that names the nearest size.
    pub fn check_size(&self, size: Size) -> Result<(), Error> {
        let nearest = Size { width: self.nearest_side(size.width), height: self.nearest_side(size.height) };
        if nearest == size {
            return Ok(());
        }
        Err(Error::Parameter(format!(
            "this model cannot make {size}: sides are multiples of {} up to {}; the nearest is {nearest}",
            self.multiple,
            self.longest_side()
        )))
    }

    /// Whether a number of pictures can be made; else the nearest that can.
    ///
    /// # Errors
    /// [`Error::Parameter`] that names the nearest number.
    pub fn check_frames(&self, frames: u32) -> Result<(), Error> {
        let step = self.temporal as u64;
        let most = (self.longest_axis * self.patch[0] - 1) as u64;
        let latents = ((u64::from(frames.max(1)) - 1 + step / 2) / step).min(most);
        let nearest = latents * step + 1;
        if nearest == u64::from(frames) {
            return Ok(());
        }
        Err(Error::Parameter(format!(
            "this model cannot make {frames} pictures: their number is a multiple of {step} and one more, up to {}; the \
             nearest is {nearest}",
            most * step + 1
        )))
    }

    fn longest_side(&self) -> u64 {
        let patches = (self.longest_axis * self.patch[1] * self.spatial) as u64;
        patches.min(LONGEST_SIDE) / self.multiple as u64 * self.multiple as u64
    }

    fn nearest_side(&self, side: u32) -> u32 {
        let multiple = self.multiple as u64;
        let rounded = (u64::from(side) + multiple / 2) / multiple * multiple;
        rounded.clamp(multiple, self.longest_side().max(multiple)).min(u64::from(u32::MAX)) as u32
    }
}

fn least_common_multiple(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x.max(1) * b
}

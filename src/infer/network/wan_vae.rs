use serde::Deserialize;

use crate::network::config::{malformed, parameter, parse, unsupported, within};
use crate::network::wan_vae_graph::{Build, Stage};
use crate::{Engine, Error, Graph, Weights};

const NAME: &str = "AutoencoderKLWan";

/// Largest batch, and largest extent of a latent's frame.
const LARGEST_EXTENT: usize = 1 << 12;

/// The autoencoder of Wan 2.1 and 2.2, as its `vae/config.json` describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct WanVae {
    config: Config,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    pub(crate) base_dim: usize,
    pub(crate) decoder_base_dim: Option<usize>,
    pub(crate) z_dim: usize,
    pub(crate) dim_mult: Vec<usize>,
    pub(crate) num_res_blocks: usize,
    attn_scales: Vec<f64>,
    pub(crate) temperal_downsample: Vec<bool>,
    latents_mean: Option<Vec<f64>>,
    latents_std: Option<Vec<f64>>,
    pub(crate) is_residual: bool,
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    pub(crate) patch_size: Option<usize>,
}

impl Default for Config {
    /// What diffusers takes for what is not said.
    fn default() -> Self {
        Self {
            base_dim: 96,
            decoder_base_dim: None,
            z_dim: 16,
            dim_mult: vec![1, 2, 4, 4],
            num_res_blocks: 2,
            attn_scales: Vec::new(),
            temperal_downsample: vec![false, true, true],
            latents_mean: None,
            latents_std: None,
            is_residual: false,
            in_channels: 3,
            out_channels: 3,
            patch_size: None,
        }
    }
}

/// Means and deviations of Wan 2.1's latents, which its configuration need not repeat.
const MEAN: [f64; 16] = [
    -0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508, 0.4134, -0.0715, 0.5517, -0.3632,
    -0.1922, -0.9497, 0.2503, -0.2921,
];
const DEVIATION: [f64; 16] = [
    2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743, 3.2687, 2.1526, 2.8652, 1.5579, 1.6382,
    1.1253, 2.8251, 1.9160,
];

impl WanVae {
    /// The autoencoder that a `vae/config.json` describes.
    ///
    /// # Errors
    /// [`Error::Network`] when it is no configuration, or one of a network that is not known here.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let mut config: Config = parse(NAME, json)?;
        let most = config.dim_mult.iter().copied().max().unwrap_or(0);
        let base = config.base_dim.max(config.decoder_base_dim.unwrap_or(0));
        within(
            NAME,
            &[
                ("base_dim", config.base_dim),
                ("decoder_base_dim", config.decoder_base_dim.unwrap_or(1)),
                ("z_dim", config.z_dim),
                ("dim_mult", most),
                ("base_dim times dim_mult", base.saturating_mul(most)),
                ("num_res_blocks", config.num_res_blocks),
                ("in_channels", config.in_channels),
                ("out_channels", config.out_channels),
            ],
        )?;
        let levels = config.dim_mult.len();
        if !(2..=8).contains(&levels) || config.dim_mult.contains(&0) || config.num_res_blocks > 16 {
            return Err(malformed(NAME, "2 to 8 levels of at most 16 blocks are possible".into()));
        }
        if config.temperal_downsample.len() + 1 < levels {
            return Err(malformed(NAME, format!("temperal_downsample needs {} values", levels - 1)));
        }
        if !config.attn_scales.is_empty() {
            return Err(unsupported(NAME, "attn_scales is not supported".into()));
        }
        let patch = config.patch_size.unwrap_or(1);
        if !(1..=8).contains(&patch)
            || !config.in_channels.is_multiple_of(patch * patch)
            || !config.out_channels.is_multiple_of(patch * patch)
        {
            return Err(malformed(NAME, format!("patch_size {patch} does not divide the channels")));
        }
        let (mean, deviation) = match (config.latents_mean.take(), config.latents_std.take()) {
            (None, None) if config.z_dim == MEAN.len() => (MEAN.to_vec(), DEVIATION.to_vec()),
            (mean, deviation) => (mean.unwrap_or_default(), deviation.unwrap_or_default()),
        };
        let usable =
            |values: &[f64]| values.len() == config.z_dim && values.iter().all(|value| value.is_finite());
        if !usable(&mean) || !usable(&deviation) || deviation.iter().any(|&value| value <= 0.0) {
            return Err(malformed(
                NAME,
                format!("latents_mean and latents_std need {} numbers each", config.z_dim),
            ));
        }
        config.latents_mean = Some(mean);
        config.latents_std = Some(deviation);
        Ok(Self { config })
    }

    /// Channels of the latent.
    pub fn latent_channels(&self) -> usize {
        self.config.z_dim
    }

    /// Mean of each channel of the latent.
    pub fn latent_means(&self) -> &[f64] {
        self.config.latents_mean.as_deref().unwrap_or_default()
    }

    /// Standard deviation of each channel of the latent.
    pub fn latent_deviations(&self) -> &[f64] {
        self.config.latents_std.as_deref().unwrap_or_default()
    }

    /// Pixels a side for one of the latent.
    pub fn spatial_factor(&self) -> usize {
        self.config.patch_size.unwrap_or(1) << (self.config.dim_mult.len() - 1)
    }

    /// Frames for one of the latent, behind the first.
    pub fn temporal_factor(&self) -> usize {
        let levels = self.config.dim_mult.len() - 1;
        1 << self.config.temperal_downsample.iter().take(levels).filter(|&&halves| halves).count()
    }

    /// The graphs that decode the first frame of a latent, and each later one, `height` by `width` in the latent.
    ///
    /// Both take `latent` `[batch, channels, 1, height, width]` and give `frames` `[batch, 3, n, rows, columns]` from -1
    /// to 1; the first gives also `cache_0`, `cache_1`, …, which the next takes as `past_0`, `past_1`, … and renews.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Weight`].
    pub fn decoder(
        &self,
        engine: &Engine,
        weights: &Weights,
        batch: usize,
        height: usize,
        width: usize,
    ) -> Result<[Graph; 2], Error> {
        check(&[batch, height, width])?;
        let build =
            |stage| Build::new(NAME, engine, weights, &self.config, stage).decoder(batch, height, width);
        Ok([build(Stage::First)?, build(Stage::Next)?])
    }

    /// The graphs that encode the first frame of a clip, and each later group of as many as [`Self::temporal_factor`] says.
    ///
    /// Both take `frames` `[batch, 3, n, rows, columns]` and give `moments` `[batch, 2 · channels, 1, height, width]`, the
    /// means before the logarithms of the variances; caches pass as in [`Self::decoder`]. `height` and `width` are the latent's.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Weight`].
    pub fn encoder(
        &self,
        engine: &Engine,
        weights: &Weights,
        batch: usize,
        height: usize,
        width: usize,
    ) -> Result<[Graph; 2], Error> {
        check(&[batch, height, width])?;
        let side = self.spatial_factor();
        let frames = self.temporal_factor();
        let build = |stage, frames| {
            let shape = [batch, frames, height * side, width * side];
            Build::new(NAME, engine, weights, &self.config, stage).encoder(shape)
        };
        Ok([build(Stage::First, 1)?, build(Stage::Next, frames)?])
    }
}

fn check(extents: &[usize]) -> Result<(), Error> {
    if extents.iter().all(|extent| (1..=LARGEST_EXTENT).contains(extent)) {
        return Ok(());
    }
    Err(parameter(NAME, format!("{extents:?}: each extent is 1 to {LARGEST_EXTENT}")))
}

use serde::Deserialize;

use crate::network::config::{malformed, parameter, parse, unsupported, within};
use crate::network::ltx_vae_graph::Build;
use crate::{Engine, Error, Graph, Weights};

const NAME: &str = "AutoencoderKLLTXVideo";

/// Largest batch, and largest extent of a latent.
const LARGEST_EXTENT: usize = 1 << 12;

/// The autoencoder of LTX-Video 0.9.0, as its `vae/config.json` describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct LtxVae {
    config: Config,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    pub(crate) latent_channels: usize,
    pub(crate) block_out_channels: Vec<usize>,
    down_block_types: Vec<String>,
    pub(crate) decoder_block_out_channels: Vec<usize>,
    pub(crate) layers_per_block: Vec<usize>,
    pub(crate) decoder_layers_per_block: Vec<usize>,
    pub(crate) spatio_temporal_scaling: Vec<bool>,
    pub(crate) decoder_spatio_temporal_scaling: Vec<bool>,
    decoder_inject_noise: Vec<bool>,
    pub(crate) upsample_residual: Vec<bool>,
    pub(crate) upsample_factor: Vec<usize>,
    timestep_conditioning: bool,
    pub(crate) patch_size: usize,
    patch_size_t: usize,
    pub(crate) resnet_norm_eps: f32,
    scaling_factor: f64,
    pub(crate) encoder_causal: bool,
    pub(crate) decoder_causal: bool,
}

impl Default for Config {
    /// What diffusers takes for what is not said.
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            latent_channels: 128,
            block_out_channels: vec![128, 256, 512, 512],
            down_block_types: Vec::new(),
            decoder_block_out_channels: vec![128, 256, 512, 512],
            layers_per_block: vec![4, 3, 3, 3, 4],
            decoder_layers_per_block: vec![4, 3, 3, 3, 4],
            spatio_temporal_scaling: vec![true, true, true, false],
            decoder_spatio_temporal_scaling: vec![true, true, true, false],
            decoder_inject_noise: Vec::new(),
            upsample_residual: vec![false; 4],
            upsample_factor: vec![1; 4],
            timestep_conditioning: false,
            patch_size: 4,
            patch_size_t: 1,
            resnet_norm_eps: 1e-6,
            scaling_factor: 1.0,
            encoder_causal: true,
            decoder_causal: false,
        }
    }
}

impl LtxVae {
    /// The autoencoder that a `vae/config.json` describes.
    ///
    /// # Errors
    /// [`Error::Network`] when it is no configuration, or one of a version that is not known here.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let config: Config = parse(NAME, json)?;
        within(
            NAME,
            &[
                ("in_channels", config.in_channels),
                ("out_channels", config.out_channels),
                ("latent_channels", config.latent_channels),
                ("patch_size", config.patch_size),
            ],
        )?;
        for channels in config.block_out_channels.iter().chain(&config.decoder_block_out_channels) {
            within(NAME, &[("block_out_channels", *channels)])?;
        }
        let (down, up) = (config.block_out_channels.len(), config.decoder_block_out_channels.len());
        let fits = |levels: usize, layers: &[usize], scaling: &[bool]| {
            (1..=8).contains(&levels)
                && layers.len() == levels + 1
                && scaling.len() >= levels
                && layers.iter().all(|&count| count <= 64)
        };
        if !fits(down, &config.layers_per_block, &config.spatio_temporal_scaling)
            || !fits(up, &config.decoder_layers_per_block, &config.decoder_spatio_temporal_scaling)
            || config.upsample_residual.len() < up
            || config.upsample_factor.len() < up
            || config.patch_size > 16
        {
            return Err(malformed(NAME, "its lists are not as long as the number of its levels asks".into()));
        }
        if config.upsample_factor.iter().any(|&factor| !(1..=8).contains(&factor)) {
            return Err(malformed(NAME, "upsample_factor is 1 to 8".into()));
        }
        let plain_blocks = config.down_block_types.iter().all(|kind| kind == "LTXVideoDownBlock3D");
        let noise = config.decoder_inject_noise.iter().any(|&injects| injects);
        if config.timestep_conditioning || noise || !plain_blocks || config.patch_size_t != 1 {
            let detail = "timestep_conditioning, decoder_inject_noise and the blocks of 0.9.5 are not supported: LTX-Video 0.9.0 has none";
            return Err(unsupported(NAME, detail.into()));
        }
        let norm = config.resnet_norm_eps > 0.0 && config.resnet_norm_eps < 1.0;
        let scale = config.scaling_factor.is_finite() && config.scaling_factor > 0.0;
        if !norm || !scale {
            return Err(malformed(NAME, "resnet_norm_eps or scaling_factor is impossible".into()));
        }
        Ok(Self { config })
    }

    /// Channels of the latent.
    pub fn latent_channels(&self) -> usize {
        self.config.latent_channels
    }

    /// What a latent is multiplied with, behind means and deviations: those are the weights `latents_mean`, `latents_std`.
    pub fn scaling_factor(&self) -> f64 {
        self.config.scaling_factor
    }

    /// Pixels a side for one of the latent.
    pub fn spatial_factor(&self) -> usize {
        self.config.patch_size << self.levels()
    }

    /// Frames for one of the latent, behind the first.
    pub fn temporal_factor(&self) -> usize {
        1 << self.levels()
    }

    fn levels(&self) -> usize {
        let levels = self.config.block_out_channels.len();
        self.config.spatio_temporal_scaling.iter().take(levels).filter(|&&scales| scales).count()
    }

    /// The graph that decodes: `latent` `[batch, channels, frames, height, width]` gives `frames` `[batch, 3, n, rows, columns]`.
    ///
    /// It sees the whole clip: each frame depends on those before and behind it.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Weight`].
    pub fn decoder(&self, engine: &Engine, weights: &Weights, shape: [usize; 4]) -> Result<Graph, Error> {
        check(&shape)?;
        Build::new(NAME, engine, weights, &self.config).decoder(shape)
    }

    /// The graph that encodes: `frames` `[batch, 3, n, rows, columns]` gives `moments` `[batch, channels, …]`, the means alone.
    ///
    /// The shape is `[batch, frames, height, width]` of the latent.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Weight`].
    pub fn encoder(&self, engine: &Engine, weights: &Weights, shape: [usize; 4]) -> Result<Graph, Error> {
        check(&shape)?;
        let [batch, frames, height, width] = shape;
        let (side, time) = (self.spatial_factor(), self.temporal_factor());
        let pixels = [batch, 1 + (frames - 1) * time, height * side, width * side];
        Build::new(NAME, engine, weights, &self.config).encoder(pixels)
    }
}

fn check(extents: &[usize]) -> Result<(), Error> {
    if extents.iter().all(|extent| (1..=LARGEST_EXTENT).contains(extent)) {
        return Ok(());
    }
    Err(parameter(NAME, format!("{extents:?}: each extent is 1 to {LARGEST_EXTENT}")))
}

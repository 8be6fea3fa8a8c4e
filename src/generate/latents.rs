use filigrane_infer::network::WanVae;

use crate::Error;

/// How a VAE's latents are scaled for the denoiser: each channel by its mean and deviation over the training data.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Normalisation {
    mean: Vec<f32>,
    deviation: Vec<f32>,
    factor: f32,
}

impl Normalisation {
    /// One number a channel each.
    ///
    /// # Errors
    /// [`Error::Malformed`] when their number is another, or a deviation is no positive number.
    pub(crate) fn new(
        mean: Vec<f32>,
        deviation: Vec<f32>,
        factor: f32,
        channels: usize,
        place: &str,
    ) -> Result<Self, Error> {
        if mean.len() != channels || deviation.len() != channels {
            return Err(Error::malformed(
                place,
                format!("{} means and {} deviations for {channels} channels", mean.len(), deviation.len()),
            ));
        }
        let sound = |value: &f32| value.is_finite() && *value > 0.0;
        if !deviation.iter().all(sound) || !sound(&factor) || !mean.iter().all(|mean| mean.is_finite()) {
            return Err(Error::malformed(place, "the deviation of a channel is no positive number"));
        }
        Ok(Self { mean, deviation, factor })
    }

    /// Wan's, as its `vae/config.json` says or, where that is silent, as Wan 2.1's are.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn of_wan(vae: &WanVae, channels: usize) -> Result<Self, Error> {
        let single = |values: &[f64]| values.iter().map(|value| *value as f32).collect();
        Self::new(
            single(vae.latent_means()),
            single(vae.latent_deviations()),
            1.0,
            channels,
            "vae/config.json",
        )
    }

    /// Wan's: latents of the denoiser into those of the VAE, channel after channel.
    pub(crate) fn undo_wan(&self, latents: &mut [f32]) {
        self.each(latents, |value, mean, deviation| value / (1.0 / deviation) + mean);
    }

    /// Wan's: latents of the VAE into those of the denoiser.
    pub(crate) fn apply_wan(&self, latents: &mut [f32]) {
        self.each(latents, |value, mean, deviation| (value - mean) * (1.0 / deviation));
    }

    /// LTX's: latents of the denoiser into those of the VAE.
    pub(crate) fn undo_ltx(&self, latents: &mut [f32]) {
        let factor = self.factor;
        self.each(latents, |value, mean, deviation| value * deviation / factor + mean);
    }

    fn each(&self, latents: &mut [f32], change: impl Fn(f32, f32, f32) -> f32) {
        let length = (latents.len() / self.mean.len().max(1)).max(1);
        for ((channel, mean), deviation) in
            latents.chunks_exact_mut(length).zip(&self.mean).zip(&self.deviation)
        {
            for value in channel {
                *value = change(*value, *mean, *deviation);
            }
        }
    }
}

/// Latents `[channels, frames, rest]` as tokens `[frames * rest, channels]`, for patches of one latent.
pub(crate) fn pack(latents: &[f32], channels: usize) -> Vec<f32> {
    transposed(latents, channels)
}

/// The way back from [`pack`].
pub(crate) fn unpack(tokens: &[f32], channels: usize) -> Vec<f32> {
    transposed(tokens, tokens.len() / channels.max(1))
}

fn transposed(matrix: &[f32], rows: usize) -> Vec<f32> {
    let columns = matrix.len() / rows.max(1);
    (0..columns).flat_map(|column| matrix.iter().skip(column).step_by(columns.max(1)).copied()).collect()
}

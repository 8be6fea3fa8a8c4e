use filigrane_infer::network::WanVae;

use crate::latents::Normalisation;
use crate::networks::{Decoder, Networks};
use crate::{Error, Family, Plan};

/// Latents into pictures, group after group, in the memory of one group.
pub(crate) struct Decoding<'a> {
    networks: &'a Networks<'a>,
    decoder: Decoder,
    latents: Vec<f32>,
    channels: usize,
    /// Frames of latents.
    frames: usize,
    /// Frames of latents that are decoded together.
    together: usize,
    next: usize,
    pixels: usize,
}

impl<'a> Decoding<'a> {
    /// Loads the VAE; `latents` are `[channels, frames, rows, columns]` as the denoiser scales them.
    pub(crate) fn open(
        networks: &'a Networks<'a>,
        plan: &Plan,
        mut latents: Vec<f32>,
    ) -> Result<Self, Error> {
        let geometry = networks.model.geometry();
        let frames = geometry.latent_frames(plan.frames);
        let together = match networks.model.family() {
            Family::Ltx => {
                let place = "vae/diffusion_pytorch_model.safetensors";
                let weights = networks.weights("vae")?;
                let factor = networks.model.vae.scaling_factor.unwrap_or(1.0);
                Normalisation::new(
                    weights.read_f32("latents_mean")?,
                    weights.read_f32("latents_std")?,
                    factor,
                    geometry.channels,
                    place,
                )?
                .undo_ltx(&mut latents);
                // Its decoder looks ahead as well as back.
                frames
            }
            _ => {
                let vae = WanVae::parse(&networks.config("vae")?)?;
                Normalisation::of_wan(&vae, geometry.channels)?.undo_wan(&mut latents);
                1
            }
        };
        Ok(Self {
            decoder: Decoder::open(networks, plan)?,
            networks,
            latents,
            channels: geometry.channels,
            frames,
            together,
            next: 0,
            pixels: plan.size.width as usize * plan.size.height as usize,
        })
    }

    /// How many groups there are.
    pub(crate) fn groups(&self) -> u32 {
        self.frames.div_ceil(self.together) as u32
    }

    /// The pictures of the next group: planes of red, green and blue, 0 to 1.
    pub(crate) fn next_group(&mut self) -> Result<Vec<Vec<f32>>, Error> {
        let length = self.latents.len() / (self.channels * self.frames).max(1);
        let mut group = Vec::with_capacity(self.channels * self.together * length);
        for channel in self.latents.chunks_exact(length * self.frames) {
            group.extend(channel.iter().skip(self.next * length).take(self.together * length));
        }
        self.next += self.together;
        let decoded = self.decoder.decode(self.networks, &group)?;
        let pictures = decoded.len() / (3 * self.pixels).max(1);
        if pictures == 0 || decoded.len() != pictures * 3 * self.pixels {
            return Err(Error::Internal(format!(
                "the VAE answers {} numbers for pictures of {} pixels",
                decoded.len(),
                self.pixels
            )));
        }
        let picture = |index: usize| {
            let planes = decoded.chunks_exact(self.pixels).skip(index).step_by(pictures);
            planes.flatten().map(|sample| (sample / 2.0 + 0.5).clamp(0.0, 1.0)).collect()
        };
        Ok((0..pictures).map(picture).collect())
    }
}

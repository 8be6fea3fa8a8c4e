use std::sync::Arc;

use crate::generator::{OnProgress, tell};
use crate::guidance::guide;
use crate::networks::{Denoiser, Encoder, Networks};
use crate::progress::{Clock, Stage};
use crate::run_log::StageSeconds;
use crate::scheduler::{Schedule, Solver};
use crate::text::Embedding;
use crate::{Error, FirstFrame, Plan, TorchRandom};

/// From noise to latents.
pub(crate) struct Denoising<'a> {
    plan: &'a Plan,
    solver: Solver,
    random: TorchRandom,
    latents: Vec<f32>,
    /// Latents of the first picture, `[channels, rows, columns]`.
    first: Option<Vec<f32>>,
    /// Frames of latents.
    frames: usize,
    /// Latents of one channel of one frame.
    frame: usize,
}

/// What came of it.
pub(crate) struct Denoised {
    /// As the denoiser scales them, `[channels, frames, rows, columns]`.
    pub latents: Vec<f32>,
    pub schedule: Schedule,
    pub provider: String,
}

impl<'a> Denoising<'a> {
    /// Draws the noise, and looks at the first picture.
    pub(crate) fn start(
        networks: &Networks<'_>,
        plan: &'a Plan,
        image: Option<&FirstFrame>,
        progress: &mut OnProgress<'_>,
        seconds: &mut Vec<StageSeconds>,
    ) -> Result<Self, Error> {
        let model = networks.model;
        let geometry = model.geometry();
        let (rows, columns) = geometry.latent_size(plan.size);
        let frames = geometry.latent_frames(plan.frames);
        let solver = Solver::new(model.scheduler(), plan.steps, model.grid(plan.size, plan.frames))?;
        let mut random = TorchRandom::new(plan.seed);
        let latents = random.normal(geometry.channels * frames * rows * columns);
        let first = match image {
            Some(image) => {
                let clock = Clock::start(Stage::Image, 1);
                tell(progress, &clock, 0)?;
                let first = Encoder::open(networks, plan.size)?.encode(image)?;
                tell(progress, &clock, 1)?;
                seconds.push(StageSeconds { stage: Stage::Image, seconds: clock.seconds() });
                Some(first)
            }
            None => None,
        };
        Ok(Self { plan, solver, random, latents, first, frames, frame: rows * columns })
    }

    /// Takes every step.
    pub(crate) fn run(
        mut self,
        networks: &Networks<'_>,
        texts: &[Arc<Embedding>],
        progress: &mut OnProgress<'_>,
        seconds: &mut Vec<StageSeconds>,
    ) -> Result<Denoised, Error> {
        let (Some(prompt), negative) = (texts.first(), texts.get(1)) else {
            return Err(Error::Internal("no prompt was read".to_owned()));
        };
        let timesteps = self.solver.schedule().timesteps.clone();
        let clock = Clock::start(Stage::Denoise, self.plan.steps);
        tell(progress, &clock, 0)?;
        let mut loaded: Option<(&str, Denoiser)> = None;
        for (done, timestep) in (1..).zip(timesteps) {
            let (part, guidance) = self.expert(networks, timestep);
            let denoiser = match &mut loaded {
                Some((name, denoiser)) if *name == part => denoiser,
                other => {
                    // The first is freed before the second is loaded.
                    *other = None;
                    let denoiser = Denoiser::open(networks, part, self.plan)?;
                    &mut other.insert((part, denoiser)).1
                }
            };
            self.hold_first_frame();
            let clean = self.first.is_some();
            let mut velocity = denoiser.velocity(&self.latents, timestep, clean, prompt)?;
            if let Some(negative) = negative {
                let without = denoiser.velocity(&self.latents, timestep, clean, negative)?;
                guide(&mut velocity, &without, guidance);
            }
            self.solver.step(&velocity, &mut self.latents, &mut self.random)?;
            tell(progress, &clock, done)?;
        }
        self.hold_first_frame();
        seconds.push(StageSeconds { stage: Stage::Denoise, seconds: clock.seconds() });
        let provider = loaded.map(|(_, denoiser)| denoiser.provider()).unwrap_or_default();
        Ok(Denoised { latents: self.latents, schedule: self.solver.schedule().clone(), provider })
    }

    /// Which transformer works at a time, and how strongly it is guided.
    fn expert(&self, networks: &Networks<'_>, timestep: f32) -> (&'static str, f64) {
        let low = networks.model.family().boundary().is_some_and(|boundary| {
            f64::from(timestep) < boundary * networks.model.scheduler().training_steps
        });
        if low {
            ("transformer_2", self.plan.guidance_low_noise.unwrap_or(self.plan.guidance))
        } else {
            ("transformer", self.plan.guidance)
        }
    }

    /// Puts the first picture's latents in the place of the first frame.
    fn hold_first_frame(&mut self) {
        let Some(first) = &self.first else { return };
        let channels = self.latents.chunks_exact_mut(self.frame * self.frames);
        for (channel, first) in channels.zip(first.chunks_exact(self.frame)) {
            for (latent, first) in channel.iter_mut().zip(first) {
                *latent = *first;
            }
        }
    }
}

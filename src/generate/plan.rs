use serde::Serialize;

use crate::scheduler::{Grid, Solver};
use crate::{Error, MemoryNeed, Model, Request, Size};

/// Longest prompt that is read, bytes.
const MAX_PROMPT: usize = 1 << 20;

/// A request with every default filled in, checked against a model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Plan {
    /// Size of the pictures.
    pub size: Size,
    /// Their number.
    pub frames: u32,
    /// Pictures a second.
    pub frame_rate: f64,
    /// Steps.
    pub steps: u32,
    /// Guidance; 1 for none.
    pub guidance: f64,
    /// Guidance under the second transformer of a pair.
    pub guidance_low_noise: Option<f64>,
    /// Seed.
    pub seed: u64,
    /// What it needs.
    pub memory: MemoryNeed,
}

impl Plan {
    /// Fills in a request.
    ///
    /// # Errors
    /// [`Error::Parameter`] for what the model cannot do, with the nearest that it can.
    pub fn new(model: &Model, request: &Request) -> Result<Self, Error> {
        let defaults = model.defaults();
        let size = request.size.unwrap_or(Size { width: defaults.width, height: defaults.height });
        let frames = request.frames.unwrap_or(defaults.frames);
        model.geometry().check_size(size)?;
        model.geometry().check_frames(frames)?;
        let steps = request.steps.unwrap_or(defaults.steps);
        Solver::new(model.scheduler(), steps, model.grid(size, frames))?;
        let guidance = checked_guidance(request.guidance.unwrap_or(defaults.guidance))?;
        let frame_rate = request.frame_rate.unwrap_or(defaults.frame_rate);
        if !(1.0..=240.0).contains(&frame_rate) {
            return Err(Error::Parameter(format!("{frame_rate} pictures a second: 1 to 240 are possible")));
        }
        for (name, prompt) in [("prompt", &request.prompt), ("negative prompt", &request.negative_prompt)] {
            if prompt.len() > MAX_PROMPT {
                return Err(Error::Parameter(format!(
                    "the {name} has {} bytes, {MAX_PROMPT} are read",
                    prompt.len()
                )));
            }
        }
        let guidance_low_noise = match (model.family().boundary(), request.guidance_low_noise) {
            (Some(_), low) => Some(checked_guidance(low.unwrap_or(guidance))?),
            (None, None) => None,
            (None, Some(_)) => {
                return Err(Error::Parameter("this model has no second transformer to guide".to_owned()));
            }
        };
        if let Some(image) = &request.image {
            check_image(model, image, size)?;
        }
        let memory = model.memory(size, frames);
        Ok(Self { size, frames, frame_rate, steps, guidance, guidance_low_noise, seed: request.seed, memory })
    }

    /// Whether the network is asked twice a step: with the prompt and without.
    pub fn is_guided(&self) -> bool {
        self.guidance > 1.0
    }
}

impl Model {
    /// Where the noise levels of a clip start from.
    pub(crate) fn grid(&self, size: Size, frames: u32) -> Grid {
        match self.family() {
            crate::Family::Ltx => {
                let (rows, columns) = self.geometry().latent_size(size);
                Grid::Tokens((self.geometry().latent_frames(frames) * rows * columns) as u64)
            }
            _ => Grid::Own,
        }
    }
}

fn checked_guidance(guidance: f64) -> Result<f64, Error> {
    if (0.0..=100.0).contains(&guidance) {
        return Ok(guidance);
    }
    Err(Error::Parameter(format!("guidance {guidance} lies outside 0 to 100")))
}

fn check_image(model: &Model, image: &crate::FirstFrame, size: Size) -> Result<(), Error> {
    if !model.family().takes_image() {
        return Err(Error::Parameter(format!(
            "{} makes clips from text alone; Wan 2.2 TI2V takes a first picture",
            model.index().pipeline
        )));
    }
    if image.size != size {
        return Err(Error::Parameter(format!(
            "the first picture is {}, the clip {size}: scale it first",
            image.size
        )));
    }
    let bytes = 3 * u64::from(size.width) * u64::from(size.height);
    if image.rgb.len() as u64 != bytes {
        return Err(Error::Parameter(format!(
            "a first picture of {size} has {bytes} bytes, not {}",
            image.rgb.len()
        )));
    }
    Ok(())
}

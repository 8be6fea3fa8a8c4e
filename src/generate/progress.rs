use std::time::{Duration, Instant};

use serde::Serialize;

/// Part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Reading the prompt.
    Text,
    /// Looking at the first picture.
    Image,
    /// From noise to latents.
    Denoise,
    /// From latents to pictures.
    Decode,
}

/// How far the work has come; told before the first and after each step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Which part.
    pub stage: Stage,
    /// Steps of this part that are done.
    pub done: u32,
    /// All steps of this part.
    pub total: u32,
    /// Time since this part began.
    pub elapsed: Duration,
    /// Time this part still needs, as far as can be told from the steps done.
    pub remaining: Option<Duration>,
}

/// Counts the steps of one part.
pub(crate) struct Clock {
    stage: Stage,
    total: u32,
    start: Instant,
}

impl Clock {
    pub(crate) fn start(stage: Stage, total: u32) -> Self {
        Self { stage, total, start: Instant::now() }
    }

    pub(crate) fn at(&self, done: u32) -> Progress {
        let elapsed = self.start.elapsed();
        let left = self.total.saturating_sub(done);
        let remaining = (done > 0).then(|| elapsed.mul_f64(f64::from(left) / f64::from(done)));
        Progress { stage: self.stage, done, total: self.total, elapsed, remaining }
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}

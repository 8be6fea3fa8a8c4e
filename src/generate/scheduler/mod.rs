//! From noise to a clip in few steps: which noise levels, and how to go from one to the next.

mod config;
mod euler;
mod grid;
mod unipc;

pub use config::{SchedulerConfig, SchedulerKind, Shift};
pub use grid::{Grid, Schedule};

use crate::{Error, TorchRandom};

/// Goes down a [`Schedule`], one call of the network a step.
pub struct Solver {
    schedule: Schedule,
    step: usize,
    method: Method,
}

enum Method {
    UniPc(unipc::UniPc),
    Euler,
    /// Predicts the clean clip and adds fresh noise: few-step models.
    Stochastic,
}

impl Solver {
    /// The solver of a scheduler for so many steps.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the model cannot take that number of steps.
    pub fn new(config: &SchedulerConfig, steps: u32, grid: Grid) -> Result<Self, Error> {
        let schedule = Schedule::new(config, steps, grid)?;
        let method = match config.kind {
            SchedulerKind::UniPc { order, ref without_corrector } => {
                Method::UniPc(unipc::UniPc::new(order, without_corrector.clone()))
            }
            SchedulerKind::Euler { stochastic: false } => Method::Euler,
            SchedulerKind::Euler { stochastic: true } | SchedulerKind::Lcm => Method::Stochastic,
        };
        Ok(Self { schedule, step: 0, method })
    }

    /// All noise levels and times.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Takes the velocity that the network sees in `sample` at this step, and moves `sample` to the next noise level.
    /// Past the last step nothing moves.
    ///
    /// # Errors
    /// [`Error::Internal`] when the two differ in length.
    pub fn step(
        &mut self,
        velocity: &[f32],
        sample: &mut Vec<f32>,
        random: &mut TorchRandom,
    ) -> Result<(), Error> {
        if velocity.len() != sample.len() {
            return Err(Error::Internal(format!(
                "the network answers {} numbers for {}",
                velocity.len(),
                sample.len()
            )));
        }
        let (Some(&now), Some(&next)) =
            (self.schedule.sigmas.get(self.step), self.schedule.sigmas.get(self.step + 1))
        else {
            return Ok(());
        };
        match &mut self.method {
            Method::UniPc(solver) => solver.step(&self.schedule.sigmas, self.step, velocity, sample)?,
            Method::Euler => euler::step(now, next, velocity, sample),
            Method::Stochastic => {
                let noise = random.normal(sample.len());
                euler::renoise(now, next, velocity, sample, &noise);
            }
        }
        self.step += 1;
        Ok(())
    }
}

#[cfg(test)]
#[path = "scheduler_tests.rs"]
mod tests;

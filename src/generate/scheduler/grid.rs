use super::config::{SchedulerConfig, SchedulerKind, Shift};
use crate::Error;

/// Most steps of one clip.
const MAX_STEPS: u32 = 1000;

/// Where the noise levels of a pipeline start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grid {
    /// The scheduler's own, as Wan's pipelines take it.
    Own,
    /// `linspace(1, 1/n, n)`, shifted for so many tokens, as LTX's pipeline takes it.
    Tokens(u64),
}

/// Noise levels and times of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// One a step: what the network is told. Whole numbers under UniPC.
    pub timesteps: Vec<f32>,
    /// One a step and a last 0: the share of noise, from 1.
    pub sigmas: Vec<f32>,
}

/// How exactly numpy reckons: arrays of doubles, or of floats.
#[derive(Clone, Copy)]
enum Precision {
    Double,
    Single,
}

impl Precision {
    /// A single result of an operation, rounded as the array holds it.
    fn keep(self, value: f64) -> f64 {
        match self {
            Self::Double => value,
            Self::Single => f64::from(value as f32),
        }
    }
}

impl Schedule {
    pub(super) fn new(config: &SchedulerConfig, steps: u32, grid: Grid) -> Result<Self, Error> {
        if !(1..=MAX_STEPS).contains(&steps) {
            return Err(Error::Parameter(format!("{steps} steps: 1 to {MAX_STEPS} can be taken")));
        }
        if steps == 1 && config.terminal.is_some() {
            return Err(Error::Parameter("this model needs 2 steps or more".to_owned()));
        }
        let unipc = matches!(config.kind, SchedulerKind::UniPc { .. });
        let (mut sigmas, precision) = match grid {
            Grid::Own if unipc => {
                let mut grid = linspace(1.0, 1.0 / config.training_steps, steps + 1);
                grid.pop();
                (grid, Precision::Double)
            }
            Grid::Own => (trained_range(config, steps), Precision::Double),
            Grid::Tokens(_) => {
                let keep = if unipc { Precision::Double } else { Precision::Single };
                let grid = linspace(1.0, 1.0 / f64::from(steps), steps);
                (grid.into_iter().map(|sigma| keep.keep(sigma)).collect(), keep)
            }
        };
        shift(&mut sigmas, config.shift, grid, precision)?;
        if let Some(terminal) = config.terminal {
            stretch(&mut sigmas, terminal, precision);
        }
        if unipc {
            Ok(Self::integral(sigmas, config.training_steps))
        } else {
            let sigmas: Vec<f32> = sigmas.into_iter().map(|sigma| sigma as f32).collect();
            let timesteps = sigmas.iter().map(|sigma| sigma * config.training_steps as f32).collect();
            Ok(Self { timesteps, sigmas: ended(sigmas) })
        }
    }

    /// UniPC's: whole times, and a first level just under 1, whose logarithm is finite.
    fn integral(mut sigmas: Vec<f64>, training_steps: f64) -> Self {
        const NEAR: f64 = 1e-6;
        if let Some(first) = sigmas.first_mut()
            && (*first - 1.0).abs() < NEAR
        {
            *first -= NEAR;
        }
        let timesteps = sigmas.iter().map(|sigma| (sigma * training_steps).trunc() as f32).collect();
        Self { timesteps, sigmas: ended(sigmas.into_iter().map(|sigma| sigma as f32).collect()) }
    }
}

fn ended(mut sigmas: Vec<f32>) -> Vec<f32> {
    sigmas.push(0.0);
    sigmas
}

/// Evenly from `start` to `stop`, as `numpy.linspace` rounds.
fn linspace(start: f64, stop: f64, count: u32) -> Vec<f64> {
    let step = (stop - start) / f64::from(count.saturating_sub(1).max(1));
    let mut values: Vec<f64> = (0..count).map(|index| f64::from(index) * step + start).collect();
    if count > 1
        && let Some(last) = values.last_mut()
    {
        *last = stop;
    }
    values
}

/// The levels from the largest trained on to the smallest, which are shifted floats already.
fn trained_range(config: &SchedulerConfig, steps: u32) -> Vec<f64> {
    let training = config.training_steps as f32;
    let shifted = |sigma: f32| match config.shift {
        Shift::Fixed(factor) => (factor as f32 * sigma) / (1.0 + (factor - 1.0) as f32 * sigma),
        Shift::Dynamic { .. } => sigma,
    };
    let time = |sigma: f32| f64::from(shifted(sigma)) * config.training_steps;
    linspace(time(1.0), time(1.0 / training), steps)
        .into_iter()
        .map(|time| time / config.training_steps)
        .collect()
}

fn shift(sigmas: &mut [f64], by: Shift, grid: Grid, precision: Precision) -> Result<(), Error> {
    let keep = |value| precision.keep(value);
    match (by, grid) {
        (Shift::Fixed(factor), _) => {
            let (up, over) = (keep(factor), keep(factor - 1.0));
            for sigma in sigmas.iter_mut() {
                *sigma = keep(keep(up * *sigma) / keep(1.0 + keep(over * *sigma)));
            }
        }
        (Shift::Dynamic { base, max, tokens: (low, high), exponential }, Grid::Tokens(tokens)) => {
            let slope = (max - base) / (high - low);
            let mu = tokens as f64 * slope + (base - slope * low);
            let factor = keep(if exponential { mu.exp() } else { mu });
            for sigma in sigmas.iter_mut() {
                *sigma = keep(factor / keep(factor + keep(keep(1.0 / *sigma) - 1.0)));
            }
        }
        (Shift::Dynamic { .. }, Grid::Own) => {
            return Err(Error::Unsupported(
                "the scheduler shifts by the number of tokens, which this pipeline does not pass on"
                    .to_owned(),
            ));
        }
    }
    if sigmas_are_sound(sigmas) {
        Ok(())
    } else {
        Err(Error::Parameter("the scheduler's shift leaves no noise levels for this size".to_owned()))
    }
}

fn sigmas_are_sound(sigmas: &[f64]) -> bool {
    sigmas.iter().all(|sigma| (0.0..=1.000_001).contains(sigma))
}

/// Levels moved so that the last is `terminal`.
fn stretch(sigmas: &mut [f64], terminal: f64, precision: Precision) {
    let keep = |value| precision.keep(value);
    let Some(&last) = sigmas.last() else { return };
    let scale = keep(keep(1.0 - last) / keep(1.0 - terminal));
    for sigma in sigmas {
        *sigma = keep(1.0 - keep(keep(1.0 - *sigma) / scale));
    }
}

use crate::crops::SIDE;
use crate::network::PATCHES;
use crate::{Fusion, Observation, Sight};

/// Cells on each side of a square that was looked at.
pub const CELLS: usize = 4;
/// Patches of a network on each side of a cell.
const JOINED: usize = PATCHES / CELLS;
/// Most bursts of which a judgement keeps the squares.
const MOST_BURSTS: usize = 12;

/// A square of the picture that the networks looked at, and how generated each part of it looks to them.
///
/// Its cells tell parts of one picture apart. None of them is an answer: thresholds hold for whole clips.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// First instant of the burst, seconds.
    pub start: f64,
    /// First column, samples of the picture.
    pub x: u32,
    /// First row, samples of the picture.
    pub y: u32,
    /// Side of the square, samples.
    pub side: u32,
    /// Probability of being generated as each cell alone would give it, 4 x 4, row by row.
    pub cells: Vec<f64>,
}

/// What the experts say of a burst, in the order of the fusion.
pub(crate) enum Voice<'a> {
    /// One log-odds for the burst.
    Whole(f64),
    /// Log-odds of crops, and of their patches where the network has them.
    Crops(&'a Sight),
}

/// The squares of at most twelve bursts, evenly spread over the clip; `voices` are those of the experts for a burst.
pub(crate) fn places<'a>(
    observation: &Observation,
    fusion: &Fusion,
    bits: Option<f64>,
    voices: impl Fn(usize) -> Vec<Voice<'a>>,
) -> Vec<Place> {
    let bursts = observation.bursts();
    let every = bursts.len().div_ceil(MOST_BURSTS).max(1);
    let mut found = Vec::new();
    for (index, burst) in bursts.iter().enumerate().step_by(every) {
        let voices = voices(index);
        for (number, crop) in burst.crops.iter().enumerate() {
            // A small window gives some squares twice.
            if burst.crops[..number].iter().any(|other| (other.x, other.y) == (crop.x, crop.y)) {
                continue;
            }
            let cell = |at: usize| {
                let (row, column) = (at / CELLS, at % CELLS);
                let heard: Vec<f64> = voices.iter().map(|voice| voice.of_cell(number, row, column)).collect();
                fusion.probability(&heard, bits)
            };
            let cells = (0..CELLS * CELLS).map(cell).collect();
            found.push(Place { start: burst.start, x: crop.x, y: crop.y, side: SIDE as u32, cells });
        }
    }
    found
}

impl Voice<'_> {
    fn of_cell(&self, crop: usize, row: usize, column: usize) -> f64 {
        let sight = match self {
            Self::Whole(log_odds) => return *log_odds,
            Self::Crops(sight) => sight,
        };
        let first = (crop * PATCHES + row * JOINED) * PATCHES + column * JOINED;
        let patches: Option<Vec<f32>> = (0..JOINED * JOINED)
            .map(|at| sight.heat.get(first + at / JOINED * PATCHES + at % JOINED).copied())
            .collect();
        match patches {
            Some(patches) => {
                patches.iter().map(|&logit| f64::from(logit)).sum::<f64>() / patches.len() as f64
            }
            None => sight.logits.get(crop).copied().map_or(0.0, f64::from),
        }
    }
}

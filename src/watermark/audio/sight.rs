use filigrane_signal::{Complex32, Cyclic};

use crate::audio::features::PHASES;
use crate::audio::fold::{Fold, ROWS};
use crate::audio::grid::{BANDS, SLOTS};
use crate::audio::pattern::Pattern;
use crate::code::CODE_BITS;

/// Offsets that one call of [`Search::best`] weighs.
pub(crate) const OFFSETS: f64 = ROWS as f64;

/// Where in a fold the known cells agree best.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    /// Row at which the pattern begins.
    pub offset: usize,
    /// Correlation of the known cells over its standard deviation under random signs.
    pub deviations: f64,
}

/// Correlates folds with the known cells of one pattern.
pub(crate) struct Search {
    cyclic: Cyclic,
    /// Spectra over time of the known signs of each band, and of where they are.
    signs: Vec<Vec<Complex32>>,
    places: Vec<Vec<Complex32>>,
}

impl Search {
    pub fn new(pattern: &Pattern) -> Self {
        let cyclic = Cyclic::new(SLOTS);
        let mut signs = vec![vec![0.0f32; SLOTS]; BANDS];
        for &(cell, sign) in &pattern.sync {
            signs[cell % BANDS][cell / BANDS] = sign;
        }
        let places = signs
            .iter()
            .map(|band| cyclic.spectrum(&band.iter().map(|sign| sign * sign).collect::<Vec<_>>()))
            .collect();
        let signs = signs.iter().map(|band| cyclic.spectrum(band)).collect();
        Self { cyclic, signs, places }
    }

    /// The best of all offsets.
    pub fn best(&self, fold: &Fold) -> Sight {
        let mut best = Sight { offset: 0, deviations: 0.0 };
        let mut column = [0.0f32; SLOTS];
        let mut squares = [0.0f32; SLOTS];
        for phase in 0..PHASES {
            let mut correlation = vec![Complex32::default(); SLOTS / 2 + 1];
            let mut power = correlation.clone();
            for band in 0..BANDS {
                for slot in 0..SLOTS {
                    column[slot] = fold.0[slot * PHASES + phase][band];
                    squares[slot] = column[slot] * column[slot];
                }
                self.cyclic.correlate(&column, &self.signs[band], &mut correlation);
                self.cyclic.correlate(&squares, &self.places[band], &mut power);
            }
            let correlation = self.cyclic.signal(&correlation);
            let power = self.cyclic.signal(&power);
            for (slot, (value, power)) in correlation.iter().zip(&power).enumerate() {
                let deviations = f64::from(*value) / f64::from(power.max(1e-12)).sqrt();
                if deviations > best.deviations {
                    best = Sight { offset: slot * PHASES + phase, deviations };
                }
            }
        }
        best
    }
}

/// Log-likelihood ratios of the code bits, positive for 0; each band weighs as its known cells came through.
pub(crate) fn likelihoods(fold: &Fold, offset: usize, pattern: &Pattern) -> Vec<f32> {
    let at = |cell: usize| fold.0[(cell / BANDS * PHASES + offset) % ROWS][cell % BANDS];
    let (mut means, mut squares, mut counts) = ([0.0f32; BANDS], [0.0f32; BANDS], [0.0f32; BANDS]);
    for &(cell, sign) in &pattern.sync {
        let value = at(cell);
        means[cell % BANDS] += sign * value;
        squares[cell % BANDS] += value * value;
        counts[cell % BANDS] += 1.0;
    }
    let ratio = |band: usize, means: &[f32], squares: &[f32]| {
        let near = |values: &[f32]| -> f32 {
            values
                .iter()
                .enumerate()
                .map(|(other, v)| v * (-((other as f32 - band as f32) / 3.0).powi(2)).exp())
                .sum()
        };
        near(means) / near(squares).max(1e-12)
    };
    let overall = (means.iter().sum::<f32>() / squares.iter().sum::<f32>().max(1e-12)).max(0.0);
    let weights: Vec<f32> = (0..BANDS)
        .map(|band| (0.5 * ratio(band, &means, &squares) + 0.5 * overall).max(0.1 * overall))
        .collect();
    let mut sums = vec![0.0; CODE_BITS];
    for (index, &(cell, sign)) in pattern.data.iter().enumerate() {
        sums[index % CODE_BITS] += 2.0 * weights[cell % BANDS] * sign * at(cell);
    }
    sums
}

/// Correlation of a fold with the signs of cells, over its standard deviation under random signs.
pub(crate) fn agreement(fold: &Fold, offset: usize, signs: &[f32]) -> f64 {
    let (mut sum, mut power) = (0.0f64, 0.0f64);
    for (cell, sign) in signs.iter().enumerate() {
        let value = f64::from(sign * fold.0[(cell / BANDS * PHASES + offset) % ROWS][cell % BANDS]);
        sum += value;
        power += value * value;
    }
    sum / power.max(1e-12).sqrt()
}

use filigrane_frame::LumaRef;

use crate::accumulate::Accumulator;
use crate::carrier::{Carrier, Line, annulus, tile_side};
use crate::code::encode;
use crate::coherent::{Lines, Sight};
use crate::combine::{best_weights, weighted};
use crate::fold::Fold;
use crate::key::Key;
use crate::map::{Map, unmoved};
use crate::payload::Payload;

/// Measures how well a mark that is known to be there shows where it was put: what an embedder can expect of a detector.
pub struct Meter {
    carrier: Carrier,
    lines: Vec<Line>,
    bits: Vec<bool>,
    accumulator: Accumulator,
}

impl Meter {
    /// For the mark of one key and payload.
    pub fn new(key: &Key, payload: Payload) -> Self {
        Self {
            carrier: Carrier::new(key),
            lines: annulus(),
            bits: encode(payload),
            accumulator: Accumulator::new(),
        }
    }

    /// Takes in a picture of the size that was marked.
    pub fn push(&mut self, luma: LumaRef<'_>) {
        self.accumulator.push(luma, 0.0);
    }

    /// Power of the mark over that of the noise at a line of the pattern, on average; 0 before the first picture.
    ///
    /// Bits can be read from about 0.7 on (SPEC.md §8).
    pub fn signal_to_noise(&self) -> f64 {
        let Some((factor, (width, height))) = self.accumulator.scale() else { return 0.0 };
        let segments = self.accumulator.segments();
        let Some(first) = segments.first() else { return 0.0 };
        let side = tile_side(width, height) as f64 / factor as f64;
        let Some(sum) = first.sums.first() else { return 0.0 };
        let (columns, rows) = (sum.width(), sum.height());
        let fold = Fold::new(columns, rows, &Map::affine([1.0 / side, 0.0, 0.0, 1.0 / side], columns, rows));
        let observations: Vec<_> =
            segments.iter().map(|segment| fold.observe(&segment.sums[0], &self.lines)).collect();
        let plain = weighted(&observations, &vec![1.0; observations.len()]);
        let weighed = best_weights(&observations).map(|weights| weighted(&observations, &weights));
        let deviations = std::iter::once(plain)
            .chain(weighed)
            .map(|observation| {
                let lines = Lines::new(&observation, &self.lines);
                let place = unmoved((columns, rows), factor, side);
                Sight::still(&lines, &self.carrier, place).with_bits(&lines, &self.carrier, &self.bits)
            })
            .fold(0.0, f64::max);
        // Of unit noise and a signal of power s, `deviations^2 = 2 n s / (1 + s)` over n lines.
        let share = (deviations * deviations / (2.0 * self.lines.len() as f64)).min(0.95);
        share / (1.0 - share)
    }
}

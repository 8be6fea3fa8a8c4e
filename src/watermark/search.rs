use filigrane_frame::Plane;
use filigrane_signal::NonuniformSpectrum;

use crate::accumulate::LEVELS;
use crate::carrier::{annulus, tile_side};
use crate::lattice::Lattice;
use crate::map::Matrix;
use crate::tilt::POSES;

/// Candidates kept of each search.
const USUAL: usize = 6;
const UPRIGHT: usize = 5;
const STRETCHED: usize = 5;
const TURNED: usize = 6;
/// Most moved geometries looked at in the whole clip, and in each part of it after that.
pub(crate) const GEOMETRIES: usize = LEVELS * (USUAL + UPRIGHT + STRETCHED + TURNED) + POSES;
pub(crate) const PART_GEOMETRIES: usize = LEVELS * (USUAL + UPRIGHT);
/// Side of the tile, samples, from which the next level shows it better.
const COARSE: f64 = 88.0;
/// How far the sides of a stretched tile may differ, natural logarithm.
const STRETCH: f64 = 0.13;

/// Largest tile side of a cropped picture's original that is tried, pixels: that of 4K.
const LARGEST: usize = 389;
/// Most times that the tile of the original can be larger than that of what was cropped from it.
const CROPPED: f64 = 4.2;
/// Short sides, pixels, from which pictures are usually scaled.
const SHORT_SIDES: [usize; 9] = [360, 480, 540, 576, 720, 768, 1080, 1440, 2160];

/// Proposes how the tile may lie in a sum of pictures, the cheapest and likeliest searches first.
pub(crate) struct Search {
    lattice: Lattice,
    /// Bounds on the side of the tile, samples.
    low: f64,
    high: f64,
    /// Pixels a sample.
    factor: usize,
    /// Width and height of the pictures, pixels.
    size: (usize, usize),
}

/// One sort of changed geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Cropped and not scaled, or scaled from a usual size and not cropped: the tile's side is known without measuring it.
    Usual,
    /// Scaled or cropped.
    Upright,
    /// Scaled differently along its two sides.
    Stretched,
    /// Turned by any angle.
    Turned,
}

impl Change {
    /// The searches worth their cost in the whole clip.
    pub const WHOLE: [Self; 4] = [Self::Usual, Self::Upright, Self::Stretched, Self::Turned];
    /// Those worth their cost in a part of it.
    pub const PART: [Self; 2] = [Self::Usual, Self::Upright];
}

impl Search {
    /// For the whitened sum of pictures of a `size` in pixels, reduced by `factor` to one of so many levels; `None` when no
    /// side of the tile is left to this one.
    pub fn new(
        sum: &Plane<f32>,
        (level, levels): (usize, usize),
        factor: usize,
        size: (usize, usize),
    ) -> Option<Self> {
        let short = sum.width().min(sum.height()) as f64;
        let usual = short * 8.0 / 45.0;
        let (low, high) = ((0.42 * usual).max(24.0), (4.6 * usual).min(1.2 * short));
        let low = if level == 0 { low } else { low.max(COARSE / 2.0) };
        let high = if level + 1 == levels { high } else { high.min(COARSE) };
        (low < high).then(|| Self {
            lattice: Lattice::new(NonuniformSpectrum::new(sum), annulus()),
            low,
            high,
            factor,
            size,
        })
    }

    /// The likeliest geometries of one sort of change, settled by the power on their lattices.
    pub fn candidates(&self, change: Change) -> Vec<Matrix> {
        let lattice = &self.lattice;
        let found = match change {
            Change::Usual => return lattice.best(self.usual(), USUAL),
            Change::Upright => lattice.upright(self.low, self.high, UPRIGHT),
            Change::Stretched => lattice.stretched(self.low, self.high, STRETCH, STRETCHED),
            // A picture much reduced and turned as well is left to the fingerprint.
            Change::Turned => lattice.turned(1.5 * self.low, self.high, TURNED),
        };
        found.into_iter().map(|matrix| lattice.refine(matrix)).collect()
    }

    /// The tiles of larger pictures of which this is a part, and of pictures of usual sizes that were scaled to this one.
    fn usual(&self) -> impl Iterator<Item = Matrix> {
        let (width, height) = self.size;
        let (short, own) = (width.min(height), tile_side(width, height));
        let cropped = (own..=LARGEST.min((own as f64 * CROPPED) as usize)).step_by(8).skip(1);
        let scaled = SHORT_SIDES
            .into_iter()
            .filter(move |&original| original != short)
            .map(move |original| tile_side(original, original) as f64 * short as f64 / original as f64);
        cropped
            .map(|side| side as f64)
            .chain(scaled)
            .map(|side| side / self.factor as f64)
            .filter(|side| (self.low..self.high).contains(side))
            .map(|side| [1.0 / side, 0.0, 0.0, 1.0 / side])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_tiles_are_those_of_every_larger_original_and_of_scaled_usual_sizes() {
        let sum = Plane::from_fn(480, 270, |x, y| ((x * 7 + y * 13) % 11) as f32);
        let search = Search::new(&sum, (0, 1), 2, (960, 540)).expect("a usual size");
        let sides: Vec<f64> = search.usual().map(|matrix| 2.0 / matrix[0]).collect();
        for original in [720, 1080] {
            let tile = tile_side(original, original) as f64;
            for side in [tile, tile * 540.0 / original as f64] {
                assert!(
                    sides.iter().any(|other| (other - side).abs() < 1e-6),
                    "{original}: {side} of {sides:?}"
                );
            }
        }
        let own = tile_side(960, 540) as f64;
        assert!(
            sides.iter().all(|side| (side - own).abs() > 1e-6),
            "the tile of this size is looked at anyway"
        );
    }
}

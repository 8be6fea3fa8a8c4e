use filigrane_frame::Plane;
use filigrane_signal::NonuniformSpectrum;

use crate::accumulate::LEVELS;
use crate::carrier::annulus;
use crate::lattice::Lattice;
use crate::map::Matrix;
use crate::tilt::POSES;

/// Candidates kept of each search.
const UPRIGHT: usize = 5;
const STRETCHED: usize = 5;
const TURNED: usize = 6;
/// Most moved geometries looked at in the whole clip, and in each part of it after that.
pub(crate) const GEOMETRIES: usize = LEVELS * (UPRIGHT + STRETCHED + TURNED) + POSES;
pub(crate) const PART_GEOMETRIES: usize = LEVELS * UPRIGHT;
/// Side of the tile, samples, from which the next level shows it better.
const COARSE: f64 = 88.0;
/// How far the sides of a stretched tile may differ, natural logarithm.
const STRETCH: f64 = 0.13;

/// Proposes how the tile may lie in a sum of pictures, the cheapest and likeliest searches first.
pub(crate) struct Search {
    lattice: Lattice,
    /// Bounds on the side of the tile, samples.
    low: f64,
    high: f64,
}

/// One sort of changed geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Scaled or cropped.
    Upright,
    /// Scaled differently along its two sides.
    Stretched,
    /// Turned by any angle.
    Turned,
}

impl Change {
    /// The searches worth their cost in the whole clip.
    pub const WHOLE: [Self; 3] = [Self::Upright, Self::Stretched, Self::Turned];
    /// Those worth their cost in a part of it.
    pub const PART: [Self; 1] = [Self::Upright];
}

impl Search {
    /// For the whitened sum of pictures at one of so many levels; `None` when no side of the tile is left to this one.
    pub fn new(sum: &Plane<f32>, level: usize, levels: usize) -> Option<Self> {
        let short = sum.width().min(sum.height()) as f64;
        let usual = short * 8.0 / 45.0;
        let (low, high) = ((0.42 * usual).max(24.0), (4.6 * usual).min(1.2 * short));
        let low = if level == 0 { low } else { low.max(COARSE / 2.0) };
        let high = if level + 1 == levels { high } else { high.min(COARSE) };
        (low < high).then(|| Self {
            lattice: Lattice::new(NonuniformSpectrum::new(sum), annulus()),
            low,
            high,
        })
    }

    /// The likeliest geometries of one sort of change, settled by the power on their lattices.
    pub fn candidates(&self, change: Change) -> Vec<Matrix> {
        let lattice = &self.lattice;
        let found = match change {
            Change::Upright => lattice.upright(self.low, self.high, UPRIGHT),
            Change::Stretched => lattice.stretched(self.low, self.high, STRETCH, STRETCHED),
            // A picture much reduced and turned as well is left to the fingerprint.
            Change::Turned => lattice.turned(1.5 * self.low, self.high, TURNED),
        };
        found.into_iter().map(|matrix| lattice.refine(matrix)).collect()
    }
}

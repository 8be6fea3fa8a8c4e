use filigrane_frame::Plane;
use filigrane_signal::NonuniformSpectrum;

use crate::carrier::annulus;
use crate::lattice::Lattice;
use crate::map::Matrix;
use crate::tilt::POSES;

/// Candidates kept of each search.
const UPRIGHT: usize = 6;
const STRETCHED: usize = 6;
const TURNED: usize = 8;
/// Most moved geometries looked at in the whole clip, and in each part of it after that.
pub(crate) const GEOMETRIES: usize = UPRIGHT + STRETCHED + TURNED + POSES;
pub(crate) const PART_GEOMETRIES: usize = UPRIGHT;
/// How far the sides of a stretched tile may differ, natural logarithm.
const STRETCH: f64 = 0.13;

/// Proposes how the tile may lie in a sum of pictures, the cheapest and likeliest searches first.
pub(crate) struct Search {
    transform: NonuniformSpectrum,
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
    /// For the whitened sum of pictures.
    pub fn new(sum: &Plane<f32>) -> Self {
        let short = sum.width().min(sum.height()) as f64;
        let usual = short * 8.0 / 45.0;
        Self {
            transform: NonuniformSpectrum::new(sum),
            low: (0.42 * usual).max(24.0),
            high: (4.6 * usual).min(1.2 * short),
        }
    }

    /// The likeliest geometries of each sort of change, settled by the power on their lattices.
    pub fn candidates(&self, changes: &[Change]) -> impl Iterator<Item = Matrix> {
        let lattice = Lattice::new(&self.transform, annulus());
        changes.iter().flat_map(move |change| {
            let found = match change {
                Change::Upright => lattice.upright(self.low, self.high, UPRIGHT),
                Change::Stretched => lattice.stretched(self.low, self.high, STRETCH, STRETCHED),
                // A picture this much reduced and turned as well is left to the fingerprint.
                Change::Turned => lattice.turned(1.2 * self.low, self.high, TURNED),
            };
            found.into_iter().map(|matrix| lattice.refine(matrix)).collect::<Vec<_>>()
        })
    }
}

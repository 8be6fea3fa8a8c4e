use crate::coherent::{HYPOTHESES, STILL_HYPOTHESES};
use crate::search::{GEOMETRIES, PART_GEOMETRIES};

/// Weightings of the segments tried at each geometry.
pub(crate) const WEIGHTINGS: f64 = 2.0;
/// A mark can be found by its known lines alone, or by known lines and bits together.
const WAYS: f64 = 2.0;

/// Where a hypothesis stands: what is likelier is given more of the false-alarm rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prior {
    /// The tile lies where the embedder put it.
    Still,
    /// Same size, any offset, mirroring or quarter turn.
    Unmoved,
    /// A geometry found by search.
    Moved,
}

/// How many hypotheses a clip may cost at most: all of them count, also those not reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    windows: usize,
}

impl Budget {
    /// For so many spans searched one after the other.
    pub fn of(windows: usize) -> Self {
        Self { windows }
    }

    /// Log10 of the factor by which the chance of one hypothesis grows over all of its sort (union bound), a quarter
    /// of the rate for each of the first two sorts and half for the third.
    pub fn log10_trials(&self, prior: Prior) -> f64 {
        let windows = self.windows as f64;
        let parts = self.windows.saturating_sub(1) as f64;
        let trials = match prior {
            Prior::Still => 4.0 * STILL_HYPOTHESES * windows,
            Prior::Unmoved => 4.0 * HYPOTHESES * windows,
            Prior::Moved => 2.0 * HYPOTHESES * (GEOMETRIES as f64 + PART_GEOMETRIES as f64 * parts),
        };
        (trials * WEIGHTINGS * WAYS).log10()
    }
}

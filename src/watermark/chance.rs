//! What the detectors of picture and sound say about chance, over random keys.

use std::f64::consts::LOG10_E;

/// Log10 of the number of payloads.
pub(crate) const LOG10_PAYLOADS: f64 = 19.266;
/// Log10 of the largest chance, over all payloads, at which what carries the bits may agree with bits that are reported.
const LOG10_WRONG_BITS: f64 = -4.0;

/// Log10 of the largest chance that a sum of fixed magnitudes under random keyed phases or signs comes to so many of its
/// standard deviations.
///
/// Signs: `exp(-d^2 / 2)` by Hoeffding (1963). Phases: `E exp(s sum a cos t) <= exp(s^2 sum a^2 / 4)`, whence the same
/// by Chernoff's bound.
pub(crate) fn log10_chance(deviations: f64) -> f64 {
    -deviations.max(0.0).powi(2) / 2.0 * LOG10_E
}

/// Whether bits may be reported that what carries them agrees with to so many deviations: any payload, not just this
/// one, could have come up by accident.
pub(crate) fn credible(deviations: f64) -> bool {
    log10_chance(deviations) + LOG10_PAYLOADS <= LOG10_WRONG_BITS
}

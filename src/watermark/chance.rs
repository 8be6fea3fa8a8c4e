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

/// Deviations below which [`log10_chance`] is as good as [`log10_chance_of_phases`].
const FEW: f64 = 2.0;
/// Steps in which the sharpest bound is sought.
const STEPS: usize = 24;

/// Log10 of the largest chance that the real parts of values of fixed magnitudes under independent uniform phases come to
/// such a sum: Chernoff's bound `min over t of exp(-t sum) E exp(t ..)`, with `E exp(t a cos phi) = I0(t a)` as it is.
///
/// Where a mark makes up much of each value, this is far below [`log10_chance`], which bounds `I0(z)` by `exp(z^2 / 4)`.
pub(crate) fn log10_chance_of_phases(magnitudes: &[f64], sum: f64) -> f64 {
    let power: f64 = magnitudes.iter().map(|magnitude| magnitude * magnitude).sum();
    let deviations = if power > 0.0 { sum * (2.0 / power).sqrt() } else { 0.0 };
    if deviations < FEW {
        return log10_chance(deviations);
    }
    // The exponent is convex in t, and its slope at t grows from -sum; any t gives a bound that holds.
    let slope = |t: f64| magnitudes.iter().map(|a| a * log_bessel(t * a).1).sum::<f64>() - sum;
    let largest = magnitudes.iter().copied().fold(0.0, f64::max);
    let (mut low, mut high) = (0.0, 2.0 * sum / power);
    while slope(high) < 0.0 && high * largest < 1000.0 {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..STEPS {
        let middle = (low + high) / 2.0;
        if slope(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    let exponent = magnitudes.iter().map(|a| log_bessel(low * a).0).sum::<f64>() - low * sum;
    (exponent * LOG10_E).min(log10_chance(deviations))
}

/// `ln I0(z)` and its derivative `I1(z) / I0(z)` for `z >= 0`, to 3e-7 (Abramowitz, Stegun 1964, 9.8.1 to 9.8.4).
fn log_bessel(z: f64) -> (f64, f64) {
    let polynomial = |x: f64, terms: &[f64]| terms.iter().rev().fold(0.0, |sum, term| sum * x + term);
    if z <= 3.75 {
        let x = (z / 3.75).powi(2);
        let zeroth = polynomial(x, &[1.0, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.0360768, 0.0045813]);
        let first =
            polynomial(x, &[0.5, 0.87890594, 0.51498869, 0.15084934, 0.02658733, 0.00301532, 0.00032411]);
        (zeroth.ln(), z * first / zeroth)
    } else {
        let x = 3.75 / z;
        let zeroth = polynomial(
            x,
            &[
                0.39894228,
                0.01328592,
                0.00225319,
                -0.00157565,
                0.00916281,
                -0.02057706,
                0.02635537,
                -0.01647633,
                0.00392377,
            ],
        );
        let first = polynomial(
            x,
            &[
                0.39894228,
                -0.03988024,
                -0.00362018,
                0.00163801,
                -0.01031555,
                0.02282967,
                -0.02895312,
                0.01787654,
                -0.00420059,
            ],
        );
        (z - z.ln() / 2.0 + zeroth.ln(), first / zeroth)
    }
}

/// Whether bits may be reported when what carries them agrees with them by a chance of so much (log10): any payload,
/// not just this one, could have come up by accident.
pub(crate) fn credible(log10: f64) -> bool {
    log10 + LOG10_PAYLOADS <= LOG10_WRONG_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of `exp(z cos phi)` over a fine circle of phases.
    fn mean(z: f64) -> (f64, f64) {
        const COUNT: usize = 20_000;
        let (mut sum, mut slope) = (0.0, 0.0);
        for index in 0..COUNT {
            let cos = (std::f64::consts::TAU * index as f64 / COUNT as f64).cos();
            let value = (z * (cos - 1.0)).exp();
            sum += value;
            slope += value * cos;
        }
        (z + (sum / COUNT as f64).ln(), slope / sum)
    }

    #[test]
    fn bessel_functions_equal_the_mean_over_all_phases() {
        for z in [0.0, 0.3, 1.0, 2.0, 3.7, 3.8, 6.0, 20.0, 200.0] {
            let (expected, found) = (mean(z), log_bessel(z));
            assert!((expected.0 - found.0).abs() < 1e-6, "{z}: {expected:?} {found:?}");
            assert!((expected.1 - found.1).abs() < 1e-6, "{z}: {expected:?} {found:?}");
        }
    }

    #[test]
    fn full_agreement_is_bounded_by_what_so_many_phases_in_a_small_arc_have() {
        // All of 40 values within 0.1 of their greatest: each needs a phase in an arc of at least acos(0.9).
        let magnitudes = [1.0; 40];
        let bound = log10_chance_of_phases(&magnitudes, 38.0);
        let arc = (0.95f64.acos() / std::f64::consts::PI).log10() * 40.0;
        assert!(bound < log10_chance(38.0 / 20f64.sqrt()) - 10.0, "sharper than the normal one: {bound}");
        assert!(bound > arc, "not below what each alone would give: {bound} {arc}");
        assert!(log10_chance_of_phases(&magnitudes, 41.0).is_finite(), "more than there can be");
        assert_eq!(log10_chance_of_phases(&[], 0.0), 0.0);
        assert_eq!(log10_chance_of_phases(&[0.0; 3], 0.0), 0.0);
    }

    #[test]
    fn chance_counted_over_random_phases_stays_below_the_bound_and_near_it() {
        // A multiplicative generator suffices for phases (L'Ecuyer 1999, 2^63).
        let mut state = 1u64;
        let mut phase = || {
            state = state.wrapping_mul(3_512_401_965_023_503_517);
            std::f64::consts::TAU * (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let magnitudes = [3.0, 2.0, 2.0, 1.0, 1.0, 1.0, 0.5, 0.5];
        const TRIALS: usize = 400_000;
        let sums: Vec<f64> =
            (0..TRIALS).map(|_| magnitudes.iter().map(|a| a * phase().cos()).sum()).collect();
        for sum in [9.0, 9.8] {
            let counted = sums.iter().filter(|&&other| other >= sum).count() as f64 / TRIALS as f64;
            let bound = 10f64.powf(log10_chance_of_phases(&magnitudes, sum));
            assert!(counted > 0.0 && counted <= bound && bound < 60.0 * counted, "{sum}: {counted} {bound}");
        }
    }
}

//! High-pass filters and moments that several families share.

use filigrane_frame::Plane;

/// Least mean square that counts as a signal; rounding of single precision stays below it.
pub(crate) const SILENCE: f64 = 1e-6;
/// Added to mean squares before their logarithm: a tenth of a per cent of what rounding to whole numbers makes.
pub(crate) const FLOOR: f64 = 1e-4;
/// Base-2 logarithm of the kurtosis of normal noise.
pub(crate) const NORMAL_KURTOSIS: f64 = 1.584_962_500_721_156;
/// Tails beyond this many standard deviations are cut before a kurtosis: few edges must not decide it.
const WINSOR: f64 = 5.0;

const LANES: usize = 8;

/// `sum a * b`; single precision within a row, in eight sums that the compiler turns into vectors.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0_f32; LANES];
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    f64::from(sums.iter().sum::<f32>() + rest)
}

/// `sum |a|`, summed as [`dot`] does.
pub(crate) fn magnitude(a: &[f32]) -> f64 {
    let mut sums = [0.0_f32; LANES];
    let (chunks, rest) = a.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] += chunk[lane].abs();
        }
    }
    f64::from(sums.iter().sum::<f32>() + rest.iter().map(|value| value.abs()).sum::<f32>())
}

/// Mean of the squares; 0 for an empty plane.
pub(crate) fn energy(plane: &Plane<f32>) -> f64 {
    let rows = (0..plane.height()).map(|y| dot(plane.row(y), plane.row(y)));
    rows.sum::<f64>() / plane.samples().len().max(1) as f64
}

/// Mean magnitude.
pub(crate) fn mean_magnitude(plane: &Plane<f32>) -> f64 {
    let rows = (0..plane.height()).map(|y| magnitude(plane.row(y)));
    rows.sum::<f64>() / plane.samples().len().max(1) as f64
}

/// Base-2 logarithm of a mean square, from -13.3 for nothing at all.
pub(crate) fn level(energy: f64) -> f64 {
    (energy + FLOOR).log2()
}

/// Base-2 logarithm of the kurtosis about zero, tails cut at five standard deviations; that of normal noise for silence.
pub(crate) fn log_kurtosis(plane: &Plane<f32>) -> f64 {
    let whole = energy(plane);
    if whole < SILENCE {
        return NORMAL_KURTOSIS;
    }
    let most = (WINSOR * WINSOR * whole) as f32;
    let (mut second, mut fourth) = (0.0, 0.0);
    for y in 0..plane.height() {
        let (mut twos, mut fours) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        for chunk in plane.row(y).chunks(LANES) {
            for ((value, two), four) in chunk.iter().zip(&mut twos).zip(&mut fours) {
                let square = (value * value).min(most);
                *two += square;
                *four += square * square;
            }
        }
        second += f64::from(twos.iter().sum::<f32>());
        fourth += f64::from(fours.iter().sum::<f32>());
    }
    (fourth * plane.samples().len() as f64 / (second * second)).log2()
}

/// `f(x - 1) - 2 f(x) + f(x + 1)` along rows: two columns narrower than the plane.
pub(crate) fn second_across(plane: &Plane<f32>) -> Plane<f32> {
    let mut out = Plane::new(plane.width() - 2, plane.height());
    for y in 0..plane.height() {
        let row = plane.row(y);
        let (left, right) = (&row[..row.len() - 2], &row[2..]);
        for (((out, left), middle), right) in out.row_mut(y).iter_mut().zip(left).zip(&row[1..]).zip(right) {
            *out = (left + right) - 2.0 * middle;
        }
    }
    out
}

/// The same along columns: two rows fewer.
pub(crate) fn second_down(plane: &Plane<f32>) -> Plane<f32> {
    let mut out = Plane::new(plane.width(), plane.height() - 2);
    for y in 0..out.height() {
        let (above, middle, below) = (plane.row(y), plane.row(y + 1), plane.row(y + 2));
        for (((out, above), middle), below) in out.row_mut(y).iter_mut().zip(above).zip(middle).zip(below) {
            *out = (above + below) - 2.0 * middle;
        }
    }
    out
}

/// The 3 x 3 filter `[-1 2 -1; 2 -4 2; -1 2 -1] / 4` of Ker and Böhme (2008), which ignores planes and straight edges along
/// the axes: two columns and two rows fewer than the plane.
pub(crate) fn diagonal_residual(plane: &Plane<f32>) -> Plane<f32> {
    let across = second_across(plane);
    let mut out = second_down(&across);
    for value in out.samples_mut() {
        *value *= -0.25;
    }
    out
}

/// `a - b`, of one size.
pub(crate) fn difference(a: &Plane<f32>, b: &Plane<f32>) -> Plane<f32> {
    let mut out = Plane::new(a.width(), a.height());
    for ((out, a), b) in out.samples_mut().iter_mut().zip(a.samples()).zip(b.samples()) {
        *out = a - b;
    }
    out
}

/// Samples cut to `-most ..= most`.
pub(crate) fn clamped(plane: &Plane<f32>, most: f32) -> Plane<f32> {
    let mut out = Plane::new(plane.width(), plane.height());
    for (out, value) in out.samples_mut().iter_mut().zip(plane.samples()) {
        *out = value.clamp(-most, most);
    }
    out
}

/// `sum f(x, y) f(x + dx, y + dy)` by the energy of as many samples; 0 for silence.
pub(crate) fn autocorrelation(plane: &Plane<f32>, energy: f64, dx: isize, dy: usize) -> f64 {
    if energy < SILENCE {
        return 0.0;
    }
    let (far, length) = (dx.unsigned_abs(), plane.width() - dx.unsigned_abs());
    let (from, to) = if dx >= 0 { (0, far) } else { (far, 0) };
    let rows = 0..plane.height() - dy;
    let sum: f64 =
        rows.clone().map(|y| dot(&plane.row(y)[from..][..length], &plane.row(y + dy)[to..][..length])).sum();
    sum / (energy * (rows.len() * length) as f64)
}

/// Sum of eight neighbours in an order that a mirror does not change, rounding included.
pub(crate) fn mirror_sum(eight: &[f32; 8]) -> f32 {
    let [a, b, c, d, e, f, g, h] = *eight;
    ((a + h) + (b + g)) + ((c + f) + (d + e))
}

/// The value below which the given share of the values lies; 0 of none.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get((share * last as f64).round() as usize).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::scenes::noise;

    #[test]
    fn filters_ignore_slopes_and_have_the_gain_of_their_coefficients_on_noise() {
        let slope = Plane::from_fn(40, 30, |x, y| 3.0 * x as f32 - 2.0 * y as f32);
        let white = noise(512, 512, 1, 2.0);
        for (filter, gain) in [
            (second_across as fn(&Plane<f32>) -> Plane<f32>, 6.0),
            (second_down, 6.0),
            (diagonal_residual, 36.0 / 16.0),
        ] {
            assert_eq!(energy(&filter(&slope)), 0.0);
            let ratio = energy(&filter(&white)) / energy(&white);
            assert!((ratio / gain - 1.0).abs() < 0.03, "{ratio} for {gain}");
        }
        let edge = Plane::from_fn(40, 30, |x, _| if x < 17 { 9.0 } else { 200.0 });
        assert_eq!(energy(&diagonal_residual(&edge)), 0.0);
    }

    #[test]
    fn moments_of_noise_are_those_of_the_normal_law() {
        let white = noise(512, 512, 2, 3.0);
        assert!((energy(&white) - 9.0).abs() < 0.1);
        assert!((mean_magnitude(&white) - 3.0 * (2.0 / std::f64::consts::PI).sqrt()).abs() < 0.02);
        assert!((log_kurtosis(&white) - NORMAL_KURTOSIS).abs() < 0.03);
        assert_eq!(log_kurtosis(&Plane::new(16, 16)), NORMAL_KURTOSIS);
        let two = Plane::from_fn(64, 64, |x, y| if (x * 7 + y * 3) % 5 < 2 { 1.0 } else { -1.0 });
        assert!(log_kurtosis(&two).abs() < 1e-6, "two values have a kurtosis of 1");
    }

    #[test]
    fn autocorrelation_of_a_wave_is_its_cosine() {
        let wave = Plane::from_fn(400, 400, |x, y| ((x as f32 - 2.0 * y as f32) * 0.4).cos());
        let whole = energy(&wave);
        for (dx, dy) in [(1, 0), (3, 0), (0, 2), (2, 2), (-1, 1)] {
            let wanted = ((dx as f64 - 2.0 * dy as f64) * 0.4).cos();
            let found = autocorrelation(&wave, whole, dx, dy);
            assert!((found - wanted).abs() < 0.02, "({dx}, {dy}): {found} for {wanted}");
        }
    }

    #[test]
    fn quantiles_are_values_of_the_list() {
        assert_eq!(quantile(&[5.0, 1.0, 3.0], 0.5), 3.0);
        assert_eq!(quantile(&[5.0, 1.0, 3.0], 1.0), 5.0);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }
}

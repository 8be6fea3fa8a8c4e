use std::f64::consts::{PI, TAU};

use filigrane_frame::Plane;
use rustfft::num_complex::Complex32;

use crate::fourier::{Spectrum, spectrum};

/// Samples of the oversampled spectrum that one look-up blends along each axis.
const TAPS: usize = 6;
/// Kaiser-Bessel shape for six taps at an oversampling of two (Beatty, Nishimura, Pauly 2005, eq. 5).
const BETA: f64 = 13.855;

/// The Fourier transform of a real plane at arbitrary real frequencies, by interpolation of a twice oversampled
/// transform with a Kaiser-Bessel kernel ("type 2" non-uniform FFT; Fessler, Sutton 2003). Relative error about 1e-4.
///
/// The origin of the phase is the centre of the plane, sample position `(width / 2, height / 2)` as real numbers.
pub struct NonuniformSpectrum {
    oversampled: Spectrum,
    /// Kernel from its centre to its edge.
    kernel: Vec<f32>,
    /// Moves the phase origin to the centre of the plane, one a frequency index.
    across: Vec<Complex32>,
    down: Vec<Complex32>,
}

/// Steps of the tabulated kernel from centre to edge.
const STEPS: usize = 4096;
/// Those from one sample of the spectrum to the next.
const A_TAP: f64 = STEPS as f64 * 2.0 / TAPS as f64;

impl NonuniformSpectrum {
    /// Transforms a plane.
    ///
    /// # Panics
    /// When the plane is empty.
    pub fn new(plane: &Plane<f32>) -> Self {
        let (width, height) = (plane.width(), plane.height());
        let (padded_width, padded_height) = (smooth_at_least(2 * width), smooth_at_least(2 * height));
        let across = deapodisation(width, padded_width);
        let down = deapodisation(height, padded_height);
        let mut weighted = plane.clone();
        for (y, row_weight) in down.iter().enumerate() {
            for (value, weight) in weighted.row_mut(y).iter_mut().zip(&across) {
                *value *= weight * row_weight;
            }
        }
        let kernel = (0..=STEPS + 1)
            .map(|step| {
                let along = (step as f64 / STEPS as f64).min(1.0);
                (bessel_i0(BETA * (1.0 - along * along).sqrt()) / TAPS as f64) as f32
            })
            .collect();
        Self {
            oversampled: spectrum(&weighted, padded_width, padded_height),
            kernel,
            across: recentring(width, padded_width),
            down: recentring(height, padded_height),
        }
    }

    /// The plain oversampled transform, for looking at power over all frequencies.
    pub fn oversampled(&self) -> &Spectrum {
        &self.oversampled
    }

    /// `sum f(x, y) exp(-2 pi i (fx (x - width/2) + fy (y - height/2)))`, frequencies in cycles a sample, within
    /// -1/2 to 1/2; 0 outside.
    pub fn at(&self, fx: f64, fy: f64) -> Complex32 {
        if fx.abs() > 0.5 || fy.abs() > 0.5 {
            return Complex32::default();
        }
        // The spectrum of real samples: the other half plane follows, and only the kept one is read in whole rows.
        if fx < 0.0 {
            return self.at(-fx, -fy).conj();
        }
        let (first_u, weights_u) = self.taps(fx, &self.across);
        let (first_v, weights_v) = self.taps(fy, &self.down);
        let mut sum = Complex32::default();
        if let Some(first) =
            usize::try_from(first_u).ok().filter(|first| first + TAPS <= self.oversampled.half().width())
        {
            let height = self.oversampled.height() as i32;
            for (v, weight_v) in (first_v..).zip(weights_v) {
                let values = &self.oversampled.half().row(v.rem_euclid(height) as usize)[first..first + TAPS];
                let mut row = Complex32::default();
                for (value, weight_u) in values.iter().zip(weights_u) {
                    row += value * weight_u;
                }
                sum += row * weight_v;
            }
            return sum;
        }
        for (v, weight_v) in (first_v..).zip(weights_v) {
            let mut row = Complex32::default();
            for (u, weight_u) in (first_u..).zip(weights_u) {
                row += self.oversampled.at(u, v) * weight_u;
            }
            sum += row * weight_v;
        }
        sum
    }

    /// The first frequency index blended at a frequency, and the weights from there on, moved to the centre: there the
    /// kernel is real.
    fn taps(&self, frequency: f64, recentring: &[Complex32]) -> (i32, [Complex32; TAPS]) {
        let length = recentring.len() - 2 * TAPS;
        let at = frequency * length as f64;
        let first = (at - TAPS as f64 / 2.0).ceil() as i32;
        let turns = &recentring[(first + (length / 2 + TAPS) as i32) as usize..][..TAPS];
        let mut weights = [Complex32::default(); TAPS];
        let mut along = (at - f64::from(first)) * A_TAP;
        for (weight, turn) in weights.iter_mut().zip(turns) {
            let step = along.abs().min(STEPS as f64);
            let (low, rest) = (step as usize, step.fract() as f32);
            *weight = turn * (self.kernel[low] + (self.kernel[low + 1] - self.kernel[low]) * rest);
            along -= A_TAP;
        }
        (first, weights)
    }
}

/// `exp(2 pi i k (length / 2) / padded)` for the frequency indices `k` from `-padded / 2 - TAPS` on.
fn recentring(length: usize, padded: usize) -> Vec<Complex32> {
    (0..padded + 2 * TAPS)
        .map(|index| {
            let k = index as f64 - (padded / 2 + TAPS) as f64;
            let (sin, cos) = (TAU * (k * length as f64 / 2.0 / padded as f64).fract()).sin_cos();
            Complex32::new(cos as f32, sin as f32)
        })
        .collect()
}

/// One over the kernel's own transform at each sample position, centred.
fn deapodisation(length: usize, padded: usize) -> Vec<f32> {
    (0..length)
        .map(|index| {
            let position = (index as f64 - length as f64 / 2.0) / padded as f64;
            let argument = BETA * BETA - (PI * TAPS as f64 * position).powi(2);
            let transform = if argument > 0.0 {
                let root = argument.sqrt();
                root.sinh() / root
            } else {
                let root = (-argument).sqrt();
                if root == 0.0 { 1.0 } else { root.sin() / root }
            };
            (1.0 / transform) as f32
        })
        .collect()
}

/// Modified Bessel function of the first kind, order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..60 {
        term *= quarter / f64::from(n * n);
        sum += term;
        if term < sum * 1e-12 {
            break;
        }
    }
    sum
}

/// The least number from `least` up without prime factors above 5, and even: fast to transform.
fn smooth_at_least(least: usize) -> usize {
    (least.max(2)..)
        .find(|&number| {
            let mut rest = number;
            for prime in [2, 3, 5] {
                while rest % prime == 0 {
                    rest /= prime;
                }
            }
            rest == 1 && number % 2 == 0
        })
        .unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arbitrary_frequencies_match_the_plain_sum() {
        for (width, height) in [(33, 20), (64, 48), (5, 90)] {
            let plane = Plane::from_fn(width, height, |x, y| ((x * 5 + y * 3 + x * y) % 17) as f32 - 8.0);
            let transform = NonuniformSpectrum::new(&plane);
            let scale = plane.samples().iter().map(|value| value * value).sum::<f32>().sqrt();
            for (fx, fy) in [(0.0, 0.0), (0.1234, -0.31), (-0.402, 0.077), (0.25, 0.25), (0.013, 0.44)] {
                let mut sum = rustfft::num_complex::Complex64::default();
                for y in 0..height {
                    for x in 0..width {
                        let turn =
                            fx * (x as f64 - width as f64 / 2.0) + fy * (y as f64 - height as f64 / 2.0);
                        sum += rustfft::num_complex::Complex64::from_polar(
                            f64::from(plane.row(y)[x]),
                            -TAU * turn,
                        );
                    }
                }
                let expected = Complex32::new(sum.re as f32, sum.im as f32);
                let error = (transform.at(fx, fy) - expected).norm() / scale;
                assert!(error < 2e-3, "error {error} at {fx},{fy} of {width}x{height}");
            }
        }
    }
}

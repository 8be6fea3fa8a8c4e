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
    width: usize,
    height: usize,
}

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
        Self { oversampled: spectrum(&weighted, padded_width, padded_height), width, height }
    }

    /// The plain oversampled transform, for looking at power over all frequencies.
    pub fn oversampled(&self) -> &Spectrum {
        &self.oversampled
    }

    /// `sum f(x, y) exp(-2 pi i (fx (x - width/2) + fy (y - height/2)))`, frequencies in cycles a sample.
    pub fn at(&self, fx: f64, fy: f64) -> Complex32 {
        let u = fx * self.oversampled.width() as f64;
        let v = fy * self.oversampled.height() as f64;
        let (first_u, weights_u) = taps(u);
        let (first_v, weights_v) = taps(v);
        let mut sum = Complex32::default();
        for (j, weight_v) in weights_v.iter().enumerate() {
            let mut row = Complex32::default();
            for (i, weight_u) in weights_u.iter().enumerate() {
                let (u, v) = (first_u + i as i32, first_v + j as i32);
                row += self.oversampled.at(u, v) * self.recentring(u, v) * *weight_u;
            }
            sum += row * *weight_v;
        }
        sum
    }

    /// Moves the phase origin of one oversampled coefficient to the centre of the plane: there the kernel is real.
    fn recentring(&self, u: i32, v: i32) -> Complex32 {
        let turn = f64::from(u) * (self.width as f64 / 2.0) / self.oversampled.width() as f64
            + f64::from(v) * (self.height as f64 / 2.0) / self.oversampled.height() as f64;
        let (sin, cos) = (TAU * turn.fract()).sin_cos();
        Complex32::new(cos as f32, sin as f32)
    }
}

fn taps(at: f64) -> (i32, [f32; TAPS]) {
    let first = (at - TAPS as f64 / 2.0).ceil() as i32;
    let weights = std::array::from_fn(|index| {
        let along = 2.0 * (at - f64::from(first + index as i32)) / TAPS as f64;
        let inside = (1.0 - along * along).max(0.0);
        (bessel_i0(BETA * inside.sqrt()) / TAPS as f64) as f32
    });
    (first, weights)
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

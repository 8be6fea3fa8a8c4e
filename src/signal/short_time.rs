use std::sync::Arc;

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex32;

/// The Fourier transform of windowed stretches of sound, and its inverse, both of one even length.
pub struct ShortTime {
    window: Vec<f32>,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    samples: Vec<f32>,
    bins: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl ShortTime {
    /// For stretches as long as `window`, which weighs each sample before the transform and after its inverse.
    ///
    /// # Panics
    /// When the window is empty.
    pub fn new(window: Vec<f32>) -> Self {
        assert!(!window.is_empty());
        let mut planner = RealFftPlanner::<f32>::new();
        let forward = planner.plan_fft_forward(window.len());
        let inverse = planner.plan_fft_inverse(window.len());
        let samples = forward.make_input_vec();
        let bins = forward.make_output_vec();
        let scratch = vec![Complex32::default(); forward.get_scratch_len().max(inverse.get_scratch_len())];
        Self { window, forward, inverse, samples, bins, scratch }
    }

    /// Samples of one stretch.
    pub fn length(&self) -> usize {
        self.window.len()
    }

    /// `sum x(n) w(n) exp(-2 pi i k n / length)` for `k` from 0 to half the length.
    ///
    /// # Panics
    /// When `samples` is not of the window's length.
    pub fn analyse(&mut self, samples: &[f32]) -> &[Complex32] {
        assert_eq!(samples.len(), self.window.len());
        for ((place, sample), weight) in self.samples.iter_mut().zip(samples).zip(&self.window) {
            *place = sample * weight;
        }
        // Fails for wrong lengths alone, and these are the plan's own.
        let done = self.forward.process_with_scratch(&mut self.samples, &mut self.bins, &mut self.scratch);
        debug_assert!(done.is_ok());
        &self.bins
    }

    /// The stretch whose analysis `bins` is, up to the window, weighed by the window once more.
    ///
    /// # Panics
    /// When the number of bins is not that of [`analyse`](Self::analyse).
    pub fn synthesise(&mut self, bins: &[Complex32]) -> &[f32] {
        self.bins.copy_from_slice(bins);
        // The outermost bins of a real signal are real; rounding may say otherwise.
        let last = self.bins.len() - 1;
        self.bins[0].im = 0.0;
        if self.window.len().is_multiple_of(2) {
            self.bins[last].im = 0.0;
        }
        let done = self.inverse.process_with_scratch(&mut self.bins, &mut self.samples, &mut self.scratch);
        debug_assert!(done.is_ok());
        let scale = 1.0 / self.window.len() as f32;
        for (sample, weight) in self.samples.iter_mut().zip(&self.window) {
            *sample *= weight * scale;
        }
        &self.samples
    }
}

/// The raised cosine `(1 - cos(2 pi n / length)) / 2`: shifted by half its length and added, it is 1 everywhere.
pub fn raised_cosine(length: usize) -> Vec<f32> {
    let turn = std::f64::consts::TAU / length as f64;
    (0..length).map(|n| (0.5 - 0.5 * (turn * n as f64).cos()) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analysis_is_the_plain_sum_and_overlapping_stretches_add_up_to_the_signal() {
        let window: Vec<f32> = raised_cosine(12).into_iter().map(f32::sqrt).collect();
        let mut transform = ShortTime::new(window.clone());
        let signal: Vec<f32> = (0..36).map(|n| ((n * n) % 13) as f32 - 6.0).collect();
        for (k, bin) in transform.analyse(&signal[..12]).iter().enumerate() {
            let plain: Complex32 = (0..12)
                .map(|n| {
                    let angle = -std::f32::consts::TAU * (k * n) as f32 / 12.0;
                    Complex32::from_polar(signal[n] * window[n], angle)
                })
                .sum();
            assert!((bin - plain).norm() < 1e-3, "bin {k}");
        }
        let mut sum = vec![0.0; signal.len()];
        for start in (0..=24).step_by(6) {
            let bins = transform.analyse(&signal[start..start + 12]).to_vec();
            for (place, value) in sum[start..].iter_mut().zip(transform.synthesise(&bins)) {
                *place += value;
            }
        }
        for n in 6..30 {
            assert!((sum[n] - signal[n]).abs() < 1e-3, "sample {n}: {} for {}", sum[n], signal[n]);
        }
    }
}

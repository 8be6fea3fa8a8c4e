use std::sync::Arc;

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex32;

/// Cyclic correlation of real sequences of one even length, through their spectra.
pub struct Cyclic {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl Cyclic {
    /// For sequences of this length.
    pub fn new(length: usize) -> Self {
        let mut planner = RealFftPlanner::<f32>::new();
        Self { forward: planner.plan_fft_forward(length), inverse: planner.plan_fft_inverse(length) }
    }

    /// The spectrum of a sequence.
    ///
    /// # Panics
    /// When it is not of the length given at the start.
    pub fn spectrum(&self, sequence: &[f32]) -> Vec<Complex32> {
        assert_eq!(sequence.len(), self.forward.len());
        let mut input = sequence.to_vec();
        let mut output = self.forward.make_output_vec();
        // Fails for wrong lengths alone.
        let done = self.forward.process(&mut input, &mut output);
        debug_assert!(done.is_ok());
        output
    }

    /// Adds to `sum` the spectrum of `c(s) = sum x(n + s) p(n)` (indices cyclic), `x` a sequence and `pattern` the
    /// spectrum of `p`.
    pub fn correlate(&self, sequence: &[f32], pattern: &[Complex32], sum: &mut [Complex32]) {
        let spectrum = self.spectrum(sequence);
        for ((sum, value), pattern) in sum.iter_mut().zip(&spectrum).zip(pattern) {
            *sum += value * pattern.conj();
        }
    }

    /// The sequence of a spectrum.
    ///
    /// # Panics
    /// When the spectrum is not of the length given at the start.
    pub fn signal(&self, spectrum: &[Complex32]) -> Vec<f32> {
        let mut input = spectrum.to_vec();
        assert_eq!(input.len(), self.inverse.len() / 2 + 1);
        // The outermost bins of a real sequence are real; rounding may say otherwise.
        for bin in [0, input.len() - 1] {
            input[bin].im = 0.0;
        }
        let mut output = self.inverse.make_output_vec();
        let done = self.inverse.process(&mut input, &mut output);
        debug_assert!(done.is_ok());
        let scale = 1.0 / output.len() as f32;
        output.iter_mut().for_each(|value| *value *= scale);
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_is_the_plain_sum_at_every_shift() {
        let cyclic = Cyclic::new(10);
        let x: Vec<f32> = (0..10).map(|n| ((n * n + 3) % 7) as f32).collect();
        let p: Vec<f32> = (0..10).map(|n| ((n * 5) % 3) as f32 - 1.0).collect();
        let mut sum = vec![Complex32::default(); 6];
        cyclic.correlate(&x, &cyclic.spectrum(&p), &mut sum);
        for (shift, value) in cyclic.signal(&sum).iter().enumerate() {
            let plain: f32 = (0..10).map(|n| x[(n + shift) % 10] * p[n]).sum();
            assert!((value - plain).abs() < 1e-3, "shift {shift}: {value} for {plain}");
        }
    }
}

use std::f32::consts::TAU;
use std::sync::Arc;

use filigrane_frame::Plane;
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

/// The mean power spectrum of overlapping square windows of a plane (Welch 1967), Hann-tapered, half a window apart.
///
/// How finely two frequencies are told apart follows from the window, not from the plane: two bins.
pub struct WindowedPower {
    side: usize,
    taper: Vec<f32>,
    transform: Arc<dyn Fft<f32>>,
    scratch: Vec<Complex32>,
    window: Vec<Complex32>,
    turned: Vec<Complex32>,
    sum: Vec<f32>,
}

impl WindowedPower {
    /// For windows of `side` x `side` samples.
    ///
    /// # Panics
    /// When `side` is 0.
    pub fn new(side: usize) -> Self {
        assert!(side > 0);
        let transform = FftPlanner::<f32>::new().plan_fft_forward(side);
        let zeros = |count: usize| vec![Complex32::default(); count];
        Self {
            side,
            taper: (0..side).map(|i| 0.5 - 0.5 * (TAU * (i as f32 + 0.5) / side as f32).cos()).collect(),
            scratch: zeros(transform.get_inplace_scratch_len()),
            transform,
            window: zeros(side * side),
            turned: zeros(side * side),
            sum: vec![0.0; side * side],
        }
    }

    /// Writes the mean power of the plane's windows to `power`, `side` x `side`: row `v`, column `u` is the frequency
    /// of `u / side`, `v / side` cycles a sample. A plane narrower than a window counts as padded with zeros.
    ///
    /// # Panics
    /// When `power` has another size.
    pub fn mean(&mut self, plane: &Plane<f32>, power: &mut Plane<f32>) {
        let side = self.side;
        assert_eq!((power.width(), power.height()), (side, side));
        let places: Vec<(usize, usize)> = starts(plane.height(), side)
            .flat_map(|y| starts(plane.width(), side).map(move |x| (x, y)))
            .collect();
        self.sum.fill(0.0);
        for pair in places.chunks(2) {
            self.window.fill(Complex32::default());
            self.load(plane, pair[0], |window, value| window.re = value);
            // Two real windows share one complex transform: their powers add up over opposite frequencies.
            if let Some(&place) = pair.get(1) {
                self.load(plane, place, |window, value| window.im = value);
            }
            self.transform.process_with_scratch(&mut self.window, &mut self.scratch);
            for (index, value) in self.turned.iter_mut().enumerate() {
                *value = self.window[index % side * side + index / side];
            }
            self.transform.process_with_scratch(&mut self.turned, &mut self.scratch);
            for (sum, value) in self.sum.iter_mut().zip(&self.turned) {
                *sum += value.norm_sqr();
            }
        }
        let scale = 0.5 / places.len().max(1) as f32;
        for v in 0..side {
            for (u, power) in power.row_mut(v).iter_mut().enumerate() {
                let opposite = (side - u) % side * side + (side - v) % side;
                *power = scale * (self.sum[u * side + v] + self.sum[opposite]);
            }
        }
    }

    fn load(&mut self, plane: &Plane<f32>, (x, y): (usize, usize), put: impl Fn(&mut Complex32, f32)) {
        for (j, down) in self.taper.iter().enumerate().take(plane.height() - y) {
            let samples = &plane.row(y + j)[x..];
            let window = &mut self.window[j * self.side..][..self.side];
            for ((window, &value), across) in window.iter_mut().zip(samples).zip(&self.taper) {
                put(window, value * across * down);
            }
        }
    }
}

/// First samples of windows along an axis: at most half a window apart, from end to end.
fn starts(length: usize, side: usize) -> impl Iterator<Item = usize> {
    let rest = length.saturating_sub(side);
    let steps = rest.div_ceil((side / 2).max(1));
    (0..=steps).map(move |step| (rest * step).checked_div(steps).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wave_shows_its_power_at_its_own_frequency_and_the_opposite_one() {
        for (width, height) in [(70, 50), (33, 32), (20, 90)] {
            let plane =
                Plane::from_fn(width, height, |x, y| (TAU * (5.0 * x as f32 - 3.0 * y as f32) / 32.0).cos());
            let mut power = Plane::new(32, 32);
            WindowedPower::new(32).mean(&plane, &mut power);
            let at = |u: i32, v: i32| power.row(v.rem_euclid(32) as usize)[u.rem_euclid(32) as usize];
            let most = power.samples().iter().copied().fold(0.0, f32::max);
            assert!(at(5, -3) > 0.9 * most && (at(5, -3) - at(-5, 3)).abs() < 1e-3 * most);
            assert!(at(5, 3) < 0.05 * most && at(9, -3) < 0.3 * most, "{width}x{height}");
        }
    }

    #[test]
    fn windows_cover_an_axis_from_end_to_end() {
        assert_eq!(starts(64, 64).collect::<Vec<_>>(), [0]);
        assert_eq!(starts(10, 64).collect::<Vec<_>>(), [0]);
        assert_eq!(starts(150, 64).collect::<Vec<_>>(), [0, 28, 57, 86]);
    }
}

use std::cell::RefCell;
use std::sync::Arc;

use filigrane_frame::Plane;
use realfft::{RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftDirection, FftPlanner};

thread_local! {
    // A search transforms thousands of planes of a few sizes, the smallest in less time than planning takes.
    static PLANS: RefCell<(RealFftPlanner<f32>, FftPlanner<f32>)> =
        RefCell::new((RealFftPlanner::new(), FftPlanner::new()));
}

fn real_plan(length: usize) -> Arc<dyn RealToComplex<f32>> {
    PLANS.with_borrow_mut(|(real, _)| real.plan_fft_forward(length))
}

fn plan(length: usize, direction: FftDirection) -> Arc<dyn Fft<f32>> {
    PLANS.with_borrow_mut(|(_, complex)| complex.plan_fft(length, direction))
}

/// The two-dimensional discrete Fourier transform of a real plane, zero-padded; not normalised:
/// `F(u, v) = sum f(x, y) exp(-2 pi i (u x / width + v y / height))`.
///
/// Only columns `0 ..= width / 2` are kept; the others follow from `F(-u, -v) = conj F(u, v)`.
pub struct Spectrum {
    width: usize,
    height: usize,
    half: Plane<Complex32>,
}

impl Spectrum {
    /// Period of the frequency index along a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Period of the frequency index along a column.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Coefficient at any integer frequency index, in cycles a padded plane.
    pub fn at(&self, u: i32, v: i32) -> Complex32 {
        let u = wrapped(u, self.width);
        let v = wrapped(v, self.height);
        if u <= self.width / 2 {
            self.half.row(v)[u]
        } else {
            self.half.row((self.height - v) % self.height)[self.width - u].conj()
        }
    }

    /// The kept columns, one row a vertical frequency.
    pub fn half(&self) -> &Plane<Complex32> {
        &self.half
    }
}

/// The index in `0..period` that means the same frequency; indices less than a period away cost no division.
fn wrapped(index: i32, period: usize) -> usize {
    let near = if index < 0 { index + period as i32 } else { index };
    if (0..period as i32).contains(&near) { near as usize } else { index.rem_euclid(period as i32) as usize }
}

/// The transform of `plane` padded with zeros at the right and bottom to `width` x `height`.
///
/// # Panics
/// When the padded size is smaller than the plane or zero.
pub fn spectrum(plane: &Plane<f32>, width: usize, height: usize) -> Spectrum {
    assert!(width >= plane.width().max(1) && height >= plane.height().max(1));
    let columns = width / 2 + 1;
    let across = real_plan(width);
    let mut row = across.make_input_vec();
    let mut scratch = across.make_scratch_vec();
    let mut half = Plane::<Complex32>::new(columns, height);
    for y in 0..plane.height() {
        row.fill(0.0);
        row[..plane.width()].copy_from_slice(plane.row(y));
        let done = across.process_with_scratch(&mut row, half.row_mut(y), &mut scratch);
        debug_assert!(done.is_ok(), "buffers come from the plan");
    }
    let down = plan(height, FftDirection::Forward);
    let mut scratch = vec![Complex32::default(); down.get_inplace_scratch_len()];
    // Blocks of columns keep the strided reads within whole cache lines.
    const BLOCK: usize = 8;
    let mut block = vec![Complex32::default(); BLOCK * height];
    for first in (0..columns).step_by(BLOCK) {
        let count = BLOCK.min(columns - first);
        for y in 0..height {
            for (index, value) in half.row(y)[first..first + count].iter().enumerate() {
                block[index * height + y] = *value;
            }
        }
        for column in block.chunks_exact_mut(height).take(count) {
            down.process_with_scratch(column, &mut scratch);
        }
        for y in 0..height {
            for (index, value) in half.row_mut(y)[first..first + count].iter_mut().enumerate() {
                *value = block[index * height + y];
            }
        }
    }
    Spectrum { width, height, half }
}

/// A square tile of side `side`: `tile(x, y) = sum over lines Re(c exp(2 pi i (kx x + ky y) / side))`.
///
/// # Panics
/// When a line's index reaches `side / 2`, which the tile cannot hold.
pub fn tile_from_lines(side: usize, lines: impl IntoIterator<Item = (i32, i32, Complex32)>) -> Plane<f32> {
    let mut grid = vec![Complex32::default(); side * side];
    for (kx, ky, coefficient) in lines {
        assert!(2 * kx.unsigned_abs().max(ky.unsigned_abs()) < side as u32, "line beyond Nyquist");
        let (u, v) = (kx.rem_euclid(side as i32) as usize, ky.rem_euclid(side as i32) as usize);
        grid[v * side + u] += coefficient;
    }
    let inverse = plan(side, FftDirection::Inverse);
    inverse.process(&mut grid);
    let mut turned: Vec<_> = (0..side * side).map(|i| grid[i % side * side + i / side]).collect();
    inverse.process(&mut turned);
    Plane::from_fn(side, side, |x, y| turned[x * side + y].re)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    fn sample(x: usize, y: usize) -> f32 {
        ((x * 7 + y * 13 + x * y) % 11) as f32 - 5.0
    }

    #[test]
    fn spectrum_equals_the_plain_sum_at_every_frequency() {
        for (width, height) in [(6, 5), (7, 4), (1, 1), (20, 9)] {
            let plane = Plane::from_fn(width.min(5), height.min(4), sample);
            let spectrum = spectrum(&plane, width, height);
            for v in -(height as i32)..height as i32 {
                for u in -(width as i32)..width as i32 {
                    let mut sum = Complex32::default();
                    for y in 0..plane.height() {
                        for x in 0..plane.width() {
                            let turn =
                                u as f32 * x as f32 / width as f32 + v as f32 * y as f32 / height as f32;
                            sum += Complex32::from_polar(plane.row(y)[x], -TAU * turn);
                        }
                    }
                    assert!((spectrum.at(u, v) - sum).norm() < 1e-2, "{u},{v} of {width}x{height}");
                }
            }
        }
    }

    #[test]
    fn tile_is_the_sum_of_its_lines() {
        let lines = [(3, -2, Complex32::new(0.4, -1.0)), (0, 4, Complex32::new(-0.7, 0.2))];
        let tile = tile_from_lines(11, lines);
        for y in 0..11 {
            for x in 0..11 {
                let expected: f32 = lines
                    .iter()
                    .map(|&(kx, ky, c)| {
                        (c * Complex32::from_polar(1.0, TAU * (kx * x + ky * y) as f32 / 11.0)).re
                    })
                    .sum();
                assert!((tile.row(y as usize)[x as usize] - expected).abs() < 1e-4);
            }
        }
    }
}

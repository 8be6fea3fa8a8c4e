use filigrane_frame::Plane;
use filigrane_signal::{NonuniformSpectrum, box_mean};
use multiversion::multiversion;

use crate::carrier::Line;
use crate::map::Matrix;

/// Cap on the power of one bin, in units of the power around it: no single host line may carry a candidate.
const CAP: f32 = 6.0;
/// Half side of the neighbourhood a bin is compared with, bins of the oversampled spectrum.
const NEIGHBOURHOOD: usize = 16;
/// Frequencies from here on, cycles a sample, are lost to the reduction's own low-pass.
pub(crate) const HIGHEST: f64 = 0.47;
/// Finest resolution of the search, relative.
const FINEST: f64 = 0.0012;
/// Bins by which the outermost line may move between two candidates.
const STRIDE: f64 = 0.7;

/// Finds how a lattice of spectral lines lies in a spectrum, whatever the lines' phases.
///
/// Because it looks at power alone, what it picks says nothing about a key's phases: the coherent test that follows
/// keeps its false-alarm rate however many candidates are weighed here.
pub(crate) struct Lattice {
    transform: NonuniformSpectrum,
    /// Power over neighbourhood mean, columns `0..=width/2` of the oversampled spectrum.
    relative: Plane<f32>,
    /// The neighbourhood mean.
    around: Plane<f32>,
    width: usize,
    /// The lines in an order that mixes coarse and fine.
    places: Vec<(f32, f32)>,
    reach: f64,
    mean: f32,
    deviation: f32,
}

impl Lattice {
    pub fn new(transform: NonuniformSpectrum, lines: Vec<Line>) -> Self {
        let spectrum = transform.oversampled();
        let half = spectrum.half();
        let (columns, rows) = (half.width(), half.height());
        let mut power = Plane::<f32>::new(columns, rows);
        for (power, value) in power.samples_mut().iter_mut().zip(half.samples()) {
            *power = value.norm_sqr();
        }
        let (mut scratch, mut around) = (power.clone(), power.clone());
        box_mean(&power, NEIGHBOURHOOD, &mut scratch, &mut around);
        for (power, around) in power.samples_mut().iter_mut().zip(around.samples()) {
            *power = (*power / (around + f32::MIN_POSITIVE)).min(CAP);
        }
        let count = power.samples().len() as f64;
        let mean = power.samples().iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        let square = power.samples().iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / count;
        let deviation = (square - mean * mean).max(1e-12).sqrt();
        let width = spectrum.width();
        let reach = lines.iter().map(|line| line.radius()).fold(1.0, f32::max);
        Self {
            transform,
            relative: power,
            around,
            width,
            reach: f64::from(reach),
            places: (0..3)
                .flat_map(|third| lines.iter().skip(third).step_by(3))
                .map(|line| (line.kx as f32, line.ky as f32))
                .collect(),
            mean: mean as f32,
            deviation: deviation as f32,
        }
    }

    /// Bin of a frequency in the kept half plane; `None` out of band.
    fn bin(&self, fx: f64, fy: f64) -> Option<(usize, usize)> {
        if fx.abs() >= HIGHEST || fy.abs() >= HIGHEST {
            return None;
        }
        let rows = self.relative.height() as i32;
        let u = (fx * self.width as f64).round() as i32;
        let v = (fy * f64::from(rows)).round() as i32;
        let (u, v) = if u < 0 { (-u, -v) } else { (u, v) };
        Some((u as usize, (if v < 0 { v + rows } else { v }) as usize))
    }

    /// How far the power on the lattice stands above what chance gives, standard deviations; 0 as soon as that is
    /// known to be little.
    fn score(&self, [a, b, c, d]: Matrix) -> f32 {
        let (across, down) = (self.width as f64, self.relative.height() as f64);
        let entries = [a * across, b * across, c * down, d * down].map(|entry| entry as f32);
        let most = ((across * HIGHEST) as f32, (down * HIGHEST) as f32);
        let third = self.places.len() / 3;
        let (first, rest) = self.places.split_at((third + 1).min(self.places.len()));
        let (mut sum, mut count) = power(&self.relative, first, entries, most);
        if sum < self.mean * count as f32 {
            return 0.0;
        }
        let others = power(&self.relative, rest, entries, most);
        (sum, count) = (sum + others.0, count + others.1);
        if count < third {
            return 0.0;
        }
        (sum - self.mean * count as f32) / (self.deviation * (count as f32).sqrt())
    }

    /// The best upright square tiles with sides between two bounds, samples, best first, at most `most`.
    pub fn upright(&self, low: f64, high: f64, most: usize) -> Vec<Matrix> {
        self.best(self.sides(low, high, 0.5).map(|side| [1.0 / side, 0.0, 0.0, 1.0 / side]), most)
    }

    /// The best upright tiles whose sides differ by up to `stretch` (natural logarithm), best first, at most `most`.
    pub fn stretched(&self, low: f64, high: f64, stretch: f64, most: usize) -> Vec<Matrix> {
        let candidates = self.sides(low, high, STRIDE).flat_map(|side| {
            let step = self.step(side, STRIDE);
            let across = (stretch / step) as i32;
            (-across..=across).filter(|along| *along != 0).map(move |along| {
                let half = (step * f64::from(along) / 2.0).exp();
                [1.0 / (side * half), 0.0, 0.0, half / side]
            })
        });
        self.best(candidates, most)
    }

    /// The best square tiles turned by any angle, best first, at most `most`.
    pub fn turned(&self, low: f64, high: f64, most: usize) -> Vec<Matrix> {
        let candidates = self.sides(low, high, STRIDE).flat_map(|side| {
            let step = self.step(side, STRIDE);
            // A square lattice looks the same after a quarter turn.
            let count = (std::f64::consts::FRAC_PI_2 / step) as usize;
            (1..count).map(move |index| {
                let (sin, cos) = (step * index as f64).sin_cos();
                [cos / side, -sin / side, sin / side, cos / side]
            })
        });
        self.best(candidates, most)
    }

    /// Sides from `low` to `high`, each a step of `stride` bins from the one before.
    fn sides(&self, low: f64, high: f64, stride: f64) -> impl Iterator<Item = f64> {
        std::iter::successors(Some(low), move |side| Some(side * (1.0 + self.step(*side, stride))))
            .take_while(move |side| *side <= high)
    }

    /// Relative step that moves the outermost line by `stride` bins of the oversampled grid.
    fn step(&self, side: f64, stride: f64) -> f64 {
        let longest = self.width.max(self.relative.height()) as f64;
        (stride * side / (self.reach * longest)).max(FINEST)
    }

    /// The best of some tiles, best first, at most `most`, none twice.
    pub fn best(&self, candidates: impl Iterator<Item = Matrix>, most: usize) -> Vec<Matrix> {
        let mut kept: Vec<(f32, Matrix)> = Vec::new();
        let mut least = 0.0;
        for matrix in candidates {
            let score = self.score(matrix);
            if score <= least {
                continue;
            }
            if let Some(twin) = kept.iter_mut().find(|(_, other)| near(other, &matrix)) {
                if score > twin.0 {
                    *twin = (score, matrix);
                }
                continue;
            }
            kept.push((score, matrix));
            if kept.len() > 2 * most {
                kept.sort_by(|a, b| b.0.total_cmp(&a.0));
                kept.truncate(2 * most);
                least = kept.last().map_or(0.0, |(score, _)| *score);
            }
        }
        kept.sort_by(|a, b| b.0.total_cmp(&a.0));
        kept.truncate(most);
        kept.into_iter().map(|(_, matrix)| matrix).collect()
    }

    /// Follows the power on the lattice uphill in all four entries of the matrix: first by a third of the lines, then by
    /// all.
    pub fn refine(&self, matrix: Matrix) -> Matrix {
        let side = 1.0 / matrix[0].hypot(matrix[2]);
        let first = self.step(side, 0.5);
        let some = &self.places[..self.places.len() / 3];
        let matrix = self.climb(matrix, some, &[first, first / 2.0]);
        self.climb(matrix, &self.places, &[first / 4.0, first / 8.0])
    }

    /// Steps of given sizes along each axis, as long as they gain amplitude at these lines.
    fn climb(&self, mut matrix: Matrix, places: &[(f32, f32)], steps: &[f64]) -> Matrix {
        let mut best = self.amplitude(matrix, places);
        for step in steps {
            for _ in 0..3 {
                let before = best;
                for axis in 0..4 {
                    for sign in [1.0, -1.0] {
                        let moved = moved(matrix, axis, sign * step);
                        let here = self.amplitude(moved, places);
                        if here > best {
                            (best, matrix) = (here, moved);
                            break;
                        }
                    }
                }
                if best <= before {
                    break;
                }
            }
        }
        matrix
    }

    /// Sum over lines of the amplitude in units of that around; not of power: a few strong lines must not decide alone.
    fn amplitude(&self, [a, b, c, d]: Matrix, places: &[(f32, f32)]) -> f32 {
        let mut sum = 0.0;
        for &(kx, ky) in places {
            let (kx, ky) = (f64::from(kx), f64::from(ky));
            let (fx, fy) = (a * kx + b * ky, c * kx + d * ky);
            if let Some((u, v)) = self.bin(fx, fy) {
                let around = self.around.row(v)[u] + f32::MIN_POSITIVE;
                sum += (self.transform.at(fx, fy).norm_sqr() / around).sqrt();
            }
        }
        sum
    }
}

/// The sum over the lines in band, at the nearest bins of a half plane, and their number; `entries` in bins.
#[multiversion(targets("x86_64+avx2"))]
fn power(plane: &Plane<f32>, lines: &[(f32, f32)], [a, b, c, d]: [f32; 4], most: (f32, f32)) -> (f32, usize) {
    /// Lines whose bins are computed together, so that a register holds several.
    const TOGETHER: usize = 16;
    let (columns, rows) = (plane.width() as i32, plane.height() as f32);
    let values = plane.samples();
    let (mut sum, mut count) = (0.0, 0);
    for lines in lines.chunks(TOGETHER) {
        let mut bins = [-1; TOGETHER];
        for (bin, &(kx, ky)) in bins.iter_mut().zip(lines) {
            let (u, v) = (a * kx + b * ky, c * kx + d * ky);
            let within = (u.abs() < most.0) & (v.abs() < most.1);
            let (u, v) = if u < 0.0 { (-u, -v) } else { (u, v) };
            let v = if v < 0.0 { v + rows } else { v } + 0.5;
            let row = if v < rows { v as i32 } else { 0 };
            *bin = if within { row * columns + (u + 0.5) as i32 } else { -1 };
        }
        for &bin in &bins[..lines.len()] {
            if let Some(value) = values.get(bin as usize) {
                sum += value;
                count += 1;
            }
        }
    }
    (sum, count)
}

/// Whether two lattices are the same but for less than the width of their outermost lines.
fn near(one: &Matrix, other: &Matrix) -> bool {
    let size = one.iter().map(|entry| entry * entry).sum::<f64>();
    let apart = one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    apart < 0.006f64.powi(2) * size
}

/// One step along one of four axes: the scales of the two directions, turn, shear.
fn moved([a, b, c, d]: Matrix, axis: usize, step: f64) -> Matrix {
    match axis {
        0 => [a * (1.0 + step), b * (1.0 + step), c * (1.0 + step), d * (1.0 + step)],
        1 => [a + step * b, b - step * a, c + step * d, d - step * c],
        2 => [a * (1.0 + step), b * (1.0 - step), c * (1.0 + step), d * (1.0 - step)],
        _ => [a + step * b, b + step * a, c + step * d, d + step * c],
    }
}

use std::ops::Range;

use filigrane_frame::Plane;
use filigrane_signal::box_mean;
use multiversion::multiversion;

use crate::carrier::annulus;
use crate::map::Matrix;

/// Cap on the power of one bin, in units of the power around it: no single host line may carry a candidate.
const CAP: f32 = 3.0;
/// Windows on a neighbourhood's half side: how far around a bin is compared with.
const NEIGHBOURHOODS: usize = 16;
/// Share of a window's bins from which on a line is lost to smoothing.
const HIGHEST: f32 = 0.45;
/// Score of the first third of the lines under which the others are not looked at.
const FIRST_THIRD: f32 = 0.8;
/// Most passes over all entries at one step.
const PASSES: usize = 4;
/// Bins along each axis of the spectra that are scanned.
pub(crate) const SIDE: usize = 64;
/// Fixed-point unit of a bin.
const UNIT: i32 = 1 << 10;

/// A grid of lattices, in bins: what the diagonal entries are, and the others.
pub(crate) struct Grid {
    pub sides: Vec<f64>,
    pub b: Vec<f64>,
    pub c: Vec<f64>,
}

/// Line indices in the order they are looked at.
pub(crate) type Indices = Vec<(i32, i32)>;

/// The lines whose squared radius is in a range, in an order that mixes coarse and fine.
pub(crate) fn indices(least: i32, most: i32) -> Indices {
    let lines: Indices = annulus()
        .into_iter()
        .map(|line| (line.kx, line.ky))
        .filter(|(kx, ky)| (least..=most).contains(&(kx * kx + ky * ky)))
        .collect();
    (0..3).flat_map(|third| lines.iter().skip(third).step_by(3)).copied().collect()
}

/// The power of each bin of a windowed spectrum over that of its neighbourhood, on which lattices of lines are scored:
/// standard deviations above what chance gives. Entries of matrices are in bins.
pub(crate) struct Relative {
    values: Plane<f32>,
    mean: f32,
    deviation: f32,
}

impl Relative {
    /// `power` as [`WindowedPower`](filigrane_signal::WindowedPower) writes it.
    pub fn of(power: &Plane<f32>) -> Self {
        let side = power.width();
        let around = side / NEIGHBOURHOODS;
        // The spectrum is periodic.
        let wrapped = |index: usize| (index + side - around) % side;
        let wide =
            Plane::from_fn(side + 2 * around, side + 2 * around, |u, v| power.row(wrapped(v))[wrapped(u)]);
        let (mut scratch, mut mean) = (wide.clone(), wide.clone());
        box_mean(&wide, around, &mut scratch, &mut mean);
        let values = Plane::from_fn(side, side, |u, v| {
            (power.row(v)[u] / (mean.row(v + around)[u + around] + f32::MIN_POSITIVE)).min(CAP)
        });
        let count = values.samples().len() as f32;
        let mean = values.samples().iter().sum::<f32>() / count;
        let square = values.samples().iter().map(|value| value * value).sum::<f32>() / count;
        Self { values, mean, deviation: (square - mean * mean).max(1e-12).sqrt() }
    }

    fn score(&self, sum: f32, count: usize) -> f32 {
        (sum - self.mean * count as f32) / (self.deviation * (count.max(1) as f32).sqrt())
    }

    /// Every lattice of a grid whose score at the nearest bins is over `least`, in the grid's order. A lattice whose first third
    /// of lines shows little is passed over. Nothing is found in a spectrum that has not [`SIDE`] bins along each axis.
    pub fn scan(&self, lines: &[(i32, i32)], grid: &Grid, least: f32) -> Vec<(f32, Matrix)> {
        let Some(values) = self.values.samples().first_chunk().filter(|_| self.values.width() == SIDE) else {
            return Vec::new();
        };
        let first = lines.len() / 3;
        // From sums to scores and back, once for all lattices.
        let bound = |score: f32, count: usize| {
            score * self.deviation * (count.max(1) as f32).sqrt() + self.mean * count as f32
        };
        let bounds = (bound(FIRST_THIRD, first), bound(least, lines.len()));
        let found = scan(values, lines, first, grid, bounds);
        found.into_iter().map(|(sum, matrix)| (self.score(sum, lines.len()), matrix)).collect()
    }

    /// The score between bins.
    pub fn fine(&self, lines: &[(i32, i32)], matrix: Matrix) -> f32 {
        let [a, b, c, d] = matrix.map(fixed);
        let side = self.values.width();
        let samples = self.values.samples();
        let most = (HIGHEST * (side as i32 * UNIT) as f32) as i32;
        let low = |place: i32| (if place < 0 { place + side as i32 * UNIT } else { place } / UNIT) as usize;
        let next = |index: usize| if index + 1 < side { index + 1 } else { 0 };
        let share = |place: i32| place.rem_euclid(UNIT) as f32 / UNIT as f32;
        let mut sum = 0.0;
        let mut count = 0;
        for &(kx, ky) in lines {
            let (u, v) = (kx * a + ky * b, kx * c + ky * d);
            if u.abs().max(v.abs()) >= most {
                continue;
            }
            let (left, top) = (low(u), low(v));
            let (above, below) = (&samples[top * side..][..side], &samples[next(top) * side..][..side]);
            let above = above[left] + (above[next(left)] - above[left]) * share(u);
            let below = below[left] + (below[next(left)] - below[left]) * share(u);
            sum += above + (below - above) * share(v);
            count += 1;
        }
        self.score(sum, count)
    }

    /// Follows the score uphill in all four entries, by `step` bins and then half as much.
    pub fn climb(&self, lines: &[(i32, i32)], matrix: Matrix, step: f64) -> (f32, Matrix) {
        let mut best = (self.fine(lines, matrix), matrix);
        for step in [step, step / 2.0] {
            for _ in 0..PASSES {
                let before = best.0;
                for entry in 0..4 {
                    for sign in [1.0, -1.0] {
                        let mut moved = best.1;
                        moved[entry] += sign * step;
                        let here = self.fine(lines, moved);
                        if here > best.0 {
                            best = (here, moved);
                            break;
                        }
                    }
                }
                if best.0 <= before {
                    break;
                }
            }
        }
        best
    }
}

/// Sums of the values at the nearest bins, with their lattices, that reach the bounds on the first lines and on all.
#[multiversion(targets("x86_64+avx2"))]
fn scan(
    values: &[f32; SIDE * SIDE],
    lines: &[(i32, i32)],
    first: usize,
    grid: &Grid,
    (least_first, least): (f32, f32),
) -> Vec<(f32, Matrix)> {
    let near = |place: i32| ((place + UNIT / 2) >> UNIT.trailing_zeros()) & (SIDE as i32 - 1);
    let (kx, ky): (Vec<i32>, Vec<i32>) = lines.iter().copied().unzip();
    let mut columns = vec![0; lines.len()];
    let mut rows = vec![0; lines.len()];
    let mut bins = vec![0; lines.len()];
    let sides: Vec<i32> = grid.sides.iter().map(|&side| fixed(side)).collect();
    let mut found = Vec::new();
    for (&a, &whole_a) in grid.sides.iter().zip(&sides) {
        for &c in &grid.c {
            let whole_c = fixed(c);
            for (row, kx) in rows.iter_mut().zip(&kx) {
                *row = kx * whole_c;
            }
            for &b in &grid.b {
                let whole_b = fixed(b);
                for ((column, kx), ky) in columns.iter_mut().zip(&kx).zip(&ky) {
                    *column = near(kx * whole_a + ky * whole_b);
                }
                for (&d, &whole_d) in grid.sides.iter().zip(&sides) {
                    let mut power = |part: Range<usize>| -> f32 {
                        let places =
                            columns[part.clone()].iter().zip(&rows[part.clone()]).zip(&ky[part.clone()]);
                        for (bin, ((column, row), ky)) in bins[part.clone()].iter_mut().zip(places) {
                            *bin = near(row + ky * whole_d) * SIDE as i32 + column;
                        }
                        bins[part].iter().map(|&bin| values[bin as usize % (SIDE * SIDE)]).sum()
                    };
                    let mut sum = power(0..first);
                    if sum < least_first {
                        continue;
                    }
                    sum += power(first..lines.len());
                    if sum > least {
                        found.push((sum, [a, b, c, d]));
                    }
                }
            }
        }
    }
    found
}

fn fixed(entry: f64) -> i32 {
    (entry * f64::from(UNIT)).round() as i32
}

/// The best lattices met so far, one of each neighbourhood, a bounded number.
pub(crate) struct Shortlist {
    pub found: Vec<(f32, Matrix)>,
    most: usize,
    /// Entries that differ by less than this are the same lattice, bins.
    near: f64,
}

impl Shortlist {
    pub fn new(most: usize, near: f64) -> Self {
        Self { found: Vec::with_capacity(most), most, near }
    }

    pub fn add(&mut self, score: f32, matrix: Matrix) {
        let near = |other: &Matrix| other.iter().zip(&matrix).all(|(a, b)| (a - b).abs() < self.near);
        let place = self.found.iter().position(|(_, other)| near(other));
        let least = || (0..self.found.len()).min_by(|&a, &b| self.found[a].0.total_cmp(&self.found[b].0));
        let place = match place {
            None if self.found.len() < self.most => {
                self.found.push((score, matrix));
                return;
            }
            place => place.or_else(least),
        };
        if let Some(place) = place.and_then(|place| self.found.get_mut(place))
            && score > place.0
        {
            *place = (score, matrix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lattice_of_strong_bins_is_climbed_to_from_half_a_bin_away() {
        let lattice = [2.6, 0.3, -0.4, 2.9];
        let lines = indices(0, 64);
        let mut power = Plane::from_fn(64, 64, |u, v| 1.0 + ((u * 37 + v * 61 + u * v) % 17) as f32 / 16.0);
        for &(kx, ky) in &lines {
            let [a, b, c, d] = lattice.map(|entry: f64| entry as f32);
            let (u, v) = (kx as f32 * a + ky as f32 * b, kx as f32 * c + ky as f32 * d);
            for (u, v) in [(u, v), (-u, -v)] {
                let (u, v) = ((u.round() as i32).rem_euclid(64), (v.round() as i32).rem_euclid(64));
                power.row_mut(v as usize)[u as usize] += 3.0;
            }
        }
        let relative = Relative::of(&power);
        let [a, b, c, d] = lattice;
        let grid = Grid { sides: vec![2.2, a, d, 3.6], b: vec![-0.3, b], c: vec![0.4, c] };
        let found = relative.scan(&lines, &grid, 4.0);
        let best = found.iter().max_by(|one, other| one.0.total_cmp(&other.0));
        assert!(best.is_some_and(|(score, found)| *score > 8.0 && *found == lattice), "{found:?}");
        assert!(found.iter().all(|(_, found)| *found != [2.2, -0.3, 0.4, 3.6]), "{found:?}");
        let (score, climbed) = relative.climb(&lines, [2.55, 0.35, -0.36, 2.93], 0.1);
        assert!(score > 0.9 * relative.fine(&lines, lattice), "{score} {climbed:?}");
    }

    #[test]
    fn a_shortlist_keeps_the_best_one_of_each_neighbourhood() {
        let mut list = Shortlist::new(2, 0.5);
        for (score, entry) in [(3.0, 0.0), (4.0, 0.1), (2.0, 9.0), (1.0, 20.0), (5.0, 30.0)] {
            list.add(score, [entry; 4]);
        }
        let mut scores: Vec<f32> = list.found.iter().map(|(score, _)| *score).collect();
        scores.sort_by(f32::total_cmp);
        assert_eq!(scores, [4.0, 5.0]);
    }
}

//! What changes from picture to picture: a sensor's noise is new in each, a codec's and a generator's is carried along.

use filigrane_frame::Plane;

use super::filters::{SILENCE, diagonal_residual, difference, dot, energy, level, log_kurtosis, quantile};
use crate::{Burst, PICTURES};

/// Side of the blocks that move or not.
const BLOCK: usize = 8;
/// Share of the blocks, those that move least, in which residuals are compared.
const STILL: f64 = 0.25;
/// Changes below this are none; rounding aside, those of code values are at least 0.25 at 10 bits.
const UNCHANGED: f32 = 0.2;
/// One code value of 8 bits in limited range is 1.16.
const ONE: f32 = 1.2;

pub(super) const NAMES: [&str; 24] = [
    "temporal_unchanged_share",
    "temporal_unchanged_least",
    "temporal_unchanged_most",
    "temporal_within_one_share",
    "temporal_first_difference",
    "temporal_second_difference",
    "temporal_second_to_first",
    "temporal_difference_unevenness",
    "temporal_difference_kurtosis",
    "temporal_difference_fine_share",
    "temporal_second_fine_share",
    "temporal_difference_share_above_1",
    "temporal_difference_share_above_2",
    "temporal_difference_share_above_3",
    "temporal_difference_correlation",
    "temporal_still_correlation_1",
    "temporal_still_correlation_2",
    "temporal_still_correlation_3",
    "temporal_still_first_difference",
    "temporal_still_difference_correlation",
    "temporal_fine_unevenness",
    "temporal_fine_alternation",
    "temporal_mean_flicker",
    "temporal_whole_correlation_1",
];

pub(super) fn measure(burst: &Burst, out: &mut Vec<f64>) {
    let pictures = burst.pictures();
    let first: Vec<Plane<f32>> = pictures.windows(2).map(|pair| difference(&pair[1], &pair[0])).collect();
    let second: Vec<Plane<f32>> = first.windows(2).map(|pair| difference(&pair[1], &pair[0])).collect();
    let fine: Vec<Plane<f32>> = pictures.iter().map(diagonal_residual).collect();
    // The filter is linear: residuals of differences are differences of residuals.
    let fine_first: Vec<Plane<f32>> = fine.windows(2).map(|pair| difference(&pair[1], &pair[0])).collect();
    let fine_second: Vec<Plane<f32>> =
        fine_first.windows(2).map(|pair| difference(&pair[1], &pair[0])).collect();
    let energies = |planes: &[Plane<f32>]| planes.iter().map(energy).collect::<Vec<f64>>();
    let (firsts, seconds, fines) = (energies(&first), energies(&second), energies(&fine));

    shares(&first, out);
    let space = level(mean(&fines));
    let (one, two) = (level(mean(&firsts)), level(mean(&seconds)));
    out.extend([one - space, two - space, two - one, unevenness(&firsts), log_kurtosis(&first[1])]);
    out.push(level(mean(&energies(&fine_first))) - one);
    out.push(level(mean(&energies(&fine_second))) - two);
    slow_shares(&first[1], out);
    out.push(correlation_of(&first, &firsts, 1));

    let still = Still::of(&first);
    for lag in 1..PICTURES {
        let pairs = (0..PICTURES - lag).map(|index| still.correlation(&fine[index], &fine[index + lag]));
        out.push(mean(&pairs.collect::<Vec<f64>>()));
    }
    let still_level = |planes: &[Plane<f32>]| {
        level(mean(&planes.iter().map(|plane| still.energy(plane)).collect::<Vec<f64>>()))
    };
    out.push(still_level(&fine_first) - still_level(&fine));
    out.push(mean(&[0, 1].map(|index| still.correlation(&fine_first[index], &fine_first[index + 1]))));
    out.push(unevenness(&fines));
    let [a, b, c, d] = [0, 1, 2, 3].map(|index| level(fines[index]));
    out.push(((a + c) - (b + d)).abs() / 2.0);
    let flicker = first.iter().map(|plane| {
        let sum: f64 = plane.samples().iter().map(|&value| f64::from(value)).sum();
        (sum / plane.samples().len() as f64).abs()
    });
    out.push(mean(&flicker.collect::<Vec<f64>>()));
    out.push(correlation_of(&fine, &fines, 1));
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Share of samples that do not change: mean, least and most of the three steps; and of those that change by one.
fn shares(first: &[Plane<f32>], out: &mut Vec<f64>) {
    let share = |plane: &Plane<f32>, most: f32| {
        let count: u32 = plane.samples().iter().map(|value| u32::from(value.abs() < most)).sum();
        f64::from(count) / plane.samples().len() as f64
    };
    let unchanged: Vec<f64> = first.iter().map(|plane| share(plane, UNCHANGED)).collect();
    let within: Vec<f64> = first.iter().map(|plane| share(plane, ONE)).collect();
    let least = unchanged.iter().copied().fold(1.0, f64::min);
    let most = unchanged.iter().copied().fold(0.0, f64::max);
    out.extend([mean(&unchanged), least, most, mean(&within)]);
}

/// Octaves between the largest and the smallest energy.
fn unevenness(energies: &[f64]) -> f64 {
    let levels = energies.iter().map(|&energy| level(energy));
    let (least, most) =
        levels.fold((f64::MAX, f64::MIN), |(least, most), level| (least.min(level), most.max(level)));
    most - least
}

/// Energy of a plane after means of 2 x 2, 4 x 4 and 8 x 8 samples, in octaves of the whole.
fn slow_shares(plane: &Plane<f32>, out: &mut Vec<f64>) {
    let whole = level(energy(plane));
    let mut reduced = halved(plane);
    for index in 0..3 {
        out.push(level(energy(&reduced)) - whole);
        if index < 2 {
            reduced = halved(&reduced);
        }
    }
}

fn halved(plane: &Plane<f32>) -> Plane<f32> {
    let mut out = Plane::new(plane.width() / 2, plane.height() / 2);
    for y in 0..out.height() {
        let (upper, lower) = (plane.row(2 * y).as_chunks::<2>().0, plane.row(2 * y + 1).as_chunks::<2>().0);
        for ((out, &[a, b]), &[c, d]) in out.row_mut(y).iter_mut().zip(upper).zip(lower) {
            *out = 0.25 * ((a + b) + (c + d));
        }
    }
    out
}

/// Mean correlation of planes `lag` apart; `energies` are their mean squares.
fn correlation_of(planes: &[Plane<f32>], energies: &[f64], lag: usize) -> f64 {
    let pairs = (0..planes.len() - lag).map(|index| {
        let (a, b) = (&planes[index], &planes[index + lag]);
        let product: f64 = (0..a.height()).map(|y| dot(a.row(y), b.row(y))).sum();
        let (one, other) = (energies[index], energies[index + lag]);
        // Silence correlates with nothing.
        if one.min(other) < SILENCE { 0.0 } else { product / a.samples().len() as f64 / (one * other).sqrt() }
    });
    mean(&pairs.collect::<Vec<f64>>())
}

/// The blocks that move least.
struct Still {
    /// Their places, first samples.
    blocks: Vec<(usize, usize)>,
}

/// Samples of the residual on each axis of a block: those made of the block alone.
const INSIDE: usize = BLOCK - 2;

impl Still {
    /// By the changes of the means of 4 x 4 samples: by those of the samples, blocks would be chosen whose noise happens to
    /// repeat. All sums are in an order that a mirror does not change: equal blocks stay on one side of the bound.
    fn of(first: &[Plane<f32>]) -> Self {
        const CELL: usize = BLOCK / 2;
        let (across, down) = (first[0].width() / BLOCK, first[0].height() / BLOCK);
        let mut changes = Vec::with_capacity(across * down);
        for j in 0..down {
            let mut sums = vec![0.0_f32; across];
            for plane in first {
                for half in 0..2 {
                    let mut cells = vec![[0.0_f32; 2]; across];
                    for y in (0..CELL).map(|y| j * BLOCK + half * CELL + y) {
                        for (cells, &[a, b, c, d, e, f, g, h]) in
                            cells.iter_mut().zip(plane.row(y).as_chunks::<BLOCK>().0)
                        {
                            cells[0] += (a + d) + (b + c);
                            cells[1] += (e + h) + (f + g);
                        }
                    }
                    for (sum, [left, right]) in sums.iter_mut().zip(cells) {
                        *sum += left.abs() + right.abs();
                    }
                }
            }
            changes.extend(sums.into_iter().map(f64::from));
        }
        let bound = quantile(&changes, STILL);
        let blocks = changes.iter().enumerate().filter(|(_, change)| **change <= bound);
        Self { blocks: blocks.map(|(index, _)| (index % across * BLOCK, index / across * BLOCK)).collect() }
    }

    /// Mean square of a residual inside the blocks.
    fn energy(&self, residual: &Plane<f32>) -> f64 {
        let sum: f64 = self.blocks.iter().map(|&place| product(residual, residual, place)).sum();
        sum / (self.blocks.len() * INSIDE * INSIDE).max(1) as f64
    }

    /// Mean over the blocks of the correlation of two residuals inside each: one edge must not decide for all. Blocks in
    /// which either is silent say nothing; 0 when all are.
    fn correlation(&self, a: &Plane<f32>, b: &Plane<f32>) -> f64 {
        let of_block = |&place: &(usize, usize)| {
            let energies = [product(a, a, place), product(b, b, place)];
            let heard = energies[0].min(energies[1]) >= SILENCE * (INSIDE * INSIDE) as f64;
            heard.then(|| product(a, b, place) / (energies[0] * energies[1]).sqrt())
        };
        mean(&self.blocks.iter().filter_map(of_block).collect::<Vec<f64>>())
    }
}

/// `sum a b` inside the block at a place; the residual lacks the first sample of each axis.
fn product(a: &Plane<f32>, b: &Plane<f32>, (x, y): (usize, usize)) -> f64 {
    let row = |y: usize| -> f32 {
        a.row(y)[x..x + INSIDE].iter().zip(&b.row(y)[x..x + INSIDE]).map(|(a, b)| a * b).sum()
    };
    f64::from((y..y + INSIDE).map(row).sum::<f32>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::filters::NORMAL_KURTOSIS;
    use crate::statistics::scenes::{noise, scene};

    fn measured(pictures: [Plane<f32>; PICTURES]) -> impl Fn(&str) -> f64 + use<> {
        let mut found = Vec::new();
        measure(&Burst::new(pictures).expect("a window"), &mut found);
        move |name: &str| found[NAMES.iter().position(|known| *known == name).expect(name)]
    }

    fn sum(a: &Plane<f32>, b: &Plane<f32>) -> Plane<f32> {
        Plane::from_fn(a.width(), a.height(), |x, y| a.row(y)[x] + b.row(y)[x])
    }

    #[test]
    fn noise_that_is_new_in_each_picture_is_told_from_noise_that_stays() {
        let still = scene(256, 256);
        let new = measured(std::array::from_fn(|time| sum(&still, &noise(256, 256, time as u64, 2.0))));
        assert!(new("temporal_still_correlation_1").abs() < 0.15, "{}", new("temporal_still_correlation_1"));
        assert!((new("temporal_difference_correlation") + 0.5).abs() < 0.05);
        assert!((new("temporal_second_to_first") - 3.0_f64.log2()).abs() < 0.05);
        let kept = noise(256, 256, 9, 2.0);
        let stays = measured(std::array::from_fn(|time| {
            sum(&sum(&still, &kept), &noise(256, 256, time as u64, 0.2))
        }));
        assert!(stays("temporal_still_correlation_1") > 0.9);
        assert!(stays("temporal_still_correlation_3") > 0.9);
        assert!(stays("temporal_first_difference") < new("temporal_first_difference") - 3.0);
    }

    #[test]
    fn a_repeated_picture_shows_as_unchanged_and_as_uneven_motion() {
        let pictures = [0, 1, 1, 2].map(|time| noise(128, 128, time, 9.0));
        let of = measured(pictures);
        assert!((of("temporal_unchanged_most") - 1.0).abs() < 1e-9);
        assert!(of("temporal_unchanged_least") < 0.1);
        assert!(of("temporal_difference_unevenness") > 10.0);
        let still = measured(std::array::from_fn(|_| noise(128, 128, 4, 9.0)));
        assert_eq!(still("temporal_unchanged_share"), 1.0);
        assert_eq!(still("temporal_difference_kurtosis"), NORMAL_KURTOSIS);
        assert!((still("temporal_still_correlation_2") - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_flash_is_slow_in_space_and_flickers() {
        let still = scene(128, 128);
        let of = measured(std::array::from_fn(|time| {
            Plane::from_fn(128, 128, |x, y| still.row(y)[x] + [0.0, 10.0, 0.0, 10.0][time])
        }));
        assert!((of("temporal_mean_flicker") - 10.0).abs() < 1e-3);
        assert!(of("temporal_difference_fine_share") < -10.0);
        assert!(of("temporal_difference_share_above_3").abs() < 0.01);
    }
}

//! Noise in flat places and how it goes with luminance: a sensor's photon noise grows with light, then a gamma and a
//! denoiser bend it; a generator's does as it has learnt.

use filigrane_frame::Plane;

use super::filters::{SILENCE, diagonal_residual, energy, level, mirror_sum, quantile};

/// Side of the blocks that are flat or not.
const BLOCK: usize = 8;
/// Share of the blocks, the flattest ones, in which noise is measured.
const FLAT: f64 = 0.25;
/// Bins of luminance.
const BINS: usize = 6;
/// Fewest blocks that tell the noise of a bin.
const FEWEST: usize = 8;
/// Least spread of luminance, of 1, that tells a slope.
const LEAST_SPREAD: f64 = 0.02;
/// Samples at or beyond these are clipped.
const BLACK: f32 = 0.0;
const WHITE: f32 = 255.0;

pub(super) const NAMES: [&str; 13] = [
    "noise_flat_level",
    "noise_flat_spread",
    "noise_luminance_1",
    "noise_luminance_2",
    "noise_luminance_3",
    "noise_luminance_4",
    "noise_luminance_5",
    "noise_luminance_6",
    "noise_luminance_slope",
    "noise_clipped_black",
    "noise_clipped_white",
    "noise_silent_share",
    "noise_flat_to_whole",
];

/// A block of 8 x 8 samples.
struct Block {
    /// Variance of the means of its 2 x 2 cells.
    roughness: f64,
    /// Mean luma, of 1.
    luminance: f64,
    /// Mean square of the residual in its inside.
    noise: f64,
}

pub(super) fn measure(picture: &Plane<f32>, out: &mut Vec<f64>) {
    let residual = diagonal_residual(picture);
    let blocks = blocks(picture, &residual);
    let roughness: Vec<f64> = blocks.iter().map(|block| block.roughness).collect();
    let bound = quantile(&roughness, FLAT);
    let flattest = || blocks.iter().filter(|block| block.roughness <= bound);
    // Codecs leave many blocks without any residual, which say nothing of the noise there was.
    let flat: Vec<&Block> = flattest().filter(|block| block.noise >= SILENCE).collect();
    let mean = flat.iter().map(|block| block.noise).sum::<f64>() / flat.len().max(1) as f64;
    let levels: Vec<f64> = flat.iter().map(|block| level(block.noise)).collect();
    out.push(level(mean));
    out.push(quantile(&levels, 0.9) - quantile(&levels, 0.1));
    for bin in 0..BINS {
        let of_bin = flat.iter().filter(|block| bin_of(block.luminance) == bin).map(|block| block.noise);
        let (sum, count) = of_bin.fold((0.0, 0), |(sum, count), noise| (sum + noise, count + 1));
        out.push(if count < FEWEST { 0.0 } else { level(sum / count as f64) - level(mean) });
    }
    out.push(slope(&flat, &levels));
    let samples = picture.samples().len() as f64;
    let share =
        |of: fn(f32) -> bool| picture.samples().iter().filter(|sample| of(**sample)).count() as f64 / samples;
    out.extend([share(|sample| sample <= BLACK), share(|sample| sample >= WHITE)]);
    out.push(1.0 - flat.len() as f64 / flattest().count().max(1) as f64);
    out.push(level(mean) - level(energy(&residual)));
}

fn bin_of(luminance: f64) -> usize {
    ((luminance * BINS as f64).max(0.0) as usize).min(BINS - 1)
}

/// Octaves of noise energy from black to white, by least squares; 0 where luminance is all one.
fn slope(flat: &[&Block], levels: &[f64]) -> f64 {
    if flat.len() < 2 * FEWEST {
        return 0.0;
    }
    let count = flat.len() as f64;
    let mean = flat.iter().map(|block| block.luminance).sum::<f64>() / count;
    let middle = levels.iter().sum::<f64>() / count;
    let (mut products, mut squares) = (0.0, 0.0);
    for (block, level) in flat.iter().zip(levels) {
        let from = block.luminance - mean;
        products += from * (level - middle);
        squares += from * from;
    }
    if squares < count * LEAST_SPREAD * LEAST_SPREAD { 0.0 } else { products / squares }
}

fn blocks(picture: &Plane<f32>, residual: &Plane<f32>) -> Vec<Block> {
    let (across, down) = (picture.width() / BLOCK, picture.height() / BLOCK);
    let mut found = Vec::with_capacity(across * down);
    for j in 0..down {
        for i in 0..across {
            found.push(block(picture, residual, i * BLOCK, j * BLOCK));
        }
    }
    found
}

/// All sums are in orders that a mirror does not change: equal blocks stay on one side of the bound.
fn block(picture: &Plane<f32>, residual: &Plane<f32>, x: usize, y: usize) -> Block {
    const CELLS: usize = BLOCK / 2;
    let mut cells = [[0.0_f32; CELLS]; CELLS];
    for (j, cells) in cells.iter_mut().enumerate() {
        let upper = &picture.row(y + 2 * j)[x..x + BLOCK];
        let lower = &picture.row(y + 2 * j + 1)[x..x + BLOCK];
        for (i, cell) in cells.iter_mut().enumerate() {
            *cell = ((upper[2 * i] + upper[2 * i + 1]) + (lower[2 * i] + lower[2 * i + 1])) * 0.25;
        }
    }
    let rows = |of: &dyn Fn(f32) -> f32| -> f32 {
        cells.iter().map(|row| (of(row[0]) + of(row[3])) + (of(row[1]) + of(row[2]))).sum()
    };
    let mean = rows(&|cell| cell) / (CELLS * CELLS) as f32;
    let roughness = rows(&|cell| (cell - mean) * (cell - mean)) / (CELLS * CELLS) as f32;
    // The residual lacks the first sample of each axis: its 6 x 6 of the block use the block alone.
    const INSIDE: usize = BLOCK - 2;
    let mut noise = 0.0;
    for row in 0..INSIDE {
        let row = &residual.row(y + row)[x..x + INSIDE];
        let square = |index: usize| row[index] * row[index];
        noise += mirror_sum(&[square(0), square(1), square(2), 0.0, 0.0, square(3), square(4), square(5)]);
    }
    Block {
        roughness: f64::from(roughness),
        luminance: f64::from(mean) / 255.0,
        noise: f64::from(noise) / (INSIDE * INSIDE) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::scenes::noise;

    fn measured(picture: &Plane<f32>) -> impl Fn(&str) -> f64 + use<> {
        let mut found = Vec::new();
        measure(picture, &mut found);
        move |name: &str| found[NAMES.iter().position(|known| *known == name).expect(name)]
    }

    #[test]
    fn noise_that_grows_with_light_has_a_positive_slope_and_even_noise_none() {
        let white = noise(512, 512, 13, 1.0);
        let shaded = |strength: fn(f32) -> f32| {
            Plane::from_fn(512, 512, |x, y| {
                let light = 20.0 + 200.0 * x as f32 / 512.0;
                light + strength(light) * white.row(y)[x]
            })
        };
        let photons = measured(&shaded(|light| 0.3 * light.sqrt()));
        assert!(photons("noise_luminance_slope") > 2.0, "{}", photons("noise_luminance_slope"));
        assert!(photons("noise_luminance_5") > photons("noise_luminance_2") + 0.5);
        let even = measured(&shaded(|_| 3.0));
        assert!(even("noise_luminance_slope").abs() < 0.2, "{}", even("noise_luminance_slope"));
        // The filter's gain on noise of variance 9.
        assert!((even("noise_flat_level") - (9.0_f64 * 2.25).log2()).abs() < 0.1);
    }

    #[test]
    fn clipped_samples_and_silent_blocks_are_shares() {
        let picture = Plane::from_fn(128, 128, |x, y| match (x < 32, y < 64) {
            (true, true) => 0.0,
            (true, false) => 255.0,
            _ => 128.0,
        });
        let of = measured(&picture);
        assert_eq!((of("noise_clipped_black"), of("noise_clipped_white")), (0.125, 0.125));
        assert_eq!((of("noise_silent_share"), of("noise_luminance_slope")), (1.0, 0.0));
    }
}

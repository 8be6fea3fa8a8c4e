//! Energies and tails of wavelet bands.
//!
//! Haar, though CDF 9/7 separates bands better: its cells keep the phase of a codec's blocks, a mirrored picture of even
//! width has the same cells, and no border is invented. That autoencoders lose energy in the diagonal bands of the middle
//! levels is reported by Corvi, Cozzolino and Verdoliva ("WaveRep", 2025).

use filigrane_frame::Plane;

use super::filters::{energy, level, log_kurtosis};

/// The levels are 1 (finest) to 4.
const LEVELS: usize = 4;

pub(super) const NAMES: [&str; 31] = [
    "wavelet_horizontal_detail_1",
    "wavelet_vertical_detail_1",
    "wavelet_diagonal_detail_1",
    "wavelet_diagonal_to_axis_1",
    "wavelet_horizontal_kurtosis_1",
    "wavelet_vertical_kurtosis_1",
    "wavelet_diagonal_kurtosis_1",
    "wavelet_horizontal_detail_2",
    "wavelet_vertical_detail_2",
    "wavelet_diagonal_detail_2",
    "wavelet_diagonal_to_axis_2",
    "wavelet_horizontal_kurtosis_2",
    "wavelet_vertical_kurtosis_2",
    "wavelet_diagonal_kurtosis_2",
    "wavelet_horizontal_detail_3",
    "wavelet_vertical_detail_3",
    "wavelet_diagonal_detail_3",
    "wavelet_diagonal_to_axis_3",
    "wavelet_horizontal_kurtosis_3",
    "wavelet_vertical_kurtosis_3",
    "wavelet_diagonal_kurtosis_3",
    "wavelet_horizontal_detail_4",
    "wavelet_vertical_detail_4",
    "wavelet_diagonal_detail_4",
    "wavelet_diagonal_to_axis_4",
    "wavelet_horizontal_kurtosis_4",
    "wavelet_vertical_kurtosis_4",
    "wavelet_diagonal_kurtosis_4",
    "wavelet_diagonal_decay_1",
    "wavelet_diagonal_decay_2",
    "wavelet_diagonal_decay_3",
];

/// The three detail bands of one level: changes along rows (HL), along columns (LH), both (HH).
struct Bands {
    details: [Plane<f32>; 3],
    rest: Plane<f32>,
}

pub(super) fn measure(picture: &Plane<f32>, out: &mut Vec<f64>) {
    let mut bands = split(picture);
    let mut diagonals = [0.0; LEVELS];
    for (index, diagonal) in diagonals.iter_mut().enumerate() {
        let levels = bands.details.each_ref().map(|band| level(energy(band)));
        out.extend(levels);
        out.push(levels[2] - (levels[0] + levels[1]) / 2.0);
        out.extend(bands.details.each_ref().map(log_kurtosis));
        *diagonal = levels[2];
        if index + 1 < LEVELS {
            bands = split(&bands.rest);
        }
    }
    out.extend(diagonals.windows(2).map(|pair| pair[1] - pair[0]));
}

/// One level of the orthonormal Haar transform; an odd last row or column is left out.
fn split(plane: &Plane<f32>) -> Bands {
    let (width, height) = (plane.width() / 2, plane.height() / 2);
    let mut details = std::array::from_fn(|_| Plane::new(width, height));
    let mut rest = Plane::new(width, height);
    let [across, down, both] = &mut details;
    for y in 0..height {
        let (upper, lower) = (plane.row(2 * y).as_chunks::<2>().0, plane.row(2 * y + 1).as_chunks::<2>().0);
        let rows = (across.row_mut(y), down.row_mut(y), both.row_mut(y), rest.row_mut(y));
        for (x, (&[a, b], &[c, d])) in upper.iter().zip(lower).enumerate() {
            rows.0[x] = 0.5 * ((a + c) - (b + d));
            rows.1[x] = 0.5 * ((a + b) - (c + d));
            rows.2[x] = 0.5 * ((a + d) - (b + c));
            rows.3[x] = 0.5 * ((a + b) + (c + d));
        }
    }
    Bands { details, rest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::scenes::noise;

    #[test]
    fn the_transform_keeps_energy_and_white_noise_has_as_much_in_each_band() {
        let white = noise(256, 128, 3, 4.0);
        let bands = split(&white);
        let [across, down, both] = bands.details.each_ref().map(energy);
        let sum = (across + down + both + energy(&bands.rest)) / 4.0;
        assert!((sum / energy(&white) - 1.0).abs() < 1e-5);
        let mut found = Vec::new();
        measure(&white, &mut found);
        for (name, value) in NAMES.iter().zip(&found).filter(|(name, _)| name.contains("detail")) {
            assert!((value - 4.0).abs() < 0.3, "{name}: {value}");
        }
    }

    #[test]
    fn stripes_show_in_the_band_of_their_direction_alone() {
        let upright = Plane::from_fn(128, 128, |x, _| if x % 2 == 0 { 10.0 } else { -10.0 });
        let [across, down, both] = split(&upright).details.each_ref().map(energy);
        assert_eq!((across, down, both), (400.0, 0.0, 0.0));
        let chequered = Plane::from_fn(128, 128, |x, y| if (x + y) % 2 == 0 { 10.0 } else { -10.0 });
        let [across, down, both] = split(&chequered).details.each_ref().map(energy);
        assert_eq!((across, down, both), (0.0, 0.0, 400.0));
    }
}

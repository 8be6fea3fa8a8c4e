//! Strength, tails and neighbourhood of high-pass residuals.

use filigrane_frame::Plane;

use super::filters::{
    autocorrelation, clamped, diagonal_residual, energy, level, log_kurtosis, mean_magnitude, second_across,
    second_down,
};

/// Residuals are cut at this many times their mean magnitude before they are correlated.
const CUT: f64 = 4.0;
const LAGS: usize = 3;

pub(super) const NAMES: [&str; 34] = [
    "residual_horizontal_level",
    "residual_horizontal_kurtosis",
    "residual_horizontal_correlation_across_1",
    "residual_horizontal_correlation_down_1",
    "residual_horizontal_correlation_diagonal_1",
    "residual_horizontal_correlation_across_2",
    "residual_horizontal_correlation_down_2",
    "residual_horizontal_correlation_diagonal_2",
    "residual_horizontal_correlation_across_3",
    "residual_horizontal_correlation_down_3",
    "residual_horizontal_correlation_diagonal_3",
    "residual_vertical_level",
    "residual_vertical_kurtosis",
    "residual_vertical_correlation_across_1",
    "residual_vertical_correlation_down_1",
    "residual_vertical_correlation_diagonal_1",
    "residual_vertical_correlation_across_2",
    "residual_vertical_correlation_down_2",
    "residual_vertical_correlation_diagonal_2",
    "residual_vertical_correlation_across_3",
    "residual_vertical_correlation_down_3",
    "residual_vertical_correlation_diagonal_3",
    "residual_fine_level",
    "residual_fine_kurtosis",
    "residual_fine_correlation_across_1",
    "residual_fine_correlation_down_1",
    "residual_fine_correlation_diagonal_1",
    "residual_fine_correlation_across_2",
    "residual_fine_correlation_down_2",
    "residual_fine_correlation_diagonal_2",
    "residual_fine_correlation_across_3",
    "residual_fine_correlation_down_3",
    "residual_fine_correlation_diagonal_3",
    "residual_horizontal_to_vertical",
];

pub(super) fn measure(picture: &Plane<f32>, out: &mut Vec<f64>) {
    let residuals = [second_across(picture), second_down(picture), diagonal_residual(picture)];
    let levels = residuals.each_ref().map(|residual| level(energy(residual)));
    for (residual, level) in residuals.iter().zip(levels) {
        out.extend([level, log_kurtosis(residual)]);
        let cut = clamped(residual, (CUT * mean_magnitude(residual)) as f32);
        let whole = energy(&cut);
        for lag in 1..=LAGS {
            let step = lag as isize;
            out.push(autocorrelation(&cut, whole, step, 0));
            out.push(autocorrelation(&cut, whole, 0, lag));
            let diagonals = [step, -step].map(|across| autocorrelation(&cut, whole, across, lag));
            out.push((diagonals[0] + diagonals[1]) / 2.0);
        }
    }
    out.push(levels[0] - levels[1]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::scenes::noise;

    #[test]
    fn white_noise_shows_the_filters_own_correlation() {
        let mut found = Vec::new();
        measure(&noise(512, 512, 5, 3.0), &mut found);
        let of = |name: &str| found[NAMES.iter().position(|known| *known == name).expect(name)];
        // Correlation of (1, -2, 1) with itself: -4/6 and 1/6; of the 3 x 3 filter, products of those.
        for (name, wanted) in [
            ("residual_horizontal_correlation_across_1", -4.0 / 6.0),
            ("residual_horizontal_correlation_across_2", 1.0 / 6.0),
            ("residual_horizontal_correlation_down_1", 0.0),
            ("residual_vertical_correlation_down_1", -4.0 / 6.0),
            ("residual_fine_correlation_diagonal_1", 16.0 / 36.0),
            ("residual_fine_correlation_across_3", 0.0),
            ("residual_horizontal_to_vertical", 0.0),
        ] {
            assert!((of(name) - wanted).abs() < 0.03, "{name}: {}", of(name));
        }
    }
}

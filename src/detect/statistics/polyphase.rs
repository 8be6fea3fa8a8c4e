//! Strength of residuals by the phase of the samples: upsampled pictures repeat with their factor, block codecs and
//! patch-wise generators with their grid (after Gallagher 2005, Kirchner 2008).
//!
//! Windows start at multiples of 16 samples of the picture, so that the phases are the picture's own.

use filigrane_frame::Plane;

use super::filters::{clamped, diagonal_residual, mean_magnitude, second_across, second_down};

/// Longest period.
const PERIOD: usize = 16;
/// Residuals are cut at this many times their mean magnitude: the phase of one strong edge is chance.
const CUT: f64 = 4.0;
/// Luma steps at block borders are cut here: those of blocks are small, those of things are not.
const STEP: f32 = 8.0;
/// Added to mean magnitudes before they are compared, luma.
const LEAST: f64 = 0.02;

pub(super) const NAMES: [&str; 18] = [
    "polyphase_step_across_2",
    "polyphase_step_across_4",
    "polyphase_step_across_8",
    "polyphase_curve_across_2",
    "polyphase_curve_across_4",
    "polyphase_curve_across_8",
    "polyphase_grid_across_8",
    "polyphase_grid_across_16",
    "polyphase_step_down_2",
    "polyphase_step_down_4",
    "polyphase_step_down_8",
    "polyphase_curve_down_2",
    "polyphase_curve_down_4",
    "polyphase_curve_down_8",
    "polyphase_grid_down_8",
    "polyphase_grid_down_16",
    "polyphase_fine_2",
    "polyphase_fine_8",
];

pub(super) fn measure(picture: &Plane<f32>, out: &mut Vec<f64>) {
    let [across, down] = steps(picture);
    for (steps, curve, by_phase) in [
        (across, second_across(picture), by_column as fn(&Plane<f32>, usize) -> [f64; PERIOD]),
        (down, second_down(picture), by_row),
    ] {
        let relative = clamped(&steps, (CUT * mean_magnitude(&steps)) as f32);
        let means = by_phase(&relative, 0);
        out.extend([2, 4, 8].map(|period| spread(&folded(&means, period))));
        let curve = clamped(&curve, (CUT * mean_magnitude(&curve)) as f32);
        let means = by_phase(&curve, 1);
        out.extend([2, 4, 8].map(|period| spread(&folded(&means, period))));
        let small = by_phase(&clamped(&steps, STEP), 0);
        let eight = folded(&small, 8);
        let inside = eight[..7].iter().sum::<f64>() / 7.0;
        out.push(((eight[7] + LEAST) / (inside + LEAST)).log2());
        out.push(((small[15] + LEAST) / (small[7] + LEAST)).log2());
    }
    let fine = diagonal_residual(picture);
    let fine = clamped(&fine, (CUT * mean_magnitude(&fine)) as f32);
    out.extend([2, 8].map(|period| spread(&by_both(&fine, period))));
}

/// `f(x + 1, y) - f(x, y)` and `f(x, y + 1) - f(x, y)`.
fn steps(picture: &Plane<f32>) -> [Plane<f32>; 2] {
    let mut across = Plane::new(picture.width() - 1, picture.height());
    for y in 0..picture.height() {
        let row = picture.row(y);
        for ((out, here), next) in across.row_mut(y).iter_mut().zip(row).zip(&row[1..]) {
            *out = next - here;
        }
    }
    let mut down = Plane::new(picture.width(), picture.height() - 1);
    for y in 0..down.height() {
        for ((out, here), below) in down.row_mut(y).iter_mut().zip(picture.row(y)).zip(picture.row(y + 1)) {
            *out = below - here;
        }
    }
    [across, down]
}

/// Mean magnitude of the columns of each phase; column 0 has the phase `first`.
fn by_column(plane: &Plane<f32>, first: usize) -> [f64; PERIOD] {
    let mut columns = vec![0.0_f32; plane.width()];
    for y in 0..plane.height() {
        for (sum, value) in columns.iter_mut().zip(plane.row(y)) {
            *sum += value.abs();
        }
    }
    mean_by_phase(columns.into_iter().map(f64::from), first, plane.height())
}

/// Mean magnitude of the rows of each phase; row 0 has the phase `first`.
fn by_row(plane: &Plane<f32>, first: usize) -> [f64; PERIOD] {
    mean_by_phase((0..plane.height()).map(|y| super::filters::magnitude(plane.row(y))), first, plane.width())
}

fn mean_by_phase(lines: impl Iterator<Item = f64>, first: usize, length: usize) -> [f64; PERIOD] {
    let mut sums = [(0.0, 0_usize); PERIOD];
    for (index, line) in lines.enumerate() {
        let sum = &mut sums[(index + first) % PERIOD];
        *sum = (sum.0 + line, sum.1 + length);
    }
    sums.map(|(sum, count)| sum / count.max(1) as f64)
}

/// Mean magnitude by the phases of both axes, `period * period` of them; the plane starts at (1, 1).
fn by_both(plane: &Plane<f32>, period: usize) -> Vec<f64> {
    let mut columns = vec![vec![0.0_f32; plane.width()]; period];
    let mut rows = vec![0_usize; period];
    for y in 0..plane.height() {
        let phase = (y + 1) % period;
        rows[phase] += 1;
        for (sum, value) in columns[phase].iter_mut().zip(plane.row(y)) {
            *sum += value.abs();
        }
    }
    let phases = columns.into_iter().zip(rows).flat_map(|(columns, rows)| {
        let means = mean_by_phase(columns.into_iter().map(f64::from), 1, rows);
        folded(&means, period)
    });
    phases.collect()
}

/// Means of the phases that a shorter period makes one.
fn folded(means: &[f64; PERIOD], period: usize) -> Vec<f64> {
    let share = period as f64 / PERIOD as f64;
    (0..period).map(|phase| means.iter().skip(phase).step_by(period).sum::<f64>() * share).collect()
}

/// Standard deviation of the phases by their mean; 0 where there is next to nothing.
fn spread(phases: &[f64]) -> f64 {
    let count = phases.len() as f64;
    let mean = phases.iter().sum::<f64>() / count;
    let variance = phases.iter().map(|phase| (phase - mean).powi(2)).sum::<f64>() / count;
    variance.sqrt() / (mean + LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::scenes::{blocks, enlarged, noise};

    fn measured(picture: &Plane<f32>) -> impl Fn(&str) -> f64 + use<> {
        let mut found = Vec::new();
        measure(picture, &mut found);
        move |name: &str| found[NAMES.iter().position(|known| *known == name).expect(name)]
    }

    #[test]
    fn noise_has_no_phase() {
        let of = measured(&noise(512, 512, 11, 5.0));
        for name in NAMES {
            let bound = if name == "polyphase_fine_8" { 0.05 } else { 0.03 };
            assert!(of(name).abs() < bound, "{name}: {}", of(name));
        }
    }

    #[test]
    fn a_picture_enlarged_by_2_shows_at_period_2_on_the_axis_of_enlarging() {
        let small = noise(256, 256, 12, 20.0);
        for bilinear in [false, true] {
            let of = measured(&enlarged(&small, bilinear));
            assert!(of("polyphase_step_across_2") > 0.2, "{}", of("polyphase_step_across_2"));
            assert!(of("polyphase_step_down_2") > 0.2, "{}", of("polyphase_step_down_2"));
            assert!(of("polyphase_grid_across_16").abs() < 0.1, "{}", of("polyphase_grid_across_16"));
        }
    }

    #[test]
    fn a_block_grid_of_8_shows_where_codecs_have_it() {
        let of = measured(&blocks(512, 512, 8));
        assert!(of("polyphase_grid_across_8") > 1.0 && of("polyphase_grid_down_8") > 1.0);
        assert!(of("polyphase_grid_across_16").abs() < 0.2, "8 is no 16");
        assert!(of("polyphase_step_across_8") > 0.3);
        let of = measured(&blocks(512, 512, 16));
        assert!(of("polyphase_grid_across_16") > 1.0 && of("polyphase_grid_down_16") > 1.0);
    }
}

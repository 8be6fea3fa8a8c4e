use std::ops::Range;

use filigrane_frame::Plane;
use multiversion::multiversion;

/// Radius from which on a running sum is faster than adding up the window.
const RUNNING: usize = 9;

/// The mean over a square window of side `2 * radius + 1`, clipped at the borders, written to `out`.
///
/// # Panics
/// When the planes differ in size.
pub fn box_mean(input: &Plane<f32>, radius: usize, scratch: &mut Plane<f32>, out: &mut Plane<f32>) {
    let (width, height) = (input.width(), input.height());
    assert_eq!((width, height), (out.width(), out.height()));
    assert_eq!((width, height), (scratch.width(), scratch.height()));
    if radius >= RUNNING || width <= 2 * radius || height == 0 {
        for y in 0..height {
            running_mean(input.row(y), radius, scratch.row_mut(y));
        }
        down_running(scratch, radius, out);
        return;
    }
    match radius {
        0 => out.samples_mut().copy_from_slice(input.samples()),
        1 => direct::<3>(input, scratch, out),
        2 => direct::<5>(input, scratch, out),
        3 => direct::<7>(input, scratch, out),
        4 => direct::<9>(input, scratch, out),
        5 => direct::<11>(input, scratch, out),
        6 => direct::<13>(input, scratch, out),
        7 => direct::<15>(input, scratch, out),
        _ => direct::<17>(input, scratch, out),
    }
}

/// Windows of `SIDE` samples, a width known beforehand so that a whole window is added up in registers.
#[multiversion(targets("x86_64+avx2"))]
fn direct<const SIDE: usize>(input: &Plane<f32>, scratch: &mut Plane<f32>, out: &mut Plane<f32>) {
    let (height, radius) = (input.height(), SIDE / 2);
    for y in 0..height {
        mean_across::<SIDE>(input.row(y), scratch.row_mut(y));
    }
    for y in 0..height {
        let rows = y.saturating_sub(radius)..(y + radius + 1).min(height);
        mean_down::<SIDE>(scratch, rows, |row| row, out.row_mut(y));
    }
}

/// The means over `SIDE` (odd) samples around each of a row of at least as many, clipped at its ends.
///
/// Inlined, so that a caller compiled for wider registers uses them; the order of additions is from the left, so that every
/// processor gives the same bits.
///
/// # Panics
/// When `out` is shorter than the row, or the row than `SIDE`.
#[inline(always)]
pub fn mean_across<const SIDE: usize>(row: &[f32], out: &mut [f32]) {
    let (width, radius) = (row.len(), SIDE / 2);
    let scale = 1.0 / SIDE as f32;
    for (mean, window) in out[radius..].iter_mut().zip(row.array_windows::<SIDE>()) {
        let mut sum = window[0];
        for value in &window[1..] {
            sum += value;
        }
        *mean = sum * scale;
    }
    for x in (0..radius).chain(width - radius..width) {
        let window = &row[x.saturating_sub(radius)..(x + radius + 1).min(width)];
        out[x] = window.iter().sum::<f32>() / window.len() as f32;
    }
}

/// The means over some of `rows`, at most `SIDE`, added up from the first on; `place` says where in the plane a row is kept.
///
/// Inlined, as [`mean_across`].
///
/// # Panics
/// When there are no rows, or one is kept outside the plane.
#[inline(always)]
pub fn mean_down<const SIDE: usize>(
    plane: &Plane<f32>,
    rows: Range<usize>,
    place: impl Fn(usize) -> usize,
    out: &mut [f32],
) {
    let scale = 1.0 / rows.len() as f32;
    if rows.len() == SIDE {
        let width = out.len();
        let window: [&[f32]; SIDE] =
            std::array::from_fn(|index| &plane.row(place(rows.start + index))[..width]);
        for (x, mean) in out.iter_mut().enumerate() {
            let mut sum = window[0][x];
            for row in &window[1..] {
                sum += row[x];
            }
            *mean = sum * scale;
        }
        return;
    }
    out.copy_from_slice(plane.row(place(rows.start)));
    for row in rows.start + 1..rows.end {
        for (sum, value) in out.iter_mut().zip(plane.row(place(row))) {
            *sum += value;
        }
    }
    for sum in out {
        *sum *= scale;
    }
}

fn down_running(rows: &Plane<f32>, radius: usize, out: &mut Plane<f32>) {
    let (width, height) = (rows.width(), rows.height());
    let mut sums = vec![0f64; width];
    let add = |sums: &mut [f64], row: &[f32], sign: f64| {
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += sign * f64::from(value);
        }
    };
    for y in 0..radius.min(height) {
        add(&mut sums, rows.row(y), 1.0);
    }
    for y in 0..height {
        if y + radius < height {
            add(&mut sums, rows.row(y + radius), 1.0);
        }
        if y > radius {
            add(&mut sums, rows.row(y - radius - 1), -1.0);
        }
        let count = (y + radius).min(height - 1) - y.saturating_sub(radius) + 1;
        let scale = 1.0 / count as f64;
        for (value, &sum) in out.row_mut(y).iter_mut().zip(&sums) {
            *value = (sum * scale) as f32;
        }
    }
}

fn running_mean(row: &[f32], radius: usize, out: &mut [f32]) {
    let width = row.len();
    let mut sum: f64 = row.iter().take(radius).map(|&value| f64::from(value)).sum();
    for x in 0..width {
        if x + radius < width {
            sum += f64::from(row[x + radius]);
        }
        if x > radius {
            sum -= f64::from(row[x - radius - 1]);
        }
        let count = (x + radius).min(width - 1) - x.saturating_sub(radius) + 1;
        out[x] = (sum / count as f64) as f32;
    }
}

/// The least value in a square window of side `2 * radius + 1`, clipped at the borders, in place.
///
/// Meant for radii of a few samples: the cost grows with the radius.
///
/// # Panics
/// When the planes differ in size.
pub fn minimum(plane: &mut Plane<f32>, radius: usize, scratch: &mut Plane<f32>) {
    let (width, height) = (plane.width(), plane.height());
    assert_eq!((width, height), (scratch.width(), scratch.height()));
    scratch.samples_mut().copy_from_slice(plane.samples());
    for y in 0..height {
        let (row, out) = (plane.row(y), scratch.row_mut(y));
        for shift in 1..=radius.min(width.saturating_sub(1)) {
            lower(&mut out[shift..], row);
            lower(out, &row[shift..]);
        }
    }
    plane.samples_mut().copy_from_slice(scratch.samples());
    for y in 0..height {
        let out = plane.row_mut(y);
        for near in y.saturating_sub(radius)..(y + radius + 1).min(height) {
            lower(out, scratch.row(near));
        }
    }
}

fn lower(out: &mut [f32], other: &[f32]) {
    for (value, &other) in out.iter_mut().zip(other) {
        *value = if other < *value { other } else { *value };
    }
}

/// Where sample `index` of an axis enlarged by `factor` lies between samples of the axis: the one before, the one
/// after, and how far between them (0 to 1).
///
/// Sample `i` of the plain axis stands at the centre of its `factor` enlarged ones; outside the outermost centres the
/// border value is held.
pub fn enlarged_place(index: usize, factor: usize, count: usize) -> (usize, usize, f32) {
    let last = count.saturating_sub(1);
    let at = ((index as f32 + 0.5) / factor as f32 - 0.5).clamp(0.0, last as f32);
    let low = at as usize;
    (low, (low + 1).min(last), at - low as f32)
}

/// A row enlarged linearly by `factor` to the length of `out`, by the rule of [`enlarged_place`].
///
/// # Panics
/// When the row is empty.
pub fn enlarge_row(row: &[f32], factor: usize, out: &mut [f32]) {
    let half = factor / 2;
    // Enlarged samples from one centre to the next, as shares of the way.
    let shares: Vec<f32> = (0..factor).map(|step| enlarged_place(half + step, factor, 2).2).collect();
    let first = half.min(out.len());
    out[..first].fill(row[0]);
    let mut rest = &mut out[first..];
    for pair in row.windows(2) {
        let (now, later) = rest.split_at_mut(factor.min(rest.len()));
        for (value, share) in now.iter_mut().zip(&shares) {
            *value = pair[0] + (pair[1] - pair[0]) * share;
        }
        rest = later;
    }
    rest.fill(row[row.len() - 1]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plane(width: usize, height: usize, values: &[f32]) -> Plane<f32> {
        Plane::from_fn(width, height, |x, y| values[(y * width + x) % values.len()])
    }

    proptest! {
        #[test]
        fn box_mean_equals_the_plain_window_sum(
            values in proptest::collection::vec(-9f32..9.0, 1..200), width in 1usize..24, height in 1usize..24,
            radius in 0usize..11,
        ) {
            let input = plane(width, height, &values);
            let (mut scratch, mut out) = (input.clone(), input.clone());
            box_mean(&input, radius, &mut scratch, &mut out);
            for y in 0..height {
                for x in 0..width {
                    let mut window = Vec::new();
                    for row in y.saturating_sub(radius)..(y + radius + 1).min(height) {
                        window.extend_from_slice(&input.row(row)[x.saturating_sub(radius)..(x + radius + 1).min(width)]);
                    }
                    let mean = window.iter().sum::<f32>() / window.len() as f32;
                    prop_assert!((out.row(y)[x] - mean).abs() < 1e-4);
                }
            }
        }

        #[test]
        fn enlarged_row_is_linear_between_cell_centres(
            row in proptest::collection::vec(-9f32..9.0, 1..9), factor in 1usize..7, extra in 0usize..6,
        ) {
            let mut out = vec![f32::NAN; row.len() * factor + extra.min(factor - 1)];
            enlarge_row(&row, factor, &mut out);
            for (x, &value) in out.iter().enumerate() {
                let u = ((x as f32 + 0.5) / factor as f32 - 0.5).clamp(0.0, (row.len() - 1) as f32);
                let (i, a) = (u as usize, u.fract());
                let expected = row[i] * (1.0 - a) + row[(i + 1).min(row.len() - 1)] * a;
                prop_assert!((value - expected).abs() < 1e-4, "{value} {expected} at {x}");
                let (low, high, share) = enlarged_place(x, factor, row.len());
                prop_assert!((row[low] + (row[high] - row[low]) * share - expected).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn minimum_spreads_a_dark_spot_over_its_window() {
        let mut input = Plane::from_fn(7, 7, |_, _| 5.0);
        input.row_mut(3)[3] = 1.0;
        let mut scratch = input.clone();
        minimum(&mut input, 2, &mut scratch);
        for y in 0..7usize {
            for x in 0..7usize {
                let near = x.abs_diff(3).max(y.abs_diff(3)) <= 2;
                assert_eq!(input.row(y)[x], if near { 1.0 } else { 5.0 }, "{x},{y}");
            }
        }
    }
}

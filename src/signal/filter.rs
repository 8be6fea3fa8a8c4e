use filigrane_frame::Plane;

/// The mean over a square window of side `2 * radius + 1`, clipped at the borders, written to `out`.
///
/// Cost does not depend on the radius.
///
/// # Panics
/// When the planes differ in size.
pub fn box_mean(input: &Plane<f32>, radius: usize, scratch: &mut Plane<f32>, out: &mut Plane<f32>) {
    let (width, height) = (input.width(), input.height());
    assert_eq!((width, height), (out.width(), out.height()));
    assert_eq!((width, height), (scratch.width(), scratch.height()));
    for y in 0..height {
        running_mean(input.row(y), radius, scratch.row_mut(y));
    }
    let mut sums = vec![0f64; width];
    let add = |sums: &mut [f64], row: &[f32], sign: f64| {
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += sign * f64::from(value);
        }
    };
    for y in 0..radius.min(height) {
        add(&mut sums, scratch.row(y), 1.0);
    }
    for y in 0..height {
        if y + radius < height {
            add(&mut sums, scratch.row(y + radius), 1.0);
        }
        if y > radius {
            add(&mut sums, scratch.row(y - radius - 1), -1.0);
        }
        let rows = (y + radius).min(height - 1) - y.saturating_sub(radius) + 1;
        let scale = 1.0 / rows as f64;
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

/// Row `y` of the plane enlarged bilinearly by `factor` to the length of `out`.
///
/// Sample `(i, j)` of the plane stands at the centre of its `factor` x `factor` cell; outside the outermost centres
/// the border value is held.
pub fn upsample_row(plane: &Plane<f32>, factor: usize, y: usize, out: &mut [f32]) {
    let position = |index: usize, count: usize| {
        let at = ((index as f32 + 0.5) / factor as f32 - 0.5).clamp(0.0, (count - 1) as f32);
        let low = at as usize;
        (low, (low + 1).min(count - 1), at - low as f32)
    };
    let (top, bottom, down) = position(y, plane.height());
    let (top, bottom) = (plane.row(top), plane.row(bottom));
    let blend = |column: usize| top[column] + (bottom[column] - top[column]) * down;
    let count = plane.width();
    let half = (factor as f32 - 1.0) / 2.0;
    let step = 1.0 / factor as f32;
    let mut left = blend(0);
    let mut x = 0;
    for column in 0..count {
        let right = blend((column + 1).min(count - 1));
        // Samples from this cell's centre to the next one's.
        let end = ((column + 1) as f32 * factor as f32 + half).ceil() as usize;
        let centre = column as f32 * factor as f32 + half;
        let end = if column + 1 == count { out.len() } else { end.min(out.len()) };
        while x < end {
            let along = ((x as f32 - centre) * step).clamp(0.0, 1.0);
            out[x] = left + (right - left) * along;
            x += 1;
        }
        left = right;
    }
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
            values in proptest::collection::vec(-9f32..9.0, 1..200), width in 1usize..17, height in 1usize..17,
            radius in 0usize..9,
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
        fn upsampled_row_is_bilinear_between_cell_centres(
            values in proptest::collection::vec(-9f32..9.0, 1..60), width in 1usize..9, height in 1usize..9,
            factor in 1usize..6, extra in 0usize..5,
        ) {
            let input = plane(width, height, &values);
            let mut out = vec![f32::NAN; width * factor + extra.min(factor - 1)];
            for y in 0..height * factor {
                upsample_row(&input, factor, y, &mut out);
                let v = ((y as f32 + 0.5) / factor as f32 - 0.5).clamp(0.0, (height - 1) as f32);
                for (x, &value) in out.iter().enumerate() {
                    let u = ((x as f32 + 0.5) / factor as f32 - 0.5).clamp(0.0, (width - 1) as f32);
                    let at = |i: usize, j: usize| input.row(j.min(height - 1))[i.min(width - 1)];
                    let (i, j) = (u as usize, v as usize);
                    let (a, b) = (u - i as f32, v - j as f32);
                    let expected = (at(i, j) * (1.0 - a) + at(i + 1, j) * a) * (1.0 - b)
                        + (at(i, j + 1) * (1.0 - a) + at(i + 1, j + 1) * a) * b;
                    prop_assert!((value - expected).abs() < 1e-3, "{value} {expected} at {x},{y}");
                }
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

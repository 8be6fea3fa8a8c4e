use filigrane_frame::{LumaRef, Plane};
use multiversion::multiversion;

/// The integer factor by which a picture is reduced so that its short side keeps at least `short_side` samples
/// (and fewer than twice as many, where the picture allows), unless that leaves more than `most` samples in all.
pub fn reduction(width: usize, height: usize, short_side: usize, most: usize) -> usize {
    let by_side = width.min(height) / short_side.max(1);
    let by_area = (width as f64 * height as f64 / most.max(1) as f64).sqrt().ceil() as usize;
    by_side.max(by_area).max(1)
}

/// Width and height after [`reduce`] by `factor`: what does not fill a whole cell at the right and bottom is left out.
pub fn reduced_size(width: usize, height: usize, factor: usize) -> (usize, usize) {
    (width / factor, height / factor)
}

/// Luma on the scale 0 to 255, averaged over `factor` x `factor` cells into `out`.
///
/// # Panics
/// When `out` is not of [`reduced_size`].
pub fn reduce(luma: LumaRef<'_>, factor: usize, out: &mut Plane<f32>) {
    let layout = luma.layout();
    assert_eq!((out.width(), out.height()), reduced_size(layout.width, layout.height, factor));
    let scale = 255.0 / (layout.span() * (factor * factor) as f32);
    let offset = -layout.black() * 255.0 / layout.span();
    // The usual factors are known beforehand, for which the sums over a cell are spread over a register's lanes.
    match factor {
        1 => cells::<1>(luma, factor, (scale, offset), out),
        2 => cells::<2>(luma, factor, (scale, offset), out),
        3 => cells::<3>(luma, factor, (scale, offset), out),
        4 => cells::<4>(luma, factor, (scale, offset), out),
        6 => cells::<6>(luma, factor, (scale, offset), out),
        _ => cells::<0>(luma, factor, (scale, offset), out),
    }
}

/// [`reduce`] by a factor of `KNOWN` or, where that is 0, any.
#[multiversion(targets("x86_64+avx2"))]
fn cells<const KNOWN: usize>(
    luma: LumaRef<'_>,
    factor: usize,
    (scale, offset): (f32, f32),
    out: &mut Plane<f32>,
) {
    let factor = if KNOWN == 0 { factor } else { KNOWN };
    let width = out.width() * factor;
    let mut sums = vec![0u32; width];
    // Sums of codes of one byte over up to 256 rows fit 16 bits, twice as many to a register.
    let narrow = luma.layout().bytes_per_sample() == 1 && factor <= 256;
    let mut short = vec![0u16; if narrow { width } else { 0 }];
    for y in 0..out.height() {
        let rows = (y * factor..(y + 1) * factor).map(|row| luma.row(row));
        if narrow {
            short.fill(0);
            for row in rows {
                for (sum, &code) in short.iter_mut().zip(row) {
                    *sum += u16::from(code);
                }
            }
            for (value, cell) in out.row_mut(y).iter_mut().zip(short.chunks_exact(factor)) {
                *value = cell.iter().map(|&sum| u32::from(sum)).sum::<u32>() as f32 * scale + offset;
            }
            continue;
        }
        sums.fill(0);
        for row in rows {
            if luma.layout().bytes_per_sample() == 1 {
                for (sum, &code) in sums.iter_mut().zip(row) {
                    *sum += u32::from(code);
                }
            } else {
                for (sum, code) in sums.iter_mut().zip(row.chunks_exact(2)) {
                    *sum += u32::from(u16::from_le_bytes([code[0], code[1]]));
                }
            }
        }
        for (value, cell) in out.row_mut(y).iter_mut().zip(sums.chunks_exact(factor)) {
            *value = cell.iter().sum::<u32>() as f32 * scale + offset;
        }
    }
}

/// [`reduce`], with the standard deviation within each cell in `spread`.
///
/// # Panics
/// When a plane is not of [`reduced_size`].
pub fn reduce_with_spread(luma: LumaRef<'_>, factor: usize, out: &mut Plane<f32>, spread: &mut Plane<f32>) {
    let layout = luma.layout();
    let size = reduced_size(layout.width, layout.height, factor);
    assert_eq!((out.width(), out.height()), size);
    assert_eq!((spread.width(), spread.height()), size);
    let step = 255.0 / layout.span();
    let offset = -layout.black() * step;
    let count = (factor * factor) as f64;
    let width = size.0 * factor;
    let (mut sums, mut squares) = (vec![0u32; width], vec![0u64; width]);
    for y in 0..size.1 {
        sums.fill(0);
        squares.fill(0);
        for row in y * factor..(y + 1) * factor {
            let row = luma.row(row);
            let mut add = |place: usize, code: u32| {
                sums[place] += code;
                squares[place] += u64::from(code * code);
            };
            if layout.bytes_per_sample() == 1 {
                row.iter().take(width).enumerate().for_each(|(place, &code)| add(place, u32::from(code)));
            } else {
                let codes = row.chunks_exact(2).map(|code| u32::from(u16::from_le_bytes([code[0], code[1]])));
                codes.take(width).enumerate().for_each(|(place, code)| add(place, code));
            }
        }
        let cells = sums.chunks_exact(factor).zip(squares.chunks_exact(factor));
        for ((value, spread), (sums, squares)) in out.row_mut(y).iter_mut().zip(spread.row_mut(y)).zip(cells)
        {
            let mean = f64::from(sums.iter().sum::<u32>()) / count;
            let variance = squares.iter().sum::<u64>() as f64 / count - mean * mean;
            *value = mean as f32 * step + offset;
            *spread = variance.max(0.0).sqrt() as f32 * step;
        }
    }
}

/// The means of the cells of 2 x 2 samples, into `out`.
///
/// # Panics
/// When `out` is not half the size, rounded down.
pub fn halve(plane: &Plane<f32>, out: &mut Plane<f32>) {
    assert_eq!((out.width(), out.height()), (plane.width() / 2, plane.height() / 2));
    quarters(plane, out);
}

#[multiversion(targets("x86_64+avx2"))]
fn quarters(plane: &Plane<f32>, out: &mut Plane<f32>) {
    for y in 0..out.height() {
        let (upper, lower) = (plane.row(2 * y), plane.row(2 * y + 1));
        let cells = upper.chunks_exact(2).zip(lower.chunks_exact(2));
        for (value, (upper, lower)) in out.row_mut(y).iter_mut().zip(cells) {
            *value = (upper[0] + upper[1] + lower[0] + lower[1]) / 4.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filigrane_frame::{ColourRange, LumaLayout};
    use proptest::prelude::*;

    #[test]
    fn spread_is_the_standard_deviation_within_a_cell() {
        let layout = LumaLayout { width: 4, height: 2, stride: 4, bits: 8, range: ColourRange::Full };
        let luma = LumaRef::new(layout, &[7, 7, 10, 20, 7, 7, 10, 20]).expect("fits");
        let (mut out, mut spread) = (Plane::new(2, 1), Plane::new(2, 1));
        reduce_with_spread(luma, 2, &mut out, &mut spread);
        assert_eq!((out.samples(), spread.samples()), (&[7.0, 15.0][..], &[0.0, 5.0][..]));
    }

    #[test]
    fn halving_takes_the_means_of_whole_cells() {
        let plane = Plane::from_fn(5, 4, |x, y| (10 * y + x) as f32);
        let mut out = Plane::new(2, 2);
        halve(&plane, &mut out);
        assert_eq!(out.samples(), [5.5, 7.5, 25.5, 27.5]);
    }

    #[test]
    fn short_side_stays_at_or_above_the_request() {
        assert_eq!(reduction(1920, 1080, 360, 1 << 20), 3);
        assert_eq!(reduction(720, 1280, 360, 1 << 20), 2);
        assert_eq!(reduction(854, 480, 360, 1 << 20), 1);
        assert_eq!(reduction(64, 48, 360, 1 << 20), 1);
    }

    #[test]
    fn ribbons_are_reduced_to_the_most_samples_allowed() {
        let factor = reduction(65535, 300, 360, 1 << 20);
        let (width, height) = reduced_size(65535, 300, factor);
        assert!(width * height <= 1 << 20, "{width}x{height}");
    }

    proptest! {
        #[test]
        fn a_cell_is_the_mean_of_its_samples(
            codes in proptest::collection::vec(any::<u8>(), 13 * 9), factor in 1usize..4,
        ) {
            let layout = LumaLayout { width: 13, height: 9, stride: 13, bits: 8, range: ColourRange::Full };
            let luma = LumaRef::new(layout, &codes).expect("fits");
            let (width, height) = reduced_size(13, 9, factor);
            let mut out = Plane::new(width, height);
            reduce(luma, factor, &mut out);
            for y in 0..height {
                for x in 0..width {
                    let cell = (0..factor * factor)
                        .map(|i| f32::from(codes[(y * factor + i / factor) * 13 + x * factor + i % factor]));
                    let mean = cell.sum::<f32>() / (factor * factor) as f32;
                    prop_assert!((out.row(y)[x] - mean).abs() < 1e-3);
                }
            }
        }
    }
}

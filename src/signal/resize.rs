use filigrane_frame::{LumaRef, Plane};

/// A rectangle of a picture, samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// First column.
    pub x: usize,
    /// First row.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Luma on the scale 0 to 255 of an area, resized to fill `out` by a triangle filter, which widens with the reduction so that
/// nothing aliases.
///
/// # Panics
/// When the area is empty or not within the picture.
pub fn resize(luma: LumaRef<'_>, area: Area, out: &mut Plane<f32>) {
    let layout = luma.layout();
    let inside = area.x + area.width <= layout.width && area.y + area.height <= layout.height;
    assert!(inside && area.width > 0 && area.height > 0, "an area within the picture");
    let (across, down) = (taps(area.width, out.width()), taps(area.height, out.height()));
    let mut row = vec![0.0; layout.width];
    let mut narrow: Plane<f32> = Plane::new(out.width(), area.height);
    for y in 0..area.height {
        luma.read_row(area.y + y, &mut row);
        let samples = &row[area.x..area.x + area.width];
        for (value, taps) in narrow.row_mut(y).iter_mut().zip(&across) {
            *value =
                taps.weights.iter().zip(&samples[taps.first..]).map(|(weight, sample)| weight * sample).sum();
        }
    }
    for (y, taps) in down.iter().enumerate() {
        let sums = out.row_mut(y);
        sums.fill(0.0);
        for (index, weight) in taps.weights.iter().enumerate() {
            for (sum, sample) in sums.iter_mut().zip(narrow.row(taps.first + index)) {
                *sum += weight * sample;
            }
        }
    }
}

/// The samples that one output sample is made of.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let reach = scale.max(1.0);
    let of = |index: usize| {
        let middle = (index as f64 + 0.5) * scale;
        let first = (middle - reach).floor().max(0.0) as usize;
        let last = ((middle + reach).ceil() as usize).min(from);
        let weight = |at: usize| (1.0 - ((at as f64 + 0.5 - middle) / reach).abs()).max(0.0);
        let sum: f64 = (first..last).map(weight).sum();
        Taps { first, weights: (first..last).map(|at| (weight(at) / sum) as f32).collect() }
    };
    (0..to).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use filigrane_frame::{ColourRange, LumaLayout};
    use proptest::prelude::*;

    fn resized(
        width: usize,
        height: usize,
        code: impl Fn(usize, usize) -> u8,
        area: Area,
        side: usize,
    ) -> Plane<f32> {
        let layout = LumaLayout { width, height, stride: width, bits: 8, range: ColourRange::Full };
        let bytes: Vec<u8> = (0..width * height).map(|at| code(at % width, at / width)).collect();
        let mut out = Plane::new(side, side);
        resize(LumaRef::new(layout, &bytes).expect("fits"), area, &mut out);
        out
    }

    #[test]
    fn an_area_of_the_same_size_is_copied() {
        let area = Area { x: 3, y: 2, width: 8, height: 8 };
        let out = resized(16, 12, |x, y| (x * 10 + y) as u8, area, 8);
        for y in 0..8 {
            for x in 0..8 {
                assert_eq!(out.row(y)[x], ((x + 3) * 10 + y + 2) as f32);
            }
        }
    }

    #[test]
    fn a_ramp_stays_a_ramp_whichever_way_it_is_resized() {
        for (length, side) in [(200, 50), (50, 200), (97, 33)] {
            let area = Area { x: 0, y: 0, width: length, height: length };
            let out = resized(length, length, |x, _| x as u8, area, side);
            let scale = length as f32 / side as f32;
            // Away from the ends, where the filter is cut off.
            let margin = (2.0 * scale.recip()).ceil() as usize + 1;
            for x in margin..side - margin {
                let wanted = (x as f32 + 0.5) * scale - 0.5;
                assert!(
                    (out.row(side / 2)[x] - wanted).abs() < 0.3,
                    "{length} to {side}: {} at {x}",
                    out.row(0)[x]
                );
            }
        }
    }

    #[test]
    fn detail_finer_than_the_result_becomes_even_grey() {
        let area = Area { x: 0, y: 0, width: 64, height: 64 };
        let out = resized(64, 64, |x, y| if (x + y) % 2 == 0 { 0 } else { 200 }, area, 16);
        assert!(out.samples().iter().all(|&value| (value - 100.0).abs() < 1.0), "{:?}", out.row(0));
    }

    proptest! {
        #[test]
        fn nothing_lies_beyond_what_the_area_holds(
            width in 1_usize..40, height in 1_usize..40, side in 1_usize..60, low in 0_u8..100, high in 100_u8..255
        ) {
            let area = Area { x: 0, y: 0, width, height };
            let code = |x: usize, y: usize| if (x * 7 + y * 3) % 5 < 2 { low } else { high };
            let out = resized(width, height, code, area, side);
            let within = f32::from(low) - 0.01..=f32::from(high) + 0.01;
            prop_assert!(out.samples().iter().all(|value| within.contains(value)));
        }
    }
}

use filigrane_frame::{LumaRef, Plane};
use filigrane_signal::{Area, resize};

use crate::window::Window;

/// Side of a view, samples: that of the photographs which networks of the field are trained on.
pub const VIEW: usize = 224;
/// Samples of a view.
pub(crate) const SAMPLES: usize = VIEW * VIEW;

/// The first picture of a burst as a network sees it that was trained on photographs: luma 0 to 255, rounded, 224 x 224, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Views {
    /// The middle of the burst's window at native size; a smaller window is mirrored at its right and bottom.
    pub native: Vec<u8>,
    /// The square in the middle of the whole picture, resized.
    pub whole: Vec<u8>,
}

impl Views {
    pub(crate) fn of(luma: LumaRef<'_>, window: Window) -> Self {
        let layout = luma.layout();
        let side = layout.width.min(layout.height);
        let square =
            Area { x: (layout.width - side) / 2, y: (layout.height - side) / 2, width: side, height: side };
        let mut whole = Plane::new(VIEW, VIEW);
        resize(luma, square, &mut whole);
        Self {
            native: native(luma, window),
            whole: whole.samples().iter().map(|&sample| code(sample)).collect(),
        }
    }
}

fn native(luma: LumaRef<'_>, window: Window) -> Vec<u8> {
    let left = window.x + window.width.saturating_sub(VIEW) / 2;
    let top = window.y + window.height.saturating_sub(VIEW) / 2;
    let mut row = vec![0.0; luma.layout().width];
    let mut samples = Vec::with_capacity(SAMPLES);
    for y in 0..VIEW {
        luma.read_row(top + mirrored(y, window.height), &mut row);
        samples.extend((0..VIEW).map(|x| code(row[left + mirrored(x, window.width)])));
    }
    samples
}

/// The place within `length` that `at` beyond its end is a mirror image of; the last sample itself is not repeated.
fn mirrored(at: usize, length: usize) -> usize {
    if at < length { at } else { (2 * (length - 1)).saturating_sub(at) }
}

fn code(sample: f32) -> u8 {
    (sample + 0.5).clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use filigrane_frame::{ColourRange, LumaLayout};

    fn views(width: usize, height: usize, window: Window) -> Views {
        let layout = LumaLayout { width, height, stride: width, bits: 8, range: ColourRange::Full };
        let bytes: Vec<u8> = (0..width * height).map(|at| (at % width / 8 + at / width / 4) as u8).collect();
        Views::of(LumaRef::new(layout, &bytes).expect("fits"), window)
    }

    #[test]
    fn the_native_view_is_the_middle_of_the_window() {
        let views = views(600, 400, Window { x: 32, y: 16, width: 512, height: 320 });
        let (left, top) = (32 + (512 - VIEW) / 2, 16 + (320 - VIEW) / 2);
        for (x, y) in [(0, 0), (VIEW - 1, 0), (17, 91), (VIEW - 1, VIEW - 1)] {
            assert_eq!(usize::from(views.native[y * VIEW + x]), (left + x) / 8 + (top + y) / 4, "({x}, {y})");
        }
    }

    #[test]
    fn a_small_window_is_mirrored_at_its_end() {
        let views = views(130, 140, Window { x: 0, y: 0, width: 128, height: 128 });
        let row = |y: usize| &views.native[y * VIEW..][..VIEW];
        assert_eq!(row(5)[128], row(5)[126]);
        assert_eq!(row(5)[VIEW - 1], row(5)[254 - (VIEW - 1)]);
        assert_eq!(row(200), row(54));
        assert_eq!((views.native.len(), views.whole.len()), (SAMPLES, SAMPLES));
    }

    #[test]
    fn the_whole_view_is_the_square_in_the_middle_resized() {
        let views = views(672, 448, Window { x: 0, y: 0, width: 512, height: 448 });
        for (x, y) in [(30, 30), (100, 57), (190, 200)] {
            let wanted = (112.0 + 2.0 * x as f64 + 0.5) / 8.0 + (2.0 * y as f64 + 0.5) / 4.0;
            let found = f64::from(views.whole[y * VIEW + x]);
            assert!((found - wanted).abs() < 1.6, "({x}, {y}): {found}, {wanted}");
        }
    }
}

use crate::burst::{GRID, WINDOW};

/// Share of each border that windows keep away from, where logos and black bars are.
const BORDER: f64 = 0.04;

/// Where the middles of the windows stand, as shares of width and height, one burst after another.
///
/// Five places: when every second burst goes, the others still visit them all.
const MIDDLES: [(f64, f64); 5] = [(0.5, 0.5), (0.25, 0.25), (0.75, 0.75), (0.75, 0.25), (0.25, 0.75)];

/// The part of a picture that a burst looks at, samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

impl Window {
    /// The window of burst `number` in pictures of that size: at most 512 x 512, its sides and its place multiples of
    /// 16, so that it holds the grids of codecs in their own phase.
    pub fn of_burst(number: usize, width: usize, height: usize) -> Self {
        let (across, down) = MIDDLES[number % MIDDLES.len()];
        let (x, width) = stretch(width, across);
        let (y, height) = stretch(height, down);
        Self { x, y, width, height }
    }
}

/// First sample and length of the window along an axis.
fn stretch(length: usize, middle: f64) -> (usize, usize) {
    let window = length.min(WINDOW) / GRID * GRID;
    let border = ((length as f64 * BORDER).ceil() as usize).next_multiple_of(GRID);
    let (first, last) = if window + 2 * border <= length {
        (border, (length - border - window) / GRID * GRID)
    } else {
        (0, (length - window) / GRID * GRID)
    };
    let wanted = (length as f64 * middle) as usize;
    let start = wanted.saturating_sub(window / 2) / GRID * GRID;
    (start.clamp(first, last.max(first)), window)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn windows_visit_the_middle_and_the_quarters_of_a_large_picture_and_stay_off_its_borders() {
        let windows: HashSet<(usize, usize)> = (0..10)
            .map(|number| Window::of_burst(number, 1920, 1080))
            .map(|window| {
                assert!(window.x >= 77 && window.x + window.width <= 1920 - 77, "{window:?}");
                assert!(window.y >= 44 && window.y + window.height <= 1080 - 44, "{window:?}");
                (window.x, window.y)
            })
            .collect();
        assert_eq!(windows.len(), 5);
        assert!(windows.contains(&(704, 272)), "{windows:?}");
    }

    proptest! {
        #[test]
        fn windows_lie_inside_the_picture_on_the_grid(
            number in 0_usize..20, width in 16_usize..5000, height in 16_usize..5000
        ) {
            let window = Window::of_burst(number, width, height);
            for (start, side, length) in [(window.x, window.width, width), (window.y, window.height, height)] {
                prop_assert_eq!((start % GRID, side % GRID), (0, 0));
                prop_assert!(side == length.min(WINDOW) / GRID * GRID && start + side <= length);
            }
        }
    }
}

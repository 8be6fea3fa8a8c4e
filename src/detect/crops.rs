use filigrane_frame::Plane;

use crate::statistics::filters::diagonal_residual;
use crate::{Burst, PICTURES};

/// Crops of each burst.
pub const CROPS: usize = 4;
/// Side of a crop, samples.
pub const SIDE: usize = 128;
/// Crops start at multiples of this many samples of the window.
const GRID: usize = 8;

/// A square of four consecutive pictures, as the networks look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crop {
    /// First column, in samples of the whole picture.
    pub x: u32,
    /// First row, in samples of the whole picture.
    pub y: u32,
    /// Luma 0 to 255, rounded: four pictures of 128 x 128, one after another, each row by row.
    pub pictures: Vec<u8>,
}

/// Bytes of a crop's pictures.
pub(crate) const BYTES: usize = PICTURES * SIDE * SIDE;

/// The crops of burst `number`, whose window lies at `place` (column, row) in its picture.
///
/// Two where the high-pass residual of the first picture is greatest, one where it is least (there it is mostly noise),
/// and one that goes through the others with the number of the burst. A window too small for four places gives some twice.
pub fn crops(burst: &Burst, number: usize, place: (usize, usize)) -> [Crop; CROPS] {
    let residual = diagonal_residual(&burst.pictures()[0]);
    let mut places: Vec<(f64, (usize, usize))> = candidates(burst.width(), burst.height())
        .into_iter()
        .map(|(x, y)| (mean_magnitude(&residual, x, y), (x, y)))
        .collect();
    // Candidates come in order of place: a stable sort settles ties by it.
    places.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let last = places.len() - 1;
    let between = last.saturating_sub(2);
    let fourth = if between == 0 { number % places.len() } else { 2 + number % between };
    [0, 1.min(last), last, fourth].map(|index| cut(burst, places[index].1, place))
}

/// Places of the window where a crop fits: side by side, or closer where that makes fewer than four; at least one.
fn candidates(width: usize, height: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for step in [SIDE, SIDE / 2, SIDE / 4, GRID] {
        let starts = |length: usize| {
            let spare = (length - SIDE) % step / 2 / GRID * GRID;
            (0..=(length - SIDE) / step).map(move |index| spare + index * step)
        };
        found = starts(height).flat_map(|y| starts(width).map(move |x| (x, y))).collect();
        if found.len() >= CROPS {
            break;
        }
    }
    found
}

/// Mean magnitude of the residual in the crop at (x, y) of the window; the residual lacks a sample at each border.
fn mean_magnitude(residual: &Plane<f32>, x: usize, y: usize) -> f64 {
    let sum: f64 = (y..y + SIDE - 2)
        .map(|row| f64::from(residual.row(row)[x..x + SIDE - 2].iter().map(|value| value.abs()).sum::<f32>()))
        .sum();
    sum / ((SIDE - 2) * (SIDE - 2)) as f64
}

fn cut(burst: &Burst, (x, y): (usize, usize), place: (usize, usize)) -> Crop {
    let mut pictures = Vec::with_capacity(BYTES);
    for picture in burst.pictures() {
        for row in y..y + SIDE {
            let samples = &picture.row(row)[x..x + SIDE];
            pictures.extend(samples.iter().map(|sample| (sample + 0.5).clamp(0.0, 255.0) as u8));
        }
    }
    Crop { x: (place.0 + x) as u32, y: (place.1 + y) as u32, pictures }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// A window whose texture grows with the number of the 128-square.
    fn burst(width: usize, height: usize) -> Burst {
        let columns = width / SIDE;
        Burst::new(std::array::from_fn(|time| {
            Plane::from_fn(width, height, |x, y| {
                let square = y / SIDE * columns + x / SIDE;
                128.0 + ((x + y) % 2) as f32 * square as f32 + time as f32
            })
        }))
        .expect("a window")
    }

    fn places(crops: &[Crop; CROPS]) -> [(u32, u32); CROPS] {
        std::array::from_fn(|index| (crops[index].x, crops[index].y))
    }

    #[test]
    fn crops_are_the_two_of_most_residual_that_of_least_and_one_that_changes() {
        let burst = burst(512, 512);
        let found = places(&crops(&burst, 0, (160, 32)));
        assert_eq!(found[..3], [(544, 416), (416, 416), (160, 32)]);
        let fourth: HashSet<(u32, u32)> =
            (0..13).map(|number| places(&crops(&burst, number, (160, 32)))[3]).collect();
        assert_eq!(fourth.len(), 13);
        assert!(found[..3].iter().all(|place| !fourth.contains(place)));
    }

    #[test]
    fn a_crop_holds_the_rounded_samples_of_all_four_pictures() {
        let burst = burst(256, 256);
        for crop in crops(&burst, 3, (0, 0)) {
            assert_eq!(crop.pictures.len(), BYTES);
            for (time, picture) in burst.pictures().iter().enumerate() {
                for (row, samples) in
                    crop.pictures[time * SIDE * SIDE..][..SIDE * SIDE].chunks(SIDE).enumerate()
                {
                    let wanted = &picture.row(crop.y as usize + row)[crop.x as usize..][..SIDE];
                    assert!(samples.iter().zip(wanted).all(|(&sample, &wanted)| f32::from(sample) == wanted));
                }
            }
        }
        let bright = Burst::new(std::array::from_fn(|_| {
            Plane::from_fn(128, 128, |x, _| if x < 64 { 277.3 } else { -18.6 })
        }));
        let crop = &crops(&bright.expect("a window"), 0, (0, 0))[0].pictures;
        assert_eq!((crop[0], crop[127]), (255, 0));
    }

    #[test]
    fn small_windows_still_give_four_crops_on_the_grid() {
        for (width, height) in [(128, 128), (144, 128), (176, 144), (256, 240), (320, 240), (512, 288)] {
            for number in 0..5 {
                let found = places(&crops(&burst(width, height), number, (16, 32)));
                for (x, y) in found {
                    assert!(x >= 16 && x as usize + SIDE <= 16 + width && x % 8 == 0);
                    assert!(y >= 32 && y as usize + SIDE <= 32 + height && y % 8 == 0);
                }
                let different = found.iter().collect::<HashSet<_>>().len();
                assert!(different >= 3 || width * height <= 144 * 128, "{width}x{height}: {found:?}");
            }
        }
    }
}

use filigrane_frame::Plane;

use crate::crops::SIDE;

/// Consecutive pictures of a burst.
pub const PICTURES: usize = 4;
/// Windows are multiples of this many samples, as the grids of codecs are.
pub(crate) const GRID: usize = 16;
/// Largest side of a window, samples.
pub(crate) const WINDOW: usize = 512;
/// Luma lies within 0 and 255, and a little beyond; nothing that a decoder gives reaches this.
const FARTHEST: f32 = 1024.0;

/// Four consecutive pictures through one window, as native luma 0 to 255.
#[derive(Debug, Clone, PartialEq)]
pub struct Burst {
    pictures: [Plane<f32>; PICTURES],
}

impl Burst {
    /// `None` unless the pictures are of one size, its sides multiples of 16 between 128 and 512, and every sample is
    /// a luma value.
    pub fn new(pictures: [Plane<f32>; PICTURES]) -> Option<Self> {
        let (width, height) = (pictures[0].width(), pictures[0].height());
        let side = |length: usize| (SIDE..=WINDOW).contains(&length) && length.is_multiple_of(GRID);
        let fits = |picture: &Plane<f32>| {
            (picture.width(), picture.height()) == (width, height)
                && picture.samples().iter().all(|sample| sample.abs() < FARTHEST)
        };
        (side(width) && side(height) && pictures.iter().all(fits)).then_some(Self { pictures })
    }

    /// The pictures, in order of time.
    pub fn pictures(&self) -> &[Plane<f32>; PICTURES] {
        &self.pictures
    }

    /// Samples a row of the window.
    pub fn width(&self) -> usize {
        self.pictures[0].width()
    }

    /// Rows of the window.
    pub fn height(&self) -> usize {
        self.pictures[0].height()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_samples_that_no_window_has_are_refused() {
        let burst = |width, height, sample| {
            Burst::new(std::array::from_fn(|_| Plane::from_fn(width, height, |_, _| sample)))
        };
        assert!(burst(128, 512, 255.0).is_some());
        for (width, height, sample) in
            [(112, 128, 0.0), (128, 528, 0.0), (130, 128, 0.0), (128, 128, f32::NAN), (128, 128, 1e9)]
        {
            assert!(burst(width, height, sample).is_none(), "{width}x{height} of {sample}");
        }
        let mut pictures: [Plane<f32>; PICTURES] = std::array::from_fn(|_| Plane::new(128, 128));
        pictures[3] = Plane::new(128, 144);
        assert!(Burst::new(pictures).is_none());
    }
}

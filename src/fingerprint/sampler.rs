use filigrane_frame::{LumaRef, Plane};
use filigrane_signal::{reduce, reduced_size, reduction};

/// Short side of the pictures kept, samples.
const SHORT_SIDE: usize = 96;
/// Most samples of a reduced picture.
const MOST_SAMPLES: usize = 250_000;
/// Most pictures kept; when they are used up, every second one goes and the interval doubles.
const MOST: usize = 128;

/// Keeps a reduced picture every half second or so of a clip.
pub struct Sampler {
    pictures: Vec<(f64, Plane<f32>)>,
    interval: f64,
    size: Option<(usize, usize)>,
}

/// The pictures kept of a clip.
pub struct Samples {
    pub(crate) pictures: Vec<(f64, Plane<f32>)>,
    /// Size of the clip's first picture, luma samples.
    pub size: (usize, usize),
}

impl Default for Sampler {
    fn default() -> Self {
        Self { pictures: Vec::new(), interval: 0.5, size: None }
    }
}

impl Sampler {
    /// Takes in a picture shown at `time` seconds; times do not decrease.
    pub fn push(&mut self, luma: LumaRef<'_>, time: f64) {
        let layout = luma.layout();
        let size = *self.size.get_or_insert((layout.width, layout.height));
        // Pictures of another size are of another view.
        if size != (layout.width, layout.height) {
            return;
        }
        if self.pictures.last().is_some_and(|(last, _)| time - last < self.interval) {
            return;
        }
        if self.pictures.len() == MOST {
            let mut index = 0;
            self.pictures.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.interval *= 2.0;
        }
        let factor = reduction(layout.width, layout.height, SHORT_SIDE, MOST_SAMPLES);
        let (width, height) = reduced_size(layout.width, layout.height, factor);
        if width.min(height) < 8 {
            return;
        }
        let mut picture = Plane::new(width, height);
        reduce(luma, factor, &mut picture);
        self.pictures.push((time, picture));
    }

    /// What was kept; `None` when no picture was usable.
    pub fn finish(self) -> Option<Samples> {
        let size = self.size?;
        (!self.pictures.is_empty()).then_some(Samples { pictures: self.pictures, size })
    }
}

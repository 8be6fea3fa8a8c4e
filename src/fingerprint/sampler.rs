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

impl Samples {
    /// As bytes, for the pipe between two processes of one version: size of the clip's pictures, then each with its time.
    pub fn to_bytes(&self) -> Vec<u8> {
        let sizes = [self.size.0 as u64, self.size.1 as u64];
        let mut bytes: Vec<u8> = sizes.into_iter().flat_map(u64::to_le_bytes).collect();
        for (time, picture) in &self.pictures {
            bytes.extend_from_slice(&time.to_le_bytes());
            bytes.extend(picture.samples().iter().flat_map(|sample| sample.to_le_bytes()));
        }
        bytes
    }

    /// What [`to_bytes`](Self::to_bytes) wrote; `None` for anything that a [`Sampler`] does not give, whoever wrote it.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (sizes, rest) = bytes.split_at_checked(16)?;
        let (width, height) = sizes.split_at(8);
        let number = |bytes: &[u8]| usize::try_from(u64::from_le_bytes(bytes.try_into().ok()?)).ok();
        let size = (number(width)?, number(height)?);
        // As much as any decoder gives; without samples the other side could be of any length.
        if !(1..=1 << 32).contains(&size.0.checked_mul(size.1)?) {
            return None;
        }
        let factor = reduction(size.0, size.1, SHORT_SIDE, MOST_SAMPLES);
        let (width, height) = reduced_size(size.0, size.1, factor);
        let record = 8 + 4 * width * height;
        let whole = width.min(height) >= 8 && rest.len().is_multiple_of(record);
        if !whole || rest.is_empty() || rest.len() / record > MOST {
            return None;
        }
        let mut pictures = Vec::new();
        for record in rest.chunks_exact(record) {
            let (time, samples) = record.split_at(8);
            let time = f64::from_le_bytes(time.try_into().ok()?);
            let samples = samples.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
            let picture = Plane::from_samples(width, height, samples.collect())?;
            let later = pictures.last().is_none_or(|(last, _)| *last <= time);
            // Samples lie within 0 and 255, and a little beyond.
            if !time.is_finite() || !later || !picture.samples().iter().all(|sample| sample.abs() < 4096.0) {
                return None;
            }
            pictures.push((time, picture));
        }
        Some(Self { pictures, size })
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use filigrane_frame::{ColourRange, LumaLayout};
    use proptest::prelude::*;

    fn samples(width: usize, height: usize, count: usize) -> Samples {
        let layout = LumaLayout { width, height, stride: width, bits: 8, range: ColourRange::Limited };
        let bytes: Vec<u8> = (0..width * height).map(|index| (index * 7 % 256) as u8).collect();
        let mut sampler = Sampler::default();
        for index in 0..count {
            sampler.push(LumaRef::new(layout, &bytes).expect("fits"), index as f64);
        }
        sampler.finish().expect("pictures")
    }

    #[test]
    fn kept_pictures_pass_through_bytes_unchanged() {
        for (width, height) in [(8, 8), (64, 48), (1920, 1080), (30, 2000)] {
            let samples = samples(width, height, 3);
            let bytes = samples.to_bytes();
            let read = Samples::from_bytes(&bytes).expect("its own bytes");
            assert_eq!((read.size, &read.pictures), (samples.size, &samples.pictures));
            assert!(Samples::from_bytes(&bytes[..bytes.len() - 1]).is_none());
        }
    }

    #[test]
    fn pictures_that_no_decoder_gives_are_refused() {
        let bytes = samples(64, 48, 2).to_bytes();
        let with = |at: usize, value: &[u8]| {
            let mut bytes = bytes.clone();
            bytes[at..at + value.len()].copy_from_slice(value);
            Samples::from_bytes(&bytes)
        };
        assert!(with(0, &64_u64.to_le_bytes()).is_some());
        assert!(with(0, &u64::MAX.to_le_bytes()).is_none(), "no such size");
        assert!(with(0, &0_u64.to_le_bytes()).is_none(), "no size");
        assert!(with(16, &f64::NAN.to_le_bytes()).is_none(), "no such time");
        assert!(with(16, &9.0_f64.to_le_bytes()).is_none(), "times go back");
        for sample in [f32::NAN, f32::INFINITY, 1e9] {
            assert!(with(24, &sample.to_le_bytes()).is_none(), "{sample}");
        }
        assert!(Samples::from_bytes(&bytes[..16]).is_none(), "no pictures");
        // Four times the longer side overflows, which a fuzzer found.
        let endless = [&0_u64.to_le_bytes()[..], &(u64::MAX / 2).to_le_bytes(), &[0; 100]].concat();
        assert!(Samples::from_bytes(&endless).is_none(), "one side without end, and none on the other");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), width in 0_u64..64) {
            let sized = [&width.to_le_bytes()[..], &16_u64.to_le_bytes(), &bytes].concat();
            let _ = (Samples::from_bytes(&bytes), Samples::from_bytes(&sized));
        }
    }
}

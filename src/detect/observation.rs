use std::io::{self, Write};

use crate::burst::PICTURES;
use crate::crops::{BYTES, SIDE};
use crate::views::SAMPLES;
use crate::{CROPS, Crop, Features, NAMES, Views};

/// Most bursts that are kept of a clip.
pub(crate) const MOST_BURSTS: usize = 48;

/// Version of the format; another one is another set of statistics or crops.
const VERSION: u8 = 2;
/// Bytes of a burst.
const RECORD: usize = 8 + 4 * NAMES.len() + CROPS * (8 + BYTES) + 2 * SAMPLES;

/// What an [`Observer`](crate::Observer) saw of a clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    pub(crate) size: (usize, usize),
    pub(crate) pictures: u64,
    pub(crate) first: f64,
    pub(crate) last: f64,
    pub(crate) frozen: f32,
    pub(crate) mean: f32,
    pub(crate) spread: f32,
    pub(crate) bursts: Vec<Features>,
}

impl Observation {
    /// Width and height of the pictures, samples; zeros when there was none.
    pub fn size(&self) -> (usize, usize) {
        self.size
    }

    /// Pictures of that size.
    pub fn pictures(&self) -> u64 {
        self.pictures
    }

    /// Times of the first and of the last picture, seconds.
    pub fn span(&self) -> (f64, f64) {
        (self.first, self.last)
    }

    /// Pictures a second; infinite when several are shown at one time, 0 for less than two.
    pub fn rate(&self) -> f64 {
        match self.pictures {
            0 | 1 => 0.0,
            pictures => (pictures - 1) as f64 / (self.last - self.first).max(0.0),
        }
    }

    /// Share of the pictures that equal the one before, 0 to 1: of 64 x 64 samples, none changes by more than 6 of 255.
    pub fn frozen(&self) -> f32 {
        self.frozen
    }

    /// Mean luma, 0 to 255.
    pub fn mean(&self) -> f32 {
        self.mean
    }

    /// Standard deviation of luma, of 255, in the picture that has most.
    pub fn spread(&self) -> f32 {
        self.spread
    }

    /// What was kept of each burst, in order of time; at most 48.
    pub fn bursts(&self) -> &[Features] {
        &self.bursts
    }

    /// The same without what was kept of bursts: what is known of a clip that can't be judged.
    pub fn without_bursts(self) -> Self {
        Self { bursts: Vec::new(), ..self }
    }

    /// Writes all of it, little-endian: a header of 57 bytes,
    ///
    /// | offset | type | what |
    /// |---|---|---|
    /// | 0 | u8 | version, 2 |
    /// | 1 | u32 | statistics a burst, N |
    /// | 5 | u32 | crops a burst, C |
    /// | 9 | u32 | bursts |
    /// | 13 | u32, u32 | width and height of the pictures, samples |
    /// | 21 | u64 | pictures |
    /// | 29 | f64, f64 | times of the first and of the last picture, seconds |
    /// | 45 | f32, f32, f32 | [`frozen`](Self::frozen), [`mean`](Self::mean), [`spread`](Self::spread) |
    ///
    /// and for each burst its start (f64, seconds), N statistics (f32) in the order of [`NAMES`], C crops: x and y (u32
    /// each) and four pictures of 128 x 128 bytes, row by row; and the two views, native and whole, of 224 x 224 bytes each.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&[VERSION])?;
        let (width, height) = self.size;
        for count in [NAMES.len(), CROPS, self.bursts.len(), width, height] {
            out.write_all(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes())?;
        }
        out.write_all(&self.pictures.to_le_bytes())?;
        out.write_all(&self.first.to_le_bytes())?;
        out.write_all(&self.last.to_le_bytes())?;
        for value in [self.frozen, self.mean, self.spread] {
            out.write_all(&value.to_le_bytes())?;
        }
        for features in &self.bursts {
            out.write_all(&features.start.to_le_bytes())?;
            for statistic in &features.statistics {
                out.write_all(&statistic.to_le_bytes())?;
            }
            for crop in &features.crops {
                out.write_all(&crop.x.to_le_bytes())?;
                out.write_all(&crop.y.to_le_bytes())?;
                out.write_all(&crop.pictures)?;
            }
            out.write_all(&features.views.native)?;
            out.write_all(&features.views.whole)?;
        }
        Ok(())
    }

    /// What [`write_to`](Self::write_to) wrote, for the pipe between two processes of one version; `None` for anything
    /// that no [`Observer`](crate::Observer) gives, whoever wrote it.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes);
        let version = bytes.take::<1>()?;
        let counts = [bytes.count()?, bytes.count()?];
        if version != [VERSION] || counts != [NAMES.len(), CROPS] {
            return None;
        }
        let bursts = bytes.count()?;
        let size = (bytes.count()?, bytes.count()?);
        let pictures = u64::from_le_bytes(bytes.take()?);
        let (first, last) = (bytes.time()?, bytes.time()?);
        let frozen = bytes.number()?;
        let (mean, spread) = (bytes.number()?, bytes.number()?);
        let within = (0.0..=1.0).contains(&frozen) && mean.abs() < 1024.0 && (0.0..1024.0).contains(&spread);
        if !within || bursts > MOST_BURSTS || bytes.0.len() != bursts * RECORD {
            return None;
        }
        let features = (0..bursts).map(|_| bytes.features(size)).collect::<Option<Vec<_>>>()?;
        let ordered = features.windows(2).all(|pair| pair[0].start < pair[1].start);
        let enough = pictures >= (bursts * PICTURES) as u64;
        (ordered && enough).then_some(Self {
            size,
            pictures,
            first,
            last,
            frozen,
            mean,
            spread,
            bursts: features,
        })
    }
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn count(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.take()?)).ok()
    }

    fn time(&mut self) -> Option<f64> {
        Some(f64::from_le_bytes(self.take()?)).filter(|time| time.is_finite())
    }

    fn number(&mut self) -> Option<f32> {
        Some(f32::from_le_bytes(self.take()?)).filter(|number| number.is_finite())
    }

    fn features(&mut self, (width, height): (usize, usize)) -> Option<Features> {
        let start = self.time()?;
        let statistics = (0..NAMES.len()).map(|_| self.number()).collect::<Option<Vec<_>>>()?;
        let crops = (0..CROPS).map(|_| self.crop(width, height)).collect::<Option<Vec<_>>>()?;
        let views = Views { native: self.view()?, whole: self.view()? };
        Some(Features { start, statistics, crops, views })
    }

    fn view(&mut self) -> Option<Vec<u8>> {
        let (samples, rest) = self.0.split_at_checked(SAMPLES)?;
        self.0 = rest;
        Some(samples.to_vec())
    }

    fn crop(&mut self, width: usize, height: usize) -> Option<Crop> {
        let (x, y) = (self.count()?, self.count()?);
        let (pictures, rest) = self.0.split_at_checked(BYTES)?;
        self.0 = rest;
        let inside = x.checked_add(SIDE)? <= width && y.checked_add(SIDE)? <= height;
        inside.then(|| Crop { x: x as u32, y: y as u32, pictures: pictures.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Observer;
    use filigrane_frame::{ColourRange, LumaLayout, LumaRef};
    use proptest::prelude::*;

    const HEADER: usize = 57;

    fn written() -> (Observation, Vec<u8>) {
        let layout =
            LumaLayout { width: 200, height: 160, stride: 200, bits: 8, range: ColourRange::Limited };
        let mut observer = Observer::default();
        for index in 0..30 {
            let bytes: Vec<u8> =
                (0..200 * 160).map(|at| ((at * 31 + index * index * 17) % 240) as u8).collect();
            observer.push(LumaRef::new(layout, &bytes).expect("fits"), index as f64 / 25.0);
        }
        let observation = observer.finish();
        let mut bytes = Vec::new();
        observation.write_to(&mut bytes).expect("memory takes it");
        (observation, bytes)
    }

    #[test]
    fn an_observation_passes_through_bytes_unchanged() {
        let (observation, bytes) = written();
        assert_eq!(observation.bursts().len(), 3);
        assert_eq!(bytes.len(), HEADER + 3 * RECORD);
        assert_eq!(Observation::from_bytes(&bytes), Some(observation));
        let mut empty = Vec::new();
        Observer::default().finish().write_to(&mut empty).expect("memory takes it");
        assert_eq!(empty.len(), HEADER);
        assert_eq!(Observation::from_bytes(&empty), Some(Observer::default().finish()));
    }

    #[test]
    fn what_no_observer_gives_is_refused() {
        let (_, bytes) = written();
        let with = |at: usize, value: &[u8]| {
            let mut bytes = bytes.clone();
            bytes[at..at + value.len()].copy_from_slice(value);
            Observation::from_bytes(&bytes)
        };
        assert!(with(0, &[VERSION]).is_some());
        let crop = HEADER + 8 + 4 * NAMES.len();
        for (at, value, why) in [
            (0, &[1][..], "another version"),
            (1, &3_u32.to_le_bytes(), "other statistics"),
            (9, &4_u32.to_le_bytes(), "more bursts than bytes"),
            (9, &u32::MAX.to_le_bytes(), "far more bursts"),
            (21, &3_u64.to_le_bytes(), "fewer pictures than in bursts"),
            (29, &f64::NAN.to_le_bytes(), "no such time"),
            (45, &1.5_f32.to_le_bytes(), "no such share"),
            (HEADER, &9.0_f64.to_le_bytes(), "times go back"),
            (HEADER + 8, &f32::INFINITY.to_le_bytes(), "no such number"),
            (crop, &80_u32.to_le_bytes(), "a crop beyond the picture"),
            (crop, &u32::MAX.to_le_bytes(), "a crop far beyond"),
        ] {
            assert!(with(at, value).is_none(), "{why}");
        }
        for length in [0, 1, HEADER - 1, HEADER, bytes.len() - 1] {
            assert!(Observation::from_bytes(&bytes[..length]).is_none(), "{length}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_bytes_are_refused_or_give_what_writes_them_again(
            at in 0_usize..600, value in any::<u8>(), length in any::<prop::sample::Index>()
        ) {
            let (_, mut bytes) = written();
            bytes[at] = value;
            let cut = &bytes[..length.index(2 * bytes.len()).min(bytes.len())];
            if let Some(read) = Observation::from_bytes(cut) {
                let mut again = Vec::new();
                read.write_to(&mut again).expect("memory takes it");
                prop_assert!(again == cut);
            }
        }
    }
}

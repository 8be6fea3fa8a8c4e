use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use filigrane_frame::{LumaRef, Plane};
use filigrane_signal::{reduce, reduced_size, reduction};

/// Side of the picture that is transformed.
const SIDE: usize = 64;
/// Lowest frequencies kept along each axis, the constant left out.
const LOW: usize = 16;
/// Box filters along each axis.
const PASSES: usize = 2;
/// Most samples filtered; larger pictures are reduced by a whole factor first.
const MOST_SAMPLES: usize = 2 << 20;
/// Two pictures at most this far apart count as the same, by those who exchange such hashes.
pub const PDQ_SAME: u32 = 31;
/// Hashes of lower quality are not compared, by the same.
pub const PDQ_QUALITY: u8 = 50;

/// A PDQ hash: 256 bits, of which those who match such hashes allow 31 to differ.
///
/// The signs, about their median, of the 16 x 16 lowest frequencies of a picture shrunk to 64 x 64 (Facebook's PDQ, as in
/// ThreatExchange). Displays as 64 hexadecimal digits, as there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pdq {
    /// The most significant word first.
    words: [u64; 4],
}

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PDQ hash is 64 hexadecimal digits")]
pub struct MalformedPdq;

/// The hash of one picture, as vPDQ keeps it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PdqFrame {
    /// Presentation time, seconds.
    pub time: f64,
    /// How much there is in the picture to tell it from others, 0 to 100.
    pub quality: u8,
    /// The hash.
    pub hash: Pdq,
}

impl Pdq {
    /// Number of bits that differ.
    pub fn distance(&self, other: &Self) -> u32 {
        self.words.iter().zip(&other.words).map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    /// The hash of a picture and its quality, 0 to 100; `None` for one without samples.
    pub fn of(luma: LumaRef<'_>) -> Option<(Self, u8)> {
        let layout = luma.layout();
        if layout.width == 0 || layout.height == 0 {
            return None;
        }
        let factor = reduction(layout.width, layout.height, layout.width.min(layout.height), MOST_SAMPLES);
        let (width, height) = reduced_size(layout.width, layout.height, factor);
        if width == 0 || height == 0 {
            return None;
        }
        let mut picture = Plane::new(width, height);
        if factor > 1 {
            reduce(luma, factor, &mut picture);
        } else {
            for y in 0..height {
                luma.read_row(y, picture.row_mut(y));
            }
        }
        let small = shrink(picture);
        let values = transform(&small);
        let mut sorted = values;
        sorted.sort_unstable_by(f64::total_cmp);
        let median = sorted[LOW * LOW / 2 - 1];
        let mut words = [0; 4];
        for (index, value) in values.iter().enumerate() {
            if *value > median {
                words[3 - index / 64] |= 1 << (index % 64);
            }
        }
        Some((Self { words }, quality(&small)))
    }
}

impl fmt::Display for Pdq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words.iter().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

impl FromStr for Pdq {
    type Err = MalformedPdq;

    fn from_str(text: &str) -> Result<Self, MalformedPdq> {
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(MalformedPdq);
        }
        let mut words = [0; 4];
        for (index, word) in words.iter_mut().enumerate() {
            *word = u64::from_str_radix(&text[16 * index..16 * index + 16], 16).map_err(|_| MalformedPdq)?;
        }
        Ok(Self { words })
    }
}

/// Hashes about one picture a second of a clip, as vPDQ does.
#[derive(Debug, Default)]
pub struct PdqSampler {
    frames: Vec<PdqFrame>,
    due: f64,
}

impl PdqSampler {
    /// Seconds from one picture to the next.
    const INTERVAL: f64 = 1.0;
    /// Most pictures hashed: an hour's.
    const MOST: usize = 3600;

    /// Takes in a picture shown at `time` seconds; times do not decrease.
    pub fn push(&mut self, luma: LumaRef<'_>, time: f64) {
        if time < self.due || self.frames.len() == Self::MOST {
            return;
        }
        if let Some((hash, quality)) = Pdq::of(luma) {
            self.frames.push(PdqFrame { time, quality, hash });
            self.due = time + Self::INTERVAL - 0.001;
        }
    }

    /// The hashes, in order of time.
    pub fn finish(self) -> Vec<PdqFrame> {
        self.frames
    }
}

/// Share of the pictures of one clip, of those with enough in them, that occur in another; `None` when there are none
/// such in either.
pub fn pdq_share(clip: &[PdqFrame], other: &[PdqFrame]) -> Option<f64> {
    let telling = |frame: &&PdqFrame| frame.quality >= PDQ_QUALITY;
    let (clip, other): (Vec<_>, Vec<_>) =
        (clip.iter().filter(telling).collect(), other.iter().filter(telling).collect());
    if clip.is_empty() || other.is_empty() {
        return None;
    }
    let found =
        clip.iter().filter(|frame| other.iter().any(|near| frame.hash.distance(&near.hash) <= PDQ_SAME));
    Some(found.count() as f64 / clip.len() as f64)
}

/// Box-filtered twice along each axis, then read at the middles of 64 x 64 fields.
fn shrink(mut picture: Plane<f32>) -> Plane<f32> {
    let (width, height) = (picture.width(), picture.height());
    let mut line = vec![0.0; width.max(height)];
    for _ in 0..PASSES {
        for y in 0..height {
            let row = picture.row_mut(y);
            line[..width].copy_from_slice(row);
            box_line(&line[..width], window(width), |x, value| row[x] = value);
        }
        let samples = picture.samples_mut();
        for x in 0..width {
            for y in 0..height {
                line[y] = samples[y * width + x];
            }
            box_line(&line[..height], window(height), |y, value| samples[y * width + x] = value);
        }
    }
    let middle = |index: usize, extent: usize| ((index as f64 + 0.5) * extent as f64 / SIDE as f64) as usize;
    Plane::from_fn(SIDE, SIDE, |x, y| picture.row(middle(y, height))[middle(x, width)])
}

/// Samples averaged along an axis of so many.
fn window(extent: usize) -> usize {
    extent.div_ceil(2 * SIDE)
}

/// Means over `window` samples about each (an even window reaches one further ahead), fewer at the ends.
fn box_line(line: &[f32], window: usize, mut out: impl FnMut(usize, f32)) {
    let ahead = (window + 2) / 2;
    let behind = window - ahead;
    let mut sum = 0.0;
    let mut next = 0;
    let mut first = 0;
    for index in 0..line.len() {
        while next < (index + ahead).min(line.len()) {
            sum += f64::from(line[next]);
            next += 1;
        }
        while first + behind < index {
            sum -= f64::from(line[first]);
            first += 1;
        }
        out(index, (sum / (next - first) as f64) as f32);
    }
}

/// The cosine transform's frequencies 1 to 16 along each axis, row after row.
fn transform(small: &Plane<f32>) -> [f64; LOW * LOW] {
    let wave = |frequency: usize, index: usize| {
        (2.0 / SIDE as f64).sqrt()
            * (PI / 2.0 / SIDE as f64 * (frequency + 1) as f64 * (2 * index + 1) as f64).cos()
    };
    let waves: Vec<f64> = (0..LOW * SIDE).map(|at| wave(at / SIDE, at % SIDE)).collect();
    let mut rows = [0.0; LOW * SIDE];
    for (at, sum) in rows.iter_mut().enumerate() {
        let (frequency, x) = (at / SIDE, at % SIDE);
        *sum = (0..SIDE).map(|y| waves[frequency * SIDE + y] * f64::from(small.row(y)[x])).sum();
    }
    std::array::from_fn(|at| {
        let (down, across) = (at / LOW, at % LOW);
        (0..SIDE).map(|x| rows[down * SIDE + x] * waves[across * SIDE + x]).sum()
    })
}

/// Sum of the steps from field to field, each cut to whole hundredths of full scale, over 90.
fn quality(small: &Plane<f32>) -> u8 {
    let step = |a: f32, b: f32| ((a - b) * 100.0 / 255.0).trunc().abs();
    let mut sum = 0.0;
    for y in 0..SIDE {
        for x in 0..SIDE {
            let here = small.row(y)[x];
            if y + 1 < SIDE {
                sum += step(here, small.row(y + 1)[x]);
            }
            if x + 1 < SIDE {
                sum += step(here, small.row(y)[x + 1]);
            }
        }
    }
    (sum / 90.0).min(100.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use filigrane_frame::{ColourRange, LumaLayout};

    fn picture(width: usize, height: usize, sample: impl Fn(f64, f64) -> f64) -> (Pdq, u8) {
        let bytes: Vec<u8> = (0..width * height)
            .map(|at| {
                let (x, y) = ((at % width) as f64 + 0.5, (at / width) as f64 + 0.5);
                sample(x / width as f64, y / height as f64).clamp(0.0, 255.0) as u8
            })
            .collect();
        let layout = LumaLayout { width, height, stride: width, bits: 8, range: ColourRange::Full };
        Pdq::of(LumaRef::new(layout, &bytes).unwrap()).unwrap()
    }

    fn scene(seed: f64) -> impl Fn(f64, f64) -> f64 {
        move |x, y| {
            let waves = (1..12).map(|n| {
                let n = f64::from(n);
                let phase = (seed * 7.3 + n * 1.9).sin() * 9.0;
                (x * n * 4.1 + y * (12.0 - n) * 3.7 + phase).sin() * 22.0
            });
            128.0 + waves.sum::<f64>()
        }
    }

    #[test]
    fn the_same_scene_at_other_sizes_and_contrasts_is_near_and_others_are_far() {
        let (hash, quality) = picture(640, 360, scene(1.0));
        assert!(quality >= PDQ_QUALITY, "{quality}");
        for (width, height) in [(320, 180), (1280, 720), (200, 300), (63, 64)] {
            let (other, _) = picture(width, height, scene(1.0));
            assert!(hash.distance(&other) <= PDQ_SAME, "{width}x{height}: {}", hash.distance(&other));
        }
        let (dim, _) = picture(640, 360, |x, y| scene(1.0)(x, y) * 0.5 + 40.0);
        assert!(hash.distance(&dim) <= 10, "{}", hash.distance(&dim));
        for seed in 2..30 {
            let (other, _) = picture(640, 360, scene(f64::from(seed)));
            assert!(hash.distance(&other) > 60, "{seed}: {}", hash.distance(&other));
        }
    }

    #[test]
    fn half_of_the_bits_are_set_and_the_text_reads_back() {
        let (hash, _) = picture(320, 200, scene(3.0));
        assert_eq!(hash.words.iter().map(|word| word.count_ones()).sum::<u32>(), 128);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!("é".repeat(32).parse::<Pdq>(), Err(MalformedPdq));
        let first = format!("{}8", "0".repeat(63)).parse::<Pdq>().unwrap();
        assert_eq!(first.words, [0, 0, 0, 8], "the last digit has the lowest bits");
    }

    #[test]
    fn flat_and_tiny_pictures_have_no_quality() {
        assert_eq!(picture(640, 360, |_, _| 90.0).1, 0);
        assert_eq!(picture(1, 1, |_, _| 90.0).1, 0);
        assert_eq!(picture(3, 2000, |_, _| 90.0).1, 0);
        assert_eq!(pdq_share(&[], &[]), None);
    }

    #[test]
    fn a_moving_mean_is_the_mean_of_its_neighbours() {
        let line: Vec<f32> = (0..20).map(|at| ((at * at) % 17) as f32).collect();
        for window in 1..8 {
            let (ahead, behind) = ((window + 2) / 2, window - (window + 2) / 2);
            box_line(&line, window, |index, value| {
                let near = &line[index.saturating_sub(behind)..(index + ahead).min(line.len())];
                let mean = near.iter().sum::<f32>() / near.len() as f32;
                assert!((mean - value).abs() < 1e-4, "{window} at {index}: {mean} {value}");
            });
        }
    }

    #[test]
    fn one_picture_a_second_is_hashed() {
        let mut sampler = PdqSampler::default();
        let bytes = vec![128; 64 * 64];
        let layout = LumaLayout { width: 64, height: 64, stride: 64, bits: 8, range: ColourRange::Full };
        for picture in 0..250 {
            sampler.push(LumaRef::new(layout, &bytes).unwrap(), f64::from(picture) / 25.0);
        }
        assert_eq!(sampler.finish().len(), 10);
    }
}

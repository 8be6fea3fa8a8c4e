use filigrane_frame::{LumaMut, Plane};
use filigrane_signal::{enlarge_row, enlarged_place};

use crate::carrier::{Carrier, MIN_SHORT_SIDE, tile_side};
use crate::error::Error;
use crate::host::Cancellation;
use crate::key::Key;
use crate::mask::Mask;
use crate::payload::Payload;

/// How strong a mark is, relative to the default: 0.5 to 2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength(f32);

impl Strength {
    /// # Errors
    /// [`Error::Strength`] outside 0.5 to 2.
    pub fn new(factor: f32) -> Result<Self, Error> {
        if (0.5..=2.0).contains(&factor) { Ok(Self(factor)) } else { Err(Error::Strength(factor)) }
    }

    /// The factor.
    pub fn factor(self) -> f32 {
        self.0
    }
}

impl Default for Strength {
    fn default() -> Self {
        Self(1.0)
    }
}

/// Mean square of what rounding to whole levels adds to the mark.
const ROUNDING: f64 = 1.0 / 12.0;

/// Writes a mark into the pictures of one clip, one after the other, in place.
pub struct Embedder {
    size: (usize, usize),
    tile: Plane<f32>,
    mask: Mask,
    strength: f32,
    /// Most that a picture's amplitudes may have as their mean square, levels of 255.
    most: f32,
    /// Amplitudes of the two mask rows around the current one, enlarged: the upper, and the way to the lower.
    upper: Vec<f32>,
    difference: Vec<f32>,
    squared_error: f64,
    samples: u64,
}

impl Embedder {
    /// For pictures of one size, in luma samples.
    ///
    /// # Errors
    /// [`Error::TooSmall`] when the short side is under [`MIN_SHORT_SIDE`].
    pub fn new(
        key: &Key,
        payload: Payload,
        width: usize,
        height: usize,
        strength: Strength,
    ) -> Result<Self, Error> {
        Self::cancelling(key, payload, width, height, strength, &Cancellation::default())
    }

    /// As [`new`](Self::new), with a pattern that cancels a part of the content.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn cancelling(
        key: &Key,
        payload: Payload,
        width: usize,
        height: usize,
        strength: Strength,
        cancellation: &Cancellation,
    ) -> Result<Self, Error> {
        if width.min(height) < MIN_SHORT_SIDE {
            return Err(Error::TooSmall { width, height });
        }
        Ok(Self {
            size: (width, height),
            tile: Carrier::new(key).tile(payload, tile_side(width, height), cancellation),
            mask: Mask::new(width, height),
            strength: strength.0,
            most: f32::INFINITY,
            upper: vec![0.0; width],
            difference: vec![0.0; width],
            squared_error: 0.0,
            samples: 0,
        })
    }

    /// The same, but no picture is marked so strongly that its luma PSNR comes to less than `psnr` dB: a clip may grow
    /// brighter or busier than the pictures by which its strength was chosen.
    pub fn keeping(mut self, psnr: f64) -> Self {
        self.most = (255.0 * 255.0 / 10f64.powf(psnr / 10.0) - ROUNDING) as f32;
        self
    }

    /// Marks the next picture.
    ///
    /// # Errors
    /// [`Error::SizeChanged`] when its size is not the one given at the start; the picture is left as it was.
    pub fn mark(&mut self, luma: &mut LumaMut<'_>) -> Result<(), Error> {
        let layout = luma.layout();
        let size = (layout.width, layout.height);
        if size != self.size {
            return Err(Error::SizeChanged { expected: self.size, found: size });
        }
        let factor = self.mask.factor();
        let amplitudes = self.mask.amplitudes(luma.as_ref(), self.strength);
        let side = self.tile.width();
        let squares = amplitudes.samples().iter().map(|amplitude| amplitude * amplitude).sum::<f32>();
        let held = (self.most * amplitudes.samples().len() as f32 / squares).sqrt().min(1.0);
        let span = layout.span() / 255.0;
        let scale = span * held;
        let peak = f32::from(layout.peak());
        let mut squares = 0u64;
        let mut enlarged = None;
        for y in 0..layout.height {
            let (upper, lower, share) = enlarged_place(y, factor, amplitudes.height());
            if enlarged != Some(upper) {
                enlarge_row(amplitudes.row(upper), factor, &mut self.upper);
                enlarge_row(amplitudes.row(lower), factor, &mut self.difference);
                for (difference, upper) in self.difference.iter_mut().zip(&self.upper) {
                    *difference = (*difference - upper) * scale;
                }
                for upper in &mut self.upper {
                    *upper *= scale;
                }
                enlarged = Some(upper);
            }
            let tile = self.tile.row(y % side);
            let row = luma.row_mut(y);
            let bytes = layout.bytes_per_sample();
            let parts =
                row.chunks_mut(bytes * side).zip(self.upper.chunks(side).zip(self.difference.chunks(side)));
            for (codes, (upper, difference)) in parts {
                let amplitudes = upper.iter().zip(difference).map(|(upper, way)| upper + way * share);
                let changes = amplitudes.zip(tile).map(|(amplitude, unit)| amplitude * unit);
                squares += if bytes == 1 {
                    change_bytes(codes, changes, peak)
                } else {
                    change_words(codes, changes, peak)
                };
            }
        }
        let squares = squares as f64;
        self.squared_error += squares / f64::from(span * span);
        self.samples += (layout.width * layout.height) as u64;
        Ok(())
    }

    /// Peak signal-to-noise ratio of the marked luma over all pictures so far, dB; `None` before the first change.
    pub fn luma_psnr(&self) -> Option<f64> {
        (self.squared_error > 0.0)
            .then(|| 10.0 * (255.0 * 255.0 * self.samples as f64 / self.squared_error).log10())
    }
}

/// Adds a change to each code of one byte; the sum of the squared differences that came of it.
fn change_bytes(codes: &mut [u8], changes: impl Iterator<Item = f32>, peak: f32) -> u64 {
    let mut squares = 0u32;
    for (code, change) in codes.iter_mut().zip(changes) {
        let after = nearest(f32::from(*code) + change, peak) as u8;
        squares += u32::from(after.abs_diff(*code)).pow(2);
        *code = after;
    }
    u64::from(squares)
}

/// [`change_bytes`] for codes of two bytes, little-endian.
fn change_words(codes: &mut [u8], changes: impl Iterator<Item = f32>, peak: f32) -> u64 {
    let mut squares = 0u64;
    for (bytes, change) in codes.chunks_exact_mut(2).zip(changes) {
        let code = u16::from_le_bytes([bytes[0], bytes[1]]);
        let after = nearest(f32::from(code) + change, peak) as u16;
        squares += u64::from(after.abs_diff(code)).pow(2);
        bytes.copy_from_slice(&after.to_le_bytes());
    }
    squares
}

/// The nearest code value, ties to the even one.
///
/// Added to 1.5 * 2^23, a number's last bits are its nearest integer: unlike a conversion, this vectorises.
fn nearest(value: f32, peak: f32) -> u32 {
    const SHIFT: f32 = 12_582_912.0;
    (value.clamp(0.0, peak) + SHIFT).to_bits() & 0xffff
}

#[cfg(test)]
mod tests {
    use super::*;
    use filigrane_frame::{ColourRange, LumaLayout};

    #[test]
    fn small_pictures_and_wild_strengths_are_refused() {
        let new =
            |width, height| Embedder::new(&Key::public(), Payload(1), width, height, Strength::default());
        assert!(matches!(new(1920, 127), Err(Error::TooSmall { .. })));
        assert!(new(128, 128).is_ok());
        assert!(matches!(Strength::new(f32::NAN), Err(Error::Strength(_))));
        assert!(Strength::new(2.1).is_err());
    }

    #[test]
    fn a_picture_brighter_than_those_before_it_keeps_the_least_ratio() {
        let layout =
            LumaLayout { width: 320, height: 240, stride: 320, bits: 8, range: ColourRange::Limited };
        let psnr = |grey: usize, least: Option<f64>| {
            let mut bytes: Vec<u8> = (0..320 * 240).map(|n| (grey + n * n % 11) as u8).collect();
            let embedder =
                Embedder::new(&Key::public(), Payload(1), 320, 240, Strength(1.4)).expect("large enough");
            let mut embedder = match least {
                Some(least) => embedder.keeping(least),
                None => embedder,
            };
            embedder.mark(&mut LumaMut::new(layout, &mut bytes).expect("fits")).expect("same size");
            embedder.luma_psnr().expect("marked")
        };
        let (dark, bright) = (psnr(100, None), psnr(215, None));
        assert!(bright < dark - 0.5, "{bright} {dark}");
        let least = (bright + dark) / 2.0;
        assert!((psnr(215, Some(least)) - least).abs() < 0.1, "{} for {least}", psnr(215, Some(least)));
        assert_eq!(psnr(100, Some(least)), dark, "what is weak enough stays as it is");
    }

    #[test]
    fn flat_picture_stays_above_45_decibels_and_within_its_codes() {
        for (bits, grey) in [(8u32, 250u16), (8, 3), (10, 512)] {
            let bytes_per = if bits == 8 { 1 } else { 2 };
            let layout = LumaLayout {
                width: 200,
                height: 150,
                stride: 200 * bytes_per,
                bits,
                range: ColourRange::Full,
            };
            let mut bytes: Vec<u8> =
                (0..200 * 150).flat_map(|_| grey.to_le_bytes()[..bytes_per].to_vec()).collect();
            let mut embedder = Embedder::new(&Key::public(), Payload(1), 200, 150, Strength::default())
                .expect("large enough");
            let mut luma = LumaMut::new(layout, &mut bytes).expect("fits");
            embedder.mark(&mut luma).expect("same size");
            assert!(
                embedder.luma_psnr().is_some_and(|psnr| (45.0..60.0).contains(&psnr)),
                "{:?}",
                embedder.luma_psnr()
            );
        }
    }
}

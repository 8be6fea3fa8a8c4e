use filigrane_frame::{LumaMut, Plane};
use filigrane_signal::upsample_row;

use crate::carrier::{Carrier, MIN_SHORT_SIDE, tile_side};
use crate::error::Error;
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

    pub(crate) fn factor(self) -> f32 {
        self.0
    }
}

impl Default for Strength {
    fn default() -> Self {
        Self(1.0)
    }
}

/// Writes a mark into the pictures of one clip, one after the other, in place.
pub struct Embedder {
    size: (usize, usize),
    tile: Plane<f32>,
    mask: Mask,
    strength: f32,
    amplitudes: Vec<f32>,
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
        if width.min(height) < MIN_SHORT_SIDE {
            return Err(Error::TooSmall { width, height });
        }
        Ok(Self {
            size: (width, height),
            tile: Carrier::new(key).tile(payload, tile_side(width, height)),
            mask: Mask::new(width, height),
            strength: strength.0,
            amplitudes: vec![0.0; width],
            squared_error: 0.0,
            samples: 0,
        })
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
        let scale = layout.span() / 255.0;
        let peak = f32::from(layout.peak());
        let mut squares = 0.0f64;
        for y in 0..layout.height {
            upsample_row(amplitudes, factor, y.min(amplitudes.height() * factor - 1), &mut self.amplitudes);
            let tile = self.tile.row(y % side);
            let row = luma.row_mut(y);
            let mut row_squares = 0.0f32;
            if layout.bytes_per_sample() == 1 {
                for (codes, amplitudes) in row.chunks_mut(side).zip(self.amplitudes.chunks(side)) {
                    for ((code, amplitude), unit) in codes.iter_mut().zip(amplitudes).zip(tile) {
                        let before = f32::from(*code);
                        let after = nearest(before + amplitude * unit * scale, peak);
                        let change = after as f32 - before;
                        row_squares += change * change;
                        *code = after as u8;
                    }
                }
            } else {
                for (codes, amplitudes) in row.chunks_mut(2 * side).zip(self.amplitudes.chunks(side)) {
                    for ((code, amplitude), unit) in codes.chunks_exact_mut(2).zip(amplitudes).zip(tile) {
                        let before = f32::from(u16::from_le_bytes([code[0], code[1]]));
                        let after = nearest(before + amplitude * unit * scale, peak);
                        let change = after as f32 - before;
                        row_squares += change * change;
                        code.copy_from_slice(&(after as u16).to_le_bytes());
                    }
                }
            }
            squares += f64::from(row_squares);
        }
        self.squared_error += squares / f64::from(scale * scale);
        self.samples += (layout.width * layout.height) as u64;
        Ok(())
    }

    /// Peak signal-to-noise ratio of the marked luma over all pictures so far, dB; `None` before the first change.
    pub fn luma_psnr(&self) -> Option<f64> {
        (self.squared_error > 0.0)
            .then(|| 10.0 * (255.0 * 255.0 * self.samples as f64 / self.squared_error).log10())
    }
}

/// The nearest code value, halves up.
fn nearest(value: f32, peak: f32) -> i32 {
    (value.clamp(0.0, peak) + 0.5) as i32
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

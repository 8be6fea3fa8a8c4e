/// Which code values mean black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ColourRange {
    /// Black is 16, white is 235 (at 8 bits; scaled by 2^(bits-8) above).
    #[default]
    Limited,
    /// Black is 0, white is the largest code value.
    Full,
}

/// How the bytes of a luma plane are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LumaLayout {
    /// Samples a row.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    /// Bytes from one row to the next, at least `width * bytes_per_sample()`.
    pub stride: usize,
    /// Significant bits a sample: 8, or 9 to 16 in two little-endian bytes, aligned at the low end.
    pub bits: u32,
    /// Which code values mean black and white.
    pub range: ColourRange,
}

impl LumaLayout {
    /// 1 for 8 bits, else 2.
    pub fn bytes_per_sample(&self) -> usize {
        if self.bits <= 8 { 1 } else { 2 }
    }

    /// Code value of black.
    pub fn black(&self) -> f32 {
        match self.range {
            ColourRange::Limited => (16u32 << (self.bits - 8)) as f32,
            ColourRange::Full => 0.0,
        }
    }

    /// Code values from black to white.
    pub fn span(&self) -> f32 {
        match self.range {
            ColourRange::Limited => (219u32 << (self.bits - 8)) as f32,
            ColourRange::Full => ((1u32 << self.bits) - 1) as f32,
        }
    }

    /// Largest code value.
    pub fn peak(&self) -> u16 {
        ((1u32 << self.bits) - 1) as u16
    }

    fn holds(&self, bytes: usize) -> bool {
        let row = self.width.checked_mul(self.bytes_per_sample());
        let all = row.filter(|row| *row <= self.stride).and_then(|row| match self.height {
            0 => Some(0),
            height => self.stride.checked_mul(height - 1)?.checked_add(row),
        });
        (8..=16).contains(&self.bits) && all.is_some_and(|all| all <= bytes)
    }
}

/// A borrowed luma plane as a decoder hands it out.
#[derive(Debug, Clone, Copy)]
pub struct LumaRef<'a> {
    layout: LumaLayout,
    bytes: &'a [u8],
}

impl<'a> LumaRef<'a> {
    /// `None` when the bytes are too few for the layout or the layout contradicts itself.
    pub fn new(layout: LumaLayout, bytes: &'a [u8]) -> Option<Self> {
        layout.holds(bytes.len()).then_some(Self { layout, bytes })
    }

    /// Size, stride, depth and range.
    pub fn layout(&self) -> LumaLayout {
        self.layout
    }

    /// The bytes of row `y`, without padding.
    ///
    /// # Panics
    /// When `y >= height`.
    pub fn row(&self, y: usize) -> &'a [u8] {
        let start = y * self.layout.stride;
        &self.bytes[start..start + self.layout.width * self.layout.bytes_per_sample()]
    }

    /// Row `y` as luma on the scale 0 (black) to 255 (white); values outside occur in limited range.
    ///
    /// # Panics
    /// When `y >= height` or `out` is not `width` long.
    pub fn read_row(&self, y: usize, out: &mut [f32]) {
        assert_eq!(out.len(), self.layout.width);
        let scale = 255.0 / self.layout.span();
        let black = self.layout.black();
        let row = self.row(y);
        if self.layout.bytes_per_sample() == 1 {
            for (value, &code) in out.iter_mut().zip(row) {
                *value = (f32::from(code) - black) * scale;
            }
        } else {
            for (value, code) in out.iter_mut().zip(row.chunks_exact(2)) {
                *value = (f32::from(u16::from_le_bytes([code[0], code[1]])) - black) * scale;
            }
        }
    }
}

/// A borrowed luma plane, to change in place.
#[derive(Debug)]
pub struct LumaMut<'a> {
    layout: LumaLayout,
    bytes: &'a mut [u8],
}

impl<'a> LumaMut<'a> {
    /// `None` when the bytes are too few for the layout or the layout contradicts itself.
    pub fn new(layout: LumaLayout, bytes: &'a mut [u8]) -> Option<Self> {
        layout.holds(bytes.len()).then_some(Self { layout, bytes })
    }

    /// Size, stride, depth and range.
    pub fn layout(&self) -> LumaLayout {
        self.layout
    }

    /// The same plane, to read.
    pub fn as_ref(&self) -> LumaRef<'_> {
        LumaRef { layout: self.layout, bytes: self.bytes }
    }

    /// The bytes of row `y`, without padding.
    ///
    /// # Panics
    /// When `y >= height`.
    pub fn row_mut(&mut self, y: usize) -> &mut [u8] {
        let start = y * self.layout.stride;
        &mut self.bytes[start..start + self.layout.width * self.layout.bytes_per_sample()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_bytes_or_a_short_stride_are_refused() {
        let layout = LumaLayout { width: 4, height: 2, stride: 6, bits: 8, range: ColourRange::Limited };
        assert!(LumaRef::new(layout, &[0; 10]).is_some());
        assert!(LumaRef::new(layout, &[0; 9]).is_none());
        assert!(LumaRef::new(LumaLayout { stride: 3, ..layout }, &[0; 64]).is_none());
        assert!(LumaRef::new(LumaLayout { bits: 10, ..layout }, &[0; 64]).is_none());
    }

    #[test]
    fn black_and_white_read_as_0_and_255_in_every_depth_and_range() {
        for (bits, range, black, white) in [
            (8, ColourRange::Limited, 16u16, 235u16),
            (8, ColourRange::Full, 0, 255),
            (10, ColourRange::Limited, 64, 940),
            (16, ColourRange::Full, 0, 65535),
        ] {
            let layout = LumaLayout { width: 2, height: 1, stride: 4, bits, range };
            let bytes = if bits == 8 {
                vec![black as u8, white as u8, 0, 0]
            } else {
                [black.to_le_bytes(), white.to_le_bytes()].concat()
            };
            let mut out = [0.0; 2];
            LumaRef::new(layout, &bytes).expect("fits").read_row(0, &mut out);
            assert_eq!(out, [0.0, 255.0], "{bits} bits {range:?}");
        }
    }
}

use std::ffi::c_int;
use std::fmt;

use super::c;
use super::text::text;

/// A pixel format that this build of FFmpeg knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pixel(c::AVPixelFormat);

/// How a pixel format keeps its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Samples a pixel: 1 gray, 2 gray and alpha, 3 colour, 4 colour and alpha.
    pub(crate) components: u8,
    /// Chroma is subsampled horizontally by 2 to this power.
    pub(crate) log2_chroma_width: u8,
    /// Chroma is subsampled vertically by 2 to this power.
    pub(crate) log2_chroma_height: u8,
    /// Bits of the first component.
    pub(crate) bits: u32,
    /// Red, green, blue (or an index into such a palette) rather than luma and chroma.
    pub(crate) rgb: bool,
    /// Has transparency.
    pub(crate) alpha: bool,
    /// Plane 0 is luma and nothing else, low-aligned, little-endian: what a `LumaRef` can describe.
    pub(crate) luma_plane: bool,
    /// Each component has a plane of its own.
    pub(crate) separate_planes: bool,
}

impl Pixel {
    pub(crate) const RGB24: Self = Self(c::AVPixelFormat::AV_PIX_FMT_RGB24);
    pub(crate) const YUV420P: Self = Self(c::AVPixelFormat::AV_PIX_FMT_YUV420P);
    pub(crate) const YUVJ420P: Self = Self(c::AVPixelFormat::AV_PIX_FMT_YUVJ420P);

    /// The format with this number, as found in a C structure.
    pub(super) fn from_number(number: c_int) -> Option<Self> {
        use c::AVPixelFormat::{AV_PIX_FMT_NB, AV_PIX_FMT_NONE};
        if number <= AV_PIX_FMT_NONE as c_int || number >= AV_PIX_FMT_NB as c_int {
            return None;
        }
        // SAFETY: the enumeration was generated from the same headers and names every number in this range.
        Some(Self(unsafe { std::mem::transmute::<c_int, c::AVPixelFormat>(number) }))
    }

    pub(super) fn raw(self) -> c::AVPixelFormat {
        self.0
    }

    pub(super) fn number(self) -> c_int {
        self.0 as c_int
    }

    /// All formats of this build.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..c::AVPixelFormat::AV_PIX_FMT_NB as c_int).filter_map(Self::from_number)
    }

    /// For the old formats that carry "full range" in their name: the same layout without it.
    pub(crate) fn without_range(self) -> Option<Self> {
        use c::AVPixelFormat::*;
        Some(Self(match self.0 {
            AV_PIX_FMT_YUVJ411P => AV_PIX_FMT_YUV411P,
            AV_PIX_FMT_YUVJ420P => AV_PIX_FMT_YUV420P,
            AV_PIX_FMT_YUVJ422P => AV_PIX_FMT_YUV422P,
            AV_PIX_FMT_YUVJ440P => AV_PIX_FMT_YUV440P,
            AV_PIX_FMT_YUVJ444P => AV_PIX_FMT_YUV444P,
            _ => return None,
        }))
    }

    /// `None` for formats without samples in memory (hardware surfaces) or with unusual ones (float, Bayer, bits).
    pub(crate) fn shape(self) -> Option<Shape> {
        // SAFETY: a static table of the library.
        let facts = unsafe { c::av_pix_fmt_desc_get(self.0).as_ref() }?;
        let has = |flag: u32| facts.flags & u64::from(flag) != 0;
        if has(c::AV_PIX_FMT_FLAG_HWACCEL as u32) {
            return None;
        }
        let first = facts.comp[0];
        let bits = u32::try_from(first.depth).ok()?;
        let rgb = has(c::AV_PIX_FMT_FLAG_RGB as u32) || has(c::AV_PIX_FMT_FLAG_PAL as u32);
        let odd = has(c::AV_PIX_FMT_FLAG_FLOAT as u32)
            || has(c::AV_PIX_FMT_FLAG_BAYER as u32)
            || has(c::AV_PIX_FMT_FLAG_BITSTREAM as u32)
            || self.name().starts_with("xyz");
        let bytes = if bits <= 8 { 1 } else { 2 };
        let wide_little = bits <= 8 || !has(c::AV_PIX_FMT_FLAG_BE as u32);
        let planes: Vec<c_int> = facts
            .comp
            .iter()
            .take(usize::from(facts.nb_components))
            .map(|component| component.plane)
            .collect();
        let alone = planes.iter().skip(1).all(|plane| *plane != 0);
        Some(Shape {
            components: facts.nb_components,
            log2_chroma_width: facts.log2_chroma_w,
            log2_chroma_height: facts.log2_chroma_h,
            bits,
            rgb: rgb || odd,
            alpha: has(c::AV_PIX_FMT_FLAG_ALPHA as u32),
            luma_plane: !rgb
                && !odd
                && alone
                && wide_little
                && (8..=16).contains(&bits)
                && first.plane == 0
                && first.step == bytes
                && first.offset == 0
                && first.shift == 0,
            separate_planes: planes.iter().enumerate().all(|(index, plane)| *plane as usize == index),
        })
    }

    pub(crate) fn name(self) -> String {
        // SAFETY: returns a static string or null.
        text(unsafe { c::av_get_pix_fmt_name(self.0) })
    }
}

impl fmt::Display for Pixel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

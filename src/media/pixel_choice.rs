use crate::ffi::{Pixel, Shape};

/// Which sizes an encoder takes with subsampled chroma.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sizes {
    Any,
    /// Each chroma sample must cover as many luma samples as any other: x264 and x265.
    WholeChroma,
}

/// The format nearest to `source` among `candidates` whose plane 0 is luma: no coarser chroma and no fewer bits than
/// it has, if there is one; then the smallest such. Pictures are never scaled or padded to fit: an odd width or height
/// that 4:2:0 cannot hold gets finer chroma instead.
pub(crate) fn nearest(
    source: Shape,
    candidates: impl IntoIterator<Item = Pixel>,
    sizes: Sizes,
    width: u32,
    height: u32,
) -> Option<Pixel> {
    let fits = |shape: &Shape| {
        sizes == Sizes::Any
            || (width.is_multiple_of(1 << shape.log2_chroma_width)
                && height.is_multiple_of(1 << shape.log2_chroma_height))
    };
    candidates
        .into_iter()
        .filter(|pixel| pixel.without_range().is_none())
        .filter_map(|pixel| Some((pixel, pixel.shape()?)))
        .filter(|(_, shape)| shape.luma_plane && shape.separate_planes && fits(shape))
        .filter(|(_, shape)| is_gray(source) || !is_gray(*shape))
        .min_by_key(|(_, shape)| distance(source, *shape))
        .map(|(pixel, _)| pixel)
}

/// Luma alone, perhaps with transparency.
pub(crate) fn is_gray(shape: Shape) -> bool {
    shape.components <= 2 && !shape.rgb
}

fn distance(from: Shape, to: Shape) -> u32 {
    let step = |have: u8, want: u8| {
        if have > want { 100 * u32::from(have - want) } else { 10 * u32::from(want - have) }
    };
    let chroma = if is_gray(from) {
        // No colour to keep: gray itself, else the usual 4:2:0.
        if is_gray(to) {
            0
        } else {
            5 + 10 * u32::from(to.log2_chroma_width.abs_diff(1) + to.log2_chroma_height.abs_diff(1))
        }
    } else if from.rgb {
        step(to.log2_chroma_width, 0) + step(to.log2_chroma_height, 0)
    } else {
        step(to.log2_chroma_width, from.log2_chroma_width)
            + step(to.log2_chroma_height, from.log2_chroma_height)
    };
    let bits = from.bits.max(8);
    let depth = if to.bits < bits { 50 * (bits - to.bits) } else { 3 * (to.bits - bits) };
    let alpha = match (from.alpha, to.alpha) {
        (false, true) => 40,
        (true, false) => 20,
        _ => 0,
    };
    chroma + depth + alpha
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Pixel {
        Pixel::all().find(|pixel| pixel.name() == name).expect("a known name")
    }

    fn choose(source: &str, candidates: &[&str], sizes: Sizes, width: u32, height: u32) -> String {
        let shape = named(source).shape().expect("in memory");
        let candidates: Vec<Pixel> = candidates.iter().map(|name| named(name)).collect();
        nearest(shape, candidates, sizes, width, height).map(|pixel| pixel.name()).unwrap_or_default()
    }

    const X264: [&str; 8] =
        ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12", "yuv420p10le", "yuv422p10le", "yuv444p10le"];

    #[test]
    fn a_format_the_encoder_has_is_kept() {
        for name in ["yuv420p", "yuv422p10le", "yuv444p"] {
            assert_eq!(choose(name, &X264, Sizes::WholeChroma, 320, 240), name);
        }
    }

    #[test]
    fn nothing_is_lost_where_a_finer_format_exists_and_least_where_not() {
        assert_eq!(choose("yuv411p", &X264, Sizes::WholeChroma, 320, 240), "yuv422p");
        assert_eq!(choose("yuv420p9le", &X264, Sizes::WholeChroma, 320, 240), "yuv420p10le");
        assert_eq!(choose("yuv422p12le", &X264, Sizes::WholeChroma, 320, 240), "yuv422p10le");
        assert_eq!(choose("rgb24", &X264, Sizes::WholeChroma, 320, 240), "yuv444p");
        assert_eq!(choose("pal8", &["yuv420p", "yuv420p10le"], Sizes::Any, 320, 240), "yuv420p");
        assert_eq!(choose("gray", &X264, Sizes::WholeChroma, 320, 240), "yuv420p");
        assert_eq!(
            choose("gray10le", &["gray", "gray10le", "yuv420p10le"], Sizes::Any, 320, 240),
            "gray10le"
        );
        assert_eq!(choose("p010le", &X264, Sizes::WholeChroma, 320, 240), "yuv420p10le");
        assert_eq!(choose("nv12", &X264, Sizes::WholeChroma, 320, 240), "yuv420p");
    }

    #[test]
    fn an_odd_size_that_4_2_0_cannot_hold_gets_finer_chroma() {
        assert_eq!(choose("yuv420p", &X264, Sizes::WholeChroma, 321, 240), "yuv444p");
        assert_eq!(choose("yuv420p", &X264, Sizes::WholeChroma, 320, 241), "yuv422p");
        assert_eq!(choose("yuv420p", &X264, Sizes::Any, 321, 241), "yuv420p");
    }

    #[test]
    fn every_format_with_samples_has_a_luma_form_of_no_fewer_bits() {
        for pixel in Pixel::all() {
            let Some(shape) = pixel.shape() else { continue };
            let form = nearest(shape, Pixel::all(), Sizes::Any, 64, 64).expect("some luma form");
            let bits = form.shape().expect("in memory").bits;
            assert!(bits >= shape.bits.min(16), "{pixel} became {form}");
        }
    }
}

//! The grid of time and frequency that the pattern lives on (SPEC, section on sound).

/// Frequency bands of the pattern.
pub(crate) const BANDS: usize = 32;
/// Time slots after which the pattern begins anew.
pub(crate) const SLOTS: usize = 64;
/// Cells of the pattern.
pub(crate) const CELLS: usize = BANDS * SLOTS;
/// Length of a slot, milliseconds and seconds.
pub(crate) const SLOT_MILLISECONDS: u64 = 48;
pub(crate) const SLOT_SECONDS: f64 = 0.048;
/// Lower edge of the lowest band, hertz.
const LOWEST: f64 = 300.0;
/// Least width of a band, hertz.
const NARROWEST: f64 = 187.5;
/// Width of the other bands, as a share of their lower edge.
const SHARE: f64 = 0.08;

/// Lower edges of all bands and the upper edge of the last, hertz.
pub(crate) fn edges() -> [f64; BANDS + 1] {
    let mut edge = LOWEST;
    std::array::from_fn(|index| {
        if index > 0 {
            edge += NARROWEST.max(SHARE * edge);
        }
        edge
    })
}

/// For each band, the bins of a transform of `length` samples at `rate` whose centres lie in it; empty for bands that
/// are not wholly below half the rate.
pub(crate) fn bins(rate: u32, length: usize) -> [std::ops::Range<usize>; BANDS] {
    let edges = edges();
    let first = |edge: f64| (edge * length as f64 / f64::from(rate)).ceil() as usize;
    std::array::from_fn(|band| {
        let (low, high) = (edges[band], edges[band + 1]);
        if 2.0 * high <= f64::from(rate) { first(low)..first(high) } else { 0..0 }
    })
}

use filigrane_frame::Plane;

use crate::fingerprint::Fingerprint;
use crate::grid::{Bits, bits, turned};
use crate::sampler::Samples;
use crate::view::View;

/// Fewest cells that must be sure on both sides for two pictures to be compared.
const FEWEST: u32 = 72;
/// Share of differing cells up to which pictures count as the same.
const SAME: f64 = 0.22;
/// Share from which they count as others; two unrelated pictures differ in about a half.
const OTHER: f64 = 0.33;
/// Most pictures of the clip at hand that are compared.
const PICTURES: usize = 12;

/// Whether a clip shows what a fingerprint was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// The same content.
    Same,
    /// Other content.
    Other,
    /// Too little to compare, or between the two.
    Unclear,
}

/// The outcome of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Same, other, or unclear.
    pub likeness: Likeness,
    /// Differing cells, of 256 compared: the median over the pictures, each against its likest counterpart. 128 when
    /// nothing could be compared.
    pub distance: u32,
    /// Cells compared in that picture: the more, the less chance could have had a hand in it; 1024 at most.
    pub cells: u32,
    /// The view under which the clip fits best.
    pub view: View,
}

/// Compares a clip with a fingerprint under each of the views it may be seen through, and keeps the best.
pub fn compare(samples: &Samples, fingerprint: &Fingerprint, views: &[View]) -> Comparison {
    let step = samples.pictures.len().div_ceil(PICTURES).max(1);
    let pictures: Vec<&Plane<f32>> =
        samples.pictures.iter().step_by(step).map(|(_, picture)| picture).collect();
    best(fingerprint, views, |view| pictures.iter().map(|picture| bits(picture, view)).collect())
}

/// Compares two fingerprints in the eight orientations, and keeps the best: for where the pictures themselves are not at
/// hand, on the far side of a network. [`compare`] sees more.
pub fn compare_fingerprints(asked: &Fingerprint, registered: &Fingerprint) -> Comparison {
    let step = asked.hashes.len().div_ceil(PICTURES).max(1);
    let seen: Vec<&Bits> = asked.hashes.iter().step_by(step).map(|hash| &hash.bits).collect();
    best(registered, &View::orientations(), |view| seen.iter().map(|bits| turned(bits, view)).collect())
}

/// The best of several views, in which the clip at hand shows these bits of the original.
fn best(fingerprint: &Fingerprint, views: &[View], seen: impl Fn(View) -> Vec<Bits>) -> Comparison {
    let best = views
        .iter()
        .filter_map(|view| Some((under(&seen(*view), fingerprint)?, *view)))
        .min_by(|a, b| a.0.0.total_cmp(&b.0.0));
    let Some(((share, cells), view)) = best else {
        return Comparison { likeness: Likeness::Unclear, distance: 128, cells: 0, view: View::WHOLE };
    };
    let likeness = match share {
        _ if share <= SAME => Likeness::Same,
        _ if share >= OTHER => Likeness::Other,
        _ => Likeness::Unclear,
    };
    Comparison { likeness, distance: (share * 256.0).round() as u32, cells, view }
}

/// Median share of differing cells; `None` when fewer than half the pictures could be compared.
fn under(seen: &[Bits], fingerprint: &Fingerprint) -> Option<(f64, u32)> {
    let mut shares: Vec<(f64, u32)> = seen
        .iter()
        .filter_map(|seen| {
            fingerprint
                .hashes
                .iter()
                .filter_map(|hash| share(seen, &hash.bits))
                .min_by(|a, b| a.0.total_cmp(&b.0))
        })
        .collect();
    if shares.is_empty() || 2 * shares.len() < seen.len() {
        return None;
    }
    shares.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(shares[shares.len() / 2])
}

fn share(a: &Bits, b: &Bits) -> Option<(f64, u32)> {
    let (mut differing, mut compared) = (0, 0);
    for index in 0..a.sure.len() {
        let sure = a.sure[index] & b.sure[index];
        compared += sure.count_ones();
        differing += (sure & (a.brighter[index] ^ b.brighter[index])).count_ones();
    }
    (compared >= FEWEST).then(|| (f64::from(differing) / f64::from(compared), compared))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::Sampler;
    use filigrane_frame::{ColourRange, LumaLayout, LumaRef};

    /// Value noise in three octaves: a picture with structure at the scale of the cells.
    fn scene(seed: u32, x: f64, y: f64) -> f64 {
        let knot = |octave: u32, i: i64, j: i64| {
            let mut word = seed ^ octave.wrapping_mul(0x9e37_79b9) ^ (i as u32) << 8 ^ (j as u32) << 20;
            for shift in [16, 13, 15, 16] {
                word = (word ^ word >> shift).wrapping_mul(2_246_822_519);
            }
            f64::from(word >> 24) - 128.0
        };
        [7.0, 13.0, 24.0].iter().zip(1..).fold(128.0, |sum, (&cells, octave)| {
            let (u, v) = (x * cells, y * cells);
            let (i, j) = (u.floor(), v.floor());
            let (a, b) = (u - i, v - j);
            let (i, j) = (i as i64, j as i64);
            let top = knot(octave, i, j) * (1.0 - a) + knot(octave, i + 1, j) * a;
            let low = knot(octave, i, j + 1) * (1.0 - a) + knot(octave, i + 1, j + 1) * a;
            sum + 0.35 * (top * (1.0 - b) + low * b)
        })
    }

    fn samples(seed: u32, width: usize, height: usize, view: View, noise: u32) -> Samples {
        let mut sampler = Sampler::default();
        let mut state = 9u32;
        let bytes: Vec<u8> = (0..width * height)
            .map(|index| {
                let (x, y) = ((index % width) as f64 + 0.5, (index / width) as f64 + 0.5);
                let (x, y) = view.apply(x / width as f64, y / height as f64);
                state = state.wrapping_mul(1664525).wrapping_add(1013904223);
                let grain = f64::from((state >> 16) % (2 * noise + 1)) - f64::from(noise);
                (scene(seed, x, y) + grain).clamp(0.0, 255.0) as u8
            })
            .collect();
        let layout = LumaLayout { width, height, stride: width, bits: 8, range: ColourRange::Full };
        sampler.push(LumaRef::new(layout, &bytes).expect("fits"), 0.0);
        sampler.finish().expect("one picture")
    }

    #[test]
    fn same_scene_scaled_and_noisy_is_the_same_and_others_are_other() {
        let registered = Fingerprint::of(&samples(1, 640, 360, View::WHOLE, 0));
        let again = compare(&samples(1, 426, 240, View::WHOLE, 20), &registered, &[View::WHOLE]);
        assert_eq!(again.likeness, Likeness::Same, "{again:?}");
        for seed in 2..40 {
            let other = compare(&samples(seed, 640, 360, View::WHOLE, 0), &registered, &View::orientations());
            assert_ne!(other.likeness, Likeness::Same, "seed {seed}: {other:?}");
        }
    }

    #[test]
    fn a_known_crop_and_a_mirroring_still_fit() {
        let registered = Fingerprint::of(&samples(1, 640, 360, View::WHOLE, 0));
        let crop = View { matrix: [0.6, 0.0, 0.13, 0.0, 0.6, 0.31] };
        let fits = compare(&samples(1, 400, 220, crop, 5), &registered, &[View::WHOLE, crop]);
        assert_eq!((fits.likeness, fits.view), (Likeness::Same, crop));
        let mirrored = View::orientations()[1];
        let fits = compare(&samples(1, 640, 360, mirrored, 5), &registered, &View::orientations());
        assert_eq!((fits.likeness, fits.view), (Likeness::Same, mirrored));
    }

    #[test]
    fn fingerprints_alone_tell_a_turned_clip_and_its_orientation_from_others() {
        let registered = Fingerprint::of(&samples(1, 640, 360, View::WHOLE, 0));
        for view in View::orientations() {
            let (width, height) = if view.matrix[0] == 0.0 { (240, 426) } else { (426, 240) };
            let asked = Fingerprint::of(&samples(1, width, height, view, 10));
            let found = compare_fingerprints(&asked, &registered);
            assert_eq!((found.likeness, found.view), (Likeness::Same, view), "{found:?}");
        }
        for seed in 2..40 {
            let other = Fingerprint::of(&samples(seed, 640, 360, View::WHOLE, 0));
            let found = compare_fingerprints(&other, &registered);
            assert_ne!(found.likeness, Likeness::Same, "seed {seed}: {found:?}");
        }
        let nothing = Fingerprint { size: (640, 360), hashes: Vec::new() };
        assert_eq!(compare_fingerprints(&nothing, &registered).likeness, Likeness::Unclear);
    }

    #[test]
    fn flat_pictures_are_unclear_never_other() {
        let registered = Fingerprint::of(&samples(1, 640, 360, View::WHOLE, 0));
        let mut sampler = Sampler::default();
        let layout = LumaLayout { width: 64, height: 64, stride: 64, bits: 8, range: ColourRange::Full };
        sampler.push(LumaRef::new(layout, &[128; 64 * 64]).expect("fits"), 0.0);
        let flat = sampler.finish().expect("one picture");
        assert_eq!(compare(&flat, &registered, &View::orientations()).likeness, Likeness::Unclear);
    }
}

//! The named numbers of a burst: what trees judge by and sentences speak of.

pub(crate) mod filters;
mod noise;
mod polyphase;
mod residual;
mod spectrum;
mod temporal;
mod transitions;
mod wavelet;

#[cfg(test)]
mod scenes;
#[cfg(test)]
mod tests;

use crate::Burst;

const FAMILIES: [&[&str]; 7] = [
    &wavelet::NAMES,
    &spectrum::NAMES,
    &residual::NAMES,
    &transitions::NAMES,
    &polyphase::NAMES,
    &noise::NAMES,
    &temporal::NAMES,
];

const COUNT: usize = {
    let (mut sum, mut family) = (0, 0);
    while family < FAMILIES.len() {
        sum += FAMILIES[family].len();
        family += 1;
    }
    sum
};

/// Name of each of the [`statistics`], in their order: the family first, then what is measured, then where.
pub const NAMES: &[&str] = &{
    let mut names = [""; COUNT];
    let (mut family, mut at) = (0, 0);
    while family < FAMILIES.len() {
        let mut index = 0;
        while index < FAMILIES[family].len() {
            names[at] = FAMILIES[family][index];
            (at, index) = (at + 1, index + 1);
        }
        family += 1;
    }
    names
};

/// Pictures of the burst whose spatial statistics are averaged: codecs code neighbours differently.
const LOOKED_AT: [usize; 2] = [0, 2];

/// The number for each of [`NAMES`], all finite.
///
/// Energies are base-2 logarithms of squared luma (0 to 255). A mirrored burst gives the same numbers; so does one with a
/// constant added to all luma, but for those by luminance in the family `noise`. What cannot be measured, as in a picture
/// of one shade, has its neutral value: what white noise gives for shapes, 0 for slopes and correlations, the floor for
/// energies.
pub fn statistics(burst: &Burst) -> Vec<f32> {
    let mut all: Vec<f64> = Vec::new();
    let mut spectrum = spectrum::Spectra::new(burst.width(), burst.height());
    for index in LOOKED_AT {
        let picture = &burst.pictures()[index];
        let mut found = Vec::with_capacity(COUNT);
        wavelet::measure(picture, &mut found);
        spectrum.measure(picture, &mut found);
        residual::measure(picture, &mut found);
        transitions::measure(picture, &mut found);
        polyphase::measure(picture, &mut found);
        noise::measure(picture, &mut found);
        all.resize(found.len(), 0.0);
        for (sum, value) in all.iter_mut().zip(&found) {
            *sum += value / LOOKED_AT.len() as f64;
        }
    }
    temporal::measure(burst, &mut all);
    debug_assert_eq!(all.len(), COUNT);
    all.into_iter().map(|value| if value.is_finite() { value as f32 } else { 0.0 }).collect()
}

use filigrane_signal::Complex32;

use crate::audio::grid::{BANDS, bins, edges};

/// Largest change of an amplitude that is made, as a share of it.
pub(crate) const MOST: f32 = 0.22;
/// Weight of the newest power in the smoothed spectrum that tells tones from noise.
const NEWEST: f32 = 0.3;
/// Decibels that noise may lie below noise before it is heard.
const NOISE_OFFSET: f32 = 5.5;
/// Decibels for noise below a tone, at 0 Bark; one more for each Bark.
const TONE_OFFSET: f32 = 14.5;
/// Decibels a Bark by which masking falls towards higher and towards lower frequencies.
const UPWARDS: f32 = 10.0;
const DOWNWARDS: f32 = 25.0;
/// Spectral flatness, decibels, of a smoothed spectrum that counts as a pure tone.
const TONAL: f32 = -10.0;
/// What the flatness of smoothed noise is on average.
const NOISY: f32 = -1.5;

/// How strongly each band may be changed without being heard: a masking threshold after Schroeder, Atal and Hall
/// (1979) with the offsets of Johnston (1988).
pub(crate) struct Masking {
    bins: [std::ops::Range<usize>; BANDS],
    /// Centre of each band, Bark.
    bark: [f32; BANDS],
    smoothed: Vec<f32>,
}

impl Masking {
    /// For spectra of `length` samples at `rate`.
    pub fn new(rate: u32, length: usize) -> Self {
        let edges = edges();
        Self {
            bins: bins(rate, length),
            bark: std::array::from_fn(|band| bark(((edges[band] + edges[band + 1]) / 2.0) as f32)),
            smoothed: Vec::new(),
        }
    }

    /// For each band of the next spectrum, the share by which its amplitudes may change before it is heard.
    pub fn shares(&mut self, spectrum: &[Complex32]) -> [f32; BANDS] {
        self.smoothed.resize(spectrum.len(), 0.0);
        for (smooth, bin) in self.smoothed.iter_mut().zip(spectrum) {
            *smooth += NEWEST * (bin.norm_sqr() - *smooth);
        }
        let mut levels = [f32::NEG_INFINITY; BANDS];
        let mut offsets = [0.0; BANDS];
        for band in 0..BANDS {
            let range = self.bins[band].clone();
            if range.is_empty() {
                continue;
            }
            let energy: f32 = spectrum[range.clone()].iter().map(|bin| bin.norm_sqr()).sum();
            levels[band] = 10.0 * energy.max(1e-20).log10();
            let around = range.start.saturating_sub(2)..(range.end + 2).min(self.smoothed.len());
            let tonality = ((flatness(&self.smoothed[around]) - NOISY) / (TONAL - NOISY)).clamp(0.0, 1.0);
            offsets[band] = tonality * (TONE_OFFSET + self.bark[band]) + (1.0 - tonality) * NOISE_OFFSET;
        }
        std::array::from_fn(|band| {
            if self.bins[band].is_empty() {
                return 0.0;
            }
            let threshold = (0..BANDS)
                .map(|other| {
                    let away = self.bark[band] - self.bark[other];
                    let slope = if away > 0.0 { UPWARDS * away } else { -DOWNWARDS * away };
                    levels[other] - offsets[other] - slope
                })
                .fold(f32::NEG_INFINITY, f32::max);
            10f32.powf((threshold - levels[band]) / 20.0)
        })
    }
}

/// Geometric over arithmetic mean, decibels.
fn flatness(powers: &[f32]) -> f32 {
    let count = powers.len() as f32;
    let mean = powers.iter().sum::<f32>() / count;
    let logarithm = powers.iter().map(|power| power.max(1e-20).log10()).sum::<f32>() / count;
    10.0 * (logarithm - mean.max(1e-20).log10())
}

/// Frequency on the Bark scale (Traunmueller 1990).
fn bark(hertz: f32) -> f32 {
    26.81 * hertz / (1960.0 + hertz) - 0.53
}

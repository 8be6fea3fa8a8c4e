use filigrane_signal::{Complex32, ShortTime, raised_cosine};

use crate::audio::grid::{BANDS, SLOT_MILLISECONDS, SLOTS, bins};
use crate::audio::masking::{MOST, Masking};
use crate::audio::pattern::Pattern;
use crate::embed::Strength;
use crate::error::Error;
use crate::key::Key;
use crate::payload::Payload;

/// Lowest sample rate that can be marked, hertz.
pub const MIN_SAMPLE_RATE: u32 = 16_000;
/// Highest sample rate that can be marked, hertz.
pub const MAX_SAMPLE_RATE: u32 = 384_000;
/// Distance of two spectra, seconds.
const HOP_SECONDS: f64 = 0.016;

/// What was done to the sound of one track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AudioQuality {
    /// Power of the sound over power of the change, decibels; none when nothing was changed.
    pub snr: Option<f64>,
    /// Power of the change over the power that the masking threshold of the embedder hides, decibels, on average over all
    /// bands of all spectra that are no silence; none when there were none.
    pub noise_to_mask: Option<f64>,
    /// Seconds of sound loud enough to carry the mark.
    pub carrying: f64,
}

/// Writes a mark into the sound of one track, block by block, with a delay of two hops (32 ms).
pub struct AudioEmbedder {
    rate: u32,
    hop: usize,
    transform: ShortTime,
    masking: Masking,
    bins: [std::ops::Range<usize>; BANDS],
    signs: Vec<f32>,
    strength: f32,
    /// Whether a channel hears the mark: all but the low-frequency one.
    marked: Vec<bool>,
    /// Samples not yet given back, a hop of which lies behind the newest spectrum's centre.
    pending: Vec<Vec<f32>>,
    /// What is added to the first samples of `pending`.
    changes: Vec<Vec<f32>>,
    /// Number of the next spectrum; its centre lies at `number * hop`.
    number: u64,
    /// Samples taken in and given back.
    taken: u64,
    given: u64,
    power: f64,
    change: f64,
    carrying: u64,
    /// Sum of noise-to-mask ratios, decibels, and their number.
    masked: f64,
    cells: u64,
}

/// Largest change at any strength.
const LIMIT: f32 = 0.5;
/// Mean square under which a spectrum counts as silence: -66 dB of full scale.
const SILENCE: f32 = 2.5e-7;

impl AudioEmbedder {
    /// For a track of `channels` channels at `rate` hertz; `low_frequency` is the one for effects below 120 Hz, which
    /// is left alone.
    ///
    /// # Errors
    /// [`Error::SampleRate`] outside [`MIN_SAMPLE_RATE`] to [`MAX_SAMPLE_RATE`]; [`Error::NoChannel`] when no channel
    /// would be marked.
    pub fn new(
        key: &Key,
        payload: Payload,
        rate: u32,
        channels: usize,
        low_frequency: Option<usize>,
        strength: Strength,
    ) -> Result<Self, Error> {
        if !(MIN_SAMPLE_RATE..=MAX_SAMPLE_RATE).contains(&rate) {
            return Err(Error::SampleRate(rate));
        }
        let marked: Vec<bool> = (0..channels).map(|channel| Some(channel) != low_frequency).collect();
        if !marked.contains(&true) {
            return Err(Error::NoChannel);
        }
        let hop = (f64::from(rate) * HOP_SECONDS).round() as usize;
        let window: Vec<f32> = raised_cosine(2 * hop).into_iter().map(f32::sqrt).collect();
        Ok(Self {
            rate,
            hop,
            transform: ShortTime::new(window),
            masking: Masking::new(rate, 2 * hop),
            bins: bins(rate, 2 * hop),
            signs: Pattern::new(key).signs(payload),
            strength: strength.factor(),
            pending: vec![vec![0.0; hop]; channels],
            changes: vec![vec![0.0; 2 * hop]; channels],
            marked,
            number: 0,
            taken: 0,
            given: 0,
            power: 0.0,
            change: 0.0,
            carrying: 0,
            masked: 0.0,
            cells: 0,
        })
    }

    /// Takes in a block, one list of samples a channel, and gives back what is ready; block for block as many
    /// samples come out as go in, 32 ms later.
    ///
    /// # Panics
    /// When the number of channels is not the one given at the start, or they differ in length.
    pub fn push(&mut self, block: &[Vec<f32>]) -> Vec<Vec<f32>> {
        assert_eq!(block.len(), self.pending.len());
        let count = block.first().map_or(0, Vec::len);
        for (pending, samples) in self.pending.iter_mut().zip(block) {
            assert_eq!(samples.len(), count);
            pending.extend(samples.iter().map(|sample| if sample.is_finite() { *sample } else { 0.0 }));
        }
        self.taken += count as u64;
        self.advance()
    }

    /// The rest of the samples.
    pub fn finish(&mut self) -> Vec<Vec<f32>> {
        let taken = self.taken;
        for pending in &mut self.pending {
            pending.resize(pending.len() + 2 * self.hop, 0.0);
        }
        let mut rest = self.advance();
        let surplus = (self.given - taken) as usize;
        for samples in &mut rest {
            samples.truncate(samples.len() - surplus.min(samples.len()));
        }
        self.given = taken;
        rest
    }

    /// What was done so far.
    pub fn quality(&self) -> AudioQuality {
        let snr = (self.change > 0.0).then(|| 10.0 * (self.power / self.change).log10());
        let carrying = self.carrying as f64 * self.hop as f64 / f64::from(self.rate);
        let noise_to_mask = (self.cells > 0).then(|| self.masked / self.cells as f64);
        AudioQuality { snr, noise_to_mask, carrying }
    }

    fn advance(&mut self) -> Vec<Vec<f32>> {
        let mut ready = vec![Vec::new(); self.pending.len()];
        let mut start = 0;
        while self.pending.first().is_some_and(|samples| samples.len() >= start + 2 * self.hop) {
            self.mark(start);
            self.give(start, &mut ready);
            start += self.hop;
        }
        for pending in &mut self.pending {
            pending.drain(..start);
        }
        ready
    }

    /// Adds the change of the spectrum over two hops from `start` on.
    fn mark(&mut self, start: usize) {
        let slot = self.number * self.hop as u64 * 1000 / (u64::from(self.rate) * SLOT_MILLISECONDS);
        let cells = (slot % SLOTS as u64) as usize * BANDS;
        self.number += 1;
        let span = start..start + 2 * self.hop;
        let mut spectra: Vec<Vec<Complex32>> = Vec::new();
        let mut mean = vec![Complex32::default(); self.hop + 1];
        let mut power = 0.0f32;
        for (samples, marked) in self.pending.iter().zip(&self.marked) {
            if !marked {
                spectra.push(Vec::new());
                continue;
            }
            let spectrum = self.transform.analyse(&samples[span.clone()]).to_vec();
            mean.iter_mut().zip(&spectrum).for_each(|(sum, bin)| *sum += bin);
            power = power.max(samples[span.clone()].iter().map(|sample| sample * sample).sum::<f32>());
            spectra.push(spectrum);
        }
        let loud = power > SILENCE * span.len() as f32;
        self.carrying += u64::from(loud);
        let shares = self.masking.shares(&mean);
        let mut gains = vec![0.0f32; self.hop + 1];
        for (band, range) in self.bins.iter().enumerate() {
            if range.is_empty() {
                continue;
            }
            let change = (shares[band].min(MOST) * self.strength).min(LIMIT);
            if loud {
                self.masked += 20.0 * f64::from((change / shares[band]).log10());
                self.cells += 1;
            }
            let share = 1.0 + change;
            let gain = if self.signs[cells + band] > 0.0 { share } else { 1.0 / share };
            gains[range.clone()].fill(gain - 1.0);
        }
        for ((spectrum, change), marked) in spectra.iter_mut().zip(&mut self.changes).zip(&self.marked) {
            if !marked {
                continue;
            }
            spectrum.iter_mut().zip(&gains).for_each(|(bin, gain)| *bin *= gain);
            for (sum, value) in change.iter_mut().zip(self.transform.synthesise(spectrum)) {
                *sum += value;
            }
        }
    }

    /// Moves out the hop that no later spectrum changes.
    fn give(&mut self, start: usize, ready: &mut [Vec<f32>]) {
        // Before the first sample lies a hop of nothing.
        let first = self.number == 1;
        for ((samples, change), ready) in self.pending.iter().zip(&mut self.changes).zip(ready) {
            if !first {
                for (sample, change) in samples[start..start + self.hop].iter().zip(&change[..self.hop]) {
                    let bound = sample.abs().max(1.0);
                    let marked = (sample + change).clamp(-bound, bound);
                    self.power += f64::from(sample * sample);
                    self.change += f64::from((marked - sample).powi(2));
                    ready.push(marked);
                }
            }
            change.copy_within(self.hop.., 0);
            change[self.hop..].fill(0.0);
        }
        if !first {
            self.given += self.hop as u64;
        }
    }
}

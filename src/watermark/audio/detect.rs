use filigrane_frame::Interval;
use serde::{Deserialize, Serialize};

use crate::audio::embed::{MAX_SAMPLE_RATE, MIN_SAMPLE_RATE};
use crate::audio::features::Features;
use crate::audio::fold::{Fold, ROWS, Segments};
use crate::audio::grid::{SLOT_SECONDS, SLOTS};
use crate::audio::pattern::Pattern;
use crate::audio::sight::{OFFSETS, Search, Sight, agreement, likelihoods};
use crate::chance::{LOG10_PAYLOADS, credible, log10_chance};
use crate::code;
use crate::error::Error;
use crate::extract::FALSE_ALARM;
use crate::key::Key;
use crate::payload::Payload;

/// Largest deviation of the speed that is looked for.
const FASTEST: f64 = 0.011;
/// Rows by which neighbouring speeds part over the whole sound.
const DRIFT: f64 = 2.0;
/// Sightings of one search whose bits are tried.
const TRIED: usize = 4;
/// Segments of the shortest part that is searched by itself.
const SHORTEST: usize = 4;
/// Deviations from which a segment counts as marked.
const SEGMENT_DEVIATIONS: f64 = 4.0;
/// Deviations of the known cells from which the bits are tried: chance alone comes to about as many.
const PROMISING: f64 = 4.0;

/// What a detector says of one track.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AudioFinding {
    /// Log10 of the chance that sound without this key's mark gives so strong an answer, all hypotheses counted; at
    /// most 0.
    pub log10_p: f64,
    /// From the first to the last stretch that shows the mark, seconds from the first sample; none when the chance is
    /// over [`FALSE_ALARM`].
    pub span: Option<Interval>,
    /// The bits carried, when their check holds too.
    pub payload: Option<Payload>,
    /// How much faster the sound runs than when it was marked: 0.01 is one percent.
    pub speed: f64,
}

/// Looks for the mark of one key in the sound of one track. Memory and the cost of the answer are bounded.
pub struct AudioDetector {
    pattern: Pattern,
    features: Features,
    segments: Segments,
    low_frequency: Option<usize>,
    mixed: Vec<f32>,
    samples: u64,
    rate: u32,
}

impl AudioDetector {
    /// For a track at `rate` hertz; `low_frequency` is the number of its channel for effects below 120 Hz.
    ///
    /// # Errors
    /// [`Error::SampleRate`] outside [`MIN_SAMPLE_RATE`] to [`MAX_SAMPLE_RATE`].
    pub fn new(key: &Key, rate: u32, low_frequency: Option<usize>) -> Result<Self, Error> {
        if !(MIN_SAMPLE_RATE..=MAX_SAMPLE_RATE).contains(&rate) {
            return Err(Error::SampleRate(rate));
        }
        Ok(Self {
            pattern: Pattern::new(key),
            features: Features::new(rate),
            segments: Segments::new(),
            low_frequency,
            mixed: Vec::new(),
            samples: 0,
            rate,
        })
    }

    /// Takes in a block, one list of samples a channel.
    pub fn push(&mut self, block: &[Vec<f32>]) {
        let heard = |channel: usize| Some(channel) != self.low_frequency || block.len() == 1;
        let count = (0..block.len()).filter(|channel| heard(*channel)).count().max(1) as f32;
        self.mixed.clear();
        self.mixed.resize(block.first().map_or(0, Vec::len), 0.0);
        for (_, channel) in block.iter().enumerate().filter(|(channel, _)| heard(*channel)) {
            for (sum, sample) in self.mixed.iter_mut().zip(channel) {
                *sum += if sample.is_finite() { sample / count } else { 0.0 };
            }
        }
        self.samples += self.mixed.len() as u64;
        let segments = &mut self.segments;
        self.features.push(&self.mixed, |number, row| segments.add(number, row));
    }

    /// Seconds taken in.
    pub fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(self.rate)
    }

    /// The answer for all the sound taken in.
    pub fn finish(mut self) -> AudioFinding {
        let segments = &mut self.segments;
        self.features.finish(|number, row| segments.add(number, row));
        let mut finding = find(&self.segments, &self.pattern);
        let end = self.samples as f64 / f64::from(self.rate);
        if let Some(span) = &mut finding.span {
            span.end = span.end.min(end);
        }
        finding
    }
}

/// One hypothesis: segments, and rows of drift a row.
#[derive(Clone)]
struct View {
    segments: std::ops::Range<usize>,
    speed: f64,
}

/// A hypothesis at its best offset.
struct Candidate {
    view: View,
    fold: Fold,
    sight: Sight,
    /// The bits, with log10 of the chance that the cells agree so well with any.
    bits: Option<(Payload, f64)>,
}

/// All that is looked at in so many segments of so many periods: the whole at all speeds, then its parts.
fn views(count: usize, periods: u64) -> [Vec<View>; 2] {
    let rows = count as f64 * periods as f64 * ROWS as f64;
    // Inside a segment nothing is straightened: a slot of drift is the most.
    let most = FASTEST.min(4.0 / (periods as f64 * ROWS as f64));
    let step = DRIFT / rows.max(1.0);
    let steps = (most / step).ceil() as i64;
    let whole = (-steps..=steps).map(|n| View { segments: 0..count, speed: n as f64 * step }).collect();
    let mut parts = Vec::new();
    let mut length = SHORTEST;
    while length < count {
        let starts = (0..count - length).step_by(length / 2).chain([count - length]);
        parts.extend(starts.map(|start| View { segments: start..start + length, speed: 0.0 }));
        length *= 2;
    }
    [whole, parts]
}

/// Log10 of the chance that any of so many hypotheses does as well, by the union bound: by its known cells alone, or
/// together with those of any payload.
fn log10_p(candidate: &Candidate, log10_hypotheses: f64) -> f64 {
    let alone = log10_chance(candidate.sight.deviations);
    let both = candidate.bits.map_or(0.0, |(_, chance)| chance);
    // Two ways to be found, each at half the stated rate.
    (alone.min(both) + log10_hypotheses + 2f64.log10()).min(0.0)
}

/// The bits that a fold carries, with log10 of the chance that it agrees so well with any.
fn read(fold: &Fold, offset: usize, pattern: &Pattern) -> Option<(Payload, f64)> {
    let payload = code::decode(&likelihoods(fold, offset, pattern), code::LIST).next()?;
    let signs = pattern.signs(payload);
    let mut data = signs.clone();
    for &(cell, _) in &pattern.sync {
        data[cell] = 0.0;
    }
    credible(log10_chance(agreement(fold, offset, &data)))
        .then(|| (payload, log10_chance(agreement(fold, offset, &signs)) + LOG10_PAYLOADS))
}

/// The answer of one pattern for folded sound.
pub(crate) fn find(segments: &Segments, pattern: &Pattern) -> AudioFinding {
    let stages = views(segments.folds.len(), segments.periods);
    let count: usize = stages.iter().map(Vec::len).sum();
    let log10_hypotheses = (count as f64 * OFFSETS).log10();
    let search = Search::new(pattern);
    let mut answer = AudioFinding { log10_p: 0.0, span: None, payload: None, speed: 0.0 };
    for views in stages {
        let mut best: Vec<Candidate> = Vec::new();
        for view in views {
            let fold = folded(segments, &view);
            let sight = search.best(&fold);
            let place = best.partition_point(|other| other.sight.deviations >= sight.deviations);
            best.insert(place, Candidate { view, fold, sight, bits: None });
            best.truncate(TRIED);
        }
        for candidate in &mut best {
            if candidate.sight.deviations >= PROMISING {
                candidate.bits = read(&candidate.fold, candidate.sight.offset, pattern);
            }
        }
        let rank = |candidate: &&Candidate| (candidate.bits.is_some(), candidate.sight.deviations);
        let Some(best) = best.iter().max_by(|one, other| {
            let (one, other) = (rank(one), rank(other));
            one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
        }) else {
            continue;
        };
        let log10_p = log10_p(best, log10_hypotheses);
        let found = log10_p <= FALSE_ALARM.log10();
        let better = found && (answer.span.is_none() || best.bits.is_some());
        if better {
            let span = Some(span(segments, best, pattern));
            answer = AudioFinding {
                log10_p,
                span,
                payload: best.bits.map(|(payload, _)| payload),
                speed: best.view.speed,
            };
        } else if answer.span.is_none() {
            answer.log10_p = answer.log10_p.min(log10_p);
        }
        if answer.payload.is_some() {
            break;
        }
    }
    answer
}

fn drift(segments: &Segments, view: &View, index: usize) -> i64 {
    let middle = (index as f64 + 0.5) * segments.periods as f64 * ROWS as f64;
    (middle * view.speed).round() as i64
}

fn folded(segments: &Segments, view: &View) -> Fold {
    let mut sum = Fold::new();
    for index in view.segments.clone() {
        sum.add(&segments.folds[index], drift(segments, view, index));
    }
    sum
}

/// From the first to the last segment that agrees with the mark as found.
fn span(segments: &Segments, found: &Candidate, pattern: &Pattern) -> Interval {
    let signs = match found.bits {
        Some((payload, _)) => pattern.signs(payload),
        None => pattern.known_signs(),
    };
    let shows = |index: &usize| {
        let shift = drift(segments, &found.view, *index);
        let offset = (found.sight.offset as i64 - shift).rem_euclid(ROWS as i64) as usize;
        agreement(&segments.folds[*index], offset, &signs) >= SEGMENT_DEVIATIONS
    };
    let all = 0..segments.folds.len();
    let first = all.clone().find(shows).unwrap_or(found.view.segments.start);
    let last = all.rev().find(shows).unwrap_or(found.view.segments.end.saturating_sub(1));
    let length = segments.periods as f64 * SLOTS as f64 * SLOT_SECONDS;
    Interval { start: first as f64 * length, end: (last + 1) as f64 * length }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chords that come and go, with noise: structure in time and frequency, as in music.
    fn folded_sound(seed: u64) -> Segments {
        let mut state = seed;
        let mut features = Features::new(16_000);
        let mut segments = Segments::new();
        let sound: Vec<f32> = (0..16_000 * 10)
            .map(|n| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let noise = (state >> 40) as f32 / (1 << 23) as f32 - 1.0;
                let time = n as f32 / 16_000.0;
                let chord: f32 = [311.0, 700.0, 1250.0, 2500.0, 4100.0]
                    .iter()
                    .map(|hertz| (std::f32::consts::TAU * (hertz * time).fract()).sin())
                    .sum();
                0.1 * chord * (3.0 * time).sin().powi(2) + 0.02 * noise * (1.0 + (11.0 * time).sin())
            })
            .collect();
        features.push(&sound, |number, row| segments.add(number, row));
        features.finish(|number, row| segments.add(number, row));
        segments
    }

    /// The stated chance is an upper bound: over random keys, no more than stated may come up.
    #[test]
    fn stated_chance_bounds_the_rate_over_random_keys() {
        let mut below = [0u32; 3];
        let trials = 1500u32;
        let sounds: Vec<Segments> = [1, 2].map(folded_sound).into();
        for trial in 0..trials {
            let mut key = [0x5a; 32];
            key[..4].copy_from_slice(&trial.to_le_bytes());
            let pattern = Pattern::new(&Key::new(key));
            for sound in &sounds {
                let log10_p = find(sound, &pattern).log10_p;
                for (count, power) in below.iter_mut().zip(1..) {
                    *count += u32::from(log10_p <= f64::from(-power));
                }
            }
        }
        // Three deviations above the stated 0.1, 0.01 and 0.001 of 3000.
        for (count, most) in below.into_iter().zip([349, 46, 8]) {
            assert!(count <= most, "{below:?} of {}", 2 * trials);
        }
    }

    #[test]
    fn hypotheses_are_bounded_however_long_the_sound() {
        for (count, periods) in [(0, 1), (1, 1), (4, 1), (64, 1), (64, 8), (64, 1 << 20)] {
            let [whole, parts] = views(count, periods);
            assert!(whole.len() <= 400 && parts.len() <= 80, "{count}: {} {}", whole.len(), parts.len());
            assert!(parts.iter().all(|part| part.segments.end <= count));
        }
    }
}

use std::collections::VecDeque;

use filigrane_signal::{ShortTime, raised_cosine};

use crate::audio::grid::{BANDS, SLOT_SECONDS, bins};

/// Spectra a slot.
pub(crate) const PHASES: usize = 4;
/// Length of the window, slots.
const WINDOW: f64 = 1.5;
/// Power, relative to full scale, under which differences fade: -95 dB.
const FLOOR: f32 = 3e-10;
/// Slots before and after, and bands above and below, that a level is compared with.
const SLOTS_AROUND: usize = 3;
const BANDS_AROUND: usize = 2;
/// Slots before and after whose contrasts say what is usual.
const USUAL: usize = 6;
/// Deviation, nepers of power, that is usual in any case, and the cap in units of what is usual.
const LEAST: f32 = 0.3;
const CAP: f32 = 3.0;

/// Spectra over which a level is averaged before it is held against the floor: the latest ones.
const STEADY: usize = 7;
/// Nepers of power by which the floor under a band rises from one spectrum to the next.
const RISE: f32 = 0.006;
/// Weight of a band at its floor, and nepers of power above it for one more.
const FLOOR_WEIGHT: f32 = 0.5;
const FULL: f32 = 1.5;
/// Spectra by which weights lag behind the level they are for, at the middle of their average.
const LAG: usize = STEADY / 2;

/// One row of features: how much louder each band is than its surroundings in time and frequency, in units of what is
/// usual there.
pub(crate) type Row = [f32; BANDS];

/// From samples to rows of features, [`PHASES`] to a slot.
pub(crate) struct Features {
    rate: u32,
    transform: ShortTime,
    bins: [std::ops::Range<usize>; BANDS],
    /// Bands below half the sample rate.
    bands: usize,
    pending: Vec<f32>,
    /// Number of the first pending sample.
    base: u64,
    /// Number of the next spectrum.
    number: u64,
    levels: Window,
    contrasts: Window,
    /// The latest levels, and for each band the level it rises from: what lies there is noise that no mark is in.
    steady: VecDeque<Row>,
    floor: Row,
    /// Weights of the spectra whose rows were not given yet.
    weights: VecDeque<Row>,
    given: u64,
}

impl Features {
    /// For sound of one channel at `rate` hertz.
    pub fn new(rate: u32) -> Self {
        let length = (WINDOW * SLOT_SECONDS * f64::from(rate)).round().max(2.0) as usize;
        let bins = bins(rate, length);
        Self {
            rate,
            transform: ShortTime::new(raised_cosine(length)),
            bands: bins.iter().take_while(|range| !range.is_empty()).count(),
            bins,
            pending: Vec::new(),
            base: 0,
            number: 0,
            levels: Window::new(SLOTS_AROUND * PHASES),
            contrasts: Window::new(USUAL * PHASES),
            steady: VecDeque::new(),
            floor: [f32::INFINITY; BANDS],
            weights: VecDeque::new(),
            given: 0,
        }
    }

    /// Takes in samples; `each` gets the number of each row that is now known, and the row.
    pub fn push(&mut self, samples: &[f32], mut each: impl FnMut(u64, &Row)) {
        self.pending.extend_from_slice(samples);
        let hop = SLOT_SECONDS / PHASES as f64 * f64::from(self.rate);
        loop {
            let start = ((self.number as f64 * hop).round() as u64 - self.base) as usize;
            let span = start..start + self.transform.length();
            if self.pending.len() < span.end {
                let spent = start.min(self.pending.len());
                self.pending.drain(..spent);
                self.base += spent as u64;
                return;
            }
            let level = self.level(span);
            self.number += 1;
            self.weigh(level);
            self.levels.rows.push_back(level);
            self.settle(false, &mut each);
        }
    }

    /// Gives `each` the rows that waited for what comes after them.
    pub fn finish(&mut self, mut each: impl FnMut(u64, &Row)) {
        self.settle(true, &mut each);
    }

    fn level(&mut self, span: std::ops::Range<usize>) -> Row {
        // A sine of amplitude 1 has the power 1/2 in this scale, whatever the window.
        let scale = 16.0 / (3.0 * (span.len() as f32).powi(2));
        let spectrum = self.transform.analyse(&self.pending[span]);
        let mut level = [0.0; BANDS];
        for (level, range) in level.iter_mut().zip(&self.bins) {
            if !range.is_empty() {
                let power: f32 = spectrum[range.clone()].iter().map(|bin| bin.norm_sqr()).sum();
                *level = (power * scale + FLOOR).ln();
            }
        }
        level
    }

    fn weigh(&mut self, level: Row) {
        self.steady.push_back(level);
        if self.steady.len() > STEADY {
            self.steady.pop_front();
        }
        let count = self.steady.len() as f32;
        self.weights.push_back(std::array::from_fn(|band| {
            let mean = self.steady.iter().map(|row| row[band]).sum::<f32>() / count;
            self.floor[band] = (self.floor[band] + RISE).min(mean);
            (FLOOR_WEIGHT + (mean - self.floor[band]) / FULL).min(1.0)
        }));
    }

    fn settle(&mut self, last: bool, each: &mut impl FnMut(u64, &Row)) {
        let bands = self.bands;
        while let Some(contrast) = self.levels.next(last, |rows, at| contrast(rows, at, bands)) {
            self.contrasts.rows.push_back(contrast);
            self.emit(false, each);
        }
        if last {
            self.emit(true, each);
        }
    }

    fn emit(&mut self, last: bool, each: &mut impl FnMut(u64, &Row)) {
        while let Some(mut row) = self.contrasts.next(last, weighed) {
            if let Some(weights) = self.weights.get(LAG).or(self.weights.back()) {
                row.iter_mut().zip(weights).for_each(|(value, weight)| *value *= weight);
            }
            self.weights.pop_front();
            each(self.given, &row);
            self.given += 1;
        }
    }
}

/// Rows of which each is judged together with its neighbours in time.
struct Window {
    rows: VecDeque<Row>,
    radius: usize,
    /// Index in `rows` of the next row to be judged.
    centre: usize,
}

impl Window {
    fn new(radius: usize) -> Self {
        Self { rows: VecDeque::new(), radius, centre: 0 }
    }

    /// Judges the next row once its neighbours are there, or when none will follow.
    fn next(&mut self, last: bool, judge: impl FnOnce(&VecDeque<Row>, usize) -> Row) -> Option<Row> {
        let awaited = if last { self.centre } else { self.centre + self.radius };
        if self.rows.len() <= awaited {
            return None;
        }
        let judged = judge(&self.rows, self.centre);
        if self.centre == self.radius {
            self.rows.pop_front();
        } else {
            self.centre += 1;
        }
        Some(judged)
    }
}

/// A row less the mean of its neighbours in time, then less that of its neighbours in frequency.
fn contrast(rows: &VecDeque<Row>, at: usize, bands: usize) -> Row {
    let mut sum = [0.0; BANDS];
    let mut count = 0.0f32;
    for away in (1..=SLOTS_AROUND).map(|slots| slots * PHASES) {
        for near in [at.checked_sub(away), Some(at + away)].into_iter().flatten() {
            if let Some(row) = rows.get(near) {
                sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
                count += 1.0;
            }
        }
    }
    let row: Row = std::array::from_fn(|band| rows[at][band] - sum[band] / count.max(1.0));
    std::array::from_fn(|band| {
        if band >= bands || bands < 2 {
            return 0.0;
        }
        let (first, last) = (band.saturating_sub(BANDS_AROUND), (band + BANDS_AROUND).min(bands - 1));
        let around = row[first..=last].iter().sum::<f32>() - row[band];
        row[band] - around / (last - first) as f32
    })
}

/// A row in units of what is usual around it.
fn weighed(rows: &VecDeque<Row>, at: usize) -> Row {
    let mut squares = [0.0; BANDS];
    for row in rows {
        squares.iter_mut().zip(row).for_each(|(sum, value)| *sum += value * value);
    }
    std::array::from_fn(|band| {
        let usual = (squares[band] / rows.len() as f32 + LEAST * LEAST).sqrt();
        (rows[at][band] / usual).clamp(-CAP, CAP)
    })
}

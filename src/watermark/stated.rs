//! Asks for marks whose payload is known beforehand, where the embedder put them (SPEC.md §8, "Stated payloads").

use filigrane_signal::Complex32;

use crate::budget::WEIGHTINGS;
use crate::carrier::{Carrier, tile_side};
use crate::chance::{LOG10_PAYLOADS, log10_chance};
use crate::code::{self, encode};
use crate::coherent::{Lines, Sight};
use crate::combine::{best_weights, weighted};
use crate::extract::{Detector, FALSE_ALARM};
use crate::fold::Fold;
use crate::map::{Map, unmoved};
use crate::payload::Payload;

/// Radius over which the strength of another mark is averaged, cycles a tile.
const REACH: f32 = 1.5;

impl Detector {
    /// Log10 of the chance that a clip without the mark of a payload agrees with it as well as this one does, for each
    /// of `payloads`: that mark is there when it is at most that of [`FALSE_ALARM`](crate::FALSE_ALARM).
    ///
    /// Marks of one key share their known lines, so these say nothing here, and a second mark leaves neither's bits
    /// readable by themselves; but whoever states a payload states every data line. `beside` is the payload of a mark
    /// that was read: its part is taken off first. Nothing is searched: the mark is looked for in the whole clip, where
    /// it lies in pictures to which nothing was done. Intact credentials mean such pictures.
    ///
    /// The chance is over payloads, for any picture: whoever chose the payload for this very picture could as well
    /// have marked it.
    pub fn stated(&self, payloads: &[Payload], beside: Option<Payload>) -> Vec<f64> {
        let views = self.plain_views(beside);
        let log10_trials = (WEIGHTINGS * self.carriers.len().max(1) as f64).log10();
        let chance = |payload: &Payload| {
            let alone = beside == Some(*payload);
            let least = views.iter().map(|view| view.log10_chance(*payload, alone)).fold(0.0, f64::min);
            (least + log10_trials).min(0.0)
        };
        payloads.iter().map(chance).collect()
    }

    /// Another mark of the same keys beside the one that was read, with log10 of the chance that a clip without one gives
    /// so strong an answer for any payload; `None` where that is above [`FALSE_ALARM`](crate::FALSE_ALARM).
    ///
    /// What the mark that was read puts into the data lines is taken off, and the rest decoded, where the mark lies in
    /// pictures to which nothing was done since: who marks a clip a second time mostly leaves its size alone.
    pub fn another(&self, beside: Payload) -> Option<(Payload, f64)> {
        let log10_trials = (WEIGHTINGS * self.carriers.len().max(1) as f64).log10();
        self.plain_views(Some(beside))
            .iter()
            .filter_map(|view| {
                let payload =
                    code::decode(&view.likelihoods(), code::LIST).find(|payload| *payload != beside)?;
                Some((payload, view.log10_chance(payload, false) + LOG10_PAYLOADS + log10_trials))
            })
            .filter(|(_, chance)| *chance <= FALSE_ALARM.log10())
            .min_by(|one, other| one.1.total_cmp(&other.1))
    }

    /// The data lines of the whole clip at the geometry of pictures to which nothing was done, by each weighting of its
    /// segments, for each key.
    fn plain_views(&self, beside: Option<Payload>) -> Vec<View<'_>> {
        let sums: Vec<_> =
            self.accumulator.segments().iter().filter_map(|segment| segment.sums.first()).collect();
        let (Some((factor, (width, height))), Some(first)) = (self.accumulator.scale(), sums.first()) else {
            return Vec::new();
        };
        let side = tile_side(width, height) as f64 / factor as f64;
        let size = (first.width(), first.height());
        let fold =
            Fold::new(size.0, size.1, &Map::affine([1.0 / side, 0.0, 0.0, 1.0 / side], size.0, size.1));
        let observations: Vec<_> = sums.iter().map(|sum| fold.observe(sum, &self.lines)).collect();
        let centre = unmoved(size, factor, side);
        [Some(vec![1.0; observations.len()]), best_weights(&observations)]
            .into_iter()
            .flatten()
            .map(|weights| Lines::new(&weighted(&observations, &weights), &self.lines))
            .flat_map(|lines| {
                let view = |carrier| View::new(&lines, carrier, centre, beside);
                self.carriers.iter().map(view).collect::<Vec<_>>()
            })
            .collect()
    }
}

/// The data lines as one key sees them.
struct View<'a> {
    carrier: &'a Carrier,
    values: Vec<Complex32>,
    /// The same less the part of the mark that was read.
    rest: Vec<Complex32>,
}

impl<'a> View<'a> {
    fn new(lines: &Lines, carrier: &'a Carrier, centre: (f64, f64), beside: Option<Payload>) -> Self {
        let sight = Sight::still(lines, carrier, centre);
        let one = Complex32::new(1.0, 0.0);
        let values: Vec<_> = carrier.data.iter().map(|&(line, _)| sight.read(lines, line, one)).collect();
        let rest = beside.map_or_else(|| values.clone(), |other| without(&values, carrier, other));
        Self { carrier, values, rest }
    }

    /// Log-likelihood ratios of the code bits that the rest carries, positive for 0.
    fn likelihoods(&self) -> Vec<f32> {
        let count = self.rest.len().max(1) as f32;
        let power = self.rest.iter().map(|value| value.norm_sqr()).sum::<f32>() / count;
        // Of unit noise and a mark in it.
        let gain = (power - 1.0).max(0.05).sqrt();
        let symbols = self.carrier.data.iter().zip(&self.rest);
        symbols
            .map(|((_, rotation), value)| value * rotation.conj() * (4.0 * gain))
            .flat_map(|s| [s.re, s.im])
            .collect()
    }

    /// Log10 of the largest chance, over uniform code bits, that the data lines agree so well with a payload.
    ///
    /// `E exp(t (s p + r q) / sqrt 2) = cosh(t p / sqrt 2) cosh(t q / sqrt 2) <= exp(t^2 (p^2 + q^2) / 4)` for the two
    /// signs `s`, `r` of a line with the value `p + i q`, whatever that is: also with the part of another mark taken
    /// off. The rest is Chernoff's bound.
    fn log10_chance(&self, payload: Payload, alone: bool) -> f64 {
        let bits = encode(payload);
        let values = if alone { &self.values } else { &self.rest };
        let (mut sum, mut power) = (0.0f64, 0.0f64);
        for ((_, unit), value) in self.carrier.marked(&bits).zip(values) {
            sum += f64::from((value * unit.conj()).re);
            power += f64::from(value.norm_sqr());
        }
        log10_chance(if power > 0.0 { sum * (2.0 / power).sqrt() } else { 0.0 })
    }
}

/// The data lines less what another mark, as strong as lines of like radius show it, puts there.
fn without(values: &[Complex32], carrier: &Carrier, other: Payload) -> Vec<Complex32> {
    let bits = encode(other);
    let marked: Vec<_> = carrier
        .marked(&bits)
        .zip(values)
        .map(|((line, unit), value)| (line.radius(), unit, *value))
        .collect();
    let strength = |radius: f32| {
        let (mut sum, mut weight) = (0.0, f32::MIN_POSITIVE);
        for (near, unit, value) in &marked {
            let share = (-((radius - near) / REACH).powi(2)).exp();
            sum += share * (value * unit.conj()).re;
            weight += share;
        }
        sum / weight
    };
    marked.iter().map(|(radius, unit, value)| value - unit * strength(*radius)).collect()
}

#[cfg(test)]
#[path = "stated_tests.rs"]
mod tests;

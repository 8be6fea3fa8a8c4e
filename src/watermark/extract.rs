use std::ops::Range;

use filigrane_frame::{Interval, LumaRef, Plane};
use serde::{Deserialize, Serialize};

use crate::accumulate::Accumulator;
use crate::budget::{Budget, Prior};
use crate::carrier::{Carrier, Line, annulus, tile_side};
use crate::code::{LIST, LONG_LIST};
use crate::coherent::{Lines, Sight};
use crate::combine::{best_weights, weighted};
use crate::fold::{Fold, Observation};
use crate::geometry::Geometry;
use crate::key::Key;
use crate::map::{Map, Matrix, place, unmoved};
use crate::payload::Payload;
use crate::search::{Change, Search};
use crate::tilt::slanted;

/// Stated chance that a clip without the mark is said to carry it.
pub const FALSE_ALARM: f64 = 1e-9;
/// Deviations from which a stretch counts as marked.
pub const SEGMENT_DEVIATIONS: f64 = 4.0;
/// Shortest stretch of the strength over time, seconds.
const STRETCH_SECONDS: f64 = 1.0;
/// Seconds from which the halves of a clip are searched on their own, too; twice as many for its quarters.
const SPLIT_SECONDS: f64 = 8.0;
/// Log10 of the chance at which a search ends: bits can be read at a geometry that is only nearly right, as that of a picture
/// to which nothing was done when it was turned by two degrees.
const SURE: f64 = -25.0;
/// Deviations of the known lines from which a hypothesis is worth more work: chance alone comes to about 4.
const PROMISING: f64 = 4.2;
/// Deviations from which the bits are worth the [`LONG_LIST`]: with fewer, no list is long enough.
const READABLE: f64 = 6.0;

/// How strongly the mark shows in one span of the clip.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Presentation time, seconds.
    pub span: Interval,
    /// Correlation with the mark, standard deviations.
    pub deviations: f64,
}

/// A mark that was detected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// How the tile lies in the pictures.
    pub geometry: Geometry,
    /// From the first to the last segment that shows the mark.
    pub span: Interval,
    /// Strength over the whole clip.
    pub timeline: Vec<Segment>,
}

/// What a detector says of a clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Log10 of the chance that a clip without this key's mark gives so strong an answer, all hypotheses counted; at
    /// most 0.
    pub log10_p: f64,
    /// The mark, when the chance is at most [`FALSE_ALARM`].
    pub sighting: Option<Sighting>,
    /// The bits carried, when their check holds too.
    pub payload: Option<Payload>,
}

/// Looks for the marks of some keys in the pictures of one clip.
pub struct Detector {
    pub(crate) carriers: Vec<Carrier>,
    pub(crate) lines: Vec<Line>,
    pub(crate) accumulator: Accumulator,
}

/// What one hypothesis showed for one key.
struct Seen {
    key: usize,
    level: usize,
    map: Map,
    prior: Prior,
    sight: Sight,
    /// Log10 of the chance that the known lines agree so well.
    alone: f64,
    /// The bits, with log10 of the chance that the lines agree so well with any.
    bits: Option<(Payload, f64)>,
}

/// What was found best for one key.
#[derive(Debug, Clone, Copy)]
struct Best {
    log10_p: f64,
    payload: Option<Payload>,
    place: Option<Place>,
}

/// Where a key's mark lies, if anywhere.
#[derive(Debug, Clone, Copy)]
struct Place {
    level: usize,
    map: Map,
    sight: Sight,
    prior: Prior,
}

impl Best {
    const NONE: Self = Self { log10_p: 0.0, payload: None, place: None };

    fn of(seen: &Seen, budget: &Budget) -> Self {
        let trials = budget.log10_trials(seen.prior);
        let alone = seen.alone + trials;
        let both = seen.bits.map_or(0.0, |(_, chance)| chance + trials);
        Self {
            log10_p: alone.min(both).min(0.0),
            payload: seen.bits.map(|(payload, _)| payload),
            place: Some(Place { level: seen.level, map: seen.map, sight: seen.sight, prior: seen.prior }),
        }
    }

    fn found(&self) -> bool {
        self.log10_p <= FALSE_ALARM.log10()
    }

    fn read(&self) -> bool {
        self.found() && self.payload.is_some()
    }

    /// Read so well that the geometry must be the true one, or as good.
    fn sure(&self) -> bool {
        self.read() && self.log10_p <= SURE
    }
}

/// Keeps what is better than what was known; whether no better need be looked for.
fn keep_best(best: &mut [Best], seen: Vec<Seen>, budget: &Budget) -> bool {
    for seen in seen {
        let new = Best::of(&seen, budget);
        let rank = |best: &Best| (best.read(), -best.log10_p);
        if let Some(old) = best.get_mut(seen.key)
            && rank(&new) > rank(old)
        {
            *old = new;
        }
    }
    best.iter().any(Best::sure)
}

impl Detector {
    /// A detector for the marks of each of `keys`.
    pub fn new(keys: &[Key]) -> Self {
        Self {
            carriers: keys.iter().map(Carrier::new).collect(),
            lines: annulus(),
            accumulator: Accumulator::new(),
        }
    }

    /// Takes in a picture shown at `time` seconds; times do not decrease. Pictures of another size than the first
    /// one's are passed over.
    pub fn push(&mut self, luma: LumaRef<'_>, time: f64) {
        self.accumulator.push(luma, time);
    }

    /// The answer for all pictures taken in, one for each key: each at the stated rate by itself.
    pub fn finish(&self) -> Vec<Finding> {
        let mut best = vec![Best::NONE; self.carriers.len()];
        let windows = self.windows();
        let budget = Budget::of(windows.len());
        for (index, window) in windows.into_iter().enumerate() {
            self.look_through(window.clone(), index == 0, &budget, &mut best);
            self.look_harder(window, &budget, &mut best);
            if best.iter().any(Best::found) {
                break;
            }
        }
        best.iter().zip(&self.carriers).map(|(best, carrier)| self.finding(best, carrier)).collect()
    }

    /// What shows at the cheapest guess alone, that the tile lies in the pictures as the embedder put it or that these were
    /// mirrored, turned by quarters or shifted: what it finds holds at the stated rate, what it does not find says nothing.
    pub fn glance(&self) -> Vec<Finding> {
        let mut best = vec![Best::NONE; self.carriers.len()];
        let whole = 0..self.accumulator.segments().len();
        if let (Some((factor, size)), Some(sum)) =
            (self.accumulator.scale(), self.accumulator.sum(whole.clone(), 0))
        {
            self.look_unmoved(whole, &sum, factor, size, &Budget::of(self.windows().len()), &mut best);
        }
        best.iter().zip(&self.carriers).map(|(best, carrier)| self.finding(best, carrier)).collect()
    }

    /// Tests the geometry of the embedder; whether no better need be looked for.
    fn look_unmoved(
        &self,
        window: Range<usize>,
        sum: &Plane<f32>,
        factor: usize,
        (width, height): (usize, usize),
        budget: &Budget,
        best: &mut [Best],
    ) -> bool {
        let side = tile_side(width, height) as f64 / factor as f64;
        let size = (sum.width(), sum.height());
        let map = Map::affine([1.0 / side, 0.0, 0.0, 1.0 / side], size.0, size.1);
        keep_best(best, self.look(window, 0, sum, map, Some(unmoved(size, factor, side))), budget)
    }

    /// Log10 of the chance stated for one hypothesis fixed beforehand, one for each key: that the known lines agree as they
    /// do where an embedder would have put them. Nothing is searched and nothing multiplied, so over keys that did not
    /// mark the clip the numbers show whether the statement is right: one in a hundred is at most -2, and so on.
    pub fn fixed_chances(&self) -> Vec<f64> {
        let (Some((factor, (width, height))), Some(sum)) =
            (self.accumulator.scale(), self.accumulator.sum(0..self.accumulator.segments().len(), 0))
        else {
            return vec![0.0; self.carriers.len()];
        };
        let side = tile_side(width, height) as f64 / factor as f64;
        let size = (sum.width(), sum.height());
        let map = Map::affine([1.0 / side, 0.0, 0.0, 1.0 / side], size.0, size.1);
        let fold = Fold::new(size.0, size.1, &map);
        let lines = Lines::new(&fold.observe(&sum, &self.lines), &self.lines);
        let centre = unmoved(size, factor, side);
        let chance = |carrier| Sight::fixed(&lines, carrier, centre).log10_chance(&lines, carrier);
        self.carriers.iter().map(chance).collect()
    }

    /// The spans searched one after the other: the whole clip, then its halves and quarters when it is long enough for a
    /// marked part to drown in an unmarked rest.
    fn windows(&self) -> Vec<Range<usize>> {
        let segments = self.accumulator.segments();
        let count = segments.len();
        let seconds = match (segments.first(), segments.last()) {
            (Some(first), Some(last)) => last.span.end - first.span.start,
            _ => 0.0,
        };
        let parts =
            |parts: usize| (0..parts).map(move |part| count * part / parts..count * (part + 1) / parts);
        let split = [2, 4].into_iter().filter(|parts| seconds >= SPLIT_SECONDS * *parts as f64 / 2.0);
        parts(1).chain(split.flat_map(parts)).collect()
    }

    /// From the cheapest guess to the widest search; ends as soon as the bits of one key are read with [`SURE`].
    fn look_through(&self, window: Range<usize>, whole: bool, budget: &Budget, best: &mut [Best]) {
        let (Some((factor, (width, height))), Some(sum)) =
            (self.accumulator.scale(), self.accumulator.sum(window.clone(), 0))
        else {
            return;
        };
        let affine = |matrix: Matrix, sum: &Plane<f32>| Map::affine(matrix, sum.width(), sum.height());
        if self.look_unmoved(window.clone(), &sum, factor, (width, height), budget, best) {
            return;
        }
        let levels = self.accumulator.levels();
        let searches: Vec<_> = (0..levels)
            .filter_map(|level| {
                let sum = self.accumulator.sum(window.clone(), level)?;
                Some((level, Search::new(&sum, (level, levels), factor << level, (width, height))?, sum))
            })
            .collect();
        let changes: &[Change] = if whole { &Change::WHOLE } else { &Change::PART };
        for change in changes {
            for (level, search, sum) in &searches {
                for matrix in search.candidates(*change) {
                    let map = affine(matrix, sum);
                    if keep_best(best, self.look(window.clone(), *level, sum, map, None), budget) {
                        return;
                    }
                }
            }
        }
        if !whole {
            return;
        }
        for map in slanted(&sum) {
            if keep_best(best, self.look(window.clone(), 0, &sum, map, None), budget) {
                return;
            }
        }
    }

    /// Decodes with a long list where a key's mark lies likeliest, when its bits were not read.
    fn look_harder(&self, window: Range<usize>, budget: &Budget, best: &mut [Best]) {
        for (best, carrier) in best.iter_mut().zip(&self.carriers) {
            let Some(Place { level, map, sight, prior }) = best.place.filter(|_| !best.read()) else {
                continue;
            };
            if sight.deviations < READABLE {
                continue;
            }
            let observations = self.observe(window.clone(), level, map);
            let weightings = [Some(vec![1.0; observations.len()]), best_weights(&observations)];
            let seen = weightings.iter().flatten().filter_map(|weights| {
                let lines = Lines::new(&weighted(&observations, weights), &self.lines);
                sight.payload(&lines, carrier, LONG_LIST)
            });
            if let Some((payload, chance)) = seen.min_by(|one, other| one.1.total_cmp(&other.1)) {
                best.log10_p = best.log10_p.min(chance + budget.log10_trials(prior));
                best.payload = Some(payload);
            }
        }
    }

    /// Tests one geometry with each weighting of the segments, and tries to read the bits.
    fn look(
        &self,
        window: Range<usize>,
        level: usize,
        sum: &Plane<f32>,
        map: Map,
        still: Option<(f64, f64)>,
    ) -> Vec<Seen> {
        let fold = Fold::new(sum.width(), sum.height(), &map);
        let plain = Lines::new(&fold.observe(sum, &self.lines), &self.lines);
        let mut seen = self.test(&plain, level, map, still);
        // Weighing the segments costs as much as all else; a wrong geometry is not worth it.
        let promising = still.is_some() || seen.iter().any(|seen| seen.sight.deviations >= PROMISING);
        if promising {
            let segments = self.accumulator.segments().get(window).unwrap_or_default();
            let observations: Vec<_> =
                segments.iter().map(|segment| fold.observe(&segment.sums[level], &self.lines)).collect();
            if let Some(weights) = best_weights(&observations) {
                let lines = Lines::new(&weighted(&observations, &weights), &self.lines);
                seen.extend(self.test(&lines, level, map, still));
            }
        }
        seen
    }

    /// What each key shows in the lines of one geometry.
    fn test(&self, lines: &Lines, level: usize, map: Map, still: Option<(f64, f64)>) -> Vec<Seen> {
        let mut seen = Vec::new();
        for (key, carrier) in self.carriers.iter().enumerate() {
            if let Some(centre) = still {
                let sight = Sight::still(lines, carrier, centre);
                let (alone, bits) = (sight.log10_chance(lines, carrier), sight.payload(lines, carrier, LIST));
                seen.push(Seen { key, level, map, prior: Prior::Still, sight, alone, bits });
            }
            let sight = Sight::of(lines, carrier);
            let prior = if still.is_some() { Prior::Unmoved } else { Prior::Moved };
            let bits = (sight.deviations >= PROMISING).then(|| sight.payload(lines, carrier, LIST)).flatten();
            let alone = sight.log10_chance(lines, carrier);
            seen.push(Seen { key, level, map, prior, sight, alone, bits });
        }
        seen
    }

    /// What each segment of a window shows at one geometry.
    fn observe(&self, window: Range<usize>, level: usize, map: Map) -> Vec<Observation> {
        let segments = self.accumulator.segments().get(window).unwrap_or_default();
        let sums = || segments.iter().filter_map(|segment| segment.sums.get(level));
        let Some(first) = sums().next() else { return Vec::new() };
        let (width, height) = (first.width(), first.height());
        let fold = Fold::new(width, height, &map);
        sums().map(|sum| fold.observe(sum, &self.lines)).collect()
    }

    fn finding(&self, best: &Best, carrier: &Carrier) -> Finding {
        let found = best.place.filter(|_| best.found()).and_then(|Place { level, map, sight, .. }| {
            let timeline = self.timeline((level, map), &sight, carrier, best.payload);
            let geometry = self.geometry(level, map, &sight)?;
            let shown = || timeline.iter().filter(|stretch| stretch.deviations >= SEGMENT_DEVIATIONS);
            let start = shown().next().or(timeline.first())?.span.start;
            let end = shown().next_back().or(timeline.last())?.span.end;
            Some(Sighting { geometry, span: Interval { start, end }, timeline })
        });
        let payload = best.payload.filter(|_| found.is_some());
        Finding { log10_p: best.log10_p, sighting: found, payload }
    }

    /// Correlates each stretch of at least [`STRETCH_SECONDS`] with the mark as found.
    fn timeline(
        &self,
        (level, map): (usize, Map),
        sight: &Sight,
        carrier: &Carrier,
        payload: Option<Payload>,
    ) -> Vec<Segment> {
        let segments = self.accumulator.segments();
        let observations = self.observe(0..segments.len(), level, map);
        let mut timeline = Vec::new();
        let mut first = 0;
        for last in 0..segments.len() {
            let end = segments.get(last + 1).map_or(segments[last].span.end, |next| next.span.start);
            let rest = segments[segments.len() - 1].span.end - end;
            let short = end - segments[first].span.start < STRETCH_SECONDS || rest < STRETCH_SECONDS / 2.0;
            if short && last + 1 < segments.len() {
                continue;
            }
            let observation = weighted(&observations[first..=last], &vec![1.0; last + 1 - first]);
            let lines = Lines::new(&observation, &self.lines);
            let span = Interval { start: segments[first].span.start, end };
            timeline.push(Segment { span, deviations: sight.strength(&lines, carrier, payload) });
            first = last + 1;
        }
        timeline
    }

    fn geometry(&self, level: usize, map: Map, sight: &Sight) -> Option<Geometry> {
        let factor = self.accumulator.scale()?.0 << level;
        let sum = self.accumulator.segments().first()?.sums.get(level)?;
        Some(Geometry {
            matrix: map.matrix().map(|entry| entry / factor as f64),
            dihedral: sight.dihedral,
            centre: sight.centre(),
            origin: (place(sum.width(), factor), place(sum.height(), factor)),
        })
    }
}

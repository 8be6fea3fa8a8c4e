use filigrane_frame::{Interval, LumaRef, Plane};
use filigrane_signal::NonuniformSpectrum;

use crate::accumulate::Accumulator;
use crate::carrier::{Carrier, tile_side};
use crate::code;
use crate::coherent::{HYPOTHESES, Lines, Matrix, Sight};
use crate::geometry::Geometry;
use crate::key::Key;
use crate::lattice::{Lattice, Pitch};
use crate::payload::Payload;

/// Stated chance that a clip without the mark is said to carry it.
pub const FALSE_ALARM: f64 = 1e-9;
/// Side of the tile used for the strength over time.
const TEMPLATE_SIDE: usize = 128;
/// Deviations from which a segment counts as marked.
pub const SEGMENT_DEVIATIONS: f64 = 4.0;

/// How strongly the mark shows in one span of the clip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Presentation time, seconds.
    pub span: Interval,
    /// Correlation with the mark, standard deviations.
    pub deviations: f64,
}

/// A mark that was detected.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// How the tile lies in the pictures.
    pub geometry: Geometry,
    /// From the first to the last segment that shows the mark.
    pub span: Interval,
    /// Strength over the whole clip.
    pub timeline: Vec<Segment>,
}

/// What a detector says of a clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Log10 of the chance that a clip without this key's mark gives so strong an answer, all hypotheses counted; at
    /// most 0.
    pub log10_p: f64,
    /// The mark, when the chance is at most [`FALSE_ALARM`].
    pub sighting: Option<Sighting>,
    /// The bits carried, when their check holds too.
    pub payload: Option<Payload>,
}

/// Looks for the mark of one key in the pictures of one clip.
pub struct Detector {
    carrier: Carrier,
    accumulator: Accumulator,
}

/// What a search through one sum of pictures found best.
struct Best {
    sight: Sight,
    payload: Option<Payload>,
}

/// Most geometries looked at in the whole clip, and in each part of it after that.
const WHOLE_GEOMETRIES: usize = 1 + SQUARE_PITCHES + STRETCHED_PITCHES;
const PART_GEOMETRIES: usize = 1 + SQUARE_PITCHES;
/// Pitches kept of each search.
const SQUARE_PITCHES: usize = 6;
const STRETCHED_PITCHES: usize = 8;
/// How far the sides of a stretched tile may differ, natural logarithm.
const STRETCH: f64 = 0.13;

/// How many coherent hypotheses a clip may cost at most: all of them count, also those not reached.
struct Budget {
    log10_geometries: f64,
}

impl Budget {
    fn of(windows: usize) -> Self {
        let geometries = WHOLE_GEOMETRIES + PART_GEOMETRIES * windows.saturating_sub(1);
        Self { log10_geometries: (geometries as f64).log10() }
    }

    /// Log10 of the chance that any hypothesis of the clip does as well, by the union bound: by its known lines
    /// alone, or by known lines and checksum together.
    fn log10_p(&self, best: &Best) -> f64 {
        let alone = best.sight.log10_chance() + HYPOTHESES.log10();
        let p = match best.payload {
            Some(_) => alone.min(alone.min(0.0) + code::log10_accident()),
            None => alone,
        };
        // Two ways to be found, each at half the stated rate.
        (p + self.log10_geometries + 2f64.log10()).min(0.0)
    }

    fn found(&self, best: &Best) -> bool {
        self.log10_p(best) <= FALSE_ALARM.log10()
    }
}

impl Detector {
    /// A detector for the marks of `key`.
    pub fn new(key: &Key) -> Self {
        Self { carrier: Carrier::new(key), accumulator: Accumulator::new() }
    }

    /// Takes in a picture shown at `time` seconds; times do not decrease. Pictures of another size than the first
    /// one's are passed over.
    pub fn push(&mut self, luma: LumaRef<'_>, time: f64) {
        self.accumulator.push(luma, time);
    }

    /// The answer for all pictures taken in.
    pub fn finish(&self) -> Finding {
        let mut weakest = Finding { log10_p: 0.0, sighting: None, payload: None };
        let Some((factor, _)) = self.accumulator.scale() else {
            return weakest;
        };
        let count = self.accumulator.segments().len();
        let windows = windows(count);
        let budget = Budget::of(windows.len());
        for (index, window) in windows.into_iter().enumerate() {
            let Some(sum) = self.accumulator.sum(window) else {
                continue;
            };
            let transform = NonuniformSpectrum::new(&sum);
            let best = self.search(&transform, &sum, factor, index == 0, &budget);
            let log10_p = budget.log10_p(&best);
            if budget.found(&best) {
                let geometry = geometry(&best.sight, &sum, factor);
                let timeline = self.timeline(&geometry, factor, best.payload);
                let shown: Vec<_> =
                    timeline.iter().filter(|segment| segment.deviations >= SEGMENT_DEVIATIONS).collect();
                let all = self.accumulator.segments();
                let start =
                    shown.first().map(|segment| segment.span.start).or(all.first().map(|s| s.span.start));
                let end = shown.last().map(|segment| segment.span.end).or(all.last().map(|s| s.span.end));
                let span = Interval { start: start.unwrap_or(0.0), end: end.unwrap_or(0.0) };
                return Finding {
                    log10_p,
                    sighting: Some(Sighting { geometry, span, timeline }),
                    payload: best.payload,
                };
            }
            weakest.log10_p = weakest.log10_p.min(log10_p);
        }
        weakest
    }

    /// From the cheapest guess to the widest search; ends as soon as the bits check.
    fn search(
        &self,
        transform: &NonuniformSpectrum,
        sum: &Plane<f32>,
        factor: usize,
        wide: bool,
        budget: &Budget,
    ) -> Best {
        let (width, height) = (sum.width(), sum.height());
        let short = width.min(height) as f64;
        let unmoved = tile_side(width * factor, height * factor) as f64 / factor as f64;
        let usual = short * 8.0 / 45.0;
        let (low, high) = ((0.42 * usual).max(24.0), (4.6 * usual).min(1.2 * short));
        let mut best = self.look(transform, &[Pitch { x: unmoved, y: unmoved }]);
        if budget.found(&best) && best.payload.is_some() {
            return best;
        }
        let lattice = Lattice::new(transform);
        for stretched in [false, true] {
            if stretched && !wide {
                break;
            }
            let pitches = if stretched {
                lattice.stretched_pitches(low, high, STRETCH, STRETCHED_PITCHES)
            } else {
                lattice.square_pitches(low, high, SQUARE_PITCHES)
            };
            let found = self.look(transform, &pitches);
            let better = (found.payload.is_some(), found.sight.deviations)
                > (best.payload.is_some(), best.sight.deviations);
            if better {
                best = found;
            }
            if budget.found(&best) && best.payload.is_some() {
                break;
            }
        }
        best
    }

    /// Tests pitches coherently and tries to read the bits of each promising one.
    fn look(&self, transform: &NonuniformSpectrum, pitches: &[Pitch]) -> Best {
        let mut best: Option<Best> = None;
        for pitch in pitches {
            let matrix: Matrix = [1.0 / pitch.x, 0.0, 0.0, 1.0 / pitch.y];
            let lines = Lines::measure(transform, matrix);
            let mut sight = Sight::of(&lines, matrix, &self.carrier);
            let mut payload = None;
            // Weaker sightings cannot reach the stated rate even with their bits checked.
            if sight.log10_chance() + HYPOTHESES.log10() + code::log10_accident() <= FALSE_ALARM.log10() {
                sight.refine(transform, &lines, &self.carrier);
                let lines = Lines::measure(transform, sight.matrix);
                payload = code::decode(&sight.likelihoods(&lines, &self.carrier));
            }
            let rank = |payload: Option<Payload>, sight: &Sight| (payload.is_some(), sight.deviations);
            if best.as_ref().is_none_or(|best| rank(payload, &sight) > rank(best.payload, &best.sight)) {
                best = Some(Best { sight, payload });
            }
        }
        best.unwrap_or(Best {
            sight: Sight {
                matrix: [0.0; 4],
                dihedral: crate::geometry::Dihedral::ALL[0],
                centre: (0.0, 0.0),
                deviations: 0.0,
            },
            payload: None,
        })
    }

    /// Correlates each segment with the mark as found; the same pattern shifted elsewhere gives the noise.
    fn timeline(&self, geometry: &Geometry, factor: usize, payload: Option<Payload>) -> Vec<Segment> {
        let tile = match payload {
            Some(payload) => self.carrier.tile(payload, TEMPLATE_SIDE),
            None => self.carrier.sync_tile(TEMPLATE_SIDE),
        };
        const SHIFTS: usize = 17;
        let Some(first) = self.accumulator.segments().first() else {
            return Vec::new();
        };
        let (width, height) = (first.sum.width(), first.sum.height());
        // Every other sample is enough for a curve.
        let places: Vec<(usize, f64, f64)> = (0..height)
            .step_by(2)
            .flat_map(|y| (0..width).step_by(2).map(move |x| (x, y)))
            .map(|(x, y)| {
                let centre = (factor as f64 - 1.0) / 2.0;
                let (u, v) =
                    geometry.tile_coordinates((x * factor) as f64 + centre, (y * factor) as f64 + centre);
                (y * width + x, u.rem_euclid(1.0), v.rem_euclid(1.0))
            })
            .collect();
        self.accumulator
            .segments()
            .iter()
            .map(|segment| {
                let mut sums = [0f64; SHIFTS];
                for &(index, u, v) in &places {
                    let value = f64::from(segment.sum.samples()[index]);
                    for (shift, sum) in sums.iter_mut().enumerate() {
                        let (u, v) = (u + 0.2371 * shift as f64, v + 0.3817 * shift as f64);
                        let column = (u * TEMPLATE_SIDE as f64) as usize % TEMPLATE_SIDE;
                        let row = (v * TEMPLATE_SIDE as f64) as usize % TEMPLATE_SIDE;
                        *sum += value * f64::from(tile.row(row)[column]);
                    }
                }
                let noise = (sums[1..].iter().map(|sum| sum * sum).sum::<f64>() / (SHIFTS - 1) as f64).sqrt();
                Segment { span: segment.span, deviations: if noise > 0.0 { sums[0] / noise } else { 0.0 } }
            })
            .collect()
    }
}

/// The spans searched one after the other: the whole clip, then its halves and quarters when it is long enough for a
/// marked part to drown in an unmarked rest.
fn windows(segments: usize) -> Vec<std::ops::Range<usize>> {
    let parts =
        |parts: usize| (0..parts).map(move |part| segments * part / parts..segments * (part + 1) / parts);
    let split = [2, 4].into_iter().filter(|count| segments >= 4 * count);
    parts(1).chain(split.flat_map(parts)).collect()
}

fn geometry(sight: &Sight, sum: &Plane<f32>, factor: usize) -> Geometry {
    let place = |length: usize| (length * factor) as f64 / 2.0 + (factor as f64 - 1.0) / 2.0;
    Geometry {
        matrix: sight.matrix.map(|entry| entry / factor as f64),
        dihedral: sight.dihedral,
        centre: (sight.centre.0.rem_euclid(1.0), sight.centre.1.rem_euclid(1.0)),
        origin: (place(sum.width()), place(sum.height())),
    }
}

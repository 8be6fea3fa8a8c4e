use filigrane_frame::LumaRef;
use filigrane_signal::Complex32;

use crate::accumulate::Accumulator;
use crate::carrier::{Line, annulus, tile_side};
use crate::embed::Strength;
use crate::fold::Fold;
use crate::map::Map;

/// How many times over the content is cancelled: what a hard coding leaves of the mark is about so much less than what it
/// leaves of standing content.
const TIMES: f32 = 1.5;
/// Most of the mark's power that goes into cancelling.
const MOST: f32 = 0.12;

/// Measures what the content of a clip itself holds at the lines of the pattern, as a detector would see it.
pub struct HostObserver {
    lines: Vec<Line>,
    host: Accumulator,
    marked: Accumulator,
}

impl HostObserver {
    /// For pictures of one size.
    pub fn new() -> Self {
        Self { lines: annulus(), host: Accumulator::new(), marked: Accumulator::new() }
    }

    /// Takes in a picture before it is marked; [`marked`](Self::marked) must follow.
    pub fn host(&mut self, luma: LumaRef<'_>) {
        self.host.push(luma, 0.0);
    }

    /// Takes in the same picture after it was marked without cancellation.
    pub fn marked(&mut self, luma: LumaRef<'_>) {
        self.marked.push(luma, 0.0);
    }

    /// What to add to the pattern so that less of the content is left at its lines: improved spread spectrum (Malvar,
    /// Florêncio 2003, §III) against the part of the content that stands still, which no summing over time averages away.
    ///
    /// The pictures were marked at strength 1, the clip will be at `strength`. Nothing where the pictures hold nothing in
    /// common.
    pub fn cancellation(&self, strength: Strength) -> Cancellation {
        let none = Cancellation { factors: Vec::new() };
        let Some((factor, (width, height))) = self.host.scale() else { return none };
        let (host, marked) = (self.host.segments(), self.marked.segments());
        let count = host.len();
        if count < 2 || marked.len() != count {
            return none;
        }
        let side = tile_side(width, height) as f64 / factor as f64;
        let plane = &host[0].sums[0];
        let (columns, rows) = (plane.width(), plane.height());
        let fold = Fold::new(columns, rows, &Map::affine([1.0 / side, 0.0, 0.0, 1.0 / side], columns, rows));
        let observe =
            |segment: &crate::accumulate::Segment| fold.observe(&segment.sums[0], &self.lines).values;
        let host: Vec<Vec<Complex32>> = host.iter().map(observe).collect();
        let marked: Vec<Vec<Complex32>> = marked.iter().map(observe).collect();
        let sum = |pictures: &[Vec<Complex32>], line: usize| {
            pictures.iter().map(|values| values[line]).sum::<Complex32>()
        };
        let lines = 0..self.lines.len();
        let together: f32 = lines.clone().map(|line| sum(&host, line).norm_sqr()).sum();
        let apart: f32 = host.iter().flatten().map(|value| value.norm_sqr()).sum();
        // Share of a picture's power at the lines that it has in common with every other one: 0 of independent pictures.
        let standing = ((together - apart) / (apart * (count - 1) as f32)).clamp(0.0, 1.0);
        if !standing.is_finite() {
            return none;
        }
        let added: Vec<f32> =
            lines.clone().map(|line| (sum(&marked, line) - sum(&host, line)).norm()).collect();
        let usual = added.iter().sum::<f32>() / added.len() as f32;
        let mut factors: Vec<Complex32> = lines
            .map(|line| {
                let host = sum(&host, line);
                let mark = sum(&marked, line) - host;
                // A line that the pictures swallow would ask for a correction without bounds.
                let gain = mark.norm_sqr().max(0.25 * usual * usual);
                host * mark.conj() * (-TIMES * standing / (gain * strength.factor()))
            })
            .collect();
        let count = factors.len() as f32;
        let power =
            |factors: &[Complex32]| factors.iter().map(|factor| factor.norm_sqr()).sum::<f32>() / count;
        let scale = (MOST / power(&factors).max(MOST)).sqrt();
        for factor in &mut factors {
            *factor = Complex32::new(1.0, 0.0) + *factor * scale;
        }
        let scale = power(&factors).sqrt().recip();
        if !scale.is_finite() {
            return none;
        }
        for factor in &mut factors {
            *factor *= scale;
        }
        Cancellation { factors }
    }
}

impl Default for HostObserver {
    fn default() -> Self {
        Self::new()
    }
}

/// Factors on the lines of the pattern that cancel a part of the content; the default cancels nothing.
#[derive(Debug, Clone, Default)]
pub struct Cancellation {
    /// In the order of the annulus, with a mean square of 1; empty for none.
    factors: Vec<Complex32>,
}

impl Cancellation {
    /// The lines with their coefficients corrected.
    pub(crate) fn applied<'a>(
        &'a self,
        lines: impl Iterator<Item = (Line, Complex32)> + 'a,
    ) -> impl Iterator<Item = (Line, Complex32)> + 'a {
        let annulus = annulus();
        lines.map(move |(line, unit)| {
            let factor =
                annulus.iter().position(|&other| other == line).and_then(|place| self.factors.get(place));
            (line, factor.map_or(unit, |factor| unit * factor))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Embedder, Key, Payload};
    use filigrane_frame::{ColourRange, LumaLayout, LumaMut};

    const SIDE: usize = 360;

    /// A picture whose content lies on lines of the pattern, shifted by `shift` pixels.
    fn picture(shift: f32) -> Vec<u8> {
        let side = tile_side(SIDE, SIDE) as f32;
        (0..SIDE * SIDE)
            .map(|i| {
                let (x, y) = ((i % SIDE) as f32 + shift, (i / SIDE) as f32);
                let wave = |kx: f32, ky: f32| (std::f32::consts::TAU * (kx * x + ky * y) / side).sin();
                (128.0 + 9.0 * wave(5.0, 3.0) + 9.0 * wave(-6.0, 4.0)) as u8
            })
            .collect()
    }

    fn observed(shifts: [f32; 8]) -> HostObserver {
        let layout =
            LumaLayout { width: SIDE, height: SIDE, stride: SIDE, bits: 8, range: ColourRange::Full };
        let mut embedder =
            Embedder::new(&Key::public(), Payload(1), SIDE, SIDE, Strength::default()).expect("large");
        let mut observer = HostObserver::new();
        for shift in shifts {
            let mut bytes = picture(shift);
            observer.host(LumaRef::new(layout, &bytes).expect("fits"));
            embedder.mark(&mut LumaMut::new(layout, &mut bytes).expect("fits")).expect("same size");
            observer.marked(LumaRef::new(layout, &bytes).expect("fits"));
        }
        observer
    }

    fn power(factors: &[Complex32]) -> f32 {
        factors.iter().map(|factor| factor.norm_sqr()).sum::<f32>() / factors.len() as f32
    }

    #[test]
    fn standing_content_is_cancelled_on_its_own_lines_at_unchanged_power() {
        let factors = observed([0.0; 8]).cancellation(Strength::default()).factors;
        assert!((power(&factors) - 1.0).abs() < 1e-4);
        let mut by_change: Vec<(f32, Line)> = factors
            .iter()
            .zip(annulus())
            .map(|(factor, line)| ((factor - factors[0]).norm(), line))
            .collect();
        by_change.sort_by(|a, b| b.0.total_cmp(&a.0));
        let most: Vec<(i32, i32)> = by_change[..2].iter().map(|(_, line)| (line.kx, line.ky)).collect();
        assert!(most.contains(&(5, 3)) && most.contains(&(-6, 4)), "{by_change:?}");
    }

    #[test]
    fn content_that_passes_by_changes_the_pattern_little() {
        let side = tile_side(SIDE, SIDE) as f32;
        let passing = std::array::from_fn(|i| i as f32 * side / 8.0);
        let change = |observer: HostObserver| {
            let factors = observer.cancellation(Strength::default()).factors;
            factors.iter().map(|factor| (factor - Complex32::new(1.0, 0.0)).norm_sqr()).sum::<f32>()
        };
        let (still, moving) = (change(observed([0.0; 8])), change(observed(passing)));
        assert!(moving < 0.1 * still, "{moving} {still}");
    }

    #[test]
    fn nothing_seen_cancels_nothing() {
        assert!(HostObserver::new().cancellation(Strength::default()).factors.is_empty());
    }
}

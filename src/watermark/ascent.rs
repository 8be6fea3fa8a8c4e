use filigrane_frame::Plane;
use filigrane_signal::Complex32;

use crate::carrier::{Line, annulus};
use crate::map::{Map, Matrix};

/// Bins of a tile along each axis.
const BINS: usize = 64;
/// Lines whose power is levelled together, on each side in order of radius.
const LEVELLED: usize = 12;
/// Step of the first round: by how much of a cycle the outermost line moves at the border of a part.
const FIRST_STEP: f64 = 0.5;
/// Rounds, each with half the step of the one before.
const ROUNDS: usize = 4;
/// Most passes over all parameters a round.
const PASSES: usize = 3;

/// The stages that settle a map, from a rough guess to the last digit.
const STAGES: [Stage; 3] = [
    Stage { parts: (5, 3), outer: 49 },
    Stage { parts: (2, 2), outer: 81 },
    Stage { parts: (1, 1), outer: 144 },
];

/// Follows the power of the lines uphill from a map that is roughly right.
pub(crate) fn settle(plane: &Plane<f32>, map: Map) -> Map {
    STAGES.into_iter().fold(map, |map, stage| Ascent::new(plane, stage).climb(map))
}

/// How finely a map is followed: the parts of the picture, across and down, whose powers are added up without regard
/// to each other's phases, and the square of the largest line index.
#[derive(Debug, Clone, Copy)]
struct Stage {
    parts: (usize, usize),
    outer: i32,
}

/// Follows the power of the lines uphill in all six parameters of a map that power sees.
///
/// Small parts tell little apart and are easily led; the whole picture settles a map that is nearly right.
struct Ascent<'a> {
    plane: &'a Plane<f32>,
    stage: Stage,
    lines: Vec<Line>,
    reach: usize,
    waves: Vec<Complex32>,
    folded: Vec<f32>,
}

impl<'a> Ascent<'a> {
    fn new(plane: &'a Plane<f32>, stage: Stage) -> Self {
        let lines: Vec<Line> = annulus()
            .into_iter()
            .filter(|line| line.kx * line.kx + line.ky * line.ky <= stage.outer)
            .collect();
        let wave =
            |index: usize| Complex32::from_polar(1.0, -std::f32::consts::TAU * index as f32 / BINS as f32);
        Self {
            plane,
            stage,
            reach: f64::from(stage.outer).sqrt() as usize,
            lines,
            waves: (0..BINS).map(wave).collect(),
            folded: vec![0.0; BINS * BINS * stage.parts.0 * stage.parts.1],
        }
    }

    /// The best map near `map`.
    fn climb(&mut self, map: Map) -> Map {
        let levels = levels(&self.powers(&map));
        let mut map = map;
        let mut best = self.height(&map, &levels);
        let (width, height) = (self.plane.width() as f64, self.plane.height() as f64);
        let [a, b, c, d] = map.matrix();
        let finest = a.hypot(c).max(b.hypot(d)) * self.reach as f64;
        let half = (width / self.stage.parts.0 as f64).max(height / self.stage.parts.1 as f64) / 2.0;
        let mut step = FIRST_STEP / (finest * half);
        for _ in 0..ROUNDS {
            for _ in 0..PASSES {
                let before = best;
                for axis in 0..6 {
                    for sign in [1.0, -1.0] {
                        // The tilt counts at the border; parts see only how it changes the scale there.
                        let moved = moved(&map, axis, sign * step, (width, height));
                        let here = self.height(&moved, &levels);
                        if here > best {
                            (best, map) = (here, moved);
                            break;
                        }
                    }
                }
                if best <= before {
                    break;
                }
            }
            step /= 2.0;
        }
        map
    }

    /// Amplitudes, not powers: a few strong lines must not decide alone.
    fn height(&mut self, map: &Map, levels: &[f32]) -> f32 {
        self.powers(map).iter().zip(levels).map(|(power, level)| (power * level).sqrt()).sum()
    }

    /// The power of each line, summed over the parts.
    fn powers(&mut self, map: &Map) -> Vec<f32> {
        self.fold(map);
        let mut powers = vec![0.0; self.lines.len()];
        let columns = self.reach + 1;
        let mut rows = vec![Complex32::default(); BINS * (2 * self.reach + 1)];
        for part in self.folded.chunks_exact(BINS * BINS) {
            // Transform along the tile's columns only where lines are: `ky` from 0 on, then rows for each line.
            for (ky, row) in rows.chunks_exact_mut(BINS).take(columns).enumerate() {
                row.fill(Complex32::default());
                for (v, samples) in part.chunks_exact(BINS).enumerate() {
                    let wave = self.waves[v * ky % BINS];
                    for (sum, &sample) in row.iter_mut().zip(samples) {
                        *sum += wave * sample;
                    }
                }
            }
            for (power, line) in powers.iter_mut().zip(&self.lines) {
                let kx = line.kx.rem_euclid(BINS as i32) as usize;
                let row = &rows[line.ky as usize * BINS..][..BINS];
                let value: Complex32 =
                    row.iter().enumerate().map(|(u, value)| value * self.waves[u * kx % BINS]).sum();
                *power += value.norm_sqr();
            }
        }
        powers
    }

    fn fold(&mut self, map: &Map) {
        self.folded.fill(0.0);
        let (width, height) = (self.plane.width(), self.plane.height());
        let (columns, rows) = self.stage.parts;
        // A multiple of the period keeps numbers positive, for which cutting off the fraction rounds down.
        const OFFSET: f32 = (BINS << 8) as f32 + 0.5;
        let [a, b, c, d] = map.matrix().map(|entry| (entry * BINS as f64) as f32);
        let (g, h) = (map.tilt().0 as f32, map.tilt().1 as f32);
        let mut places = vec![0u16; width];
        for y in 0..height {
            let down = y as f32 - height as f32 / 2.0;
            for (x, place) in places.iter_mut().enumerate() {
                let along = x as f32 - width as f32 / 2.0;
                let scale = 1.0 / (g * along + h * down + 1.0);
                let u = ((a * along + c * down) * scale + OFFSET) as i32 & (BINS as i32 - 1);
                let v = ((b * along + d * down) * scale + OFFSET) as i32 & (BINS as i32 - 1);
                *place = (v * BINS as i32 + u) as u16;
            }
            let samples = self.plane.row(y);
            for column in 0..columns {
                let part = y * rows / height * columns + column;
                let folded = &mut self.folded[part * BINS * BINS..][..BINS * BINS];
                let range = width * column / columns..width * (column + 1) / columns;
                for (&place, sample) in places[range.clone()].iter().zip(&samples[range]) {
                    folded[usize::from(place)] += sample;
                }
            }
        }
    }
}

/// One over the mean power of the lines of similar radius; the lines come in order of radius.
fn levels(powers: &[f32]) -> Vec<f32> {
    (0..powers.len())
        .map(|index| {
            let near = &powers[index.saturating_sub(LEVELLED)..(index + LEVELLED + 1).min(powers.len())];
            near.len() as f32 / (near.iter().sum::<f32>() + f32::MIN_POSITIVE)
        })
        .collect()
}

/// One step along one of six axes: scale, turn, stretch, shear at the centre; tilt along and down.
fn moved(map: &Map, axis: usize, step: f64, (width, height): (f64, f64)) -> Map {
    let [a, b, c, d]: Matrix = map.matrix();
    let (g, h) = map.tilt();
    let (matrix, tilt) = match axis {
        0 => ([a * (1.0 + step), b * (1.0 + step), c * (1.0 + step), d * (1.0 + step)], (g, h)),
        1 => ([a + step * c, b + step * d, c - step * a, d - step * b], (g, h)),
        2 => ([a * (1.0 + step), b * (1.0 + step), c * (1.0 - step), d * (1.0 - step)], (g, h)),
        3 => ([a + step * c, b + step * d, c + step * a, d + step * b], (g, h)),
        4 => ([a, b, c, d], (g + step / width, h)),
        _ => ([a, b, c, d], (g, h + step / height)),
    };
    Map::tilted(matrix, tilt, width as usize, height as usize)
}

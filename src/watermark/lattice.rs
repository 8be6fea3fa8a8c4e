use filigrane_frame::Plane;
use filigrane_signal::{NonuniformSpectrum, box_mean};

use crate::carrier::{Line, annulus};

/// Cap on the power of one bin, in units of the power around it: no single host line may carry a candidate.
const CAP: f32 = 6.0;
/// Half side of the neighbourhood a bin is compared with, bins of the oversampled spectrum.
const NEIGHBOURHOOD: usize = 16;
/// Frequencies from here on, cycles a sample, are lost to the reduction's own low-pass.
pub(crate) const HIGHEST: f64 = 0.47;

/// Tile sides along rows and columns, samples of the reduced picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pitch {
    pub x: f64,
    pub y: f64,
}

/// Finds at which pitch a lattice of spectral lines stands out, whatever the lines' phases.
///
/// Because it looks at power alone, what it picks says nothing about a key's phases: the coherent test that follows
/// keeps its false-alarm rate however many pitches are weighed here.
pub(crate) struct Lattice {
    /// Power over neighbourhood mean, columns `0..=width/2` of the oversampled spectrum.
    relative: Plane<f32>,
    width: usize,
    lines: Vec<Line>,
    mean: f32,
    deviation: f32,
}

impl Lattice {
    pub fn new(transform: &NonuniformSpectrum) -> Self {
        let spectrum = transform.oversampled();
        let half = spectrum.half();
        let (columns, rows) = (half.width(), half.height());
        let mut power = Plane::<f32>::new(columns, rows);
        for (power, value) in power.samples_mut().iter_mut().zip(half.samples()) {
            *power = value.norm_sqr();
        }
        let (mut scratch, mut around) = (power.clone(), power.clone());
        box_mean(&power, NEIGHBOURHOOD, &mut scratch, &mut around);
        for (power, around) in power.samples_mut().iter_mut().zip(around.samples()) {
            *power = (*power / (around + f32::MIN_POSITIVE)).min(CAP);
        }
        let count = power.samples().len() as f64;
        let mean = power.samples().iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        let square = power.samples().iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / count;
        let deviation = (square - mean * mean).max(1e-12).sqrt();
        Self {
            relative: power,
            width: spectrum.width(),
            lines: annulus(),
            mean: mean as f32,
            deviation: deviation as f32,
        }
    }

    /// How far the power on the lattice stands above what chance gives, standard deviations.
    fn score(&self, pitch: Pitch) -> f32 {
        const TABLE: usize = 64;
        let rows = self.relative.height() as i32;
        // Bin of each line index along either axis; out of band is marked by a negative bin.
        let mut across = [-1i32; TABLE];
        let mut down = [-1i32; TABLE];
        for index in 0..TABLE / 2 {
            let (fx, fy) = (index as f64 / pitch.x, index as f64 / pitch.y);
            if fx < HIGHEST {
                across[index] = (fx * self.width as f64).round() as i32;
            }
            if fy < HIGHEST {
                down[index] = (fy * f64::from(rows)).round() as i32;
            }
        }
        let mut sum = 0.0;
        let mut count = 0;
        for line in &self.lines {
            let u = across[line.kx.unsigned_abs() as usize];
            let v = down[line.ky as usize];
            if u < 0 || v < 0 {
                continue;
            }
            // ky >= 0; a negative kx is found at its conjugate, (|kx|, -ky).
            let v = if line.kx < 0 && v > 0 { rows - v } else { v };
            sum += self.relative.row(v as usize)[u as usize];
            count += 1;
        }
        if count < self.lines.len() as i32 / 3 {
            return 0.0;
        }
        (sum - self.mean * count as f32) / (self.deviation * (count as f32).sqrt())
    }

    /// The best pitches of equal sides between two bounds, best first, at most `most`.
    pub fn square_pitches(&self, low: f64, high: f64, most: usize) -> Vec<Pitch> {
        let step = self.step(low);
        let count = ((high / low).ln() / step) as usize + 1;
        let pitches =
            (0..count).map(|index| low * (step * index as f64).exp()).map(|side| Pitch { x: side, y: side });
        self.best(pitches, most)
    }

    /// The best pitches whose sides differ by up to `stretch` (natural logarithm), best first, at most `most`.
    pub fn stretched_pitches(&self, low: f64, high: f64, stretch: f64, most: usize) -> Vec<Pitch> {
        let step = self.step(low);
        let count = ((high / low).ln() / step) as usize + 1;
        let across = (stretch / step) as i32;
        let pitches = (0..count).flat_map(|index| {
            let side = low * (step * index as f64).exp();
            (-across..=across).filter(|along| *along != 0).map(move |along| {
                let half = (step * f64::from(along) / 2.0).exp();
                Pitch { x: side * half, y: side / half }
            })
        });
        self.best(pitches, most)
    }

    /// Relative step that moves the outermost line by about half a cycle a picture (a bin of the oversampled grid).
    fn step(&self, low: f64) -> f64 {
        let longest = self.width.max(self.relative.height()) as f64 / 2.0;
        (0.5 * low / (15.0 * longest)).max(0.0012)
    }

    fn best(&self, pitches: impl Iterator<Item = Pitch>, most: usize) -> Vec<Pitch> {
        let mut kept: Vec<(f32, Pitch)> = Vec::new();
        for pitch in pitches {
            let score = self.score(pitch);
            let near = |other: &Pitch| {
                (other.x / pitch.x).ln().abs() < 0.006 && (other.y / pitch.y).ln().abs() < 0.006
            };
            if let Some(twin) = kept.iter_mut().find(|(_, other)| near(other)) {
                if score > twin.0 {
                    *twin = (score, pitch);
                }
            } else if kept.len() < 2 * most {
                kept.push((score, pitch));
            } else if let Some(least) = kept.iter_mut().min_by(|a, b| a.0.total_cmp(&b.0))
                && score > least.0
            {
                *least = (score, pitch);
            }
        }
        kept.sort_by(|a, b| b.0.total_cmp(&a.0));
        kept.truncate(most);
        kept.into_iter().map(|(_, pitch)| pitch).collect()
    }
}

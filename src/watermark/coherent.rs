use std::f64::consts::TAU;

use filigrane_frame::Plane;
use filigrane_signal::{Complex32, NonuniformSpectrum, tile_from_lines};

use crate::carrier::{Carrier, Line, REACH, annulus};
use crate::geometry::Dihedral;
use crate::lattice::HIGHEST;

/// Offsets tried along each axis of the tile: four for each cycle of the finest line.
const OFFSETS: usize = 64;
/// Cap on one line's magnitude, in units of the noise around it.
const CAP: f32 = 4.0;

/// Coherent hypotheses that one call of [`Sight::of`] weighs.
pub(crate) const HYPOTHESES: f64 = (Dihedral::ALL.len() * OFFSETS * OFFSETS) as f64;

/// A linear map from line index to frequency, cycles a sample, row-major.
pub(crate) type Matrix = [f64; 4];

/// The lines measured at one geometry, in units of the noise between them.
pub(crate) struct Lines {
    values: Plane<Complex32>,
    /// One over the local noise amplitude, per line index.
    gains: Plane<f32>,
}

impl Lines {
    /// Reads all lines; noise is the mean power half a line spacing away.
    pub fn measure(transform: &NonuniformSpectrum, matrix: Matrix) -> Self {
        let side = (2 * REACH + 1) as usize;
        let mut values = Plane::<Complex32>::new(side, side);
        let mut gains = Plane::<f32>::new(side, side);
        for Line { kx, ky } in annulus() {
            let Some((fx, fy)) = in_band(matrix, f64::from(kx), f64::from(ky)) else {
                continue;
            };
            let mut noise = 0.0;
            for (dx, dy) in [
                (0.5, 0.0),
                (-0.5, 0.0),
                (0.0, 0.5),
                (0.0, -0.5),
                (0.5, 0.5),
                (-0.5, 0.5),
                (0.5, -0.5),
                (-0.5, -0.5),
            ] {
                let [a, b, c, d] = matrix;
                noise += transform.at(fx + a * dx + b * dy, fy + c * dx + d * dy).norm_sqr() / 8.0;
            }
            let gain = 1.0 / noise.max(f32::MIN_POSITIVE).sqrt();
            let value = transform.at(fx, fy) * gain;
            let value = value * (CAP / value.norm().max(CAP));
            values.row_mut((ky + REACH) as usize)[(kx + REACH) as usize] = value;
            values.row_mut((REACH - ky) as usize)[(REACH - kx) as usize] = value.conj();
            gains.row_mut((ky + REACH) as usize)[(kx + REACH) as usize] = gain;
            gains.row_mut((REACH - ky) as usize)[(REACH - kx) as usize] = gain;
        }
        Self { values, gains }
    }

    fn at(&self, (kx, ky): (i32, i32)) -> Complex32 {
        self.values.row((ky + REACH) as usize)[(kx + REACH) as usize]
    }

    fn gain(&self, (kx, ky): (i32, i32)) -> f32 {
        self.gains.row((ky + REACH) as usize)[(kx + REACH) as usize]
    }
}

fn in_band([a, b, c, d]: Matrix, kx: f64, ky: f64) -> Option<(f64, f64)> {
    let (fx, fy) = (a * kx + b * ky, c * kx + d * ky);
    (fx.abs() < HIGHEST && fy.abs() < HIGHEST).then_some((fx, fy))
}

/// The place where the known lines agree best.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    pub matrix: Matrix,
    pub dihedral: Dihedral,
    /// Tile coordinates at the centre of the picture, fractions of a tile.
    pub centre: (f64, f64),
    /// Correlation of the known lines over its standard deviation under random phases.
    pub deviations: f64,
}

impl Sight {
    /// The best of all offsets and quarter turns, mirrored or not, at one geometry.
    pub fn of(lines: &Lines, matrix: Matrix, carrier: &Carrier) -> Self {
        let mut best = Self { matrix, dihedral: Dihedral::ALL[0], centre: (0.0, 0.0), deviations: 0.0 };
        for dihedral in Dihedral::ALL {
            let mut power = 0.0;
            let surface = tile_from_lines(
                OFFSETS,
                carrier.sync.iter().map(|&(line, unit)| {
                    let value = lines.at(dihedral.line(line.kx, line.ky)) * unit.conj();
                    power += f64::from(value.norm_sqr());
                    (line.kx, line.ky, value.conj())
                }),
            );
            let scale = (2.0 / power.max(1e-30)).sqrt();
            for y in 0..OFFSETS {
                for (x, &correlation) in surface.row(y).iter().enumerate() {
                    let deviations = f64::from(correlation) * scale;
                    if deviations > best.deviations {
                        let centre = (x as f64 / OFFSETS as f64, y as f64 / OFFSETS as f64);
                        best = Self { matrix, dihedral, centre, deviations };
                    }
                }
            }
        }
        best
    }

    /// Log10 of the chance that one hypothesis reaches this by accident, for any picture, over random keys.
    ///
    /// A sum of fixed magnitudes `a` with independent uniform phases has `E exp(s sum a cos t) <= exp(s^2 sum a^2 / 4)`,
    /// whence `P(> t) <= exp(-t^2 / sum a^2) = exp(-deviations^2 / 2)` (Chernoff).
    pub fn log10_chance(&self) -> f64 {
        -self.deviations * self.deviations / 2.0 * std::f64::consts::LOG10_E
    }

    /// Follows the correlation of the known lines uphill in geometry and offset.
    pub fn refine(&mut self, transform: &NonuniformSpectrum, lines: &Lines, carrier: &Carrier) {
        let value = |matrix: Matrix, centre: (f64, f64)| -> f64 {
            carrier
                .sync
                .iter()
                .map(|&(line, unit)| {
                    let place = self.dihedral.line(line.kx, line.ky);
                    let Some((fx, fy)) = in_band(matrix, f64::from(place.0), f64::from(place.1)) else {
                        return 0.0;
                    };
                    let value = transform.at(fx, fy) * lines.gain(place) * unit.conj() * turn(line, centre);
                    f64::from(value.re)
                })
                .sum()
        };
        let (mut matrix, mut centre) = (self.matrix, self.centre);
        let mut best = value(matrix, centre);
        for step in [1.6e-3, 8e-4, 4e-4, 2e-4, 1e-4] {
            for _ in 0..4 {
                let before = best;
                for axis in 0..6 {
                    for sign in [1.0, -1.0] {
                        let (moved, shifted) = moved(matrix, centre, axis, sign * step);
                        let here = value(moved, shifted);
                        if here > best {
                            (best, matrix, centre) = (here, moved, shifted);
                            break;
                        }
                    }
                }
                if best <= before {
                    break;
                }
            }
        }
        self.matrix = matrix;
        self.centre = centre;
    }

    /// Log-likelihood ratios of the code bits, positive for 0; each line weighs as its band's known lines came through.
    pub fn likelihoods(&self, lines: &Lines, carrier: &Carrier) -> Vec<f32> {
        let read = |line: Line, unit: Complex32| {
            lines.at(self.dihedral.line(line.kx, line.ky)) * unit.conj() * turn(line, self.centre)
        };
        let known: Vec<(f32, f32)> =
            carrier.sync.iter().map(|&(line, unit)| (line.radius(), read(line, unit).re)).collect();
        let mean = (known.iter().map(|(_, value)| value).sum::<f32>() / known.len() as f32).max(0.01);
        let gain = |radius: f32| {
            let (mut sum, mut weight) = (0.6 * mean * 4.0, 4.0);
            for &(other, value) in &known {
                let near = (-((radius - other) / 1.5).powi(2)).exp();
                sum += near * value;
                weight += near;
            }
            (sum / weight).max(0.05 * mean)
        };
        carrier
            .data
            .iter()
            .flat_map(|&(line, rotation)| {
                let value = read(line, rotation) * (4.0 * gain(line.radius()));
                [value.re, value.im]
            })
            .collect()
    }
}

/// Takes the offset's phase off a line.
fn turn(line: Line, centre: (f64, f64)) -> Complex32 {
    let phase = -TAU * (f64::from(line.kx) * centre.0 + f64::from(line.ky) * centre.1).fract();
    Complex32::new(phase.cos() as f32, phase.sin() as f32)
}

/// One step along one of six axes: stretch, turn and shear of the matrix, then the offset.
fn moved(matrix: Matrix, centre: (f64, f64), axis: usize, step: f64) -> (Matrix, (f64, f64)) {
    let [a, b, c, d] = matrix;
    match axis {
        0 => ([a * (1.0 + step), b * (1.0 + step), c, d], centre),
        1 => ([a, b, c * (1.0 + step), d * (1.0 + step)], centre),
        2 => ([a + step * c, b + step * d, c, d], centre),
        3 => ([a, b, c + step * a, d + step * b], centre),
        4 => (matrix, (centre.0 + 8.0 * step, centre.1)),
        _ => (matrix, (centre.0, centre.1 + 8.0 * step)),
    }
}

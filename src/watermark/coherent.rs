use std::f64::consts::TAU;

use filigrane_frame::Plane;
use filigrane_signal::{Complex32, tile_from_lines};

use crate::carrier::{Carrier, Line, REACH};
use crate::chance::{LOG10_PAYLOADS, credible, log10_chance_of_phases};
use crate::code::{self, encode};
use crate::fold::{AROUND, Observation};
use crate::geometry::Dihedral;
use crate::payload::Payload;

/// Offsets tried along each axis of the tile at first: more than five for each cycle of the finest line.
const COARSE: usize = 64;
/// Offsets that count as hypotheses along each axis: the best coarse one moves to the best of these near it.
const OFFSETS: i32 = 256;
/// Cap on one line's magnitude, in units of the noise around it.
const CAP: f32 = 4.0;
/// Coherent hypotheses that one call of [`Sight::of`] weighs.
pub(crate) const HYPOTHESES: f64 = (Dihedral::ALL.len() as i32 * OFFSETS * OFFSETS) as f64;
/// Fine offsets around the one that a picture has to which nothing was done, along each axis and direction.
const STILL: i32 = 2;
/// Coherent hypotheses that one call of [`Sight::still`] weighs.
pub(crate) const STILL_HYPOTHESES: f64 = ((2 * STILL + 1) * (2 * STILL + 1)) as f64;
/// The lines seen at one geometry, in units of the noise between them.
pub(crate) struct Lines {
    values: Plane<Complex32>,
}

impl Lines {
    /// Divides each line by the noise around it; `lines` as they were observed.
    pub fn new(observation: &Observation, lines: &[Line]) -> Self {
        let side = (2 * REACH + 1) as usize;
        let mut values = Plane::<Complex32>::new(side, side);
        let all = lines.iter().zip(&observation.values).zip(observation.around.chunks_exact(AROUND));
        for ((&Line { kx, ky }, &value), around) in all {
            let noise = around.iter().map(|value| value.norm_sqr()).sum::<f32>() / AROUND as f32;
            let value = value / noise.max(f32::MIN_POSITIVE).sqrt();
            let value = value * (CAP / value.norm().max(CAP));
            let value = if value.norm_sqr().is_finite() { value } else { Complex32::default() };
            values.row_mut((ky + REACH) as usize)[(kx + REACH) as usize] = value;
            values.row_mut((REACH - ky) as usize)[(REACH - kx) as usize] = value.conj();
        }
        Self { values }
    }

    fn at(&self, (kx, ky): (i32, i32)) -> Complex32 {
        self.values.row((ky + REACH) as usize)[(kx + REACH) as usize]
    }
}

/// The place where the known lines agree best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sight {
    pub dihedral: Dihedral,
    /// Tile coordinates at the centre of the picture, in 1/[`OFFSETS`] of a tile.
    offset: (i32, i32),
    /// Correlation of the known lines over its standard deviation under random phases.
    pub deviations: f64,
}

impl Sight {
    /// The best of all offsets and quarter turns, mirrored or not, at one geometry.
    pub fn of(lines: &Lines, carrier: &Carrier) -> Self {
        let mut best = Self { dihedral: Dihedral::ALL[0], offset: (0, 0), deviations: 0.0 };
        for dihedral in Dihedral::ALL {
            let mut power = 0.0;
            let surface = tile_from_lines(
                COARSE,
                carrier.sync.iter().map(|&(line, unit)| {
                    let value = lines.at(dihedral.line(line.kx, line.ky)) * unit.conj();
                    power += f64::from(value.norm_sqr());
                    (line.kx, line.ky, value.conj())
                }),
            );
            let scale = (2.0 / power.max(1e-30)).sqrt();
            for y in 0..COARSE {
                for (x, &correlation) in surface.row(y).iter().enumerate() {
                    let deviations = f64::from(correlation) * scale;
                    if deviations > best.deviations {
                        let finer = OFFSETS / COARSE as i32;
                        best = Self { dihedral, offset: (x as i32 * finer, y as i32 * finer), deviations };
                    }
                }
            }
        }
        best.settle(lines, carrier, OFFSETS / COARSE as i32);
        best
    }

    /// The best of the offsets next to a given one, in tiles: for pictures to which nothing was done.
    pub fn still(lines: &Lines, carrier: &Carrier, centre: (f64, f64)) -> Self {
        let mut best = Self::at(centre);
        best.settle(lines, carrier, STILL);
        best
    }

    /// The offset that a picture has to which nothing was done, as it is.
    pub fn fixed(lines: &Lines, carrier: &Carrier, centre: (f64, f64)) -> Self {
        let mut here = Self { deviations: f64::NEG_INFINITY, ..Self::at(centre) };
        here.settle(lines, carrier, 0);
        here
    }

    fn at((u, v): (f64, f64)) -> Self {
        let offset = |tiles: f64| (tiles.fract() * f64::from(OFFSETS)).round() as i32;
        Self { dihedral: Dihedral::ALL[0], offset: (offset(u), offset(v)), deviations: 0.0 }
    }

    /// Moves to the best of the fine offsets around.
    fn settle(&mut self, lines: &Lines, carrier: &Carrier, near: i32) {
        let start = self.offset;
        for y in -near..=near {
            for x in -near..=near {
                let moved = Self { offset: (start.0 + x, start.1 + y), ..*self };
                let deviations = moved.agreement(lines, carrier.sync.iter().copied());
                if deviations > self.deviations {
                    *self = Self { deviations, ..moved };
                }
            }
        }
    }

    /// Tile coordinates at the centre of the picture, fractions of a tile.
    pub fn centre(&self) -> (f64, f64) {
        let place = |offset: i32| f64::from(offset.rem_euclid(OFFSETS)) / f64::from(OFFSETS);
        (place(self.offset.0), place(self.offset.1))
    }

    /// Log10 of the chance that the known lines agree so well at one hypothesis by accident, for any picture, over random
    /// keys.
    pub fn log10_chance(&self, lines: &Lines, carrier: &Carrier) -> f64 {
        self.chance(lines, carrier.sync.iter().copied())
    }

    /// The part of a line's value that agrees with the carrier, here.
    pub fn read(&self, lines: &Lines, line: Line, unit: Complex32) -> Complex32 {
        let (u, v) = self.centre();
        let phase = -TAU * (f64::from(line.kx) * u + f64::from(line.ky) * v).fract();
        lines.at(self.dihedral.line(line.kx, line.ky))
            * unit.conj()
            * Complex32::new(phase.cos() as f32, phase.sin() as f32)
    }

    /// Correlation with given lines over its standard deviation under random phases.
    fn agreement(&self, lines: &Lines, known: impl Iterator<Item = (Line, Complex32)>) -> f64 {
        let (mut sum, mut power) = (0.0f64, 0.0f64);
        for (line, unit) in known {
            let value = self.read(lines, line, unit);
            sum += f64::from(value.re);
            power += f64::from(value.norm_sqr());
        }
        if power > 0.0 { sum * (2.0 / power).sqrt() } else { 0.0 }
    }

    /// The bits the data lines carry and log10 of the chance that known and data lines together agree so well with
    /// any payload at this hypothesis; `None` when no bits are credible. `list` candidates are kept while decoding.
    pub fn payload(&self, lines: &Lines, carrier: &Carrier, list: usize) -> Option<(Payload, f64)> {
        let (payload, bits) = code::decode(&self.likelihoods(lines, carrier), list)
            .map(|payload| (payload, encode(payload)))
            .find(|(_, bits)| credible(self.chance(lines, carrier.marked(bits))))?;
        let all = carrier.sync.iter().copied().chain(carrier.marked(&bits));
        Some((payload, self.chance(lines, all) + LOG10_PAYLOADS))
    }

    /// Log10 of the chance that these lines agree so well under random phases.
    fn chance(&self, lines: &Lines, known: impl Iterator<Item = (Line, Complex32)>) -> f64 {
        let mut sum = 0.0;
        let magnitudes: Vec<f64> = known
            .map(|(line, unit)| {
                let value = self.read(lines, line, unit);
                sum += f64::from(value.re);
                f64::from(value.norm())
            })
            .collect();
        log10_chance_of_phases(&magnitudes, sum)
    }

    /// Correlation with all lines under these code bits, over its standard deviation under random phases.
    pub fn with_bits(&self, lines: &Lines, carrier: &Carrier, bits: &[bool]) -> f64 {
        self.agreement(lines, carrier.sync.iter().copied().chain(carrier.marked(bits)))
    }

    /// Log-likelihood ratios of the code bits, positive for 0; each line weighs as its band's known lines came through.
    fn likelihoods(&self, lines: &Lines, carrier: &Carrier) -> Vec<f32> {
        let known: Vec<(f32, f32)> = carrier
            .sync
            .iter()
            .map(|&(line, unit)| (line.radius(), self.read(lines, line, unit).re))
            .collect();
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
                let value = self.read(lines, line, rotation) * (4.0 * gain(line.radius()));
                [value.re, value.im]
            })
            .collect()
    }

    /// Correlation of one span's own lines with the mark as it was found, standard deviations of the noise around them.
    pub fn strength(&self, lines: &Lines, carrier: &Carrier, payload: Option<Payload>) -> f64 {
        let data = payload.map(encode);
        let marked = data.iter().flat_map(|bits| carrier.marked(bits));
        let (mut sum, mut count) = (0.0, 0.0);
        for (line, unit) in carrier.sync.iter().copied().chain(marked) {
            sum += f64::from(self.read(lines, line, unit).re);
            count += 0.5;
        }
        sum / f64::max(count, 1.0).sqrt()
    }
}

use std::f32::consts::{FRAC_1_SQRT_2, TAU};

use filigrane_frame::Plane;
use filigrane_signal::{Complex32, tile_from_lines};

use crate::code::{CODE_BITS, encode};
use crate::host::Cancellation;
use crate::key::Key;
use crate::payload::Payload;

/// Shortest side of a picture that can be marked, pixels.
pub const MIN_SHORT_SIDE: usize = 128;
/// Lines known to every holder of the key.
pub(crate) const SYNC_LINES: usize = 48;
/// Lines that carry two code bits each.
pub(crate) const DATA_LINES: usize = CODE_BITS / 2;
const LINES: usize = SYNC_LINES + DATA_LINES;
/// Square of the least line index, cycles a tile: coarser lines would sit where the eye is most sensitive.
const INNER: i32 = 16;
/// Largest line index along either axis, cycles a tile.
pub(crate) const REACH: i32 = 12;

/// Side of the tile in pixels for a picture of this size (SPEC.md §5): 8/45 of the short side, 61 at least, moved to
/// the next number that leaves 5 over a multiple of 8.
///
/// Codecs work on a grid of 8 pixels. A tile that fits the grid is distorted in the same way wherever it is repeated,
/// and the distortion adds up like the mark; one that does not meets it in all eight phases.
pub fn tile_side(width: usize, height: usize) -> usize {
    let side = (width.min(height) * 16 + 45) / 90;
    ((side + 3) / 8 * 8).max(64) - 3
}

/// One spectral line of the tile: `Re(c exp(2 pi i (kx x + ky y) / side))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    /// Cycles a tile along a row.
    pub kx: i32,
    /// Cycles a tile along a column.
    pub ky: i32,
}

impl Line {
    /// Distance from the origin, cycles a tile.
    pub fn radius(self) -> f32 {
        ((self.kx * self.kx + self.ky * self.ky) as f32).sqrt()
    }
}

/// The keyed set of lines: which carry synchronisation, which data, and with what phase.
pub(crate) struct Carrier {
    /// Known lines with their unit coefficients.
    pub sync: Vec<(Line, Complex32)>,
    /// Data lines with the rotation of their symbols.
    pub data: Vec<(Line, Complex32)>,
}

impl Carrier {
    /// Derives the carrier of a key (SPEC.md §3).
    pub fn new(key: &Key) -> Self {
        let lines = annulus();
        let phases = key.words("phase", LINES);
        let ranks = key.words("order", LINES);
        let mut order: Vec<usize> = (0..LINES).collect();
        order.sort_by_key(|&index| (ranks[index], index));
        let mut keyed: Vec<(Line, Complex32)> = order
            .iter()
            .map(|&index| {
                let phase = TAU * (phases[index] as f64 / 4294967296.0) as f32;
                (lines[index], Complex32::from_polar(1.0, phase))
            })
            .collect();
        let data = keyed.split_off(SYNC_LINES);
        Self { sync: keyed, data }
    }

    /// The tile of a payload, `side` x `side` samples of root mean square 1 (SPEC.md §5).
    pub fn tile(&self, payload: Payload, side: usize, cancellation: &Cancellation) -> Plane<f32> {
        let bits = encode(payload);
        let lines = self.sync.iter().copied().chain(self.marked(&bits));
        unit_tile(side, cancellation.applied(lines).collect())
    }

    /// The data lines with the coefficients they have under these code bits.
    pub fn marked(&self, bits: &[bool]) -> impl Iterator<Item = (Line, Complex32)> {
        let sign = |bit: bool| if bit { -FRAC_1_SQRT_2 } else { FRAC_1_SQRT_2 };
        let symbols = bits.chunks_exact(2).map(move |pair| Complex32::new(sign(pair[0]), sign(pair[1])));
        self.data.iter().zip(symbols).map(|(&(line, rotation), symbol)| (line, rotation * symbol))
    }
}

fn unit_tile(side: usize, lines: Vec<(Line, Complex32)>) -> Plane<f32> {
    let scale = (2.0 / lines.len() as f32).sqrt();
    tile_from_lines(side, lines.into_iter().map(|(line, unit)| (line.kx, line.ky, unit * scale)))
}

/// The lines of the half plane nearest to the origin outside the inner circle, ordered by radius, then `ky`, then `kx`.
pub(crate) fn annulus() -> Vec<Line> {
    let mut lines: Vec<Line> = (0..=REACH)
        .flat_map(|ky| (-REACH..=REACH).map(move |kx| Line { kx, ky }))
        .filter(|line| line.ky > 0 || line.kx > 0)
        .filter(|line| line.kx * line.kx + line.ky * line.ky >= INNER)
        .collect();
    lines.sort_by_key(|line| (line.kx * line.kx + line.ky * line.ky, line.ky, line.kx));
    lines.truncate(LINES);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annulus_is_a_whole_half_disc_within_reach() {
        let lines = annulus();
        assert_eq!(lines.len(), LINES);
        let outer = lines.iter().map(|line| line.kx * line.kx + line.ky * line.ky).max();
        assert!(outer <= Some(REACH * REACH), "the square of indices holds the whole disc: {outer:?}");
        assert!(lines.iter().all(|line| 2 * line.kx.abs().max(line.ky) < tile_side(MIN_SHORT_SIDE, MIN_SHORT_SIDE) as i32));
    }

    #[test]
    fn tile_has_unit_power_and_no_mean() {
        let tile =
            Carrier::new(&Key::public()).tile(Payload(0x0123_4567_89ab_cdef), 128, &Cancellation::default());
        let count = tile.samples().len() as f32;
        let power = tile.samples().iter().map(|value| value * value).sum::<f32>() / count;
        let mean = tile.samples().iter().sum::<f32>() / count;
        assert!((power - 1.0).abs() < 1e-3 && mean.abs() < 1e-4, "{power} {mean}");
    }

    #[test]
    fn other_keys_give_other_lines() {
        let (one, two) = (Carrier::new(&Key::public()), Carrier::new(&Key::new([7; 32])));
        assert_ne!(one.sync[0], two.sync[0]);
    }
}

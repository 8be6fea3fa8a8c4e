use filigrane_frame::Plane;
use filigrane_signal::{Complex32, spectrum};
use multiversion::multiversion;

use crate::carrier::Line;
use crate::map::Map;

/// Bins of one tile along each axis: more than five for each cycle of the finest line.
const BINS: usize = 64;
/// Two tiles by two are folded, so that the places half way between the lines show the noise.
const SIDE: usize = 2 * BINS;
/// Noise places around each line.
pub(crate) const AROUND: usize = 8;

/// Adds up all samples of a picture that lie at the same place of the tile.
pub(crate) struct Fold {
    bins: Vec<u16>,
}

impl Fold {
    /// For planes of one size with the tile as `map` lays it.
    pub fn new(width: usize, height: usize, map: &Map) -> Self {
        let mut bins = vec![0; width * height];
        fill(&mut bins, width, map);
        Self { bins }
    }

    /// What the lines and the places around them hold in a plane of the size given to [`new`](Self::new).
    pub fn observe(&self, plane: &Plane<f32>, lines: &[Line]) -> Observation {
        let mut folded = Plane::<f32>::new(SIDE, SIDE);
        let sums = folded.samples_mut();
        for (&bin, value) in self.bins.iter().zip(plane.samples()) {
            sums[usize::from(bin)] += value;
        }
        let spectrum = spectrum(&folded, SIDE, SIDE);
        let values = lines.iter().map(|line| spectrum.at(2 * line.kx, 2 * line.ky)).collect();
        let mut around = Vec::with_capacity(AROUND * lines.len());
        for line in lines {
            around.extend(NEAR.iter().map(|(dx, dy)| spectrum.at(2 * line.kx + dx, 2 * line.ky + dy)));
        }
        Observation { values, around }
    }
}

const NEAR: [(i32, i32); AROUND] = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)];

/// The bin of each sample, row by row. Without a tilt the place is a part for the column and one for the row.
#[multiversion(targets("x86_64+avx2"))]
fn fill(bins: &mut [u16], width: usize, map: &Map) {
    if map.tilt() != (0.0, 0.0) {
        for (y, row) in bins.chunks_exact_mut(width.max(1)).enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                let (u, v) = map.tile(x as f64, y as f64);
                *value = (bin(v) * SIDE as i32 + bin(u)) as u16;
            }
        }
        return;
    }
    let (across, down): (Vec<f64>, Vec<f64>) = (0..width).map(|x| map.tile(x as f64, map.centre().1)).unzip();
    for (y, row) in bins.chunks_exact_mut(width.max(1)).enumerate() {
        let (u, v) = map.tile(map.centre().0, y as f64);
        for ((value, across), down) in row.iter_mut().zip(&across).zip(&down) {
            *value = (bin(v + down) * SIDE as i32 + bin(u + across)) as u16;
        }
    }
}

/// The nearest bin. The offset, a multiple of the period, keeps the number positive, for which cutting off the fraction
/// rounds down; no picture is that many tiles wide.
#[inline(always)]
fn bin(tiles: f64) -> i32 {
    const OFFSET: f64 = (SIDE << 20) as f64 + 0.5;
    (tiles * BINS as f64 + OFFSET) as i32 & (SIDE as i32 - 1)
}

/// The spectrum of one folded plane at the lines.
#[derive(Debug, Clone)]
pub(crate) struct Observation {
    /// One a line.
    pub values: Vec<Complex32>,
    /// [`AROUND`] a line, half a line spacing away: noise.
    pub around: Vec<Complex32>,
}

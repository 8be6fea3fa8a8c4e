use filigrane_frame::Plane;
use filigrane_signal::WindowedPower;

use crate::ascent::settle;
use crate::map::{Map, Matrix};
use crate::slant::{Grid, Indices, Relative, SIDE, Shortlist, indices};

/// Most poses that are settled and tested.
pub(crate) const POSES: usize = 3;
/// Side of a tile of usual size in the straightened picture, samples.
const TILE: f64 = 32.0;
/// Short side of the picture that is straightened, samples; up to twice as many.
const WORK_SIDE: usize = 180;
/// Sides of the windows, samples: two and three tiles of usual size.
const SMALL: usize = SIDE;
const LARGE: usize = 96;
/// Tilts looked at: by how much the projective divisor differs from 1 at the borders, along one axis and in all.
const TILT_STEP: f64 = 0.1;
const MOST_TILT: i32 = 4;
const MOST_TILTS: i32 = 6;
/// What lies nearer to the horizon than this is left out.
const LEAST_DIVISOR: f32 = 0.3;
/// Frequency of the first lines of a tile of usual size, bins of the small windows.
const USUAL: f64 = SMALL as f64 / TILE;
/// By how much the frequencies of the first lines may differ from the usual: tiles at 0.5 to 1.2 times their size.
const SIDES: (f64, f64) = (0.85, 2.0);
/// Off-diagonal entries, in units of the usual frequency: for a tilt, times the aspect, and for a turn.
const SLANT: f64 = 0.45;
const TURN: f64 = 0.125;
/// The same where there is next to no tilt.
const LEVEL_SIDES: (f64, f64) = (0.92, 1.3);
const LEVEL_SLANT: f64 = 0.1;
/// Steps of the entries, bins of the small windows.
const STEP: f64 = 0.2;
const LEVEL_STEP: f64 = 0.1;
/// Score from which a lattice is followed uphill, and most of them at one tilt, in small windows and in large ones.
const PROMISING: f32 = 2.6;
const MOST: usize = 40;
const MOST_LARGE: usize = 6;
/// Score in large windows from which a pose is worth settling.
const SURE: f32 = 5.5;

/// How the tiling may lie in a picture seen at a slant: the likeliest maps, settled by the power of their lines.
pub(crate) fn slanted(sum: &Plane<f32>) -> impl Iterator<Item = Map> + '_ {
    Tilts::new(sum).poses().into_iter().map(|(_, map)| settle(sum, map))
}

/// Finds tilings seen at a slant: for each of a grid of tilts the picture is straightened, which leaves an affine
/// lattice, the same everywhere, and that is searched for in the mean power of windows.
///
/// It looks at power alone, as [`Lattice`](crate::lattice::Lattice) does.
struct Tilts<'a> {
    sum: &'a Plane<f32>,
    small: Plane<f32>,
    factor: usize,
    /// Samples of the sum a sample of the straightened picture.
    scale: f64,
    straight: Plane<f32>,
    coarse: Indices,
    middle: Indices,
    fine: Indices,
}

impl<'a> Tilts<'a> {
    fn new(sum: &'a Plane<f32>) -> Self {
        let short = sum.width().min(sum.height());
        let factor = (short / WORK_SIDE).max(1);
        let scale = (short as f64 * 8.0 / 45.0 / TILE).max(0.1);
        let length = |samples: usize| (samples as f64 / scale) as usize;
        Self {
            sum,
            small: cells(sum, factor),
            factor,
            scale,
            straight: Plane::new(length(sum.width()), length(sum.height())),
            coarse: indices(0, 36),
            middle: indices(0, 64),
            fine: indices(0, 100),
        }
    }

    /// The best poses over all tilts with their scores, best first.
    fn poses(mut self) -> Vec<(f32, Map)> {
        let (width, height) = (self.sum.width() as f64 / 2.0, self.sum.height() as f64 / 2.0);
        let (mut small, mut large) = (WindowedPower::new(SMALL), WindowedPower::new(LARGE));
        let (mut near, mut far) = (Plane::new(SMALL, SMALL), Plane::new(LARGE, LARGE));
        let mut found: Vec<(f32, Map)> = Vec::new();
        for j in -MOST_TILT..=MOST_TILT {
            for i in -MOST_TILT..=MOST_TILT {
                if i.abs() + j.abs() > MOST_TILTS {
                    continue;
                }
                let tilt = (f64::from(i) * TILT_STEP / width, f64::from(j) * TILT_STEP / height);
                self.straighten(tilt);
                small.mean(&self.straight, &mut near);
                large.mean(&self.straight, &mut far);
                let level = i.abs().max(j.abs()) <= 1;
                if let Some((score, matrix)) = self.best(&Relative::of(&near), &Relative::of(&far), level) {
                    let matrix = matrix.map(|entry| entry / (SMALL as f64 * self.scale));
                    found.push((score, Map::tilted(matrix, tilt, self.sum.width(), self.sum.height())));
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut kept: Vec<(f32, Map)> = Vec::new();
        for pose in found {
            if kept.len() < POSES && !kept.iter().any(|other| self.near(&pose.1, &other.1)) {
                kept.push(pose);
            }
        }
        kept
    }

    /// Whether climbing from either of two maps leads to the same place.
    fn near(&self, one: &Map, other: &Map) -> bool {
        let (g, h) = (one.tilt().0 - other.tilt().0, one.tilt().1 - other.tilt().1);
        let (width, height) = (self.sum.width() as f64 / 2.0, self.sum.height() as f64 / 2.0);
        let apart =
            one.matrix().into_iter().zip(other.matrix()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        (g * width).abs().max((h * height).abs()) < 1.5 * TILT_STEP
            && apart * SMALL as f64 * self.scale < 3.0 * STEP
    }

    /// Undoes a tilt: `x` of the picture goes to `x / (1 + tilt * x)`, both from the centre.
    fn straighten(&mut self, (g, h): (f64, f64)) {
        let (columns, rows) = (self.straight.width(), self.straight.height());
        let factor = self.factor as f64;
        // From the centre, in samples of the small plane; a cell of it stands at the middle of its samples.
        let scale = (self.scale / factor) as f32;
        let centre = |samples: usize| ((samples as f64 - factor + 1.0) / 2.0 / factor) as f32;
        let (centre_x, centre_y) = (centre(self.sum.width()), centre(self.sum.height()));
        let (g, h) = ((g * factor) as f32, (h * factor) as f32);
        let most = (self.small.width() as f32 - 1.001, self.small.height() as f32 - 1.001);
        for j in 0..rows {
            let y = (j as f32 - rows as f32 / 2.0) * scale;
            for (i, value) in self.straight.row_mut(j).iter_mut().enumerate() {
                let x = (i as f32 - columns as f32 / 2.0) * scale;
                let divisor = 1.0 - g * x - h * y;
                let (u, v) = (x / divisor + centre_x, y / divisor + centre_y);
                if divisor < LEAST_DIVISOR || u < 0.0 || v < 0.0 || u >= most.0 || v >= most.1 {
                    *value = 0.0;
                    continue;
                }
                let (left, top) = (u as usize, v as usize);
                let (right, down) = (u - left as f32, v - top as f32);
                let (above, below) = (&self.small.row(top)[left..], &self.small.row(top + 1)[left..]);
                let above = above[0] + (above[1] - above[0]) * right;
                let below = below[0] + (below[1] - below[0]) * right;
                *value = above + (below - above) * down;
            }
        }
    }

    /// The lattice whose lines hold most power in large windows, with its score; entries in bins of small ones.
    fn best(&self, small: &Relative, large: &Relative, level: bool) -> Option<(f32, Matrix)> {
        let aspect = self.sum.width() as f64 / self.sum.height() as f64;
        let mut found = Shortlist::new(MOST, 1.1 * STEP);
        let mut scan = |lines: &Indices, sides: (f64, f64), c: f64, b: f64, step: f64| {
            for (score, matrix) in small.scan(lines, &grid(sides, c + TURN, b + TURN, step), PROMISING) {
                found.add(score, matrix);
            }
        };
        scan(&self.coarse, SIDES, SLANT * aspect, SLANT / aspect, STEP);
        if level {
            // Fewer lattices can be told apart more finely.
            scan(&self.middle, LEVEL_SIDES, LEVEL_SLANT * aspect, LEVEL_SLANT / aspect, LEVEL_STEP);
        }
        let mut short = Shortlist::new(MOST_LARGE, 0.6 * STEP);
        for (_, matrix) in found.found {
            let (score, matrix) = small.climb(&self.middle, matrix, STEP / 2.0);
            let (least, most) = (SIDES.0 * USUAL - STEP, SIDES.1 * USUAL + STEP);
            let [a, b, c, d] = matrix;
            let within = |entry: f64| (least..=most).contains(&entry);
            if within(a) && within(d) && a * d - b * c > least * least {
                short.add(score, matrix);
            }
        }
        let finer = LARGE as f64 / SMALL as f64;
        short
            .found
            .into_iter()
            .map(|(_, matrix)| large.climb(&self.fine, matrix.map(|entry| entry * finer), STEP / 2.0))
            .filter(|(score, _)| *score > SURE)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(score, matrix)| (score, matrix.map(|entry| entry / finer)))
    }
}

/// A grid of lattices, in bins: diagonal entries within `sides`, in units of the usual, off-diagonal ones up to `most_c`
/// and `most_b`.
fn grid(sides: (f64, f64), most_c: f64, most_b: f64, step: f64) -> Grid {
    let steps = |low: f64, high: f64| {
        let count = ((high - low) * USUAL / step).ceil().max(1.0) as i32;
        (0..=count)
            .map(move |index| USUAL * (low + f64::from(index) * (high - low) / f64::from(count)))
            .collect()
    };
    Grid { sides: steps(sides.0, sides.1), b: steps(-most_b, most_b), c: steps(-most_c, most_c) }
}

/// Means of cells of `factor` x `factor` samples.
fn cells(plane: &Plane<f32>, factor: usize) -> Plane<f32> {
    let scale = 1.0 / (factor * factor) as f32;
    Plane::from_fn(plane.width() / factor, plane.height() / factor, |x, y| {
        let row = |row: usize| plane.row(y * factor + row)[x * factor..(x + 1) * factor].iter().sum::<f32>();
        (0..factor).map(row).sum::<f32>() * scale
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carrier::annulus;
    use filigrane_signal::{Complex32, tile_from_lines};

    /// Lines of arbitrary phase as `map` lays them, in noise.
    fn tiled(map: &Map, noise: f32) -> Plane<f32> {
        const SIDE: usize = 128;
        let phase = |index: usize| (index * index * 7 + index * 3) as f32;
        let lines = annulus().into_iter().enumerate();
        let tile = tile_from_lines(
            SIDE,
            lines.map(|(index, line)| (line.kx, line.ky, Complex32::from_polar(0.1, phase(index)))),
        );
        let mut state = 5u64;
        Plane::from_fn(640, 360, |x, y| {
            let (u, v) = map.tile(x as f64, y as f64);
            let bin = |tiles: f64| (tiles.rem_euclid(1.0) * SIDE as f64) as usize % SIDE;
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            tile.row(bin(v))[bin(u)] + noise * ((state >> 40) as f32 / (1u64 << 23) as f32 - 1.0)
        })
    }

    #[test]
    fn a_slanted_tiling_is_found_in_noise_to_a_fraction_of_its_finest_line() {
        let side = 62.0;
        let truth = Map::tilted(
            [1.3 / side, -0.1 / side, 0.15 / side, 1.2 / side],
            (0.16 / 320.0, -0.22 / 180.0),
            640,
            360,
        );
        let found = slanted(&tiled(&truth, 5.0)).next().expect("a pose");
        let shift = |x: f64, y: f64| {
            let (one, other) = (truth.tile(x, y), found.tile(x, y));
            (one.0 - other.0, one.1 - other.1)
        };
        // Power does not see a shift of the whole.
        let centre = shift(320.0, 180.0);
        for (x, y) in [(20.0, 20.0), (620.0, 20.0), (20.0, 340.0), (620.0, 340.0), (320.0, 340.0)] {
            let off = shift(x, y);
            let off = (off.0 - centre.0).hypot(off.1 - centre.1);
            assert!(off < 0.04, "{off} tiles at {x},{y}");
        }
    }

    #[test]
    fn noise_alone_yields_no_pose() {
        let nothing = Map::affine([0.0; 4], 640, 360);
        assert_eq!(slanted(&tiled(&nothing, 5.0)).count(), 0);
    }
}

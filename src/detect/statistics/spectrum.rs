//! Shape of the power spectrum, and lines that upsampling and block grids leave at fractions of the sampling rate.
//!
//! Generators' spectra fall off otherwise than cameras' (Durall et al. 2020), and layers that upsample leave lines at
//! 1/2, 1/4, 1/8 and 1/16 cycles a sample (Corvi et al. 2023).

use filigrane_frame::Plane;
use filigrane_signal::WindowedPower;

use super::filters::{FLOOR, level};

/// Radial bins, a quarter of an octave each, from 1/32 cycles a sample to 1/2.
const BINS: usize = 16;
const BINS_AN_OCTAVE: f32 = 4.0;
const LOWEST: f32 = 1.0 / 32.0;
/// Windows are at most this wide.
const MOST: usize = 256;
/// Lines are looked for at the side of the window by these.
const LINES: [usize; 4] = [2, 4, 8, 16];
/// Neighbours of a line, in bins from it; two bins away a tapered line still shows.
const BESIDE: [i32; 8] = [-6, -5, -4, -3, 3, 4, 5, 6];

pub(super) const NAMES: [&str; 31] = [
    "spectrum_bin_1",
    "spectrum_bin_2",
    "spectrum_bin_3",
    "spectrum_bin_4",
    "spectrum_bin_5",
    "spectrum_bin_6",
    "spectrum_bin_7",
    "spectrum_bin_8",
    "spectrum_bin_9",
    "spectrum_bin_10",
    "spectrum_bin_11",
    "spectrum_bin_12",
    "spectrum_bin_13",
    "spectrum_bin_14",
    "spectrum_bin_15",
    "spectrum_bin_16",
    "spectrum_slope",
    "spectrum_corner",
    "spectrum_horizontal_to_vertical",
    "spectrum_line_across_2",
    "spectrum_line_down_2",
    "spectrum_line_diagonal_2",
    "spectrum_line_across_4",
    "spectrum_line_down_4",
    "spectrum_line_diagonal_4",
    "spectrum_line_across_8",
    "spectrum_line_down_8",
    "spectrum_line_diagonal_8",
    "spectrum_line_across_16",
    "spectrum_line_down_16",
    "spectrum_line_diagonal_16",
];

/// Beyond 1/2: a corner of the plane, which only diagonal detail reaches.
const CORNER: u8 = BINS as u8;
/// Slower than the bins.
const SLOW: u8 = CORNER + 1;

/// What the spectra of pictures of one size share.
pub(super) struct Spectra {
    side: usize,
    transform: WindowedPower,
    power: Plane<f32>,
    /// The bin of each frequency in half of the plane.
    places: Plane<u8>,
}

impl Spectra {
    /// For pictures of that size, at least 64 samples a side.
    pub fn new(width: usize, height: usize) -> Self {
        let side = (width.min(height) / 64 * 64).clamp(64, MOST);
        let frequency = |index: usize| index.min(side - index) as f32 / side as f32;
        let places = Plane::from_fn(side / 2 + 1, side, |u, v| place(frequency(u).hypot(frequency(v))));
        Self { side, transform: WindowedPower::new(side), power: Plane::new(side, side), places }
    }

    pub fn measure(&mut self, picture: &Plane<f32>, out: &mut Vec<f64>) {
        self.transform.mean(&centred(picture, self.side / 2), &mut self.power);
        // White noise then has the power of its samples: the taper keeps (3/8)^2 of the energy.
        let scale = 1.0 / (0.375 * self.side as f32).powi(2);
        for power in self.power.samples_mut() {
            *power *= scale;
        }
        self.shape(out);
        for part in LINES {
            let at = (self.side / part) as i32;
            out.push(self.line(|along, beside| (at + along, beside)));
            out.push(self.line(|along, beside| (beside, at + along)));
            let falling = self.line(|along, beside| (at + along + beside, at + along - beside));
            let rising = self.line(|along, beside| (at + along + beside, beside - at - along));
            out.push((falling + rising) / 2.0);
        }
    }

    fn shape(&self, out: &mut Vec<f64>) {
        let mut bins = [(0.0, 0.0); SLOW as usize + 1];
        let (mut across, mut down) = ((0.0, 0.0), (0.0, 0.0));
        let (fast, slow) = (self.side / 4, self.side / 8);
        for v in 0..self.side {
            let vertical = v.min(self.side - v);
            for (u, (&place, &power)) in self.places.row(v).iter().zip(self.power.row(v)).enumerate() {
                // Half of the plane stands for all of it, but these columns are their own opposites.
                let weight = if u == 0 || 2 * u == self.side { 0.5 } else { 1.0 };
                let octaves = f64::from((power + FLOOR as f32).log2());
                add(&mut bins[usize::from(place)], octaves, weight);
                if u >= fast && vertical <= slow {
                    add(&mut across, f64::from(power), weight);
                } else if u <= slow && vertical >= fast {
                    add(&mut down, f64::from(power), weight);
                }
            }
        }
        let means = bins.map(mean);
        let bins = &means[..BINS];
        let (slope, offset) = line_through(bins);
        out.extend(bins.iter().enumerate().map(|(bin, mean)| mean - offset - slope * bin as f64));
        out.push(slope * f64::from(BINS_AN_OCTAVE));
        out.push(means[usize::from(CORNER)] - means[BINS - 1]);
        out.push(level(mean(across)) - level(mean(down)));
    }

    /// How far the power at a line stands above the median beside it, in octaves of power. `place` gives the frequency
    /// so many bins along the direction of the line, and beside it.
    fn line(&self, place: impl Fn(i32, i32) -> (i32, i32)) -> f64 {
        let side = self.side as i32;
        let at = |along: i32| {
            let powers = [-1, 0, 1].map(|beside| {
                let (u, v) = place(along, beside);
                f64::from(self.power.row(v.rem_euclid(side) as usize)[u.rem_euclid(side) as usize])
            });
            level(powers.iter().sum::<f64>() / 3.0)
        };
        let mut beside = BESIDE.map(at);
        beside.sort_by(f64::total_cmp);
        at(0) - (beside[BESIDE.len() / 2 - 1] + beside[BESIDE.len() / 2]) / 2.0
    }
}

/// The bin of a frequency, cycles a sample, or [`CORNER`] or [`SLOW`].
fn place(radius: f32) -> u8 {
    if radius > 0.5 {
        return CORNER;
    }
    let bin = ((radius / LOWEST).log2() * BINS_AN_OCTAVE).floor();
    if bin < 0.0 { SLOW } else { (bin as u8).min(CORNER - 1) }
}

/// Adds to a sum of values and of their weights.
fn add((values, weights): &mut (f64, f64), value: f64, weight: f64) {
    *values += weight * value;
    *weights += weight;
}

fn mean((values, weights): (f64, f64)) -> f64 {
    if weights > 0.0 { values / weights } else { 0.0 }
}

/// The middle of the picture, whole half windows wide and high, less its mean.
fn centred(picture: &Plane<f32>, half: usize) -> Plane<f32> {
    let (width, height) = (picture.width() / half * half, picture.height() / half * half);
    let (left, top) = ((picture.width() - width) / 2, (picture.height() - height) / 2);
    let mut out = Plane::new(width, height);
    let mut sum = 0.0;
    for y in 0..height {
        let row = &picture.row(top + y)[left..][..width];
        sum += row.iter().map(|&sample| f64::from(sample)).sum::<f64>();
        out.row_mut(y).copy_from_slice(row);
    }
    let mean = (sum / (width * height).max(1) as f64) as f32;
    for sample in out.samples_mut() {
        *sample -= mean;
    }
    out
}

/// Slope and offset of the least-squares line through values at 0, 1, 2 and so on.
fn line_through(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / count;
    let (mut products, mut squares) = (0.0, 0.0);
    for (index, value) in values.iter().enumerate() {
        let from = index as f64 - middle;
        products += from * (value - mean);
        squares += from * from;
    }
    let slope = products / squares;
    (slope, mean - slope * middle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::scenes::noise;

    fn measured(picture: &Plane<f32>) -> impl Fn(&str) -> f64 + use<> {
        let mut found = Vec::new();
        Spectra::new(picture.width(), picture.height()).measure(picture, &mut found);
        move |name: &str| found[NAMES.iter().position(|known| *known == name).expect(name)]
    }

    #[test]
    fn white_noise_has_a_level_spectrum_without_lines() {
        let of = measured(&noise(512, 512, 7, 3.0));
        for name in NAMES {
            let bound = if name.contains("line") { 2.0 } else { 0.5 };
            assert!(of(name).abs() < bound, "{name}: {}", of(name));
        }
    }

    #[test]
    fn a_wave_shows_as_a_line_at_its_frequency_and_direction_alone() {
        let white = noise(512, 512, 8, 1.0);
        for (name, across, down) in [
            ("spectrum_line_across_8", 1, 0),
            ("spectrum_line_down_8", 0, 1),
            ("spectrum_line_diagonal_8", 1, 1),
        ] {
            let wave = Plane::from_fn(512, 512, |x, y| {
                let turn = std::f32::consts::TAU * ((across * x + down * y) % 8) as f32 / 8.0;
                turn.cos() + white.row(y)[x]
            });
            let of = measured(&wave);
            for other in NAMES.iter().filter(|other| other.contains("line")) {
                let shows = of(other) > 3.5;
                assert_eq!(shows, *other == name, "{name}: {other} is {}", of(other));
            }
        }
    }

    #[test]
    fn the_slope_is_that_of_the_power_and_smoothing_lowers_the_corner() {
        let white = noise(512, 512, 9, 8.0);
        let smooth = Plane::from_fn(512, 512, |x, y| {
            let at = |dx: usize, dy: usize| white.row((y + dy) % 512)[(x + dx) % 512];
            at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)
        });
        let of = measured(&smooth);
        assert!(of("spectrum_slope") < -0.5, "{}", of("spectrum_slope"));
        assert!(of("spectrum_corner") < -2.0, "{}", of("spectrum_corner"));
        let (slope, offset) = line_through(&[1.0, 3.0, 5.0, 7.0]);
        assert!((slope - 2.0).abs() < 1e-12 && (offset - 1.0).abs() < 1e-12);
    }
}

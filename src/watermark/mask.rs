use filigrane_frame::{LumaRef, Plane};
use filigrane_signal::{box_mean, minimum, reduce, reduced_size, reduction};

/// Short side of the plane on which amplitudes are computed, samples.
const GRID_SIDE: usize = 360;
/// Root mean square of the mark over a picture, levels of 255, at strength 1: a luma PSNR of 45 dB, less what rounding to code
/// values adds (up to half a decibel at 8 bits).
const BUDGET: f32 = 1.43;
/// Amplitude in flat areas, levels.
const FLOOR: f32 = 0.85;
/// Largest amplitude anywhere, levels.
const CEILING: f32 = 4.0;
/// Amplitude gained for each level of local activity.
const GAIN: f32 = 0.45;
/// Half side of the windows that activity is measured in, samples.
const WINDOW: usize = 3;
/// Share of the last picture's amplitudes in this one's: keeps the mark from flickering with the grain.
const MEMORY: f32 = 0.6;

/// Decides how strong the mark may be at each place of each picture (SPEC.md §6).
pub(crate) struct Mask {
    factor: usize,
    luma: Plane<f32>,
    level: Plane<f32>,
    activity: Plane<f32>,
    scratch: Plane<f32>,
    amplitude: Plane<f32>,
    fresh: bool,
}

impl Mask {
    /// For pictures of one size.
    pub fn new(width: usize, height: usize) -> Self {
        let factor = reduction(width, height, GRID_SIDE, usize::MAX);
        let (width, height) = reduced_size(width, height, factor);
        let plane = || Plane::new(width, height);
        Self {
            factor,
            luma: plane(),
            level: plane(),
            activity: plane(),
            scratch: plane(),
            amplitude: plane(),
            fresh: true,
        }
    }

    /// Pixels a sample of the amplitude plane.
    pub fn factor(&self) -> usize {
        self.factor
    }

    /// Root mean square amplitude of the mark for each cell of this picture, levels of 255.
    pub fn amplitudes(&mut self, luma: LumaRef<'_>, strength: f32) -> &Plane<f32> {
        reduce(luma, self.factor, &mut self.luma);
        box_mean(&self.luma, WINDOW, &mut self.scratch, &mut self.level);
        for (value, level) in self.luma.samples_mut().iter_mut().zip(self.level.samples()) {
            *value = (*value - level).abs();
        }
        box_mean(&self.luma, WINDOW, &mut self.scratch, &mut self.activity);
        // A flat place beside an edge is as naked as any flat place.
        minimum(&mut self.activity, WINDOW, &mut self.luma);
        box_mean(&self.activity, WINDOW, &mut self.scratch, &mut self.luma);
        let mut power = 0.0;
        for (value, level) in self.luma.samples_mut().iter_mut().zip(self.level.samples()) {
            *value = ((FLOOR + GAIN * *value) * luminance_factor(*level)).min(CEILING);
            power += f64::from(*value * *value);
        }
        let rms = (power / self.luma.samples().len() as f64).sqrt() as f32;
        let scale = strength * (BUDGET / rms).min(1.0);
        for (kept, value) in self.amplitude.samples_mut().iter_mut().zip(self.luma.samples()) {
            let now = value * scale;
            // After a cut the old picture's strength must not stay on the new one's flat places.
            let blended = if self.fresh { now } else { MEMORY * *kept + (1.0 - MEMORY) * now };
            *kept = blended.min(1.25 * now);
        }
        self.fresh = false;
        &self.amplitude
    }
}

/// Relative visibility threshold by luma (0 to 255): shadows and highlights hide more (Chou, Li 1995, eq. 4, flattened).
fn luminance_factor(level: f32) -> f32 {
    1.0 + 0.5 * ((64.0 - level) / 64.0).clamp(0.0, 1.0) + 0.3 * ((level - 127.0) / 128.0).clamp(0.0, 1.0)
}

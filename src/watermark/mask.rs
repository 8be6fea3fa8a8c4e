use filigrane_frame::{LumaRef, Plane};
use filigrane_signal::{box_mean, reduce, reduced_size, reduction};

/// Short side of the plane on which amplitudes are computed, samples.
const GRID_SIDE: usize = 90;
/// Root mean square of the mark over a picture, levels of 255, at strength 1: a PSNR of 46 dB in red, green and blue of
/// limited range, with what rounding to 8-bit code values adds.
const BUDGET: f32 = 1.19;
/// Half side of the window that the local level is measured in, samples.
const WINDOW: usize = 1;
/// Share of the last picture's amplitudes in this one's: keeps the mark from flickering with the grain.
const MEMORY: f32 = 0.6;

/// Decides how strong the mark may be at each place of each picture (SPEC.md §6).
///
/// The strength follows the local level alone. Texture could hide more, but a mark there is drowned by the content it
/// lies on: measured after H.264 at CRF 40, a unit of its energy yields 10 to 100 times less evidence in the busiest
/// tenth of a picture than in the quietest fifth.
pub(crate) struct Mask {
    factor: usize,
    luma: Plane<f32>,
    level: Plane<f32>,
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
        Self { factor, luma: plane(), level: plane(), scratch: plane(), amplitude: plane(), fresh: true }
    }

    /// Pixels a sample of the amplitude plane.
    pub fn factor(&self) -> usize {
        self.factor
    }

    /// Root mean square amplitude of the mark for each cell of this picture, levels of 255.
    pub fn amplitudes(&mut self, luma: LumaRef<'_>, strength: f32) -> &Plane<f32> {
        reduce(luma, self.factor, &mut self.luma);
        box_mean(&self.luma, WINDOW, &mut self.scratch, &mut self.level);
        let mut power = 0.0;
        for level in self.level.samples_mut() {
            *level = luminance_factor(*level);
            power += f64::from(*level * *level);
        }
        let rms = (power / self.level.samples().len() as f64).sqrt() as f32;
        let scale = strength * BUDGET / rms;
        for (kept, value) in self.amplitude.samples_mut().iter_mut().zip(self.level.samples()) {
            let now = value * scale;
            // After a cut the old picture's strength must not stay on the new one's.
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

use filigrane_frame::{LumaRef, Plane};
use filigrane_signal::{box_mean, minimum, reduce_with_spread, reduced_size, reduction};

/// Short side of the plane on which amplitudes are computed, samples.
const GRID_SIDE: usize = 60;
/// Root mean square of the mark at strength 1 where there is texture and the level is medium, levels of 255.
const USUAL: f32 = 1.25;
/// Share of it in places without any texture, where nothing hides the mark.
const FLAT: f32 = 0.75;
/// Standard deviation within a cell from which texture hides the usual strength, levels.
const TEXTURE: f32 = 3.0;
/// Standard deviation within a cell from which more of it drowns the mark, levels: the amplitude falls as its root.
const BUSY: f32 = 4.0;
/// Half side of the window that the local level is measured in, samples.
const WINDOW: usize = 1;
/// Share of the last picture's amplitudes in this one's: keeps the mark from flickering with the grain.
const MEMORY: f32 = 0.6;

/// Decides how strong the mark may be at each place of each picture (SPEC.md §6).
///
/// It is but little stronger in texture than in flat places, and weaker in busy ones. They could hide more, but a mark
/// there is drowned by the content it lies on: measured after H.264 and H.265 at CRF 40, a unit of its energy yields 5 to
/// 100 times less evidence in the busiest tenth of a picture than in the quietest half. At equal energy in the whole
/// picture this gains up to 1 dB there.
pub(crate) struct Mask {
    factor: usize,
    luma: Plane<f32>,
    level: Plane<f32>,
    spread: Plane<f32>,
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
            spread: plane(),
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
        reduce_with_spread(luma, self.factor, &mut self.luma, &mut self.spread);
        box_mean(&self.luma, WINDOW, &mut self.scratch, &mut self.level);
        // A flat place beside an edge is as naked as any flat place.
        minimum(&mut self.spread, WINDOW, &mut self.scratch);
        box_mean(&self.spread, WINDOW, &mut self.scratch, &mut self.luma);
        for (level, spread) in self.level.samples_mut().iter_mut().zip(self.luma.samples()) {
            let texture = FLAT + (1.0 - FLAT) * (spread / TEXTURE).min(1.0);
            let busy = (BUSY / spread.max(BUSY)).sqrt();
            *level = luminance_factor(*level) * texture * busy;
        }
        let scale = strength * USUAL;
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

/// Relative visibility threshold by luma (0 to 255): shadows and highlights hide more (Chou, Li 1995, eq. 4, flattened),
/// but on black, where only the brighter half of the mark is left, it would stand out as dots.
fn luminance_factor(level: f32) -> f32 {
    let usual =
        1.0 + 0.5 * ((64.0 - level) / 64.0).clamp(0.0, 1.0) + 0.3 * ((level - 127.0) / 128.0).clamp(0.0, 1.0);
    usual * (0.3 + level / 32.0).clamp(0.3, 1.0)
}

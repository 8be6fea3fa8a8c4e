use filigrane_frame::Plane;
use filigrane_signal::box_mean;

/// Flattens the spectrum and the local power of a picture, so that bright edges do not drown the mark.
///
/// `y = clip((x - mean) / (deviation + 1), -3, 3)`, mean and deviation over windows of about a tile's coarsest lines.
pub(crate) struct Whitener {
    mean_radius: usize,
    deviation_radius: usize,
    mean: Plane<f32>,
    square: Plane<f32>,
    scratch: Plane<f32>,
}

/// Levels (0 to 255) added to the local deviation: where a codec left nothing, nothing is amplified.
const FLOOR: f32 = 1.0;
const CLIP: f32 = 3.0;

impl Whitener {
    /// For planes of one size.
    pub fn new(width: usize, height: usize) -> Self {
        let short = width.min(height);
        let plane = || Plane::new(width, height);
        Self {
            mean_radius: (short / 40).max(3),
            deviation_radius: (short / 28).max(4),
            mean: plane(),
            square: plane(),
            scratch: plane(),
        }
    }

    /// Adds the whitened `picture` to `sum`; `picture` is used up.
    pub fn add(&mut self, picture: &mut Plane<f32>, sum: &mut Plane<f32>) {
        box_mean(picture, self.mean_radius, &mut self.scratch, &mut self.mean);
        for ((value, mean), square) in
            picture.samples_mut().iter_mut().zip(self.mean.samples()).zip(self.square.samples_mut())
        {
            *value -= mean;
            *square = *value * *value;
        }
        box_mean(&self.square, self.deviation_radius, &mut self.scratch, &mut self.mean);
        for ((value, variance), sum) in
            picture.samples().iter().zip(self.mean.samples()).zip(sum.samples_mut())
        {
            *sum += (value / (variance.max(0.0).sqrt() + FLOOR)).clamp(-CLIP, CLIP);
        }
    }
}

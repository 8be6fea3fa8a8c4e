use filigrane_frame::Plane;
use filigrane_signal::box_mean;

/// Flattens the spectrum of a picture and weighs each place by what the mark can show there.
///
/// With `y` the picture less its mean over 5 x 5 samples and `d` the deviation of `y` over 7 x 7 samples, plus
/// [`FLOOR`]: `clip(y / d, -2, 2) / d`. One division by `d` gives every place the same noise, the second the weight of
/// a mark of even strength in that noise (a matched filter): edges and texture count little.
pub(crate) struct Whitener {
    mean: Plane<f32>,
    square: Plane<f32>,
    scratch: Plane<f32>,
}

const MEAN_RADIUS: usize = 2;
const DEVIATION_RADIUS: usize = 3;
/// Levels (0 to 255) added to the local deviation: where a codec left nothing, nothing is amplified.
const FLOOR: f32 = 2.0;
const CLIP: f32 = 2.0;

impl Whitener {
    /// For planes of one size.
    pub fn new(width: usize, height: usize) -> Self {
        let plane = || Plane::new(width, height);
        Self { mean: plane(), square: plane(), scratch: plane() }
    }

    /// Adds the whitened `picture` to `sum`; `picture` is used up.
    pub fn add(&mut self, picture: &mut Plane<f32>, sum: &mut Plane<f32>) {
        box_mean(picture, MEAN_RADIUS, &mut self.scratch, &mut self.mean);
        for ((value, mean), square) in
            picture.samples_mut().iter_mut().zip(self.mean.samples()).zip(self.square.samples_mut())
        {
            *value -= mean;
            *square = *value * *value;
        }
        box_mean(&self.square, DEVIATION_RADIUS, &mut self.scratch, &mut self.mean);
        for ((value, variance), sum) in
            picture.samples().iter().zip(self.mean.samples()).zip(sum.samples_mut())
        {
            let weight = 1.0 / (variance.max(0.0).sqrt() + FLOOR);
            *sum += (value * weight).clamp(-CLIP, CLIP) * weight;
        }
    }
}

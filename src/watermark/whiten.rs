use filigrane_frame::Plane;
use filigrane_signal::{box_mean, mean_across, mean_down};
use multiversion::multiversion;

/// Flattens the spectrum of a picture and weighs each place by what the mark can show there.
///
/// With `y` the picture less its mean over 5 x 5 samples and `d` the deviation of `y` over 7 x 7 samples, plus
/// [`FLOOR`]: `clip(y / d, -2, 2) / d`. One division by `d` gives every place the same noise, the second the weight of
/// a mark of even strength in that noise (a matched filter): edges and texture count little.
pub(crate) struct Whitener {
    /// The last rows' means along the row, of the picture and of the squares; whole planes for pictures narrower than a window.
    means: Plane<f32>,
    squares: Plane<f32>,
    row: Vec<f32>,
}

const MEAN_RADIUS: usize = 2;
const DEVIATION_RADIUS: usize = 3;
const MEAN_SIDE: usize = 2 * MEAN_RADIUS + 1;
const DEVIATION_SIDE: usize = 2 * DEVIATION_RADIUS + 1;
/// Rows kept at a time, at least [`DEVIATION_SIDE`]: few enough for the nearest cache, which is what makes this fast.
const KEPT: usize = 8;
/// Levels (0 to 255) added to the local deviation: where a codec left nothing, nothing is amplified.
const FLOOR: f32 = 2.0;
const CLIP: f32 = 2.0;

impl Whitener {
    /// For planes of one size.
    pub fn new(width: usize, height: usize) -> Self {
        let rows = if width < DEVIATION_SIDE { height } else { KEPT };
        Self { means: Plane::new(width, rows), squares: Plane::new(width, rows), row: vec![0.0; width] }
    }

    /// Adds the whitened `picture` to `sum`; `picture` is used up.
    pub fn add(&mut self, picture: &mut Plane<f32>, sum: &mut Plane<f32>) {
        if picture.width() < DEVIATION_SIDE {
            self.add_narrow(picture, sum)
        } else {
            add_wide(self, picture, sum)
        }
    }

    fn add_narrow(&mut self, picture: &mut Plane<f32>, sum: &mut Plane<f32>) {
        let mut means = picture.clone();
        box_mean(picture, MEAN_RADIUS, &mut self.means, &mut means);
        centre(picture.samples_mut(), means.samples(), self.squares.samples_mut());
        box_mean(&self.squares, DEVIATION_RADIUS, &mut self.means, &mut means);
        weigh(picture.samples(), means.samples(), sum.samples_mut());
    }
}

/// All steps row after row: each works on rows that the one before has just left.
#[multiversion(targets("x86_64+avx2"))]
fn add_wide(whitener: &mut Whitener, picture: &mut Plane<f32>, sum: &mut Plane<f32>) {
    let Whitener { means, squares, row } = whitener;
    let (width, height) = (picture.width(), picture.height());
    let kept = |row: usize| row % KEPT;
    let around = |y: usize, radius: usize| y.saturating_sub(radius)..(y + radius + 1).min(height);
    let mut square = vec![0.0; width];
    for step in 0..height + MEAN_RADIUS + DEVIATION_RADIUS {
        if step < height {
            mean_across::<MEAN_SIDE>(picture.row(step), means.row_mut(kept(step)));
        }
        if let Some(y) = step.checked_sub(MEAN_RADIUS).filter(|&y| y < height) {
            mean_down::<MEAN_SIDE>(means, around(y, MEAN_RADIUS), kept, row);
            centre(picture.row_mut(y), row, &mut square);
            mean_across::<DEVIATION_SIDE>(&square, squares.row_mut(kept(y)));
        }
        if let Some(y) = step.checked_sub(MEAN_RADIUS + DEVIATION_RADIUS) {
            mean_down::<DEVIATION_SIDE>(squares, around(y, DEVIATION_RADIUS), kept, row);
            weigh(picture.row(y), row, sum.row_mut(y));
        }
    }
}

/// Takes the mean off, and squares what is left.
#[inline(always)]
fn centre(values: &mut [f32], means: &[f32], squares: &mut [f32]) {
    for ((value, mean), square) in values.iter_mut().zip(means).zip(squares) {
        *value -= mean;
        *square = *value * *value;
    }
}

#[inline(always)]
fn weigh(values: &[f32], variances: &[f32], sums: &mut [f32]) {
    for ((value, variance), sum) in values.iter().zip(variances).zip(sums) {
        let weight = 1.0 / (variance.max(0.0).sqrt() + FLOOR);
        *sum += (value * weight).clamp(-CLIP, CLIP) * weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_after_row_gives_what_whole_planes_give_to_the_last_bit() {
        for (width, height) in [(7, 1), (7, 3), (9, 5), (40, 7), (61, 33), (3, 20), (6, 40), (1, 1)] {
            let picture = Plane::from_fn(width, height, |x, y| ((x * 37 + y * 91 + x * y * 5) % 251) as f32);
            let (mut scratch, mut means) = (picture.clone(), picture.clone());
            let (mut centred, mut squares) = (picture.clone(), picture.clone());
            box_mean(&picture, MEAN_RADIUS, &mut scratch, &mut means);
            centre(centred.samples_mut(), means.samples(), squares.samples_mut());
            box_mean(&squares, DEVIATION_RADIUS, &mut scratch, &mut means);
            let mut expected = Plane::from_fn(width, height, |x, y| (x + y) as f32);
            let mut sum = expected.clone();
            weigh(centred.samples(), means.samples(), expected.samples_mut());
            let mut whitener = Whitener::new(width, height);
            whitener.add(&mut picture.clone(), &mut sum);
            assert_eq!(sum, expected, "{width}x{height}");
            assert!(height < 3 || sum.samples().iter().any(|value| value.fract() != 0.0));
        }
    }
}

/// A dense two-dimensional array, row after row from the top left, without padding.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane<T> {
    width: usize,
    height: usize,
    samples: Vec<T>,
}

impl<T: Copy + Default> Plane<T> {
    /// A plane of default (zero) samples.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, samples: vec![T::default(); width * height] }
    }

    /// Computes every sample from its column and row.
    pub fn from_fn(width: usize, height: usize, mut sample: impl FnMut(usize, usize) -> T) -> Self {
        let mut samples = Vec::with_capacity(width * height);
        for y in 0..height {
            samples.extend((0..width).map(|x| sample(x, y)));
        }
        Self { width, height, samples }
    }
}

impl<T> Plane<T> {
    /// Wraps samples given row by row; `None` when their number is not `width * height`.
    pub fn from_samples(width: usize, height: usize, samples: Vec<T>) -> Option<Self> {
        (Some(samples.len()) == width.checked_mul(height)).then_some(Self { width, height, samples })
    }

    /// Samples a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All samples, row by row.
    pub fn samples(&self) -> &[T] {
        &self.samples
    }

    /// All samples, row by row, to change.
    pub fn samples_mut(&mut self) -> &mut [T] {
        &mut self.samples
    }

    /// One row.
    ///
    /// # Panics
    /// When `y >= height`.
    pub fn row(&self, y: usize) -> &[T] {
        &self.samples[y * self.width..(y + 1) * self.width]
    }

    /// One row, to change.
    ///
    /// # Panics
    /// When `y >= height`.
    pub fn row_mut(&mut self, y: usize) -> &mut [T] {
        &mut self.samples[y * self.width..(y + 1) * self.width]
    }
}

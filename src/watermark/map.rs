/// A linear map from line index to frequency, cycles a sample, row-major.
pub(crate) type Matrix = [f64; 4];

/// Where each sample of a reduced picture lies in the tiling: a projective map from samples to tiles, before mirroring
/// and quarter turns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Map {
    /// Row-major, on `(x, y, 1)` with `x`, `y` in samples from `centre`.
    projection: [f64; 9],
    centre: (f64, f64),
}

impl Map {
    /// The affine map under which line `k` has the frequency `matrix * k`, cycles a sample; the centre of a picture of
    /// `width` x `height` samples is the corner of a tile.
    pub fn affine(matrix: Matrix, width: usize, height: usize) -> Self {
        let [a, b, c, d] = matrix;
        // Frequencies map with the matrix, positions with its transpose.
        let projection = [a, c, 0.0, b, d, 0.0, 0.0, 0.0, 1.0];
        Self { projection, centre: (width as f64 / 2.0, height as f64 / 2.0) }
    }

    /// Tile coordinates, in tiles, of a sample.
    pub fn tile(&self, x: f64, y: f64) -> (f64, f64) {
        let (x, y) = (x - self.centre.0, y - self.centre.1);
        let [a, b, c, d, e, f, g, h, i] = self.projection;
        let scale = 1.0 / (g * x + h * y + i);
        ((a * x + b * y + c) * scale, (d * x + e * y + f) * scale)
    }
}

/// Pixel index that the middle of so many reduced samples stands for.
pub(crate) fn place(length: usize, factor: usize) -> f64 {
    (length * factor) as f64 / 2.0 + (factor as f64 - 1.0) / 2.0
}

/// Tile coordinates, in tiles, at the centre of a reduced picture to which nothing was done; `side` in reduced samples.
pub(crate) fn unmoved((width, height): (usize, usize), factor: usize, side: f64) -> (f64, f64) {
    let tiles = |length: usize| place(length, factor) / (side * factor as f64);
    (tiles(width), tiles(height))
}

/// A linear map from line index to frequency, cycles a sample, row-major.
pub(crate) type Matrix = [f64; 4];

/// Where each sample of a reduced picture lies in the tiling, before mirroring and quarter turns: a projective map
/// that takes the centre of the picture to the corner of a tile.
///
/// Any projective map is one of these and a shift of the tile, which power does not see and the coherent test finds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Map {
    matrix: Matrix,
    /// Gradient of the projective divisor, per sample; 0 for an affine map.
    tilt: (f64, f64),
    centre: (f64, f64),
}

impl Map {
    /// The map under which line `k` has the frequency `matrix * k`, cycles a sample, everywhere in a picture of
    /// `width` x `height` samples.
    pub fn affine(matrix: Matrix, width: usize, height: usize) -> Self {
        Self::tilted(matrix, (0.0, 0.0), width, height)
    }

    /// The map under which line `k` has the frequency `matrix * k` at the centre, and positions `x` from there are
    /// those of a picture seen head on, divided by `1 + tilt * x`.
    pub fn tilted(matrix: Matrix, tilt: (f64, f64), width: usize, height: usize) -> Self {
        Self { matrix, tilt, centre: (width as f64 / 2.0, height as f64 / 2.0) }
    }

    /// Line index to frequency at the centre of the picture.
    pub fn matrix(&self) -> Matrix {
        self.matrix
    }

    /// Gradient of the projective divisor, per sample.
    pub fn tilt(&self) -> (f64, f64) {
        self.tilt
    }

    /// The sample at the corner of a tile.
    pub fn centre(&self) -> (f64, f64) {
        self.centre
    }

    /// Tile coordinates, in tiles, of a sample.
    pub fn tile(&self, x: f64, y: f64) -> (f64, f64) {
        let (x, y) = (x - self.centre.0, y - self.centre.1);
        let [a, b, c, d] = self.matrix;
        let scale = 1.0 / (self.tilt.0 * x + self.tilt.1 * y + 1.0);
        // Frequencies map with the matrix, positions with its transpose.
        ((a * x + c * y) * scale, (b * x + d * y) * scale)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilt_leaves_the_scale_at_the_centre_and_shrinks_towards_the_horizon() {
        let map = Map::tilted([0.02, 0.003, -0.004, 0.03], (0.001, -0.0005), 200, 100);
        let flat = Map::affine(map.matrix(), 200, 100);
        let step = |map: &Map, x: f64| {
            let (one, other) = (map.tile(x - 0.5, 50.0), map.tile(x + 0.5, 50.0));
            (other.0 - one.0).hypot(other.1 - one.1)
        };
        assert_eq!(map.tile(100.0, 50.0), (0.0, 0.0));
        assert!((step(&map, 100.0) / step(&flat, 100.0) - 1.0).abs() < 1e-5);
        assert!((step(&map, 200.0) * 1.1f64.powi(2) / step(&flat, 200.0) - 1.0).abs() < 1e-3);
    }
}

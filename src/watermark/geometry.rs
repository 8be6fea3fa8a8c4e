use serde::{Deserialize, Serialize};

/// One of the eight ways to lay a square on itself. Serialised as its place in [`ALL`](Self::ALL).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub struct Dihedral {
    /// Row-major matrix with entries -1, 0, 1 that takes picture directions to tile directions.
    matrix: [i32; 4],
}

impl Dihedral {
    /// All eight, the identity first.
    pub const ALL: [Self; 8] = [
        Self { matrix: [1, 0, 0, 1] },
        Self { matrix: [-1, 0, 0, 1] },
        Self { matrix: [1, 0, 0, -1] },
        Self { matrix: [-1, 0, 0, -1] },
        Self { matrix: [0, 1, 1, 0] },
        Self { matrix: [0, 1, -1, 0] },
        Self { matrix: [0, -1, 1, 0] },
        Self { matrix: [0, -1, -1, 0] },
    ];

    /// Where a line of the tile is found in the picture: the transposed matrix times the line's index.
    pub(crate) fn line(self, kx: i32, ky: i32) -> (i32, i32) {
        let [a, b, c, d] = self.matrix;
        (a * kx + c * ky, b * kx + d * ky)
    }

    /// A picture direction, in tile directions.
    pub fn apply(self, x: f64, y: f64) -> (f64, f64) {
        let [a, b, c, d] = self.matrix.map(f64::from);
        (a * x + b * y, c * x + d * y)
    }

    /// Whether the picture is mirrored.
    pub fn mirrored(self) -> bool {
        let [a, b, c, d] = self.matrix;
        a * d - b * c < 0
    }

    /// Clockwise turn of the picture in degrees (0, 90, 180, 270), a mirroring at the vertical axis taken off first.
    pub fn rotation(self) -> f64 {
        let sign = if self.mirrored() { -1 } else { 1 };
        match (sign * self.matrix[0], sign * self.matrix[1]) {
            (1, _) => 0.0,
            (-1, _) => 180.0,
            (_, 1) => 90.0,
            _ => 270.0,
        }
    }
}

impl From<Dihedral> for u8 {
    fn from(dihedral: Dihedral) -> Self {
        let place = Dihedral::ALL.iter().position(|one| *one == dihedral);
        place.and_then(|place| Self::try_from(place).ok()).unwrap_or(0)
    }
}

impl TryFrom<u8> for Dihedral {
    type Error = &'static str;

    fn try_from(place: u8) -> Result<Self, &'static str> {
        Self::ALL.get(usize::from(place)).copied().ok_or("one of eight orientations")
    }
}

/// How the tile lies in the pictures examined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Geometry {
    /// Line index to frequency, row-major: `f = matrix * k`, cycles a pixel of the pictures examined.
    pub matrix: [f64; 4],
    /// Mirroring and quarter turns.
    pub dihedral: Dihedral,
    /// Tile coordinates (fractions of a side, 0 to 1) at `origin`.
    pub centre: (f64, f64),
    /// The point of the picture that `centre` belongs to, pixel indices.
    pub origin: (f64, f64),
}

impl Geometry {
    /// Side of the tile along the picture's rows and columns, pixels.
    pub fn tile(&self) -> (f64, f64) {
        let [a, b, c, d] = self.matrix;
        (1.0 / a.hypot(c), 1.0 / b.hypot(d))
    }

    /// Turn beyond the quarter turns, degrees, clockwise.
    pub fn skew(&self) -> f64 {
        let [a, _, c, _] = self.matrix;
        c.atan2(a).to_degrees()
    }

    /// Tile coordinates, in tiles, of a point in the picture, pixel indices.
    pub fn tile_coordinates(&self, x: f64, y: f64) -> (f64, f64) {
        let (x, y) = (x - self.origin.0, y - self.origin.1);
        let [a, b, c, d] = self.matrix;
        // Frequencies map with the matrix, positions with its transpose.
        let (u, v) = self.dihedral.apply(a * x + c * y, b * x + d * y);
        (u + self.centre.0, v + self.centre.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eight_are_four_turns_plain_and_mirrored() {
        let mut seen: Vec<(bool, i32)> =
            Dihedral::ALL.iter().map(|d| (d.mirrored(), d.rotation() as i32)).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 8);
        assert!(!Dihedral::ALL[0].mirrored() && Dihedral::ALL[0].rotation() == 0.0);
        assert!(Dihedral::ALL[1].mirrored() && Dihedral::ALL[1].rotation() == 0.0, "left to right");
    }
}

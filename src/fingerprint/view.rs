/// Where a picture lies in the original: an affine map from its unit square to the original's unit square.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// `(x, y)` of the picture stands at `(m0 x + m1 y + m2, m3 x + m4 y + m5)` of the original.
    pub matrix: [f64; 6],
}

impl View {
    /// The whole original, as it is.
    pub const WHOLE: Self = Self { matrix: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0] };

    /// The whole original in its eight orientations, unturned first, then mirrored.
    pub fn orientations() -> [Self; 8] {
        [
            [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
            [-1.0, 0.0, 1.0, 0.0, 1.0, 0.0],
            [1.0, 0.0, 0.0, 0.0, -1.0, 1.0],
            [-1.0, 0.0, 1.0, 0.0, -1.0, 1.0],
            [0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
            [0.0, -1.0, 1.0, 1.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, -1.0, 0.0, 1.0],
            [0.0, -1.0, 1.0, -1.0, 0.0, 1.0],
        ]
        .map(|matrix| Self { matrix })
    }

    /// The point of the original that a point of the picture shows, both in units of the side.
    pub fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        let [a, b, c, d, e, f] = self.matrix;
        (a * x + b * y + c, d * x + e * y + f)
    }

    /// The map the other way round; `None` when the picture has no area.
    pub fn inverse(&self) -> Option<Self> {
        let [a, b, c, d, e, f] = self.matrix;
        let area = a * e - b * d;
        if !area.is_finite() || area.abs() < 1e-9 {
            return None;
        }
        let (p, q, r, s) = (e / area, -b / area, -d / area, a / area);
        Some(Self { matrix: [p, q, -(p * c + q * f), r, s, -(r * c + s * f)] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_undoes_every_orientation_and_a_crop() {
        let crop = View { matrix: [0.5, 0.0, 0.3, 0.0, 0.4, 0.1] };
        for view in View::orientations().into_iter().chain([crop]) {
            let (x, y) = view.apply(0.2, 0.7);
            let (x, y) = view.inverse().expect("has area").apply(x, y);
            assert!((x - 0.2).abs() < 1e-12 && (y - 0.7).abs() < 1e-12);
        }
        assert_eq!(View { matrix: [0.0; 6] }.inverse(), None);
    }
}

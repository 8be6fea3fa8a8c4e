use std::ops::Range;

/// Where tiles of one size lie along an axis so that neighbours overlap by a quarter and the last ends with the axis.
pub(crate) fn tiles(length: usize, tile: usize) -> Vec<Range<usize>> {
    if tile == 0 || tile >= length {
        return vec![0..length; 1];
    }
    let step = (tile - tile / 4).max(1);
    let mut starts: Vec<usize> = (0..length - tile).step_by(step).collect();
    starts.push(length - tile);
    starts.into_iter().map(|start| start..start + tile).collect()
}

/// Pictures put together from tiles that fade into one another where they overlap.
pub(crate) struct Mosaic {
    pictures: usize,
    rows: usize,
    columns: usize,
    sums: Vec<f32>,
    weights: Vec<f32>,
}

impl Mosaic {
    /// Empty pictures of three planes.
    pub(crate) fn new(pictures: usize, rows: usize, columns: usize) -> Self {
        let samples = rows * columns;
        Self { pictures, rows, columns, sums: vec![0.0; 3 * pictures * samples], weights: vec![0.0; samples] }
    }

    /// Adds a tile `[3, pictures, rows, columns]` at its place.
    pub(crate) fn add(&mut self, tile: &[f32], rows: &Range<usize>, columns: &Range<usize>) {
        let down = ramp(rows, self.rows);
        let across = ramp(columns, self.columns);
        for (row, down) in rows.clone().zip(&down) {
            let start = row * self.columns + columns.start;
            for (weight, across) in self.weights.iter_mut().skip(start).zip(&across) {
                *weight += down * across;
            }
        }
        let samples = self.rows * self.columns;
        let planes = self.sums.chunks_exact_mut(samples.max(1));
        for (plane, tile) in planes.zip(tile.chunks_exact((rows.len() * columns.len()).max(1))) {
            let lines = rows.clone().zip(&down).zip(tile.chunks_exact(columns.len().max(1)));
            for ((row, down), line) in lines {
                let target = plane.iter_mut().skip(row * self.columns + columns.start);
                for ((sum, sample), across) in target.zip(line).zip(&across) {
                    *sum += sample * down * across;
                }
            }
        }
    }

    /// The pictures `[3, pictures, rows, columns]`.
    pub(crate) fn finish(mut self) -> Vec<f32> {
        debug_assert_eq!(self.sums.len(), 3 * self.pictures * self.weights.len());
        for plane in self.sums.chunks_exact_mut(self.weights.len().max(1)) {
            for (sum, weight) in plane.iter_mut().zip(&self.weights) {
                *sum /= weight;
            }
        }
        self.sums
    }
}

/// Weights along an axis: 1 inside, falling over a quarter towards an edge that is not the picture's.
fn ramp(range: &Range<usize>, length: usize) -> Vec<f32> {
    let fade = (range.len() / 4).max(1) as f32;
    let near = |distance: usize, edge: bool| {
        if edge { 1.0 } else { ((distance as f32 + 0.5) / fade).min(1.0) }
    };
    (0..range.len())
        .map(|at| near(at, range.start == 0) * near(range.len() - 1 - at, range.end == length))
        .collect()
}

#[cfg(test)]
#[path = "mosaic_tests.rs"]
mod tests;

//! Times and places as waves: what tells a transformer when and where.

use crate::builder::{GraphBuilder, Wire, int};

impl GraphBuilder<'_> {
    /// Cosines, then sines of a time at frequencies that fall from 1 to 1/10 000, `[rows, channels]`.
    pub(crate) fn time_waves(&mut self, timestep: &Wire, rows: usize, channels: usize) -> Wire {
        let half = channels / 2;
        // In single precision, as the reference does it: at t = 1000 the last bit of a frequency shows in the phase.
        let fall = -(10_000f64.ln()) as f32;
        let frequencies: Vec<f32> = (0..half).map(|at| (fall * at as f32 / half as f32).exp()).collect();
        let frequencies = self.constant(&[1, half], &frequencies);
        let time = self.reshape(timestep, &[rows, 1]);
        let phase = self.mul(&time, &frequencies);
        let cosine = self.unary("Cos", &phase);
        let sine = self.unary("Sin", &phase);
        self.concat(1, &[&cosine, &sine])
    }

    /// Cosine and sine `[tokens, channels / 2]` of the places of a grid of frames, rows and columns; each has its share of
    /// the channels, the frames what is left when rows and columns have a third each.
    pub(crate) fn rotary_grid(&mut self, channels: usize, grid: [usize; 3], theta: f64) -> (Wire, Wire) {
        let side = 2 * (channels / 6);
        let shares = [channels.saturating_sub(2 * side), side, side];
        let [frames, rows, columns] = grid;
        let axes = [[frames, 1, 1], [1, rows, 1], [1, 1, columns]];
        let mut tables = [Vec::new(), Vec::new()];
        for ((share, axis), extent) in shares.into_iter().zip(axes).zip(grid) {
            let half = share / 2;
            let phases: Vec<f64> = (0..extent)
                .flat_map(|place| (0..half).map(move |at| (place, at)))
                .map(|(place, at)| place as f64 / theta.powf(2.0 * at as f64 / share as f64))
                .collect();
            for (table, wave) in tables.iter_mut().zip([f64::cos, f64::sin]) {
                let data: Vec<f32> = phases.iter().map(|&phase| wave(phase) as f32).collect();
                let part = self.constant(&[axis.as_slice(), &[half]].concat(), &data);
                table.push(self.expand(&part, &[frames, rows, columns, half]));
            }
        }
        let [cosine, sine] = tables.map(|parts| {
            let whole = self.concat(3, &parts.iter().collect::<Vec<_>>());
            self.reshape(&whole, &[frames * rows * columns, channels / 2])
        });
        (cosine, sine)
    }

    /// Tokens `[batch, tokens, channels]` with each pair of neighbouring channels of a head turned by its place's angle.
    pub(crate) fn rotate_pairs(&mut self, x: &Wire, rotary: &(Wire, Wire), heads: usize) -> Wire {
        let shape = x.shape().to_vec();
        let (batch, tokens) = (x.extent(0), x.extent(1));
        let half = rotary.0.extent(1);
        if self.is_onnx_runtime() {
            let start = self.integers(&[0]);
            let attributes = vec![int("interleaved", 1), int("num_heads", heads as i64)];
            return self.microsoft("RotaryEmbedding", &[x, &start, &rotary.0, &rotary.1], attributes, &shape);
        }
        let pairs = self.reshape(x, &[batch, tokens, heads, half, 2]);
        let first = self.slice(&pairs, 4, 0, 1);
        let second = self.slice(&pairs, 4, 1, 2);
        let cosine = self.reshape(&rotary.0, &[1, tokens, 1, half, 1]);
        let sine = self.reshape(&rotary.1, &[1, tokens, 1, half, 1]);
        let (along, across) = (self.mul(&first, &cosine), self.mul(&second, &sine));
        let turned_first = self.sub(&along, &across);
        let (across, along) = (self.mul(&first, &sine), self.mul(&second, &cosine));
        let turned_second = self.add(&across, &along);
        let pairs = self.concat(4, &[&turned_first, &turned_second]);
        self.reshape(&pairs, &shape)
    }
}

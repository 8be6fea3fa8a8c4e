use crate::audio::grid::CELLS;
use crate::code::encode;
use crate::key::Key;
use crate::payload::Payload;

/// Cells known to every holder of the key.
pub(crate) const SYNC_CELLS: usize = 512;
/// Whether each of the 2048 cells of a key's pattern is made louder for a payload, in the order `32 slot + band`.
pub fn louder_cells(key: &Key, payload: Payload) -> Vec<bool> {
    Pattern::new(key).signs(payload).iter().map(|sign| *sign > 0.0).collect()
}

/// A cell of the pattern: `slot * BANDS + band`.
pub(crate) type Cell = usize;

/// The keyed roles and signs of all cells.
pub(crate) struct Pattern {
    /// Known cells with their signs.
    pub sync: Vec<(Cell, f32)>,
    /// Data cells with the sign of a 0; the `n`-th carries code bit `n % 256`.
    pub data: Vec<(Cell, f32)>,
}

impl Pattern {
    /// Derives the pattern of a key.
    pub fn new(key: &Key) -> Self {
        let signs = key.words("audio sign", CELLS / 32);
        let ranks: Vec<u32> =
            ["audio order 0", "audio order 1"].iter().flat_map(|half| key.words(half, CELLS / 2)).collect();
        let mut order: Vec<Cell> = (0..CELLS).collect();
        order.sort_by_key(|&cell| (ranks[cell], cell));
        let mut keyed: Vec<(Cell, f32)> = order
            .into_iter()
            .map(|cell| (cell, if signs[cell / 32] >> (cell % 32) & 1 == 0 { 1.0 } else { -1.0 }))
            .collect();
        let data = keyed.split_off(SYNC_CELLS);
        Self { sync: keyed, data }
    }

    /// The signs of the known cells; 0 for the others.
    pub fn known_signs(&self) -> Vec<f32> {
        let mut signs = vec![0.0; CELLS];
        for &(cell, sign) in &self.sync {
            signs[cell] = sign;
        }
        signs
    }

    /// The sign of every cell for a payload: +1 louder, -1 softer.
    pub fn signs(&self, payload: Payload) -> Vec<f32> {
        let bits = encode(payload);
        let mut signs = self.known_signs();
        for (&(cell, sign), bit) in self.data.iter().zip(bits.iter().cycle()) {
            signs[cell] = if *bit { -sign } else { sign };
        }
        signs
    }
}

//! Weights of linear layers in few bits: blocks of neighbours share a scale, as `com.microsoft.MatMulNBits` wants them.

/// Weights that share a scale.
pub(crate) const BLOCK: usize = 32;

/// Bits of a weight of a linear layer in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bits {
    /// A quarter of single precision; off by less than a hundredth.
    Eight,
    /// An eighth of single precision; off by some hundredths.
    Four,
}

impl Bits {
    /// How many.
    pub fn count(self) -> usize {
        match self {
            Self::Eight => 8,
            Self::Four => 4,
        }
    }

    /// Bytes of a block.
    pub(crate) fn block_bytes(self) -> usize {
        BLOCK * self.count() / 8
    }

    /// What stands for zero.
    fn zero(self) -> f32 {
        match self {
            Self::Eight => 128.0,
            Self::Four => 8.0,
        }
    }

    /// The scale of a block, with which its largest weight is met exactly.
    fn scale(self, block: &[f32]) -> f32 {
        let largest = block
            .iter()
            .copied()
            .fold(0.0, |most: f32, value| if value.abs() > most.abs() { value } else { most });
        // The lowest number is one further from zero than the highest.
        -largest / self.zero()
    }
}

/// One scale for each block of each row of `width` weights.
pub(crate) fn scales(bits: Bits, weights: &[f32], width: usize) -> Vec<f32> {
    weights.chunks(width.max(1)).flat_map(|row| row.chunks(BLOCK)).map(|block| bits.scale(block)).collect()
}

/// The weights in few bits, block after block; in four, the first of a pair has the low half of a byte.
pub(crate) fn quantise(bits: Bits, weights: &[f32], width: usize) -> Vec<u8> {
    let mut packed = Vec::with_capacity(weights.len() * bits.count() / 8);
    for block in weights.chunks(width.max(1)).flat_map(|row| row.chunks(BLOCK)) {
        let scale = bits.scale(block);
        let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
        let most = 2.0 * bits.zero() - 1.0;
        let mut levels = [bits.zero() as u8; BLOCK];
        for (level, value) in levels.iter_mut().zip(block) {
            // A weight that is no number becomes 0 in the cast, and no more than that.
            *level = (value * inverse + bits.zero()).round().clamp(0.0, most) as u8;
        }
        match bits {
            Bits::Eight => packed.extend_from_slice(&levels),
            Bits::Four => packed.extend(levels.chunks_exact(2).map(|pair| match pair {
                [low, high] => low | (high << 4),
                _ => 0,
            })),
        }
    }
    packed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the engine makes of the packed weights.
    fn restored(bits: Bits, packed: &[u8], scales: &[f32]) -> Vec<f32> {
        let blocks = packed.chunks(bits.block_bytes()).zip(scales);
        blocks
            .flat_map(|(block, scale)| {
                let levels: Vec<u8> = match bits {
                    Bits::Eight => block.to_vec(),
                    Bits::Four => block.iter().flat_map(|byte| [byte & 15, byte >> 4]).collect(),
                };
                levels.into_iter().map(|level| (f32::from(level) - bits.zero()) * scale).collect::<Vec<_>>()
            })
            .collect()
    }

    proptest! {
        #[test]
        fn every_weight_comes_back_within_one_step(
            weights in prop::collection::vec(-3.0f32..3.0, 2 * 40),
            four in any::<bool>(),
        ) {
            let bits = if four { Bits::Four } else { Bits::Eight };
            let (packed, scales) = (quantise(bits, &weights, 40), scales(bits, &weights, 40));
            prop_assert_eq!(scales.len(), 4);
            prop_assert_eq!(packed.len(), 4 * bits.block_bytes());
            let back = restored(bits, &packed, &scales);
            for (row, found) in weights.chunks(40).zip(back.chunks(64)) {
                for (at, (one, other)) in row.iter().zip(found).enumerate() {
                    let step = row.chunks(BLOCK).nth(at / BLOCK).map_or(0.0, |block| bits.scale(block).abs());
                    prop_assert!((one - other).abs() <= step * 1.001 + 1e-6, "{one} {other} {step}");
                }
                prop_assert!(found[40..].iter().all(|&value| value == 0.0), "what pads a row counts for nothing");
            }
        }
    }

    #[test]
    fn zeros_and_what_is_no_number_stay_harmless() {
        let weights = [0.0; 32];
        assert!(
            restored(Bits::Four, &quantise(Bits::Four, &weights, 32), &scales(Bits::Four, &weights, 32))
                .iter()
                .all(|&v| v == 0.0)
        );
        assert_eq!(quantise(Bits::Eight, &[f32::NAN; 32], 32).len(), 32);
    }
}

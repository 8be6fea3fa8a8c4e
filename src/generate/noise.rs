use rand_mt::Mt;

use crate::box_muller;

/// From this length on, torch fills a tensor of normal numbers in blocks of 16.
const BLOCK: usize = 16;

/// Normal numbers as torch's generator on the CPU gives them: a seed of diffusers makes the same clip here.
///
/// Mersenne Twister MT19937, seeded with the low 32 bits of the seed. Tensors of 16 numbers and more take 24-bit
/// uniforms in blocks of 16 (`aten/src/ATen/native/cpu/DistributionTemplates.h`), shorter ones 53-bit uniforms, two at a time
/// (`aten/src/ATen/core/DistributionsHelper.h`).
#[derive(Debug, Clone)]
pub struct TorchRandom {
    twister: Mt,
    /// The second number of a pair, kept for the next short tensor.
    kept: Option<f64>,
}

impl TorchRandom {
    /// A generator as `torch.Generator().manual_seed(seed)` leaves it.
    pub fn new(seed: u64) -> Self {
        Self { twister: Mt::new(seed as u32), kept: None }
    }

    /// What `torch.randn(length)` holds: numbers of mean 0 and deviation 1.
    pub fn normal(&mut self, length: usize) -> Vec<f32> {
        if length < BLOCK {
            return (0..length).map(|_| self.single() as f32).collect();
        }
        let mut numbers: Vec<f32> = (0..length).map(|_| self.uniform()).collect();
        for block in numbers.chunks_exact_mut(BLOCK) {
            box_muller::fill(block);
        }
        let rest = length - length % BLOCK;
        if rest < length {
            // The last 16 are drawn anew, over what the block before them holds.
            let tail = &mut numbers[length - BLOCK..];
            for number in tail.iter_mut() {
                *number = self.uniform();
            }
            box_muller::fill(tail);
        }
        numbers
    }

    /// A multiple of 2⁻²⁴ below 1.
    fn uniform(&mut self) -> f32 {
        (self.twister.next_u32() & 0xff_ffff) as f32 * 2f32.powi(-24)
    }

    /// A multiple of 2⁻⁵³ below 1.
    fn uniform_double(&mut self) -> f64 {
        let high = u64::from(self.twister.next_u32());
        let low = u64::from(self.twister.next_u32());
        ((high << 32 | low) & ((1 << 53) - 1)) as f64 * 2f64.powi(-53)
    }

    fn single(&mut self) -> f64 {
        if let Some(kept) = self.kept.take() {
            return kept;
        }
        let angle = std::f64::consts::TAU * self.uniform_double();
        let radius = (-2.0 * (-self.uniform_double()).ln_1p()).sqrt();
        self.kept = Some(radius * angle.sin());
        radius * angle.cos()
    }
}

#[cfg(test)]
#[path = "noise_tests.rs"]
mod tests;

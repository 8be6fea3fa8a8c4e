use half::{bf16, f16};

use crate::tensor::elements;
use crate::{Bits, ElementType, Error, Weights, quantise};

/// A large tensor of a graph: what it is there, and how it comes out of the weights.
#[derive(Debug, Clone)]
pub(crate) struct Initializer {
    pub(crate) name: String,
    pub(crate) element: ElementType,
    pub(crate) shape: Vec<usize>,
    /// Name of the tensor in the weights.
    pub(crate) tensor: String,
    pub(crate) form: Form,
}

/// What of a tensor goes into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// Its numbers.
    Numbers,
    /// Its numbers in few bits.
    Levels(Bits),
    /// The scales of those.
    Scales(Bits),
}

impl Initializer {
    /// Bytes that it takes in memory.
    pub(crate) fn bytes(&self) -> u64 {
        elements(&self.shape).unwrap_or(0) as u64 * self.element.bytes() as u64
    }

    /// Writes its elements, little-endian, into `target`, which is as long as [`Self::bytes`] says.
    pub(crate) fn fill(&self, weights: &Weights, target: &mut [u8]) -> Result<(), Error> {
        let stored = weights.tensor(&self.tensor);
        let as_stored = stored.is_some_and(|stored| stored.element == self.element);
        if self.form == Form::Numbers && as_stored && !weights.is_changed(&self.tensor) {
            return weights.read_bytes(&self.tensor, target);
        }
        let width = stored.and_then(|stored| stored.shape.last().copied()).unwrap_or(1);
        let data = weights.read_f32(&self.tensor)?;
        match self.form {
            Form::Numbers => write_as(self.element, &data, target),
            Form::Scales(bits) => write_as(self.element, &quantise::scales(bits, &data, width), target),
            Form::Levels(bits) => {
                let levels = quantise::quantise(bits, &data, width);
                target.iter_mut().zip(levels).for_each(|(byte, level)| *byte = level);
            }
        }
        Ok(())
    }
}

/// Writes numbers as elements of a floating-point type.
pub(crate) fn write_as(element: ElementType, data: &[f32], target: &mut [u8]) {
    match element {
        ElementType::F16 => {
            for (bytes, value) in target.chunks_exact_mut(2).zip(data) {
                bytes.copy_from_slice(&f16::from_f32(*value).to_le_bytes());
            }
        }
        ElementType::Bf16 => {
            for (bytes, value) in target.chunks_exact_mut(2).zip(data) {
                bytes.copy_from_slice(&bf16::from_f32(*value).to_le_bytes());
            }
        }
        _ => {
            for (bytes, value) in target.chunks_exact_mut(4).zip(data) {
                bytes.copy_from_slice(&value.to_le_bytes());
            }
        }
    }
}

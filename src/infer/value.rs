use half::{bf16, f16};
use ort::value::{DynValue, TensorElementType, ValueType};

use crate::error::one_line;
use crate::{ElementType, Error, Tensor, TensorData, TensorView, ViewData};

/// A tensor as the engine holds it; given back to a session, it is not copied.
#[derive(Debug)]
pub struct Value {
    pub(crate) inner: DynValue,
}

impl Value {
    /// The tensor in the engine's keeping; its elements are moved, not copied.
    ///
    /// # Errors
    /// [`Error::Type`] when the engine can't hold it.
    pub fn new(tensor: Tensor) -> Result<Self, Error> {
        let shape = tensor.shape().to_vec();
        let made = match tensor.into_data() {
            TensorData::F32(data) => {
                ort::value::Tensor::from_array((shape, data)).map(|value| value.into_dyn())
            }
            TensorData::F16(data) => {
                ort::value::Tensor::from_array((shape, data)).map(|value| value.into_dyn())
            }
            TensorData::Bf16(data) => {
                ort::value::Tensor::from_array((shape, data)).map(|value| value.into_dyn())
            }
            TensorData::I64(data) => {
                ort::value::Tensor::from_array((shape, data)).map(|value| value.into_dyn())
            }
            TensorData::I32(data) => {
                ort::value::Tensor::from_array((shape, data)).map(|value| value.into_dyn())
            }
            TensorData::U8(data) => {
                ort::value::Tensor::from_array((shape, data)).map(|value| value.into_dyn())
            }
            TensorData::Bool(data) => {
                ort::value::Tensor::from_array((shape, data)).map(|value| value.into_dyn())
            }
        };
        made.map(|inner| Self { inner })
            .map_err(|error| Error::Type { found: one_line(error.message()), expected: "a tensor".into() })
    }

    /// A copy of the view in the engine's keeping.
    ///
    /// # Errors
    /// [`Error::Type`] when the engine can't hold it.
    pub fn copy(view: TensorView<'_>) -> Result<Self, Error> {
        let data = match view.data() {
            ViewData::F32(data) => TensorData::F32(data.to_vec()),
            ViewData::F16(data) => TensorData::F16(data.to_vec()),
            ViewData::Bf16(data) => TensorData::Bf16(data.to_vec()),
            ViewData::I64(data) => TensorData::I64(data.to_vec()),
            ViewData::I32(data) => TensorData::I32(data.to_vec()),
            ViewData::U8(data) => TensorData::U8(data.to_vec()),
            ViewData::Bool(data) => TensorData::Bool(data.to_vec()),
        };
        Self::new(Tensor::new(view.shape().to_vec(), data)?)
    }

    /// Extent of each axis and element type.
    ///
    /// # Errors
    /// [`Error::Type`] when it is no tensor, or of a type that is not known here.
    pub fn form(&self) -> Result<(Vec<usize>, ElementType), Error> {
        let ValueType::Tensor { ty, shape, .. } = self.inner.dtype() else {
            return Err(Error::Type { found: self.inner.dtype().to_string(), expected: "a tensor".into() });
        };
        Ok((shape.iter().map(|&extent| usize::try_from(extent).unwrap_or(0)).collect(), element_type(*ty)?))
    }

    /// A copy of the tensor in the program's keeping.
    ///
    /// # Errors
    /// [`Error::Type`] when it is no tensor, or of a type that is not known here.
    pub fn tensor(&self) -> Result<Tensor, Error> {
        let (shape, element) = self.form()?;
        let data = match element {
            ElementType::F32 => TensorData::F32(self.elements::<f32>()?),
            ElementType::F16 => TensorData::F16(self.elements::<f16>()?),
            ElementType::Bf16 => TensorData::Bf16(self.elements::<bf16>()?),
            ElementType::I64 => TensorData::I64(self.elements::<i64>()?),
            ElementType::I32 => TensorData::I32(self.elements::<i32>()?),
            ElementType::U8 => TensorData::U8(self.elements::<u8>()?),
            ElementType::Bool => TensorData::Bool(self.elements::<bool>()?),
        };
        Tensor::new(shape, data)
    }

    fn elements<T: ort::value::PrimitiveTensorElementType + Clone>(&self) -> Result<Vec<T>, Error> {
        self.inner.try_extract_tensor::<T>().map(|(_, data)| data.to_vec()).map_err(|error| Error::Type {
            found: one_line(error.message()),
            expected: "a tensor in the memory of the program".into(),
        })
    }
}

pub(crate) fn element_type(found: TensorElementType) -> Result<ElementType, Error> {
    Ok(match found {
        TensorElementType::Float32 => ElementType::F32,
        TensorElementType::Float16 => ElementType::F16,
        TensorElementType::Bfloat16 => ElementType::Bf16,
        TensorElementType::Int64 => ElementType::I64,
        TensorElementType::Int32 => ElementType::I32,
        TensorElementType::Uint8 => ElementType::U8,
        TensorElementType::Bool => ElementType::Bool,
        other => {
            return Err(Error::Type {
                found: other.to_string(),
                expected: "a number of a common type".into(),
            });
        }
    })
}

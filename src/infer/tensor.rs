use std::fmt;

use half::{bf16, f16};

use crate::Error;

/// What the elements of a tensor are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is the name of its type")]
pub enum ElementType {
    F32,
    F16,
    Bf16,
    I64,
    I32,
    U8,
    Bool,
}

impl ElementType {
    /// Bytes of one element.
    pub fn bytes(self) -> usize {
        match self {
            Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::U8 | Self::Bool => 1,
        }
    }

    /// Whether it is a floating-point type.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16 | Self::Bf16)
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::I64 => "i64",
            Self::I32 => "i32",
            Self::U8 => "u8",
            Self::Bool => "bool",
        })
    }
}

/// The elements of a tensor, last axis fastest.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each is the name of its type")]
pub enum TensorData {
    F32(Vec<f32>),
    F16(Vec<f16>),
    Bf16(Vec<bf16>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    U8(Vec<u8>),
    Bool(Vec<bool>),
}

/// The elements of a tensor that somebody else holds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "each is the name of its type")]
pub enum ViewData<'a> {
    F32(&'a [f32]),
    F16(&'a [f16]),
    Bf16(&'a [bf16]),
    I64(&'a [i64]),
    I32(&'a [i32]),
    U8(&'a [u8]),
    Bool(&'a [bool]),
}

impl ViewData<'_> {
    /// What the elements are.
    pub fn element_type(&self) -> ElementType {
        match self {
            Self::F32(_) => ElementType::F32,
            Self::F16(_) => ElementType::F16,
            Self::Bf16(_) => ElementType::Bf16,
            Self::I64(_) => ElementType::I64,
            Self::I32(_) => ElementType::I32,
            Self::U8(_) => ElementType::U8,
            Self::Bool(_) => ElementType::Bool,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(data) => data.len(),
            Self::F16(data) => data.len(),
            Self::Bf16(data) => data.len(),
            Self::I64(data) => data.len(),
            Self::I32(data) => data.len(),
            Self::U8(data) => data.len(),
            Self::Bool(data) => data.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How many elements a shape has; nothing when that overflows.
pub(crate) fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent))
}

fn checked(shape: &[usize], found: usize) -> Result<(), Error> {
    if elements(shape) == Some(found) {
        return Ok(());
    }
    Err(Error::Type { found: format!("{found} elements"), expected: format!("shape {shape:?}") })
}

/// Numbers in a grid of any rank, last axis fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    data: TensorData,
}

impl Tensor {
    /// A tensor of that shape.
    ///
    /// # Errors
    /// [`Error::Type`] when the shape has another number of elements.
    pub fn new(shape: Vec<usize>, data: TensorData) -> Result<Self, Error> {
        let tensor = Self { shape, data };
        checked(&tensor.shape, tensor.view().data.len())?;
        Ok(tensor)
    }

    /// A tensor of single-precision numbers.
    ///
    /// # Errors
    /// [`Error::Type`] when the shape has another number of elements.
    pub fn f32(shape: Vec<usize>, data: Vec<f32>) -> Result<Self, Error> {
        Self::new(shape, TensorData::F32(data))
    }

    /// Extent of each axis, slowest first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// What the elements are.
    pub fn element_type(&self) -> ElementType {
        self.view().data.element_type()
    }

    /// The elements.
    pub fn data(&self) -> &TensorData {
        &self.data
    }

    /// The elements, owned.
    pub fn into_data(self) -> TensorData {
        self.data
    }

    /// The elements as single-precision numbers.
    ///
    /// # Errors
    /// [`Error::Type`] when they are something else.
    pub fn as_f32(&self) -> Result<&[f32], Error> {
        match &self.data {
            TensorData::F32(data) => Ok(data),
            _ => Err(Error::Type { found: self.element_type().to_string(), expected: "f32".into() }),
        }
    }

    /// The elements as single-precision numbers, owned.
    ///
    /// # Errors
    /// [`Error::Type`] when they are something else.
    pub fn into_f32(self) -> Result<Vec<f32>, Error> {
        match self.data {
            TensorData::F32(data) => Ok(data),
            _ => Err(Error::Type { found: self.element_type().to_string(), expected: "f32".into() }),
        }
    }

    /// The same tensor, borrowed.
    pub fn view(&self) -> TensorView<'_> {
        let data = match &self.data {
            TensorData::F32(data) => ViewData::F32(data),
            TensorData::F16(data) => ViewData::F16(data),
            TensorData::Bf16(data) => ViewData::Bf16(data),
            TensorData::I64(data) => ViewData::I64(data),
            TensorData::I32(data) => ViewData::I32(data),
            TensorData::U8(data) => ViewData::U8(data),
            TensorData::Bool(data) => ViewData::Bool(data),
        };
        TensorView { shape: &self.shape, data }
    }
}

/// A tensor whose shape and elements somebody else holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TensorView<'a> {
    shape: &'a [usize],
    data: ViewData<'a>,
}

impl<'a> TensorView<'a> {
    /// A view of that shape.
    ///
    /// # Errors
    /// [`Error::Type`] when the shape has another number of elements.
    pub fn new(shape: &'a [usize], data: ViewData<'a>) -> Result<Self, Error> {
        checked(shape, data.len())?;
        Ok(Self { shape, data })
    }

    /// A view of single-precision numbers.
    ///
    /// # Errors
    /// [`Error::Type`] when the shape has another number of elements.
    pub fn f32(shape: &'a [usize], data: &'a [f32]) -> Result<Self, Error> {
        Self::new(shape, ViewData::F32(data))
    }

    /// A view of whole numbers.
    ///
    /// # Errors
    /// [`Error::Type`] when the shape has another number of elements.
    pub fn i64(shape: &'a [usize], data: &'a [i64]) -> Result<Self, Error> {
        Self::new(shape, ViewData::I64(data))
    }

    /// Extent of each axis, slowest first.
    pub fn shape(&self) -> &'a [usize] {
        self.shape
    }

    /// The elements.
    pub fn data(&self) -> ViewData<'a> {
        self.data
    }

    /// What the elements are.
    pub fn element_type(&self) -> ElementType {
        self.data.element_type()
    }
}

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;
use serde::Deserialize;

use crate::error::one_line;
use crate::tensor::elements;
use crate::{ElementType, Error};

/// Longest header read, bytes; that of a model of a hundred billion parameters has a tenth of it.
const LONGEST_HEADER: u64 = 16 << 20;

/// Bytes of the length before the header.
const PREFIX: u64 = 8;

/// One tensor of a file: what it is and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTensor {
    /// What the elements are.
    pub element: ElementType,
    /// Extent of each axis, slowest first.
    pub shape: Vec<usize>,
    /// First byte in the file.
    pub(crate) offset: u64,
    /// Bytes.
    pub(crate) length: u64,
}

/// A safetensors file whose header was checked against its length.
#[derive(Debug)]
pub(crate) struct WeightFile {
    path: PathBuf,
    file: File,
    tensors: BTreeMap<String, StoredTensor>,
}

#[derive(Deserialize)]
struct Header {
    #[serde(rename = "__metadata__", default)]
    _metadata: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    tensors: BTreeMap<String, TensorInfo>,
}

impl WeightFile {
    /// The file, with every tensor's place checked: inside the file, as long as its shape says, overlapping none.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let io = |error: std::io::Error| Error::Io { path: path.to_owned(), detail: error.to_string() };
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let tensors = read_tensors(&file, length).map_err(|fault| match fault {
            Fault::Io(error) => io(error),
            Fault::Format(detail) => Error::Malformed { path: path.to_owned(), detail },
        })?;
        Ok(Self { path: path.to_owned(), file, tensors })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn tensors(&self) -> &BTreeMap<String, StoredTensor> {
        &self.tensors
    }

    /// Fills `target`, whose length is the tensor's, with its bytes from `skip` on.
    pub(crate) fn read(&self, tensor: &StoredTensor, skip: u64, target: &mut [u8]) -> Result<(), Error> {
        let end = skip.checked_add(target.len() as u64);
        if end.is_none_or(|end| end > tensor.length) {
            let detail = format!("{} bytes at {skip} asked of a tensor of {}", target.len(), tensor.length);
            return Err(Error::Malformed { path: self.path.clone(), detail });
        }
        self.file
            .read_exact_at(target, tensor.offset + skip)
            .map_err(|error| Error::Io { path: self.path.clone(), detail: error.to_string() })
    }
}

/// The tensors of a safetensors file whose bytes are in memory.
///
/// # Errors
/// One line that says what is wrong with it, with the tensor at fault.
pub fn safetensors_in(bytes: &[u8]) -> Result<BTreeMap<String, StoredTensor>, String> {
    read_tensors(bytes, bytes.len() as u64).map_err(|fault| match fault {
        Fault::Io(error) => error.to_string(),
        Fault::Format(detail) => detail,
    })
}

fn read_tensors(source: impl Read, length: u64) -> Result<BTreeMap<String, StoredTensor>, Fault> {
    let (header, data) = read_header(source, length)?;
    parse_header(&header, data, length).map_err(Fault::Format)
}

enum Fault {
    Io(std::io::Error),
    Format(String),
}

/// The header's bytes, and where the data begins.
fn read_header(mut source: impl Read, length: u64) -> Result<(Vec<u8>, u64), Fault> {
    if length < PREFIX {
        return Err(Fault::Format(format!("{length} bytes are no safetensors file")));
    }
    let mut prefix = [0; PREFIX as usize];
    source.read_exact(&mut prefix).map_err(Fault::Io)?;
    let size = u64::from_le_bytes(prefix);
    if size > LONGEST_HEADER {
        return Err(Fault::Format(format!("a header of {size} bytes; at most {LONGEST_HEADER} are read")));
    }
    if size > length - PREFIX {
        return Err(Fault::Format(format!(
            "a header of {size} bytes in a file of {length}: it is cut short"
        )));
    }
    let mut header = vec![0; size as usize];
    source.read_exact(&mut header).map_err(Fault::Io)?;
    Ok((header, PREFIX + size))
}

/// The tensors that a header describes, for data from `data` to the end of a file of `length` bytes.
///
/// # Errors
/// One line that names the tensor, when one lies outside, overlaps or leaves a gap, or does not have the length of its shape.
fn parse_header(header: &[u8], data: u64, length: u64) -> Result<BTreeMap<String, StoredTensor>, String> {
    let header: Header = serde_json::from_slice(header)
        .map_err(|error| format!("the header is no safetensors header: {}", one_line(&error.to_string())))?;
    let room = length.checked_sub(data).ok_or("the data begins behind the end of the file")?;
    let mut found = BTreeMap::new();
    let mut spans = Vec::with_capacity(header.tensors.len());
    for (name, info) in header.tensors {
        let shown = shown(&name);
        let (start, end) = (info.data_offsets.0 as u64, info.data_offsets.1 as u64);
        if start > end || end > room {
            return Err(format!("tensor {shown} lies at {start}..{end} in {room} bytes of data"));
        }
        let element = element_type(info.dtype).ok_or_else(|| {
            format!("tensor {shown} has elements of type {}, which no network here uses", info.dtype)
        })?;
        let bytes = elements(&info.shape).and_then(|count| count.checked_mul(element.bytes()));
        if bytes.map(|bytes| bytes as u64) != Some(end - start) {
            let shape = &info.shape;
            return Err(format!(
                "tensor {shown} of shape {shape:?} and type {element} has {} bytes",
                end - start
            ));
        }
        spans.push((start, end, shown));
        found.insert(
            name,
            StoredTensor { element, shape: info.shape, offset: data + start, length: end - start },
        );
    }
    spans.sort_unstable();
    let mut reached = 0;
    for (start, end, shown) in &spans {
        if *start < reached {
            return Err(format!("tensor {shown} at {start}..{end} overlaps the one before it"));
        }
        if *start > reached {
            return Err(format!("{} bytes before tensor {shown} belong to none", start - reached));
        }
        reached = *end;
    }
    if reached != room {
        return Err(format!("{} bytes at the end belong to no tensor", room - reached));
    }
    Ok(found)
}

/// A name out of a file, cut to a length and free of control characters.
pub(crate) fn shown(name: &str) -> String {
    const LONGEST: usize = 120;
    name.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn element_type(found: Dtype) -> Option<ElementType> {
    Some(match found {
        Dtype::F32 => ElementType::F32,
        Dtype::F16 => ElementType::F16,
        Dtype::BF16 => ElementType::Bf16,
        Dtype::I64 => ElementType::I64,
        Dtype::I32 => ElementType::I32,
        Dtype::U8 => ElementType::U8,
        Dtype::BOOL => ElementType::Bool,
        _ => return None,
    })
}

#[cfg(test)]
#[path = "weight_file_tests.rs"]
mod tests;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use half::{bf16, f16};
use serde::Deserialize;

use crate::error::one_line;
use crate::lora::Lora;
use crate::weight_file::{StoredTensor, WeightFile, shown};
use crate::{Bits, ElementType, Error};

/// Longest index of shards read, bytes.
const LONGEST_INDEX: u64 = 16 << 20;

/// Most shards of one network.
const MOST_SHARDS: usize = 1000;

/// The tensors of a network by name, in one safetensors file or several; read when they are asked for, never copied on disk.
#[derive(Debug, Clone)]
pub struct Weights {
    place: PathBuf,
    files: Vec<Arc<WeightFile>>,
    tensors: BTreeMap<String, (usize, StoredTensor)>,
    adapters: Vec<Arc<Lora>>,
    bits: Option<Bits>,
    half: bool,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Weights {
    /// The weights in `folder` under `stem`: `stem.safetensors`, else the shards that `stem.safetensors.index.json` lists.
    ///
    /// # Errors
    /// [`Error::Io`] when neither is there; [`Error::Malformed`] and [`Error::Limit`] for files that lie about themselves.
    pub fn open(folder: &Path, stem: &str) -> Result<Self, Error> {
        let single = folder.join(format!("{stem}.safetensors"));
        if single.is_file() {
            return Self::open_file(&single);
        }
        let index = folder.join(format!("{stem}.safetensors.index.json"));
        if index.is_file() {
            return Self::open_shards(&index);
        }
        let detail = format!("no such file, and no {stem}.safetensors.index.json beside it");
        Err(Error::Io { path: single, detail })
    }

    /// The weights in one file.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Malformed`].
    pub fn open_file(path: &Path) -> Result<Self, Error> {
        let file = WeightFile::open(path)?;
        let tensors =
            file.tensors().iter().map(|(name, tensor)| (name.clone(), (0, tensor.clone()))).collect();
        Ok(Self {
            place: path.to_owned(),
            files: vec![Arc::new(file)],
            tensors,
            adapters: Vec::new(),
            bits: None,
            half: false,
        })
    }

    /// The weights in the shards that an index lists, which lie beside it.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the index names a file elsewhere, or a tensor that its shard does not hold.
    pub fn open_shards(index: &Path) -> Result<Self, Error> {
        let malformed = |detail: String| Error::Malformed { path: index.to_owned(), detail };
        let map = read_index(index)?;
        let mut names: Vec<&str> = map.values().map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() > MOST_SHARDS {
            let detail = format!("{} shards; at most {MOST_SHARDS} are read", names.len());
            return Err(Error::Limit { path: index.to_owned(), detail });
        }
        let folder = index.parent().unwrap_or(Path::new("."));
        let mut files = Vec::with_capacity(names.len());
        for name in &names {
            if !is_plain_file_name(name) {
                return Err(malformed(format!(
                    "shard {:?} is not a file name beside the index",
                    shown(name)
                )));
            }
            files.push(Arc::new(WeightFile::open(&folder.join(name))?));
        }
        let mut tensors = BTreeMap::new();
        for (tensor, shard) in &map {
            let found = names.binary_search(&shard.as_str()).ok().and_then(|number| {
                files
                    .get(number)
                    .and_then(|file| file.tensors().get(tensor))
                    .map(|stored| (number, stored.clone()))
            });
            let found = found
                .ok_or_else(|| malformed(format!("tensor {} is not in {}", shown(tensor), shown(shard))))?;
            tensors.insert(tensor.clone(), found);
        }
        Ok(Self { place: index.to_owned(), files, tensors, adapters: Vec::new(), bits: None, half: false })
    }

    /// The same weights with the change of a LoRA file merged into them as they are read, at that strength.
    ///
    /// Linear layers can be changed. The names are those of diffusers or of Wan's own release.
    ///
    /// # Errors
    /// [`Error::Weight`] for an adapter of another network; [`Error::Malformed`], [`Error::Io`].
    pub fn with_lora(mut self, path: &Path, strength: f32) -> Result<Self, Error> {
        let lora = Lora::open(path, strength, &self)?;
        self.adapters.push(Arc::new(lora));
        Ok(self)
    }

    /// The same weights, with those of large linear layers held in few bits; needs ONNX Runtime.
    #[must_use]
    pub fn in_bits(mut self, bits: Bits) -> Self {
        self.bits = Some(bits);
        self
    }

    /// The same weights, with linear layers and attention computed in half precision where they are stored in it.
    ///
    /// For GPUs, which are made for that. Norms, times and sums stay in single precision. The CPU has no attention in bf16.
    #[must_use]
    pub fn computed_in_half(mut self) -> Self {
        self.half = true;
        self
    }

    /// The half-precision type in which a linear layer is computed; nothing for single precision.
    pub(crate) fn half_type(&self, name: &str) -> Option<ElementType> {
        let element = self.tensor(name).map(|tensor| tensor.element)?;
        (self.half && self.bits.is_none() && element != ElementType::F32 && element.is_float())
            .then_some(element)
    }

    /// In how many bits linear layers hold their weights; nothing for as they are stored.
    pub fn bits(&self) -> Option<Bits> {
        self.bits
    }

    /// Whether an adapter changes the tensor, so that its bytes in the file are not what is used.
    pub(crate) fn is_changed(&self, name: &str) -> bool {
        self.adapters.iter().any(|lora| lora.changes(name))
    }

    /// The file, or the index of the shards.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// The folder in which the files lie.
    pub(crate) fn folder(&self) -> &Path {
        match self.place.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }

    /// The name of the file in which a tensor lies, and its first byte there.
    pub(crate) fn location(&self, name: &str) -> Option<(String, u64)> {
        let (number, tensor) = self.tensors.get(name)?;
        let file = self.files.get(*number)?.path().file_name()?;
        Some((file.to_string_lossy().into_owned(), tensor.offset))
    }

    /// The files in which the tensors lie.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path())
    }

    /// Every tensor's name, with what it is.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &StoredTensor)> {
        self.tensors.iter().map(|(name, (_, tensor))| (name.as_str(), tensor))
    }

    /// What a tensor is; nothing when there is none of that name.
    pub fn tensor(&self, name: &str) -> Option<&StoredTensor> {
        self.tensors.get(name).map(|(_, tensor)| tensor)
    }

    /// What the tensor is, which must be there with that shape and of a floating-point type.
    ///
    /// # Errors
    /// [`Error::Weight`] otherwise.
    pub fn needed(&self, name: &str, shape: &[usize]) -> Result<&StoredTensor, Error> {
        let refused =
            |detail: String| Error::Weight { path: self.place.clone(), tensor: shown(name), detail };
        let tensor = self.tensor(name).ok_or_else(|| refused("is missing".into()))?;
        if tensor.shape != shape {
            return Err(refused(format!("has shape {:?} where {shape:?} is needed", tensor.shape)));
        }
        if !tensor.element.is_float() {
            return Err(refused(format!("has elements of type {} where numbers are needed", tensor.element)));
        }
        Ok(tensor)
    }

    /// Bytes of all tensors.
    pub fn bytes(&self) -> u64 {
        self.tensors.values().map(|(_, tensor)| tensor.length).fold(0, u64::saturating_add)
    }

    /// Fills `target` with the tensor's bytes as they are stored, little-endian.
    ///
    /// # Errors
    /// [`Error::Weight`] when there is none or it has another length; [`Error::Io`].
    pub fn read_bytes(&self, name: &str, target: &mut [u8]) -> Result<(), Error> {
        let refused =
            |detail: String| Error::Weight { path: self.place.clone(), tensor: shown(name), detail };
        let (number, tensor) = self.tensors.get(name).ok_or_else(|| refused("is missing".into()))?;
        if target.len() as u64 != tensor.length {
            return Err(refused(format!("has {} bytes where {} are read", tensor.length, target.len())));
        }
        let file = self.files.get(*number).ok_or_else(|| refused("is in no file".into()))?;
        file.read(tensor, 0, target)
    }

    /// The tensor in single precision, whatever floating-point type it is stored in, with what adapters change.
    ///
    /// # Errors
    /// [`Error::Weight`] when there is none or it is of another type; [`Error::Io`].
    pub fn read_f32(&self, name: &str) -> Result<Vec<f32>, Error> {
        let refused =
            |detail: String| Error::Weight { path: self.place.clone(), tensor: shown(name), detail };
        let tensor = self.tensor(name).ok_or_else(|| refused("is missing".into()))?;
        let count = tensor.length as usize / tensor.element.bytes();
        let mut data: Vec<f32> = match tensor.element {
            ElementType::F32 => {
                let mut data = vec![0f32; count];
                self.read_bytes(name, bytemuck::cast_slice_mut(&mut data))?;
                data
            }
            ElementType::F16 => {
                let mut data = vec![f16::ZERO; count];
                self.read_bytes(name, bytemuck::cast_slice_mut(&mut data))?;
                data.into_iter().map(f16::to_f32).collect()
            }
            ElementType::Bf16 => {
                let mut data = vec![bf16::ZERO; count];
                self.read_bytes(name, bytemuck::cast_slice_mut(&mut data))?;
                data.into_iter().map(bf16::to_f32).collect()
            }
            other => return Err(refused(format!("has elements of type {other} where numbers are needed"))),
        };
        let width = tensor.shape.last().copied().unwrap_or(1);
        for lora in &self.adapters {
            lora.apply(name, &mut data, width)?;
        }
        Ok(data)
    }
}

fn read_index(path: &Path) -> Result<BTreeMap<String, String>, Error> {
    let io = |error: std::io::Error| Error::Io { path: path.to_owned(), detail: error.to_string() };
    let file = std::fs::File::open(path).map_err(io)?;
    let mut text = Vec::new();
    file.take(LONGEST_INDEX + 1).read_to_end(&mut text).map_err(io)?;
    if text.len() as u64 > LONGEST_INDEX {
        let detail = format!("an index of more than {LONGEST_INDEX} bytes");
        return Err(Error::Limit { path: path.to_owned(), detail });
    }
    let index: Index = serde_json::from_slice(&text).map_err(|error| Error::Malformed {
        path: path.to_owned(),
        detail: format!("is no index of safetensors files: {}", one_line(&error.to_string())),
    })?;
    Ok(index.weight_map)
}

/// Whether a name out of an index leads to a file beside it and nowhere else.
fn is_plain_file_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let plain = matches!(parts.next(), Some(Component::Normal(_))) && parts.next().is_none();
    plain && !name.contains(['/', '\\', '\0']) && name.ends_with(".safetensors")
}

#[cfg(test)]
#[path = "weights_tests.rs"]
mod tests;

//! Where the fixtures of `generators/parity` lie, and how to read them.

use std::fs;
use std::path::PathBuf;

use safetensors::tensor::TensorView;

/// The folder of fixtures: the committed one, or the one that `make parity` made anew.
pub(crate) fn fixtures() -> PathBuf {
    std::env::var_os("FILIGRANE_PARITY").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../generators/parity/fixtures"),
        PathBuf::from,
    )
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = fixtures().join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The numbers of a tensor of `f32`.
pub(crate) fn floats(tensor: &TensorView<'_>) -> Vec<f32> {
    assert_eq!(tensor.dtype(), safetensors::Dtype::F32);
    tensor.data().chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

/// The numbers of a tensor of `f64`.
pub(crate) fn doubles(tensor: &TensorView<'_>) -> Vec<f64> {
    assert_eq!(tensor.dtype(), safetensors::Dtype::F64);
    tensor.data().chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
}

//! Runs neural networks and builds their graphs; the only room that knows ONNX Runtime.
//!
//! [`Engine`] is chosen once a process: ONNX Runtime when a library is found at one of the given paths, else tract, which
//! is pure Rust and always there. A [`Session`] runs a [`Graph`] over [`Weights`], or a model file. The networks of
//! [`network`] make graphs out of a `config.json` and the names in a safetensors file; no copy of the weights is written.

mod builder;
mod device;
mod engine;
mod error;
mod graph;
mod initializer;
mod layers;
mod lora;
pub mod network;
mod positions;
mod quantise;
mod session;
mod tensor;
mod value;
mod weight_file;
mod weights;

pub use builder::{GraphBuilder, Wire};
pub use device::{Device, Provider};
pub use engine::{Engine, EngineKind, EngineOptions};
pub use error::Error;
pub use graph::{Graph, Port};
pub use quantise::Bits;
pub use session::{Input, Outputs, Session, SessionOptions};
pub use tensor::{ElementType, Tensor, TensorData, TensorView, ViewData};
pub use value::Value;
pub use weight_file::{StoredTensor, safetensors_in};
pub use weights::Weights;

use initializer::Initializer;

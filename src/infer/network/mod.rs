//! The networks of video models, built from their `config.json`.

mod config;
mod ltx_transformer;
mod ltx_vae;
mod ltx_vae_graph;
mod t5_encoder;
mod wan_transformer;
mod wan_vae;
mod wan_vae_graph;

pub use ltx_transformer::{LtxShape, LtxTransformer};
pub use ltx_vae::LtxVae;
pub use t5_encoder::T5Encoder;
pub use wan_transformer::{WanShape, WanTransformer};
pub use wan_vae::WanVae;

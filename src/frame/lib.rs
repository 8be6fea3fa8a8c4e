//! The nouns every room of filigrane shares: planes and pictures, times, digests, limits, kinds of error.
//!
//! No I/O and no signal processing happens here.

mod digest;
mod error_kind;
mod frame_signature;
mod interval;
mod limits;
mod luma;
mod plane;

pub use digest::{Digest, ParseDigestError};
pub use error_kind::ErrorKind;
pub use frame_signature::FrameSignature;
pub use interval::Interval;
pub use limits::Limits;
pub use luma::{ColourRange, LumaLayout, LumaMut, LumaRef};
pub use plane::Plane;

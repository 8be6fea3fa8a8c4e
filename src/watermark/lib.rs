//! An invisible mark that carries 64 bits through re-encoding, resizing, cropping, mirroring and cutting, and a blind
//! detector that states how likely it is to be wrong. `SPEC.md` has the format.
//!
//! ```
//! use filigrane_watermark::{Detector, Key, Payload};
//!
//! let detector = Detector::new(&[Key::public()]);
//! assert!(detector.finish()[0].payload.is_none(), "nothing was seen");
//! assert_eq!(Payload(0x6f1c).to_string(), "0000000000006f1c");
//! ```

mod accumulate;
mod ascent;
pub mod audio;
mod budget;
mod carrier;
mod chance;
mod code;
mod coherent;
mod combine;
mod embed;
mod error;
mod extract;
mod fold;
mod geometry;
mod host;
mod key;
mod lattice;
mod map;
mod mask;
mod meter;
mod payload;
mod polar;
mod search;
mod slant;
mod stated;
mod tilt;
mod whiten;

pub use carrier::{MIN_SHORT_SIDE, tile_side};
pub use embed::{Embedder, Strength};
pub use error::Error;
pub use extract::{Detector, FALSE_ALARM, Finding, SEGMENT_DEVIATIONS, Segment, Sighting};
pub use geometry::{Dihedral, Geometry};
pub use host::{Cancellation, HostObserver};
pub use key::Key;
pub use meter::Meter;
pub use payload::Payload;

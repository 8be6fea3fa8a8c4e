//! What a video's pictures show of how they were made, when nothing says where they come from.
//!
//! An [`Observer`] looks at short bursts of consecutive pictures in native windows, and keeps of each its named
//! [`statistics`] and a few crops. Nothing is ever resized: traces of generators live in the finest detail.

mod assessable;
mod burst;
mod crops;
mod features;
mod observation;
mod observer;
mod statistics;
mod window;

pub use assessable::NotAssessable;
pub use burst::{Burst, PICTURES};
pub use crops::{CROPS, Crop, SIDE, crops};
pub use features::Features;
pub use observation::Observation;
pub use observer::Observer;
pub use statistics::{NAMES, statistics};

//! What a video's pictures show of how they were made, when nothing says where they come from.
//!
//! An [`Observer`] looks at short bursts of consecutive pictures in native windows, and keeps of each its named
//! [`statistics`] and a few crops. Crops are never resized: traces of generators live in the finest detail. A [`Detector`]
//! lets experts look at what was kept, [`Trees`] at the statistics and each [`Network`] at the crops or the [`Views`], and fuses them.

mod assessable;
mod burst;
mod clues;
mod crops;
mod error;
mod familiar;
mod features;
mod fusion;
#[cfg(test)]
mod golden_tests;
mod heat;
mod judge;
mod network;
mod observation;
mod observer;
mod sentences;
mod statistics;
mod trees;
mod trees_document;
mod views;
mod window;

pub use assessable::NotAssessable;
pub use burst::{Burst, PICTURES};
pub use clues::Clue;
pub use crops::{CROPS, Crop, SIDE, crops};
pub use error::Error;
pub use familiar::Familiar;
pub use features::Features;
pub use fusion::{Answer, Fusion};
pub use heat::{CELLS, Place};
pub use judge::{Detector, Judgement, Segment};
pub use network::{Network, OnnxNetwork, PATCHES, Sight};
pub use observation::Observation;
pub use observer::Observer;
pub use sentences::sentences;
pub use statistics::{NAMES, statistics};
pub use trees::{Assessment, Trees};
pub use views::{VIEW, Views};

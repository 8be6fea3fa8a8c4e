//! The mark in the sound: a keyed pattern of slightly louder and softer cells of time and frequency, repeated every 3.072
//! seconds, and its blind detector.

mod detect;
mod embed;
mod features;
mod fold;
mod grid;
mod masking;
mod pattern;
mod sight;

pub use detect::{AudioDetector, AudioFinding};
pub use embed::{AudioEmbedder, AudioQuality, MAX_SAMPLE_RATE, MIN_SAMPLE_RATE};
pub use pattern::louder_cells;

//! The crate against real files, made and checked with FFmpeg's own programs.

mod clips;
mod hostile;
mod keeps;
mod memory;
mod pictures;

//! The crate against real files, made and checked with FFmpeg's own programs.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)] // As inside a test: helpers stop it.

mod clips;
mod hostile;
mod keeps;
mod memory;
mod pictures;
mod signatures;
mod sound;

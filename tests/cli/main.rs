//! The built program, driven as its users drive it, on real videos made with FFmpeg's own program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)] // As inside a test.

mod answer;
mod bad_input;
mod bad_output;
mod bad_request;
mod clip;
mod evidence;
mod hostile;
mod iscc;
mod judges;
mod kept;
mod main_job;
mod mutated;
mod program;
mod registry;
mod scene;
mod signers;
mod sound;
mod statements;
mod tampered;
mod unhashed;

//! The built program, driven as its users drive it, on real videos made with FFmpeg's own program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)] // As inside a test.

mod answer;
mod bad_input;
mod bad_output;
mod bad_request;
mod bombs;
mod classified;
mod clip;
mod evidence;
mod fleet;
mod fleet_faults;
mod foreign_server;
mod fragments;
mod generated;
mod hostile;
mod hostile_server;
mod iscc;
mod jailed;
mod judges;
mod kept;
mod large;
mod live;
mod main_job;
mod marked_twice;
mod mutated;
mod newsroom;
mod obeyed;
#[path = "../../src/registry/postgres_server.rs"]
mod postgres_server;
mod program;
mod registry;
mod scan;
mod scene;
mod served;
mod service;
mod signers;
mod signing_fails;
mod sound;
mod statements;
mod tampered;
mod unhashed;

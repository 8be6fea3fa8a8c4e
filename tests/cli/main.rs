//! The built program, driven as its users drive it, on real videos made with FFmpeg's own program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)] // As inside a test.

mod answer;
mod bad_input;
mod bad_output;
mod bad_request;
mod beside;
mod bombs;
mod classified;
mod clip;
mod evidence;
mod fleet;
mod fleet_faults;
mod fleet_network;
mod foreign_server;
mod fragments;
mod french;
mod generated;
mod hostile;
mod hostile_server;
mod interface;
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
mod retention;
mod scan;
mod scene;
mod served;
mod service;
mod signers;
mod signing_fails;
mod sound;
mod stamped_in_jail;
mod statements;
#[path = "../../src/fleet/tests/strait.rs"]
mod strait;
mod tampered;
mod unhashed;

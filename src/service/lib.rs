//! The newsroom's page and its interface, and the registry over HTTP: the C2PA Soft Binding Resolution API 2.4.0. What the
//! registry answers is an index's answer; whoever asks checks the manifests.

mod assets;
mod auth;
mod bindings;
mod clips;
mod content;
mod desk;
mod error;
mod events;
mod exports;
mod fetch;
mod held;
mod limits;
mod manifests;
mod matches;
#[cfg(test)]
mod message_tests;
mod metrics;
mod name;
mod newsroom;
mod observe;
mod pace;
mod pages;
mod problem;
mod receive;
mod retention;
mod router;
mod server;
mod services;
mod stamps;
mod state;
#[cfg(test)]
mod tests;
mod tus;
mod upload;
mod who;
mod withdrawals;
mod work;

pub use auth::{Bounds, Scope, Token, TokenFile};
pub use desk::{Checked, Desk, Job, Stamped, Wish};
pub use error::Error;
pub use fetch::Sources;
pub use limits::ServiceLimits;
pub use observe::{Log, Told};
pub use server::{NewsroomOptions, Options, Server};

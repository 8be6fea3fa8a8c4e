//! The registry over HTTP: the C2PA Soft Binding Resolution API 2.4.0. What it answers is an index's answer; whoever asks
//! checks the manifests.

mod auth;
mod bindings;
mod content;
mod error;
mod held;
mod limits;
mod manifests;
mod matches;
mod name;
mod observe;
mod problem;
mod router;
mod server;
mod services;
mod state;
#[cfg(test)]
mod tests;
mod upload;
mod withdrawals;

pub use auth::{Scope, Token, TokenFile};
pub use error::Error;
pub use limits::ServiceLimits;
pub use observe::{Log, Told};
pub use server::{Options, Server};

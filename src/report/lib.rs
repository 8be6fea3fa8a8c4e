//! A verdict as bytes: JSON, terminal text, an SVG timeline, a self-contained HTML page.
//!
//! Nothing here opens a file, reads a clock or looks at the environment; what is needed of them is an argument.
//! Every text that came out of a video is taken for an attacker's and escaped for where it goes.

mod base64;
#[cfg(test)]
mod examples;
mod facts;
mod html;
mod json;
mod markup;
mod motif;
mod plot;
mod sections;
mod terminal;
mod wording;

pub use html::{Sample, html};
pub use json::{json, json_line};
pub use plot::timeline;
pub use terminal::{Style, terminal};

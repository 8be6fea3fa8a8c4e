//! A verdict as bytes: JSON, terminal text, an SVG timeline, a self-contained HTML page.
//!
//! Nothing here opens a file, reads a clock or looks at the environment; what is needed of them is an argument.
//! Every text that came out of a video is taken for an attacker's and escaped for where it goes.

mod details;
mod edits;
#[cfg(test)]
mod examples;
mod facts;
#[cfg(test)]
mod french_tests;
mod heat;
mod html;
mod json;
mod markup;
mod meaning;
mod motif;
mod original;
mod pair;
mod parts;
mod placement;
mod plot;
mod seal;
mod sections;
mod terminal;
mod tree;
mod wording;

pub use heat::{Heat, heat};
pub use html::{Sample, html, html_in, policy};
pub use json::{json, json_line};
pub use original::Original;
pub use pair::{beside, pair};
pub use parts::{Headline, Parts, headline_of, parts};
pub use placement::placement;
pub use plot::timeline;
pub use seal::{sealed, unsealed};
pub use terminal::{Style, terminal};
pub use tree::tree;
pub use wording::clock;

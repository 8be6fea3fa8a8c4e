use serde::{Deserialize, Serialize};

/// How deep a video was looked into, the cheapest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// Its manifest alone: no picture was decoded.
    Credentials,
    /// The pictures that are coded by themselves.
    KeyFrames,
    /// All pictures and sound of some seconds from its middle.
    Window,
    /// All pictures and sound.
    #[default]
    Whole,
}

use filigrane_frame::ErrorKind;

use crate::audio::{MAX_SAMPLE_RATE, MIN_SAMPLE_RATE};
use crate::carrier::MIN_SHORT_SIDE;

/// Why a mark cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Error {
    /// The picture cannot hold a tile.
    #[error(
        "{width}x{height} is too small for a watermark: the short side needs {MIN_SHORT_SIDE} pixels or more"
    )]
    TooSmall {
        /// Luma samples a row.
        width: usize,
        /// Number of rows.
        height: usize,
    },
    /// The sound has too few or too many samples a second.
    #[error("sound at {0} Hz cannot be marked: {MIN_SAMPLE_RATE} to {MAX_SAMPLE_RATE} Hz can")]
    SampleRate(u32),
    /// The sound has no channel that can hear the mark.
    #[error("the sound has no channel that can carry a mark")]
    NoChannel,
    /// No key.
    #[error("a watermark key is 64 hexadecimal digits")]
    Key,
    /// Strength out of range.
    #[error("watermark strength {0} is outside 0.5 to 2")]
    Strength(f32),
    /// The picture differs in size from those before it.
    #[error("the picture size changes from {expected:?} to {found:?} in mid-stream")]
    SizeChanged {
        /// Size of the first picture.
        expected: (usize, usize),
        /// Size of this one.
        found: (usize, usize),
    },
}

impl Error {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TooSmall { .. } | Self::SizeChanged { .. } | Self::SampleRate(_) | Self::NoChannel => {
                ErrorKind::Unsupported
            }
            Self::Strength(_) | Self::Key => ErrorKind::Parameter,
        }
    }
}

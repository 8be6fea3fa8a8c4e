use std::io;

use filigrane_frame::ErrorKind;

/// Why a video could not be read or written: one line, without the path, which the caller knows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes do not follow their own format.
    #[error("{0}")]
    Malformed(String),
    /// A well-formed input that this build cannot handle.
    #[error("{0}")]
    Unsupported(String),
    /// A bound given by the caller was reached.
    #[error("{0}")]
    Limit(String),
    /// The caller asked for something impossible.
    #[error("{0}")]
    Parameter(String),
    /// Reading or writing failed.
    #[error("{action}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// What the system answered.
        source: io::Error,
    },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// A defect in this program or in FFmpeg.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Malformed(_) => ErrorKind::Malformed,
            Self::Unsupported(_) => ErrorKind::Unsupported,
            Self::Limit(_) => ErrorKind::Limit,
            Self::Parameter(_) => ErrorKind::Parameter,
            Self::Io { .. } => ErrorKind::Io,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    pub(crate) fn read(source: io::Error) -> Self {
        Self::Io { action: "cannot read", source }
    }

    pub(crate) fn write(source: io::Error) -> Self {
        Self::Io { action: "cannot write", source }
    }
}

/// Why [`transcode`](crate::transcode) ended early: its own failure, or the caller's per-picture step.
#[derive(Debug, thiserror::Error)]
pub enum TranscodeError<E> {
    /// Reading, coding or writing failed.
    #[error(transparent)]
    Media(#[from] Error),
    /// The per-picture step failed.
    #[error("{0}")]
    Step(E),
}

use std::io;

use filigrane_frame::ErrorKind;

/// Why a clip could not be made: one line that says what, where and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of the model does not follow its own format.
    #[error("{place}: {reason}")]
    Malformed {
        /// The file inside the model's folder.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A well-formed model that this build cannot run.
    #[error("{0}")]
    Unsupported(String),
    /// The model lacks a part.
    #[error("the model has no {part}: {hint}")]
    Missing {
        /// The file or folder that is missing.
        part: String,
        /// What to do.
        hint: String,
    },
    /// The request asks for something the model cannot do.
    #[error("{0}")]
    Parameter(String),
    /// A bound was reached.
    #[error("{0}")]
    Limit(String),
    /// The machine has too little memory.
    #[error("needs {needed}, this machine has {free} free: {hint}")]
    Memory {
        /// What the model needs, such as `14.2 GB`.
        needed: String,
        /// What is free.
        free: String,
        /// What would need less.
        hint: String,
    },
    /// Reading failed.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system answered.
        source: io::Error,
    },
    /// Writing failed.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: String,
        /// What the system answered.
        source: io::Error,
    },
    /// A network could not be opened or run.
    #[error(transparent)]
    Network(#[from] filigrane_infer::Error),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// A defect in this program.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Malformed { .. } => ErrorKind::Malformed,
            Self::Unsupported(_) | Self::Missing { .. } => ErrorKind::Unsupported,
            Self::Parameter(_) => ErrorKind::Parameter,
            Self::Limit(_) | Self::Memory { .. } => ErrorKind::Limit,
            Self::Io { .. } | Self::Write { .. } => ErrorKind::Io,
            Self::Network(error) => error.kind(),
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    pub(crate) fn malformed(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Malformed { place: place.into(), reason: reason.into() }
    }
}

/// Why a run ended early: its own failure, or that of the caller's step that takes the pictures.
#[derive(Debug, thiserror::Error)]
pub enum RunError<E> {
    /// Making pictures failed.
    #[error(transparent)]
    Generate(#[from] Error),
    /// The caller's step failed.
    #[error("{0}")]
    Sink(E),
}

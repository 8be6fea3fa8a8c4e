use std::io;
use std::path::{Path, PathBuf};

use filigrane_frame::ErrorKind;

/// Why a scan could not begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The results file is there, and nothing was said of going on with it.
    #[error("{} already exists: go on with it by --resume, or choose another name", .0.display())]
    Exists(PathBuf),
    /// A line of an earlier scan is no result.
    #[error("{}: line {line} is no result of a scan: not a file to go on with", path.display())]
    Foreign {
        /// The results file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
    },
    /// What was named is no source.
    #[error("{place}: {detail}")]
    Source {
        /// As it was named, without passwords.
        place: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Exists(_) | Self::Foreign { .. } | Self::Source { .. } => ErrorKind::Parameter,
            Self::Io { .. } => ErrorKind::Io,
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

use std::io;
use std::path::PathBuf;

use filigrane_frame::ErrorKind;
use uuid::Uuid;

/// Why the archive could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database did not answer, or is none of ours.
    #[error("{}: {source}", path.display())]
    Database {
        /// Which database.
        path: PathBuf,
        /// What it said.
        source: sqlx::Error,
    },
    /// The database was made by another version, or is damaged.
    #[error("{}: {detail}; restore it from a backup, or move it away", path.display())]
    Schema {
        /// Which database.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing is kept under that name.
    #[error("no clip {0} is kept here")]
    Missing(Uuid),
    /// More, or longer, than is kept.
    #[error("{0}")]
    Limit(String),
}

impl Error {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Database { .. } | Self::Io { .. } => ErrorKind::Io,
            Self::Schema { .. } => ErrorKind::Malformed,
            Self::Missing(_) => ErrorKind::Parameter,
            Self::Limit(_) => ErrorKind::Limit,
        }
    }
}

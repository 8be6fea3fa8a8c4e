use std::io;
use std::path::PathBuf;

use filigrane::frame::ErrorKind;

/// Why the program could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Pipeline(#[from] filigrane::pipeline::Error),
    #[error(transparent)]
    Provenance(#[from] filigrane::provenance::Error),
    #[error(transparent)]
    Registry(#[from] filigrane::registry::Error),
    #[error(transparent)]
    Watermark(#[from] filigrane::watermark::Error),
    /// Something about one file.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: Box<Failure> },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Usage(String),
}

impl Failure {
    /// A mistake, an unreadable file, a full disk: one status for all that gives no answer.
    pub const EXIT_STATUS: u8 = 2;

    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Pipeline(error) => error.kind(),
            Self::Provenance(error) => error.kind(),
            Self::Registry(error) => error.kind(),
            Self::Watermark(error) => error.kind(),
            Self::File { source, .. } => source.kind(),
            Self::Io { .. } => ErrorKind::Io,
            Self::Usage(_) => ErrorKind::Parameter,
        }
    }

    /// What the user can do about it, where the message alone does not say.
    pub fn advice(&self) -> Option<&'static str> {
        match self.kind() {
            ErrorKind::Malformed => {
                Some("play the file in a video player: if it does not play there, it is damaged")
            }
            ErrorKind::Internal => Some("this is a defect in filigrane, please report it"),
            ErrorKind::Key => Some("`filigrane identity list` shows your identities"),
            _ => None,
        }
    }

    pub fn about(self, path: impl Into<PathBuf>) -> Self {
        Self::File { path: path.into(), source: Box::new(self) }
    }
}

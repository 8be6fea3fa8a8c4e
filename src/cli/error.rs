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
    Scan(#[from] filigrane::scan::Error),
    #[error(transparent)]
    Fleet(#[from] filigrane::fleet::Error),
    #[error(transparent)]
    Service(#[from] filigrane::service::Error),
    #[error(transparent)]
    Infer(#[from] filigrane::infer::Error),
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
            Self::Scan(error) => error.kind(),
            Self::Fleet(error) => error.kind(),
            Self::Service(error) => error.kind(),
            Self::Infer(error) => error.kind(),
            Self::Watermark(error) => error.kind(),
            Self::File { source, .. } => source.kind(),
            Self::Io { .. } => ErrorKind::Io,
            Self::Usage(_) => ErrorKind::Parameter,
        }
    }

    /// What the user can do about it, where the message alone does not say.
    pub fn advice(&self) -> &'static [&'static str] {
        match self.kind() {
            ErrorKind::Malformed => {
                &["play the file in a video player: if it does not play there, it is damaged"]
            }
            ErrorKind::Internal => &["this is a defect in filigrane, please report it"],
            ErrorKind::Key if self.is_passphrase() => &[
                "the passphrase is FILIGRANE_PASSPHRASE, or else the content of machine.secret in the data folder",
                "an identity made without FILIGRANE_PASSPHRASE opens with machine.secret: unset the variable",
                "a lost passphrase can't be recovered: `filigrane identity new NAME`; old signatures stay good",
            ],
            ErrorKind::Key => &["`filigrane identity list` shows your identities"],
            _ => &[],
        }
    }

    fn is_passphrase(&self) -> bool {
        match self {
            Self::Provenance(error) => matches!(error, filigrane::provenance::Error::Passphrase(_)),
            Self::File { source, .. } => source.is_passphrase(),
            _ => false,
        }
    }

    /// The same with the file it is about, unless it begins with that already.
    pub fn about(self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        if self.to_string().starts_with(&format!("{}: ", path.display())) {
            return self;
        }
        Self::File { path, source: Box::new(self) }
    }
}

use std::path::{Path, PathBuf};

use filigrane_frame::ErrorKind;

/// Why credentials could not be written, read or set up.
///
/// A manifest that is damaged, forged or expired is not among these: that is a finding, see
/// [`Credentials`](crate::Credentials).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The identity's name has characters or a length that are not allowed.
    #[error(
        "identity name {0:?} is not allowed: use 1 to 64 of a-z, 0-9, dot, dash and underscore, starting with a letter or digit"
    )]
    Name(String),
    /// An identity of that name is there already.
    #[error("identity {name} exists already in {}: choose another name", directory.display())]
    IdentityExists {
        /// Name asked for.
        name: String,
        /// Folder of the identities.
        directory: PathBuf,
    },
    /// No identity has that name.
    #[error("no identity {name} in {}: make one with `filigrane identity new {name}`", directory.display())]
    IdentityMissing {
        /// Name asked for.
        name: String,
        /// Folder of the identities.
        directory: PathBuf,
    },
    /// The passphrase does not open the key.
    #[error("wrong passphrase for identity {0}")]
    Passphrase(String),
    /// A command or token that holds the key did not sign.
    #[error("{0}")]
    Signer(String),
    /// A key file is not an encrypted key of a known kind, or does not belong to its certificate.
    #[error("{}: {detail}", path.display())]
    Key {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A certificate can't be used for what it was given for.
    #[error("{place}: {detail}")]
    Certificate {
        /// File, or which certificate of a list.
        place: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The claim asks for something that C2PA does not allow.
    #[error("{0}")]
    Claim(String),
    /// The text is not an origin.
    #[error("origin {0:?} is not known: use generated, edited, composite or camera")]
    Origin(String),
    /// Making or embedding the manifest failed.
    #[error("can't sign {}: {detail}", path.display())]
    Sign {
        /// The file to be signed.
        path: PathBuf,
        /// What the signing engine said.
        detail: String,
        /// What sort of failure it was.
        kind: ErrorKind,
    },
    /// A file of a stream in several is not what it is given for.
    #[error("{}: {detail}", path.display())]
    Part {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        detail: String,
        /// What sort of failure it was.
        kind: ErrorKind,
    },
    /// A manifest store is there, but can't be taken out.
    #[error("{}: {detail}", path.display())]
    Store {
        /// The file that holds it.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// Reading the credentials took longer than the limits allow.
    #[error("{}: reading the credentials took over {seconds:.0} s and was stopped", path.display())]
    Stalled {
        /// The file read.
        path: PathBuf,
        /// Time allowed, seconds.
        seconds: f64,
    },
    /// A file could not be read or written.
    #[error("can't {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A defect in this program or in the C2PA engine.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Name(_) | Self::IdentityExists { .. } | Self::Claim(_) | Self::Origin(_) => {
                ErrorKind::Parameter
            }
            Self::IdentityMissing { .. } | Self::Passphrase(_) | Self::Signer(_) | Self::Key { .. } => {
                ErrorKind::Key
            }
            Self::Certificate { .. } => ErrorKind::Trust,
            Self::Sign { kind, .. } | Self::Part { kind, .. } => *kind,
            Self::Store { .. } => ErrorKind::Malformed,
            Self::Stalled { .. } => ErrorKind::Limit,
            Self::Io { .. } => ErrorKind::Io,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    /// Wraps a system error with what was being done to which file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

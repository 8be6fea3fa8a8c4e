use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use filigrane_frame::ErrorKind;

/// Why the service could not start, or its tokens not be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Others could reach it, and nobody would be asked who they are.
    #[error(
        "{0} can be reached by others, and there is no token: make one with `filigrane serve token new NAME --scope check,read,fetch:manifests`, or let everybody read the registry with --public"
    )]
    Unguarded(SocketAddr),
    /// The address is taken, not this machine's, or not allowed.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// A registry that is itself behind HTTP.
    #[error("{0} is a server already: serve a folder or postgres://…")]
    Remote(String),
    /// The file of tokens is damaged.
    #[error("{}: no list of tokens; restore it, or remove it and make new tokens", .0.display())]
    Tokens(PathBuf),
    /// No token has that name, or one has it already.
    #[error("{0}")]
    Token(String),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The newsroom's archive can't be used.
    #[error(transparent)]
    Archive(#[from] filigrane_archive::Error),
    /// A defect in this program, or a system without threads or randomness.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unguarded(_) | Self::Remote(_) | Self::Token(_) => ErrorKind::Parameter,
            Self::Listen { .. } | Self::Io { .. } => ErrorKind::Io,
            Self::Tokens(_) => ErrorKind::Malformed,
            Self::Archive(error) => error.kind(),
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

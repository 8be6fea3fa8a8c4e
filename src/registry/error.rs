use std::path::{Path, PathBuf};

use filigrane_frame::ErrorKind;

use crate::Urn;

/// Why a registry could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text does not name a manifest.
    #[error("{0:?} does not name a manifest: expected urn:c2pa: and a UUID")]
    Urn(String),
    /// Another record stands under that name.
    #[error(
        "{urn} is registered with other content: a registered manifest can't be replaced, sign under a new id"
    )]
    Conflict {
        /// Name of the manifest.
        urn: Urn,
    },
    /// Nothing is registered under that name.
    #[error("{urn} is not in the registry {}", location.display())]
    Missing {
        /// Name of the manifest.
        urn: Urn,
        /// The registry.
        location: PathBuf,
    },
    /// A record is too large, or one of its values impossible.
    #[error("{urn} can't be registered: {detail}")]
    Entry {
        /// Name of the manifest.
        urn: Urn,
        /// What is wrong with the record.
        detail: String,
        /// Parameter, or Limit when something is too large.
        kind: ErrorKind,
    },
    /// The folder holds something that is not an intact registry.
    #[error("{}: {detail}", path.display())]
    Malformed {
        /// The file at fault.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A newer version of this program made the registry.
    #[error("{} was made by a newer version of this program (schema {version})", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema version.
        version: i64,
    },
    /// A version of this program from before its first release made the registry.
    #[error(
        "{} was made by an earlier version of this program (schema {version}): publish the signed videos again into another folder",
        path.display()
    )]
    Older {
        /// The database.
        path: PathBuf,
        /// Its schema version.
        version: i64,
    },
    /// The target of an export is taken.
    #[error("{} exists already: export to a new folder", .0.display())]
    Exists(PathBuf),
    /// The text does not say where a registry is.
    #[error("{place}: {detail}")]
    Place {
        /// The text, without a password.
        place: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The database was in use for too long, or may not be written.
    #[error("{}: {detail}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
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
    /// A server behind HTTP did not answer, or with nonsense.
    #[error("{}: {detail}", place.display())]
    Remote {
        /// The server.
        place: PathBuf,
        /// What happened.
        detail: String,
    },
    /// A server behind HTTP said no.
    #[error("{}: {detail}", place.display())]
    Refused {
        /// The server.
        place: PathBuf,
        /// What it said.
        detail: String,
    },
    /// This kind of registry can't do that.
    #[error("{}: {detail}", place.display())]
    Unsupported {
        /// The registry.
        place: PathBuf,
        /// What it can't do.
        detail: &'static str,
    },
    /// A defect in this program.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Urn(_)
            | Self::Conflict { .. }
            | Self::Missing { .. }
            | Self::Exists(_)
            | Self::Place { .. }
            | Self::Refused { .. } => ErrorKind::Parameter,
            Self::Entry { kind, .. } => *kind,
            Self::Malformed { .. } => ErrorKind::Malformed,
            Self::Newer { .. } | Self::Older { .. } | Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Database { .. } | Self::Io { .. } | Self::Remote { .. } => ErrorKind::Io,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    /// Wraps a system error with what was being done to which file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Sorts an error by PostgreSQL's class of SQLSTATE codes
    /// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
    pub(crate) fn postgres(place: &Path) -> impl Fn(sqlx::Error) -> Self + Sync + use<> {
        let path = place.to_owned();
        move |error| {
            let database = |detail: String| Self::Database { path: path.clone(), detail };
            let code = error.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
            match (code.as_deref(), &error) {
                (Some(code), _) if code.starts_with("53") => {
                    database(format!("the server is full ({error})"))
                }
                (Some("42501" | "25006"), _) => database("the registry may not be written".to_owned()),
                (Some("55P03" | "57014"), _) => database("in use for too long; try again".to_owned()),
                (None, sqlx::Error::PoolTimedOut) => database("the server does not answer".to_owned()),
                (None, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => {
                    Self::Malformed { path: path.clone(), detail: format!("a record is damaged ({error})") }
                }
                _ => database(error.to_string()),
            }
        }
    }

    /// Sorts a database error by SQLite's result code (<https://www.sqlite.org/rescode.html>).
    pub(crate) fn database(path: &Path) -> impl Fn(sqlx::Error) -> Self {
        let path = path.to_owned();
        move |error| {
            let malformed = |detail: &str| Self::Malformed { path: path.clone(), detail: detail.to_owned() };
            let database = |detail: &str| Self::Database { path: path.clone(), detail: detail.to_owned() };
            match (result_code(&error), &error) {
                (Some(11), _) => malformed("the database is damaged; restore it from an export"),
                (Some(26), _) => malformed("not a registry: this is no SQLite database"),
                (Some(1), _) => malformed(&format!("not a registry database ({error})")),
                (Some(5 | 6), _) => database("in use by another process for too long; try again"),
                (Some(8), _) => database("the registry may not be written"),
                (Some(13), _) => database("the disk is full"),
                (_, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => {
                    malformed(&format!("a record is damaged ({error})"))
                }
                _ => database(&error.to_string()),
            }
        }
    }
}

/// SQLite's primary result code, when the error comes from SQLite.
pub(crate) fn result_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

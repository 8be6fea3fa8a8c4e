use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Error;

/// What every token begins with, so that scanners for leaked secrets know one.
const PREFIX: &str = "filigrane_";
const RANDOM_BYTES: usize = 32;
/// Largest file of tokens read.
const LARGEST: u64 = 1 << 20;
/// Longest name of a token, characters.
const LONGEST_NAME: usize = 64;

/// What a token lets its holder do, by the names of the Soft Binding Resolution API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Look manifests up and read them, where that is not for everybody.
    #[serde(rename = "fetch:manifests")]
    FetchManifests,
    /// Publish manifests, and pass on their withdrawal.
    #[serde(rename = "store:manifests")]
    StoreManifests,
    /// Say by which bindings manifests are found.
    #[serde(rename = "store:bindings")]
    StoreBindings,
    /// Have videos checked in the newsroom, note and tag; holds `read`.
    #[serde(rename = "check")]
    Check,
    /// See the newsroom's history and reports.
    #[serde(rename = "read")]
    Read,
    /// Have videos marked and signed with an identity of the server's.
    #[serde(rename = "stamp")]
    Stamp,
    /// Read the numbers for Prometheus.
    #[serde(rename = "metrics")]
    Metrics,
}

impl Scope {
    const ALL: [Self; 7] = [
        Self::FetchManifests,
        Self::StoreManifests,
        Self::StoreBindings,
        Self::Check,
        Self::Read,
        Self::Stamp,
        Self::Metrics,
    ];
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FetchManifests => "fetch:manifests",
            Self::StoreManifests => "store:manifests",
            Self::StoreBindings => "store:bindings",
            Self::Check => "check",
            Self::Read => "read",
            Self::Stamp => "stamp",
            Self::Metrics => "metrics",
        })
    }
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|scope| scope.to_string() == text).ok_or_else(|| {
            Error::Token(format!(
                "no scope is called {text:?}: use {}",
                Self::ALL.map(|scope| scope.to_string()).join(", ")
            ))
        })
    }
}

/// A token as it is kept: never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// What it is called, for people.
    pub name: String,
    /// What it lets its holder do.
    pub scopes: Vec<Scope>,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it runs out, RFC 3339; none where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// How many MiB of videos it may send to the newsroom in a day; none for as many as there is room for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mib_a_day: Option<u64>,
    /// SHA-256 of the secret, which is random enough to need no salt.
    sha256: String,
}

impl Token {
    /// Whether its time is over. A time that can't be read is over: whoever wrote it meant an end.
    pub fn has_ended(&self) -> bool {
        let Some(end) = &self.expires_at else { return false };
        OffsetDateTime::parse(end, &Rfc3339).map_or(true, |end| end <= OffsetDateTime::now_utc())
    }
}

/// Bounds on a token beyond its scopes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounds {
    /// When it runs out, RFC 3339.
    pub expires_at: Option<String>,
    /// How many MiB of videos it may send in a day.
    pub mib_a_day: Option<u64>,
}

/// The tokens of a service, in a file of their own. A change counts from the next request on.
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    /// The tokens in this file, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// All tokens, oldest first.
    pub fn list(&self) -> Result<Vec<Token>, Error> {
        let mut text = Vec::new();
        match File::open(&self.path) {
            Ok(file) => file.take(LARGEST + 1).read_to_end(&mut text).map_err(Error::io(&self.path))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io(&self.path)(error)),
        };
        serde_json::from_slice(&text).map_err(|_| Error::Tokens(self.path.clone()))
    }

    /// Makes a token and gives its secret, which is kept nowhere.
    ///
    /// # Errors
    /// One of that name exists, or the file can't be written.
    pub fn create(&self, name: &str, scopes: &[Scope], bounds: &Bounds) -> Result<String, Error> {
        if let Some(end) = &bounds.expires_at {
            OffsetDateTime::parse(end, &Rfc3339).map_err(|_| {
                Error::Token(format!("{end:?} is no time: write it like 2026-12-31T00:00:00Z"))
            })?;
        }
        let proper = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(proper) {
            return Err(Error::Token(format!(
                "{name:?} is no name for a token: use up to {LONGEST_NAME} letters, digits, '.', '_' and '-'"
            )));
        }
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random).map_err(|error| Error::Internal(format!("no randomness: {error}")))?;
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
        let created_at = OffsetDateTime::now_utc().truncate_to_second().format(&Rfc3339).unwrap_or_default();
        let token = Token {
            name: name.to_owned(),
            scopes: scopes.to_vec(),
            created_at,
            expires_at: bounds.expires_at.clone(),
            mib_a_day: bounds.mib_a_day,
            sha256: digest(&secret),
        };
        self.change(|tokens| {
            if tokens.iter().any(|known| known.name == name) {
                return Err(Error::Token(format!(
                    "there is a token {name} already: choose another name, or revoke it first"
                )));
            }
            tokens.push(token);
            Ok(())
        })?;
        Ok(secret)
    }

    /// Ends a token for good.
    ///
    /// # Errors
    /// None has that name, or the file can't be written.
    pub fn revoke(&self, name: &str) -> Result<(), Error> {
        self.change(|tokens| {
            let before = tokens.len();
            tokens.retain(|token| token.name != name);
            if tokens.len() == before {
                return Err(Error::Token(format!("there is no token {name}")));
            }
            Ok(())
        })
    }

    /// The token that a secret belongs to. Digests are compared, so the time it takes tells nothing of use.
    pub(crate) fn holder(&self, secret: &str) -> Result<Option<Token>, Error> {
        let digest = digest(secret);
        Ok(self.list()?.into_iter().find(|token| token.sha256 == digest))
    }

    /// Changes the file whole or not at all, one process at a time.
    fn change(&self, change: impl FnOnce(&mut Vec<Token>) -> Result<(), Error>) -> Result<(), Error> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let beside = self.path.with_extension("lock");
        let lock = File::create(&beside).map_err(Error::io(&beside))?;
        lock.lock().map_err(Error::io(&beside))?;
        let mut tokens = self.list()?;
        change(&mut tokens)?;
        let text =
            serde_json::to_vec_pretty(&tokens).map_err(|error| Error::Internal(format!("JSON: {error}")))?;
        let store = || -> io::Result<()> {
            // Temporary files are private, and so is what they become.
            let mut draft = tempfile::NamedTempFile::new_in(folder)?;
            draft.write_all(&text)?;
            draft.as_file().sync_all()?;
            draft.persist(&self.path).map_err(|error| error.error)?;
            Ok(())
        };
        store().map_err(Error::io(&self.path))
    }
}

fn digest(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;

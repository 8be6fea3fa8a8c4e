use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// A signature algorithm of C2PA (2.4, section 13.2.1). Keys in files are [`Ed25519`](Self::Ed25519) or
/// [`Es256`](Self::Es256); commands and tokens may sign with the others too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// EdDSA on Curve25519.
    Ed25519,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// RSASSA-PSS with SHA-256.
    Ps256,
}

const ALL: [Algorithm; 4] = [Algorithm::Ed25519, Algorithm::Es256, Algorithm::Es384, Algorithm::Ps256];

impl Algorithm {
    /// `ed25519`, `es256`, `es384` or `ps256`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Es256 => "es256",
            Self::Es384 => "es384",
            Self::Ps256 => "ps256",
        }
    }

    pub(crate) fn engine(self) -> c2pa::SigningAlg {
        match self {
            Self::Ed25519 => c2pa::SigningAlg::Ed25519,
            Self::Es256 => c2pa::SigningAlg::Es256,
            Self::Es384 => c2pa::SigningAlg::Es384,
            Self::Ps256 => c2pa::SigningAlg::Ps256,
        }
    }

    /// Bytes of each half of an ECDSA signature; `None` for the other algorithms.
    pub(crate) fn half(self) -> Option<usize> {
        match self {
            Self::Es256 => Some(32),
            Self::Es384 => Some(48),
            Self::Ed25519 | Self::Ps256 => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        ALL.into_iter().find(|algorithm| algorithm.as_str() == text).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Error::Claim(format!("algorithm {shown:?} is not known: use ed25519, es256, es384 or ps256"))
        })
    }
}

use serde::{Deserialize, Serialize};

use crate::command_key::CommandKey;
use crate::file_key::FileKey;
use crate::token_key::TokenKey;
use crate::{Algorithm, Error, Passphrase};

/// A private key, wherever it is.
pub(crate) enum Key {
    File(FileKey),
    Command(CommandKey),
    Token(TokenKey, Passphrase),
}

/// Where a key is that is not in a file of ours, as `key.json` says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum KeyPlace {
    Command(CommandKey),
    Token(TokenKey),
}

impl Key {
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::File(key) => key.algorithm(),
            Self::Command(key) => key.algorithm,
            Self::Token(key, _) => key.algorithm,
        }
    }

    /// The public key, where it is known without signing anything.
    pub fn public_key(&self) -> Option<Vec<u8>> {
        match self {
            Self::File(key) => Some(key.public_key()),
            Self::Command(_) | Self::Token(..) => None,
        }
    }

    /// The signature in the form of COSE.
    pub fn sign(&self, data: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Self::File(key) => Ok(key.sign(data)),
            Self::Command(key) => key.sign(data),
            Self::Token(key, pin) => key.sign(data, pin),
        }
    }
}

use ed25519_dalek::Signer as _;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use pkcs8::LineEnding;
use zeroize::Zeroizing;

use crate::{Algorithm, Error, Passphrase};

/// A private key held in memory; wiped when dropped.
pub(crate) enum FileKey {
    Ed25519(ed25519_dalek::SigningKey),
    Es256(p256::ecdsa::SigningKey),
}

impl FileKey {
    /// The key of a PKCS#8 document; `None` when it is of no kind that is kept in files.
    pub fn from_pkcs8(der: &[u8]) -> Option<Self> {
        ed25519_dalek::SigningKey::from_pkcs8_der(der)
            .map(Self::Ed25519)
            .ok()
            .or_else(|| p256::ecdsa::SigningKey::from_pkcs8_der(der).map(Self::Es256).ok())
    }

    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::Ed25519,
            Self::Es256(_) => Algorithm::Es256,
        }
    }

    /// The public key as a certificate's `subjectPublicKey` holds it.
    pub fn public_key(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.verifying_key().to_bytes().to_vec(),
            Self::Es256(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
        }
    }

    /// The signature in the form of COSE: for ECDSA both halves side by side.
    pub fn sign(&self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(data).to_bytes().to_vec(),
            Self::Es256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(data);
                signature.to_bytes().to_vec()
            }
        }
    }

    /// An encrypted PKCS#8 document in PEM.
    pub fn to_encrypted_pem(&self, passphrase: &Passphrase) -> Result<Zeroizing<String>, Error> {
        let encrypted = match self {
            Self::Ed25519(key) => KeypairBytes { secret_key: key.to_bytes(), public_key: None }
                .to_pkcs8_encrypted_pem(passphrase.as_bytes(), LineEnding::LF),
            Self::Es256(key) => key.to_pkcs8_encrypted_pem(passphrase.as_bytes(), LineEnding::LF),
        };
        encrypted.map_err(|error| Error::Internal(format!("key encryption: {error}")))
    }

    /// The key of a PEM text: encrypted PKCS#8, or plain PKCS#8 where `plain` allows it.
    ///
    /// # Errors
    /// What is wrong, in words; `Err(None)` when the passphrase does not open it.
    pub fn from_pem(pem: &str, passphrase: &Passphrase, plain: bool) -> Result<Self, Option<&'static str>> {
        const NO_KEY: &str = "not an encrypted PKCS#8 key";
        let (label, document) =
            pkcs8::SecretDocument::from_pem(pem).map_err(|_| Some("not a PEM key file"))?;
        let document = match label {
            "ENCRYPTED PRIVATE KEY" => pkcs8::EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
                .map_err(|_| Some(NO_KEY))?
                .decrypt(passphrase.as_bytes())
                .map_err(|_| None)?,
            "PRIVATE KEY" if plain => document,
            _ => return Err(Some(NO_KEY)),
        };
        Self::from_pkcs8(document.as_bytes()).ok_or(Some("neither an Ed25519 nor a P-256 key"))
    }
}

use filigrane_frame::Digest;
use serde::{Deserialize, Serialize};

use crate::certificate::{self, Description};
use crate::key::Key;
use crate::{Algorithm, Error, TrustAnchors, http};

/// What an identity does beside signing; `settings.json` in its folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IdentitySettings {
    /// The time-stamping authority asked at every signature (RFC 3161), `http://…` or `https://…`.
    pub timestamp: Option<String>,
}

impl IdentitySettings {
    /// Fails when something in it can't be used.
    ///
    /// # Errors
    /// The time-stamping authority has no address that can be asked.
    pub fn check(&self) -> Result<(), Error> {
        self.timestamp.as_deref().map_or(Ok(()), |url| http::check_url(url).map_err(Error::Claim))
    }
}

/// An unlocked signing identity: a key and its certificate chain. A key held here is wiped when dropped.
pub struct Identity {
    name: String,
    key: Key,
    chain: Vec<Vec<u8>>,
    root_pem: Option<String>,
    leaf: Description,
    settings: IdentitySettings,
}

impl Identity {
    pub(crate) fn new(
        name: &str,
        key: Key,
        chain_pem: &str,
        root_pem: Option<String>,
        settings: IdentitySettings,
    ) -> Result<Self, Error> {
        let place = format!("certificate of identity {name}");
        let chain = certificate::from_pem(chain_pem.as_bytes(), &place)?;
        let leaf = chain
            .first()
            .ok_or_else(|| Error::Internal(format!("{place}: no certificate after parsing")))
            .and_then(|der| certificate::describe(der, &place))?;
        if key.public_key().is_some_and(|public| public != leaf.public_key) {
            return Err(Error::Certificate { place, detail: "does not belong to the key".to_owned() });
        }
        Ok(Self { name: name.to_owned(), key, chain, root_pem, leaf, settings })
    }

    /// The name it was made under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who signs, as validators show it: the certificate's organisation.
    pub fn issuer(&self) -> &str {
        self.leaf.organisation.as_deref().unwrap_or(&self.leaf.subject)
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// PEM of the root certificate, where it is known; whoever adds it as an anchor trusts this identity.
    pub fn root_pem(&self) -> Option<&str> {
        self.root_pem.as_deref()
    }

    /// SHA-256 of the signing certificate.
    pub fn fingerprint(&self) -> Digest {
        self.leaf.fingerprint
    }

    /// What it does beside signing.
    pub fn settings(&self) -> &IdentitySettings {
        &self.settings
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// The certificates in DER, the signing one first.
    pub(crate) fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// Fails when the certificate has run out at a time, seconds since 1970, or is not valid yet.
    pub(crate) fn check_time(&self, now: i64) -> Result<(), Error> {
        let detail = if now < self.leaf.starts {
            format!("is not valid before {}: the clock of this machine may be wrong", self.leaf.not_before)
        } else if now >= self.leaf.expires {
            let (end, name) = (&self.leaf.not_after, &self.name);
            format!("ran out at {end}: `filigrane identity rotate {name}` makes a new one")
        } else {
            return Ok(());
        };
        Err(Error::Certificate { place: format!("certificate of identity {}", self.name), detail })
    }

    /// Anchors that trust this identity's root and no other; none when the root is not known.
    pub fn anchors(&self) -> Result<TrustAnchors, Error> {
        let mut anchors = TrustAnchors::empty();
        if let Some(root) = &self.root_pem {
            anchors.add_pem(root.as_bytes())?;
        }
        Ok(anchors)
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("name", &self.name).field("subject", &self.leaf.subject).finish()
    }
}

use ed25519_dalek::{Signer as _, SigningKey};
use filigrane_frame::Digest;

use crate::certificate::{self, Description};
use crate::{Error, TrustAnchors};

/// Room for the signature's frame beyond the certificates, bytes.
const SIGNATURE_FRAME: usize = 1024;

/// An unlocked signing identity: an Ed25519 key and its certificate chain. The key is wiped when dropped.
pub struct Identity {
    name: String,
    key: SigningKey,
    chain: Vec<Vec<u8>>,
    root_pem: String,
    leaf: Description,
}

impl Identity {
    pub(crate) fn new(name: &str, key: SigningKey, chain_pem: &str, root_pem: &str) -> Result<Self, Error> {
        let place = format!("certificate of identity {name}");
        let chain = certificate::from_pem(chain_pem.as_bytes(), &place)?;
        let leaf = chain
            .first()
            .ok_or_else(|| Error::Internal(format!("{place}: no certificate after parsing")))
            .and_then(|der| certificate::describe(der, &place))?;
        if leaf.ed25519_key != Some(key.verifying_key().to_bytes()) {
            return Err(Error::Certificate { place, detail: "does not belong to the key".to_owned() });
        }
        Ok(Self { name: name.to_owned(), key, chain, root_pem: root_pem.to_owned(), leaf })
    }

    /// The name it was made under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who signs, as validators show it: the certificate's organisation.
    pub fn issuer(&self) -> &str {
        self.leaf.organisation.as_deref().unwrap_or(&self.leaf.subject)
    }

    /// PEM of the root certificate; whoever adds it as an anchor trusts this identity.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// SHA-256 of the signing certificate.
    pub fn fingerprint(&self) -> Digest {
        self.leaf.fingerprint
    }

    /// Fails when the certificate has run out.
    pub(crate) fn check_time(&self) -> Result<(), Error> {
        if time::OffsetDateTime::now_utc().unix_timestamp() < self.leaf.expires {
            return Ok(());
        }
        let place = format!("certificate of identity {}", self.name);
        let detail = format!("ran out at {}; make a new identity", self.leaf.not_after);
        Err(Error::Certificate { place, detail })
    }

    /// Anchors that trust this identity and no other.
    pub fn anchors(&self) -> Result<TrustAnchors, Error> {
        let mut anchors = TrustAnchors::empty();
        anchors.add_pem(self.root_pem.as_bytes())?;
        Ok(anchors)
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("name", &self.name).field("subject", &self.leaf.subject).finish()
    }
}

impl c2pa::Signer for Identity {
    fn sign(&self, data: &[u8]) -> c2pa::Result<Vec<u8>> {
        Ok(self.key.sign(data).to_bytes().to_vec())
    }

    fn alg(&self) -> c2pa::SigningAlg {
        c2pa::SigningAlg::Ed25519
    }

    fn certs(&self) -> c2pa::Result<Vec<Vec<u8>>> {
        Ok(self.chain.clone())
    }

    fn reserve_size(&self) -> usize {
        SIGNATURE_FRAME + self.chain.iter().map(Vec::len).sum::<usize>()
    }
}

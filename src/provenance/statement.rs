use std::borrow::Cow;

use c2pa::crypto::cose::{self, CertificateTrustPolicy, TimeStampStorage, Verifier};
use c2pa::crypto::raw_signature::{RawSigner, RawSignerError, SigningAlg};
use c2pa::crypto::time_stamp::TimeStampProvider;
use c2pa::status_tracker::StatusTracker;
use filigrane_frame::Digest;

use crate::{CredentialState, Error, Identity, TrustAnchors, certificate, engine};

/// Largest signature read, bytes: a chain of certificates and the signature itself.
const LARGEST: usize = 64 << 10;
const UNTRUSTED: &str = "signingCredential.untrusted";
const TRUSTED: &str = "signingCredential.trusted";

/// Who stands behind a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endorsement {
    /// Trusted or valid when the signature holds for the text; invalid otherwise. Never absent.
    pub state: CredentialState,
    /// Organisation named in the signer's certificate; written by whoever made it.
    pub issuer: Option<String>,
    /// SHA-256 of the signer's certificate; `None` when the signature does not hold.
    pub signer: Option<Digest>,
}

/// Signs a text that is no manifest: a COSE_Sign1 (RFC 9052) with the certificates inside and the text detached.
///
/// # Errors
/// The certificate has run out, or the key does not sign.
pub fn sign_statement(text: &[u8], identity: &Identity) -> Result<Vec<u8>, Error> {
    identity.check_time(time::OffsetDateTime::now_utc().unix_timestamp())?;
    let signed =
        engine::guarded(|| cose::sign(&Plain(identity), text, None, TimeStampStorage::V2_sigTst2_CTT))?;
    match signed {
        Some(Ok(signature)) => Ok(signature),
        Some(Err(error)) => Err(Error::Internal(format!("the statement could not be signed: {error}"))),
        None => Err(Error::Internal("the C2PA engine broke off while signing".to_owned())),
    }
}

/// Whether a signature that [`sign_statement`] made holds for this text, and whose it is.
///
/// # Errors
/// The trust anchors can't be used.
pub fn read_statement(signature: &[u8], text: &[u8], trust: &TrustAnchors) -> Result<Endorsement, Error> {
    let broken = Endorsement { state: CredentialState::Invalid, issuer: None, signer: None };
    if signature.len() > LARGEST {
        return Ok(broken);
    }
    let mut policy = CertificateTrustPolicy::default();
    policy
        .add_user_trust_anchors(trust.to_pem().as_bytes())
        .map_err(|error| Error::Internal(format!("trust anchors: {error}")))?;
    let checked = engine::guarded(|| {
        let mut log = StatusTracker::default();
        let verifier = Verifier::VerifyTrustPolicy(Cow::Owned(policy));
        let read = verifier.verify_signature(signature, text, b"", None, &mut log).ok()?;
        let sound = log.filter_errors().all(|item| item.validation_status.as_deref() == Some(UNTRUSTED));
        let leaf = certificate::from_pem(&read.cert_chain, "signer").ok()?;
        let leaf = certificate::describe(leaf.first()?, "signer").ok()?;
        let state = if log.has_status(TRUSTED) { CredentialState::Trusted } else { CredentialState::Valid };
        sound.then_some(Endorsement { state, issuer: leaf.organisation, signer: Some(leaf.fingerprint) })
    })?;
    Ok(checked.flatten().unwrap_or(broken))
}

/// An identity without time-stamps: the bare key and its chain.
struct Plain<'a>(&'a Identity);

impl RawSigner for Plain<'_> {
    fn sign(&self, data: &[u8]) -> Result<Vec<u8>, RawSignerError> {
        self.0.key().sign(data).map_err(|error| RawSignerError::InternalError(error.to_string()))
    }

    fn alg(&self) -> SigningAlg {
        self.0.algorithm().engine()
    }

    fn cert_chain(&self) -> Result<Vec<Vec<u8>>, RawSignerError> {
        Ok(self.0.chain().to_vec())
    }

    fn reserve_size(&self) -> usize {
        LARGEST
    }
}

impl TimeStampProvider for Plain<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, IdentitySettings, IdentityStore, Passphrase};

    const TEXT: &[u8] = b"a statement";

    fn identity(name: &str) -> Identity {
        let home = tempfile::tempdir().unwrap();
        let passphrase = Passphrase::new("secret".to_owned());
        let settings = IdentitySettings::default();
        IdentityStore::open(home.path()).create(name, Algorithm::Es256, &passphrase, &settings).unwrap()
    }

    #[test]
    fn a_statement_holds_for_its_text_and_names_its_signer() {
        let desk = identity("desk");
        let signature = sign_statement(TEXT, &desk).unwrap();
        let known = read_statement(&signature, TEXT, &desk.anchors().unwrap()).unwrap();
        assert_eq!((known.state, known.signer), (CredentialState::Trusted, Some(desk.fingerprint())));
        assert_eq!(known.issuer.as_deref(), Some(desk.issuer()));
        for anchors in [TrustAnchors::empty(), identity("other").anchors().unwrap()] {
            let unknown = read_statement(&signature, TEXT, &anchors).unwrap();
            assert_eq!((unknown.state, unknown.signer), (CredentialState::Valid, Some(desk.fingerprint())));
        }
    }

    #[test]
    fn another_text_or_a_changed_signature_does_not_hold() {
        let desk = identity("desk");
        let anchors = desk.anchors().unwrap();
        let signature = sign_statement(TEXT, &desk).unwrap();
        let state = |signature: &[u8], text: &[u8]| read_statement(signature, text, &anchors).unwrap().state;
        assert_eq!(state(&signature, b"another"), CredentialState::Invalid);
        for cut in [0, 1, signature.len() / 2, signature.len() - 1] {
            assert_eq!(state(&signature[..cut], TEXT), CredentialState::Invalid, "{cut}");
        }
        for at in (0..signature.len()).step_by(7) {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            // Nothing but unsigned padding could change without the signature failing; there is none.
            assert_ne!(state(&changed, TEXT), CredentialState::Trusted, "byte {at}");
        }
        assert_eq!(state(&[0x9f; LARGEST], TEXT), CredentialState::Invalid);
        assert_eq!(state(&vec![0; LARGEST + 1], TEXT), CredentialState::Invalid);
    }
}

use c2pa::Reader;
use c2pa::crypto::cose::CertificateTrustPolicy;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::validation::UNTRUSTED;
use crate::{CredentialState, Credentials, TrustAnchors, certificate};

const EXPIRED: &str = "signingCredential.expired";
const OUTSIDE: &str = "claimSignature.outsideValidity";
const INSIDE: &str = "claimSignature.insideValidity";
const TRUSTED: &str = "signingCredential.trusted";

/// Turns an answer of now into one of then, where the difference is the validity of the signer's certificate.
pub(crate) fn judge_at(credentials: &mut Credentials, reader: &Reader, trust: &TrustAnchors, at: i64) {
    if credentials.time_stamped {
        return;
    }
    let chain = reader
        .active_manifest()
        .and_then(|manifest| manifest.signature_info())
        .and_then(|info| certificate::from_pem(info.cert_chain().as_bytes(), "signer").ok());
    let Some(chain) = chain else { return };
    let Some(leaf) = chain.first() else { return };
    let Ok((_, parsed)) = X509Certificate::from_der(leaf) else { return };
    let validity = parsed.validity();
    let inside = (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&at);
    let late = |code: &String| code == EXPIRED || code == OUTSIDE;
    let found_late = credentials.codes.iter().any(late);
    if !inside && !found_late {
        credentials.codes.retain(|code| code != INSIDE && code != TRUSTED);
        credentials.codes.push(EXPIRED.to_owned());
        if credentials.state != CredentialState::Invalid {
            credentials.state = CredentialState::Invalid;
            credentials.certificate_fault = true;
            credentials.explanation = Some(
                "the signer's certificate is not valid at the time asked for; content and claim are unchanged"
                    .to_owned(),
            );
        }
    }
    if inside && found_late {
        credentials.codes.retain(|code| !late(code));
        credentials.codes.push(INSIDE.to_owned());
        let other = credentials.codes.iter().any(|code| code == crate::validation::CERTIFICATE_INVALID);
        if credentials.certificate_fault && !other {
            let mut policy = CertificateTrustPolicy::new();
            policy.add_default_valid_ekus();
            let trusted = policy.add_user_trust_anchors(trust.to_pem().as_bytes()).is_ok()
                && policy.check_certificate_trust(&chain, leaf, Some(at)).is_ok();
            credentials.codes.push(if trusted { TRUSTED } else { UNTRUSTED }.to_owned());
            credentials.state = if trusted { CredentialState::Trusted } else { CredentialState::Valid };
            credentials.certificate_fault = false;
            credentials.explanation = None;
        }
    }
}

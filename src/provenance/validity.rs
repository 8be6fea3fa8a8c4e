use c2pa::Reader;
use c2pa::crypto::cose::CertificateTrustPolicy;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::certificate::CLOCK_SLACK;
use crate::validation::UNTRUSTED;
use crate::{CredentialState, Credentials, TrustAnchors, certificate};

const EXPIRED: &str = "signingCredential.expired";
const OUTSIDE: &str = "claimSignature.outsideValidity";
const INSIDE: &str = "claimSignature.insideValidity";
const TRUSTED: &str = "signingCredential.trusted";

/// Ours: the signer's certificate is not valid yet, which C2PA's codes do not tell from one that ran out.
const EARLY: &str = "org.filigrane.signingCredential.early";
/// Ours: the signer states a time that is still to come.
const AHEAD: &str = "org.filigrane.timeOfSigning.ahead";

/// Says what only a clock that is wrong explains: as of a time, seconds since 1970, the certificate is not valid yet, or the
/// stated time of signing lies ahead, by more than clocks differ.
pub(crate) fn name_the_future(credentials: &mut Credentials, reader: &Reader, at: i64) {
    let leaf = chain(reader).and_then(|chain| certificate::describe(chain.first()?, "signer").ok());
    if let Some(leaf) = leaf.filter(|leaf| credentials.certificate_fault && at < leaf.starts) {
        credentials.codes.push(EARLY.to_owned());
        credentials.explanation = Some(format!(
            "the signer's certificate is not valid before {}; content and claim are unchanged",
            leaf.not_before
        ));
    }
    let slack = CLOCK_SLACK.as_secs() as i64;
    let ahead = signed_at(credentials).is_some_and(|stated| stated > at.saturating_add(slack));
    if ahead && !credentials.time_stamped {
        credentials.codes.push(AHEAD.to_owned());
    }
}

/// The time-stamping authority is trusted.
pub(crate) const STAMP_TRUSTED: &str = "timeStamp.trusted";
const STAMP_UNTRUSTED: &str = "timeStamp.untrusted";

/// Lets those who vouch for time-stamps decide whether the one here counts, in place of those who vouch for signers.
pub(crate) fn judge_stamp(
    credentials: &mut Credentials,
    reader: &Reader,
    trust: &TrustAnchors,
    trusted: bool,
) {
    if credentials.time_stamped == trusted {
        return;
    }
    credentials.codes.retain(|code| code != STAMP_TRUSTED && code != STAMP_UNTRUSTED);
    credentials.codes.push(if trusted { STAMP_TRUSTED } else { STAMP_UNTRUSTED }.to_owned());
    credentials.time_stamped = false;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let at = if trusted { signed_at(credentials) } else { Some(now) };
    if let Some(at) = at {
        judge_at(credentials, reader, trust, at);
    }
    // As for all claims of C2PA 1, the engine does not ask who the authority is.
    let version = reader.active_manifest().and_then(|manifest| manifest.claim_version());
    credentials.time_stamped = trusted && version.is_some_and(|version| version >= 2);
}

/// Says on whose word the signer is trusted: when it was signed where that is known, else at a time, seconds since 1970.
pub(crate) fn name_the_voucher(
    credentials: &mut Credentials,
    reader: &Reader,
    trust: &TrustAnchors,
    at: i64,
) {
    if credentials.state == CredentialState::Trusted {
        let stamped = signed_at(credentials).filter(|_| credentials.time_stamped);
        credentials.trusted_by = chain(reader).and_then(|chain| trust.voucher(&chain, stamped.unwrap_or(at)));
    }
}

/// The stated time of signing, seconds since 1970.
fn signed_at(credentials: &Credentials) -> Option<i64> {
    let stated = OffsetDateTime::parse(credentials.signed_at.as_deref()?, &Rfc3339).ok()?;
    Some(stated.unix_timestamp())
}

/// Turns an answer of now into one of then, where the difference is the validity of the signer's certificate.
pub(crate) fn judge_at(credentials: &mut Credentials, reader: &Reader, trust: &TrustAnchors, at: i64) {
    if credentials.time_stamped {
        return;
    }
    let Some(chain) = chain(reader) else { return };
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
            let trusted = policy.add_user_trust_anchors(trust.signers_pem().as_bytes()).is_ok()
                && policy.check_certificate_trust(&chain, leaf, Some(at)).is_ok();
            credentials.codes.push(if trusted { TRUSTED } else { UNTRUSTED }.to_owned());
            credentials.state = if trusted { CredentialState::Trusted } else { CredentialState::Valid };
            credentials.certificate_fault = false;
            credentials.explanation = None;
        }
    }
}

/// The signer's certificates in DER, the signing one first.
fn chain(reader: &Reader) -> Option<Vec<Vec<u8>>> {
    let info = reader.active_manifest()?.signature_info()?;
    certificate::from_pem(info.cert_chain().as_bytes(), "signer").ok()
}

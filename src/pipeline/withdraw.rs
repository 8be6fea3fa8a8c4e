use filigrane_frame::Digest;
use filigrane_provenance::{CredentialState, Identity, TrustAnchors, read_statement, sign_statement};
use filigrane_registry::{Registry, Revocation, Urn};
use filigrane_verdict::{Withdrawal, WithdrawnBy};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::Error;

/// Longest reason, characters.
const LONGEST: usize = 400;

/// Withdraws a registered manifest for good, on the word of this identity. Once it has, doing so again changes nothing.
///
/// # Errors
/// The manifest is not registered, or signing or storing fails.
pub fn withdraw(registry: &Registry, urn: &str, reason: &str, identity: &Identity) -> Result<(), Error> {
    let name: Urn = urn.parse()?;
    let anchors = identity.anchors()?;
    let known = registry.by_urn(urn)?.map(|record| record.revocations).unwrap_or_default();
    let mine = |revocation: &Revocation| {
        revocation.subject.is_none()
            && withdrawal(name, revocation, Some(identity.fingerprint()), &anchors).by == WithdrawnBy::Signer
    };
    if known.iter().any(mine) {
        return Ok(());
    }
    // One line: what follows a line's end in the signed text is the reason to its end.
    let reason: String =
        reason.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
    let at = OffsetDateTime::now_utc().truncate_to_second().format(&Rfc3339).unwrap_or_default();
    let signature = sign_statement(Revocation::statement(name, None, &reason, &at).as_bytes(), identity)?;
    Ok(registry.revoke(urn, &Revocation { subject: None, reason, at, signature })?)
}

/// What a registered withdrawal is worth: that of the manifest's own signer, or of somebody trusted, counts.
pub(crate) fn withdrawal(
    urn: Urn,
    revocation: &Revocation,
    signer: Option<Digest>,
    trust: &TrustAnchors,
) -> Withdrawal {
    let text = Revocation::statement(urn, revocation.subject.as_deref(), &revocation.reason, &revocation.at);
    let read = read_statement(&revocation.signature, text.as_bytes(), trust).ok();
    let holds = read.filter(|read| read.state != CredentialState::Invalid);
    let by = match &holds {
        Some(read) if read.signer.is_some() && read.signer == signer => WithdrawnBy::Signer,
        Some(read) if read.state == CredentialState::Trusted => WithdrawnBy::Trusted,
        Some(_) => WithdrawnBy::Stranger,
        None => WithdrawnBy::Nobody,
    };
    Withdrawal {
        by,
        reason: revocation.reason.clone(),
        at: revocation.at.clone(),
        issuer: holds.and_then(|read| read.issuer),
    }
}

use filigrane_frame::{Digest, Limits};
use filigrane_provenance::{
    CredentialState, Identity, TrustAnchors, read_manifest, read_statement, sign_statement,
};
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
        withdrawal(name, revocation, Some(identity.fingerprint()), &anchors).by == WithdrawnBy::Signer
    };
    if known.iter().any(mine) {
        return Ok(());
    }
    // One line: what follows a line's end in the signed text is the reason to its end.
    let reason: String =
        reason.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
    let at = OffsetDateTime::now_utc().truncate_to_second().format(&Rfc3339).unwrap_or_default();
    let signature = sign_statement(Revocation::statement(name, &reason, &at).as_bytes(), identity)?;
    Ok(registry.revoke(urn, &Revocation { reason, at, signature })?)
}

/// Takes in a withdrawal that a stranger sent; only the manifest's own signer has a say. Once it has spoken, saying so again
/// changes nothing.
///
/// # Errors
/// The manifest is not registered, or the withdrawal is by nobody or by somebody else.
pub fn accept_withdrawal(
    registry: &Registry,
    urn: &str,
    revocation: &Revocation,
    limits: &Limits,
) -> Result<(), Error> {
    let name: Urn = urn.parse()?;
    let record = registry.by_urn(urn)?.ok_or_else(|| filigrane_registry::Error::Missing {
        urn: name,
        location: registry.place().to_owned(),
    })?;
    let trust = TrustAnchors::empty();
    let manifest = record.entry.manifest.ok_or(Error::NotTheSigner(name))?;
    let signer = read_manifest(&manifest, &trust, limits)?.signer;
    let by_signer =
        |revocation: &Revocation| withdrawal(name, revocation, signer, &trust).by == WithdrawnBy::Signer;
    if !by_signer(revocation) {
        return Err(Error::NotTheSigner(name));
    }
    // One word is enough, and others must not be crowded out.
    if !record.revocations.iter().any(by_signer) {
        registry.revoke(urn, revocation)?;
    }
    Ok(())
}

/// What a registered withdrawal is worth: that of the manifest's own signer, or of somebody trusted, counts.
pub(crate) fn withdrawal(
    urn: Urn,
    revocation: &Revocation,
    signer: Option<Digest>,
    trust: &TrustAnchors,
) -> Withdrawal {
    let text = Revocation::statement(urn, &revocation.reason, &revocation.at);
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

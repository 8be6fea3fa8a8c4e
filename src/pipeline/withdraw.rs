use filigrane_frame::{Digest, Limits};
use filigrane_provenance::{
    CredentialState, Identity, TrustAnchors, read_manifest, read_statement, sign_statement,
};
use filigrane_registry::{Record, Registry, Revocation, Urn};
use filigrane_verdict::{Withdrawal, WithdrawnBy};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::Error;

/// Longest reason, characters.
const LONGEST: usize = 400;

/// Withdraws a registered manifest, or the consent of one `subject` that it states, for good, on the word of this identity.
/// Once it has, doing so again changes nothing.
///
/// # Errors
/// The manifest is not registered or states no consent of that subject, or signing or storing fails.
pub fn withdraw(
    registry: &Registry,
    urn: &str,
    subject: Option<&str>,
    reason: &str,
    identity: &Identity,
) -> Result<(), Error> {
    let name: Urn = urn.parse()?;
    let anchors = identity.anchors()?;
    let record = registry.by_urn(urn)?;
    if let (Some(subject), Some(record)) = (subject, &record)
        && !states_consent(record, subject)?
    {
        return Err(no_consent(urn, subject));
    }
    let known = record.map(|record| record.revocations).unwrap_or_default();
    let mine = |revocation: &Revocation| {
        revocation.subject.as_deref() == subject
            && withdrawal(name, revocation, Some(identity.fingerprint()), &anchors).by == WithdrawnBy::Signer
    };
    if known.iter().any(mine) {
        return Ok(());
    }
    // One line: what follows a line's end in the signed text is the reason to its end.
    let reason: String =
        reason.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
    let at = OffsetDateTime::now_utc().truncate_to_second().format(&Rfc3339).unwrap_or_default();
    let signature = sign_statement(Revocation::statement(name, subject, &reason, &at).as_bytes(), identity)?;
    Ok(registry.revoke(urn, &Revocation { subject: subject.map(str::to_owned), reason, at, signature })?)
}

fn no_consent(urn: &str, subject: &str) -> Error {
    Error::NoConsent { urn: urn.to_owned(), subject: subject.chars().take(LONGEST).collect() }
}

/// Whether the manifest of a record states that this subject consented.
fn states_consent(record: &Record, subject: &str) -> Result<bool, Error> {
    let Some(manifest) = &record.entry.manifest else { return Ok(false) };
    let read = read_manifest(manifest, &TrustAnchors::empty(), &Limits::default())?;
    Ok(read.consents.iter().any(|consent| consent.subject == subject))
}

/// The withdrawal of a subject's consent that weighs most.
pub(crate) fn consent_withdrawal(
    record: &Record,
    subject: &str,
    signer: Option<Digest>,
    trust: &TrustAnchors,
) -> Option<Withdrawal> {
    let about = record.revocations.iter().filter(|revocation| revocation.subject.as_deref() == Some(subject));
    about
        .map(|revocation| withdrawal(record.entry.urn, revocation, signer, trust))
        .max_by_key(|withdrawal| withdrawal.by)
}

/// Takes in a withdrawal that a stranger sent; only the manifest's own signer has a say. Once it has spoken, saying so again
/// changes nothing.
///
/// # Errors
/// The manifest is not registered or states no consent of that subject, or the withdrawal is by nobody or by somebody else.
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
    if let Some(subject) = &revocation.subject
        && !states_consent(&record, subject)?
    {
        return Err(no_consent(urn, subject));
    }
    let trust = TrustAnchors::empty();
    let manifest = record.entry.manifest.ok_or(Error::NotTheSigner(name))?;
    let signer = read_manifest(&manifest, &trust, limits)?.signer;
    let by_signer =
        |revocation: &Revocation| withdrawal(name, revocation, signer, &trust).by == WithdrawnBy::Signer;
    if !by_signer(revocation) {
        return Err(Error::NotTheSigner(name));
    }
    // One word about each subject is enough, and others must not be crowded out.
    let mut same = record.revocations.iter().filter(|known| known.subject == revocation.subject);
    if !same.any(by_signer) {
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

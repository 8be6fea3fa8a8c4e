use filigrane_fingerprint::{Fingerprint, Likeness, Samples, VideoCode, View, compare};
use filigrane_frame::{Digest, Limits};
use filigrane_provenance::{CredentialState, TrustAnchors, read_manifest};
use filigrane_registry::{Error, Record, Registry};
use filigrane_verdict::{ManifestSignature, RegistryFinding, RegistryState, Via, Withdrawal};
use filigrane_watermark::{Payload, Sighting};

use crate::binding;
use crate::fingerprints::{is_near, nearest, with_near_code};
use crate::place::views;
use crate::verify::origin;
use crate::withdraw::withdrawal;

/// What a registry says, and the placement under which the clip fits its registered original.
pub(crate) struct Answer {
    pub finding: RegistryFinding,
    /// Size of the registered original, when one was reached.
    pub original: Option<(u32, u32)>,
    /// Where the picture lies in it.
    pub view: Option<View>,
}

impl Answer {
    pub fn unknown() -> Self {
        let finding = RegistryFinding { state: RegistryState::Unknown, ..RegistryFinding::default() };
        Self { finding, original: None, view: None }
    }
}

/// Follows a watermark to the manifests whose name begins with its bits, and keeps the one that fits the content best.
pub(crate) fn by_watermark(
    registry: &Registry,
    payload: Payload,
    sighting: &Sighting,
    samples: &Samples,
    trust: &TrustAnchors,
    limits: &Limits,
) -> Result<Answer, Error> {
    let mut best: Option<Answer> = None;
    for record in registry.by_payload(payload.0)? {
        let (mut finding, bound) = examine(&record, Via::Watermark, trust, limits);
        let original = bound.fingerprint.as_ref().map(|fingerprint| fingerprint.size);
        let mut view = None;
        // The signer must have bound this very mark; a manifest that happens to share the bits is none of ours.
        let fits = match bound.fingerprint {
            Some(fingerprint) if bound.payload == Some(payload) => {
                let size = fingerprint.size;
                let comparison =
                    compare(samples, &fingerprint, &views(&sighting.geometry, samples.size, size));
                finding.distance = Some(comparison.distance);
                view = (comparison.likeness == Likeness::Same).then_some(comparison.view);
                comparison.likeness
            }
            _ => Likeness::Unclear,
        };
        finding.state = match fits {
            Likeness::Same if finding.withdrawn() => RegistryState::Revoked,
            Likeness::Same => RegistryState::Match,
            Likeness::Other => RegistryState::Mismatch,
            Likeness::Unclear => RegistryState::Unknown,
        };
        let rank = |state: RegistryState| match state {
            RegistryState::Match => 3,
            RegistryState::Revoked => 4,
            RegistryState::Unknown => 2,
            _ => 1,
        };
        if best.as_ref().is_none_or(|best| rank(finding.state) > rank(best.finding.state)) {
            best = Some(Answer { finding, original, view });
        }
    }
    Ok(best.unwrap_or_else(Answer::unknown))
}

/// Name of a registered manifest whose signature holds and binds this payload, and whether it was withdrawn. Whether
/// it fits the content is not looked at.
pub(crate) fn registered(
    registry: &Registry,
    payload: Payload,
    trust: &TrustAnchors,
    limits: &Limits,
) -> Result<Option<(String, bool)>, Error> {
    for record in registry.by_payload(payload.0)? {
        let (finding, bound) = examine(&record, Via::Watermark, trust, limits);
        let holds = finding.signature.is_some_and(ManifestSignature::holds);
        let withdrawn = finding.withdrawn();
        if let (Some(name), true) = (finding.manifest, holds && bound.payload == Some(payload)) {
            return Ok(Some((name, withdrawn)));
        }
    }
    Ok(None)
}

/// Searches the registered clips for one that looks the same: by its keys, then by its code.
pub(crate) fn by_fingerprint(
    registry: &Registry,
    samples: &Samples,
    code: Option<&VideoCode>,
    trust: &TrustAnchors,
    limits: &Limits,
) -> Result<Answer, Error> {
    let led = match (nearest(registry, samples)?, code) {
        (Some((urn, _)), _) => vec![urn],
        (None, Some(code)) => with_near_code(registry, code)?,
        (None, None) => Vec::new(),
    };
    for urn in led {
        if let Some(record) = registry.by_urn(&urn)?
            && let Some(answer) = looks_like(&record, samples, trust, limits)
        {
            return Ok(answer);
        }
    }
    Ok(Answer::unknown())
}

/// The answer where a record's manifest vouches for pictures like these.
fn looks_like(record: &Record, samples: &Samples, trust: &TrustAnchors, limits: &Limits) -> Option<Answer> {
    let (mut finding, bound) = examine(record, Via::Fingerprint, trust, limits);
    // The index may say anything: what counts is the fingerprint under the signature.
    let original = bound.fingerprint.as_ref().map(|fingerprint| fingerprint.size);
    let vouched = compare(samples, &bound.fingerprint?, &View::orientations());
    if vouched.likeness != Likeness::Same || !is_near(&vouched) {
        return None;
    }
    finding.distance = Some(vouched.distance);
    finding.state = if finding.withdrawn() { RegistryState::Revoked } else { RegistryState::Match };
    Some(Answer { finding, original, view: None })
}

/// What the signature of a registered manifest covers.
struct Bound {
    payload: Option<Payload>,
    fingerprint: Option<Fingerprint>,
}

fn examine(record: &Record, via: Via, trust: &TrustAnchors, limits: &Limits) -> (RegistryFinding, Bound) {
    let mut finding = RegistryFinding {
        manifest: Some(record.entry.urn.to_string()),
        via: Some(via),
        signature: Some(ManifestSignature::Absent),
        title: Some(record.entry.title.clone()),
        registered_at: Some(record.registered_at.clone()),
        ..RegistryFinding::default()
    };
    let mut bound = Bound { payload: None, fingerprint: None };
    if let Some(manifest) = &record.entry.manifest {
        finding.signature = Some(ManifestSignature::Invalid);
        if let Ok(read) = read_manifest(manifest, trust, limits) {
            let same = read.manifest.as_deref() == finding.manifest.as_deref();
            finding.signature = Some(match read.state {
                CredentialState::Trusted if same => ManifestSignature::Trusted,
                CredentialState::Valid if same => ManifestSignature::Valid,
                _ => ManifestSignature::Invalid,
            });
            finding.issuer = read.issuer;
            finding.origin = read.origin.map(origin);
            finding.withdrawal = strongest(record, read.signer, trust);
            bound.payload = binding::payload(&read.bindings);
            bound.fingerprint = binding::fingerprint(&read.bindings);
        }
    }
    (finding, bound)
}

/// The withdrawal of a record that weighs most.
fn strongest(record: &Record, signer: Option<Digest>, trust: &TrustAnchors) -> Option<Withdrawal> {
    let read = record
        .revocations
        .iter()
        .filter(|revocation| revocation.subject.is_none())
        .map(|revocation| withdrawal(record.entry.urn, revocation, signer, trust));
    read.max_by_key(|withdrawal| withdrawal.by)
}

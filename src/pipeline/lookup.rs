use filigrane_fingerprint::{Fingerprint, Likeness, Samples, VideoCode, View, compare};
use filigrane_frame::{Digest, Limits};
use filigrane_provenance::{CredentialState, TrustAnchors, read_manifest};
use filigrane_registry::{Error, Record, Registry};
use filigrane_verdict::{ManifestSignature, RegistryFinding, RegistryState, Via, Withdrawal};
use filigrane_watermark::{Payload, Sighting};

use crate::binding::{self, FINGERPRINT_ALGORITHM, ISCC_ALGORITHM, thinned};
use crate::fingerprints::{is_near, nearest, with_near_code};
use crate::place::views;
use crate::reading::origin;
use crate::withdraw::withdrawal;

/// Most clips with a near code that are compared.
const CODES: usize = 4;

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
    let likest = |records: &[Record]| likest(records, samples, trust, limits);
    let whole = thinned(&Fingerprint::of(samples)).to_bytes();
    if let Some(records) = registry.resembling(FINGERPRINT_ALGORITHM, &whole)? {
        if let Some(answer) = likest(&records) {
            return Ok(answer);
        }
        let Some(code) = code else { return Ok(Answer::unknown()) };
        let records = match registry.resembling(ISCC_ALGORITHM, &code.to_sequence()) {
            // Not every server knows that algorithm.
            Err(Error::Refused { .. }) => Vec::new(),
            answer => answer?.unwrap_or_default(),
        };
        return Ok(likest(&records).unwrap_or_else(Answer::unknown));
    }
    let led = match (nearest(registry, samples)?, code) {
        (Some((urn, _)), _) => vec![urn],
        (None, Some(code)) => {
            with_near_code(registry, code, CODES)?.into_iter().map(|neighbour| neighbour.urn).collect()
        }
        (None, None) => Vec::new(),
    };
    let mut records = Vec::new();
    for urn in led {
        records.extend(registry.by_urn(&urn.to_string())?);
    }
    Ok(likest(&records).unwrap_or_else(Answer::unknown))
}

/// Of records that an index calls alike, the one whose signed fingerprint is. The index may say anything: what counts is the
/// fingerprint under the signature.
fn likest(records: &[Record], samples: &Samples, trust: &TrustAnchors, limits: &Limits) -> Option<Answer> {
    let mut best: Option<Answer> = None;
    for record in records {
        let (mut finding, bound) = examine(record, Via::Fingerprint, trust, limits);
        let Some(signed) = bound.fingerprint else { continue };
        let found = compare(samples, &signed, &View::orientations());
        let nearer =
            best.as_ref().and_then(|best| best.finding.distance).is_none_or(|known| found.distance < known);
        if is_near(&found) && found.likeness == Likeness::Same && nearer {
            finding.distance = Some(found.distance);
            finding.state = if finding.withdrawn() { RegistryState::Revoked } else { RegistryState::Match };
            best = Some(Answer { finding, original: Some(signed.size), view: None });
        }
    }
    best
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
        title: Some(record.entry.title.clone()).filter(|title| !title.is_empty()),
        registered_at: Some(record.registered_at.clone()).filter(|time| !time.is_empty()),
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
            // What comes over a network has no title but that in its manifest.
            finding.title = finding.title.or(read.title);
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

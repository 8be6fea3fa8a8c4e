use std::path::Path;

use filigrane_fingerprint::Fingerprint;
use filigrane_frame::Limits;
use filigrane_media::probe;
use filigrane_provenance::{CredentialState, TrustAnchors, manifest_bytes, read_manifest};
use filigrane_registry::Entry;

use crate::binding::{code, fingerprint};
use crate::error::Error;

/// What a registry stores of a signed video: its manifest, checked, and the fingerprint under the signature.
///
/// # Errors
/// [`Error::Unsigned`] when the file carries no manifest whose signature holds.
pub fn entry_of(path: &Path, limits: &Limits) -> Result<Entry, Error> {
    let manifest = manifest_bytes(path, limits)?.ok_or(Error::Unsigned)?;
    let entry = entry_of_manifest(manifest, limits)?;
    let info = probe(path, limits)?;
    let size =
        if entry.fingerprint.is_empty() { (info.width, info.height) } else { (entry.width, entry.height) };
    Ok(Entry { width: size.0, height: size.1, duration: info.duration.unwrap_or(0.0), ..entry })
}

/// What a registry stores of a manifest that somebody sent without its video: what the signature covers, and nothing
/// else. Without a fingerprint, size and length are 0; with one, the length is the time of its last picture.
///
/// # Errors
/// [`Error::Unsigned`] when the signature does not hold; the manifest has a name that no mark can carry.
pub fn entry_of_manifest(manifest: Vec<u8>, limits: &Limits) -> Result<Entry, Error> {
    let read = read_manifest(&manifest, &TrustAnchors::empty(), limits)?;
    let urn =
        read.manifest.filter(|_| matches!(read.state, CredentialState::Valid | CredentialState::Trusted));
    let urn = urn.ok_or(Error::Unsigned)?.parse()?;
    let fingerprint = fingerprint(&read.bindings);
    let (width, height) = fingerprint.as_ref().map_or((0, 0), |fingerprint| fingerprint.size);
    let last = fingerprint.as_ref().and_then(|fingerprint| fingerprint.hashes.last());
    let duration = last.map_or(0.0, |hash| f64::from(hash.time));
    Ok(Entry {
        urn,
        code: code(&read.bindings).map(|code| code.body()),
        manifest: Some(manifest),
        keys: fingerprint.as_ref().map(Fingerprint::keys).unwrap_or_default(),
        fingerprint: fingerprint.map(|fingerprint| fingerprint.to_bytes()).unwrap_or_default(),
        width,
        height,
        duration: if duration.is_finite() { duration.max(0.0) } else { 0.0 },
        title: read.title.unwrap_or_default(),
        issuer: read.issuer,
    })
}

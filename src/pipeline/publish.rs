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
    let read = read_manifest(&manifest, &TrustAnchors::empty(), limits)?;
    let urn =
        read.manifest.filter(|_| matches!(read.state, CredentialState::Valid | CredentialState::Trusted));
    let urn = urn.ok_or(Error::Unsigned)?.parse()?;
    let info = probe(path, limits)?;
    let fingerprint = fingerprint(&read.bindings);
    let size = fingerprint.as_ref().map_or((info.width, info.height), |fingerprint| fingerprint.size);
    Ok(Entry {
        urn,
        code: code(&read.bindings).map(|code| code.body()),
        manifest: Some(manifest),
        keys: fingerprint.as_ref().map(Fingerprint::keys).unwrap_or_default(),
        fingerprint: fingerprint.map(|fingerprint| fingerprint.to_bytes()).unwrap_or_default(),
        width: size.0,
        height: size.1,
        duration: info.duration.unwrap_or(0.0),
        title: read.title.unwrap_or_default(),
        issuer: read.issuer,
    })
}

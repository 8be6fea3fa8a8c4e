use std::collections::HashSet;
use std::fs::File;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use c2pa::{Context, Manifest, Reader};
use filigrane_frame::Limits;
use serde_json::Value;

use crate::store::{self, Store};
use crate::validation::{self, Finding};
use crate::{
    ActionSummary, CredentialState, Credentials, Error, Location, Origin, TrustAnchors, certificate, engine,
    manifest, preflight,
};

/// Longest text taken from a manifest, characters.
const LONGEST_TEXT: usize = 1000;
/// Most actions, and most bindings, taken from a manifest.
const MOST_ENTRIES: usize = 256;
/// Longest chain of parents followed for the origin.
const LONGEST_CHAIN: usize = 64;
/// Slowest hashing that is still waited for, bytes a second.
const SLOWEST_HASHING: f64 = 10e6;

/// The credentials of a file: those inside it, or those in `FILE.c2pa` or, failing that, in the file of the same
/// name with the extension `c2pa`. A file without any is [`CredentialState::Absent`]; whatever is wrong with a
/// manifest makes it [`CredentialState::Invalid`], with an explanation.
///
/// # Errors
/// The file or its sidecar can't be read, or checking took longer than the limits allow.
pub fn read(path: &Path, trust: &TrustAnchors, limits: &Limits) -> Result<Credentials, Error> {
    let size = std::fs::metadata(path).map_err(Error::io("read", path))?.len();
    let seconds = limits.stall_seconds + size as f64 / SLOWEST_HASHING;
    let allowed = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    let context = engine::context(trust, Some(allowed))?;
    let read = engine::guarded(|| check(path, &context, limits))?;
    match read {
        Some(Err(Error::Stalled { path, .. })) => Err(Error::Stalled { path, seconds }),
        Some(read) => read,
        None => Ok(broken("the manifest makes the C2PA engine break off".to_owned(), None)),
    }
}

/// What a manifest store says without the file it belongs to, as a registry holds it.
///
/// The state covers the claim's signature, the signer and the assertions; whether any content fits the manifest is
/// not looked at.
///
/// # Errors
/// Checking took longer than the limits allow.
pub fn read_manifest(bytes: &[u8], trust: &TrustAnchors, limits: &Limits) -> Result<Credentials, Error> {
    let place = Path::new("manifest");
    let seconds = limits.stall_seconds;
    let allowed = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    if bytes.len() as u64 > limits.manifest_bytes {
        let why =
            format!("the manifest takes {} bytes, over the limit of {}", bytes.len(), limits.manifest_bytes);
        return Ok(broken(why, Some(Location::Bare)));
    }
    if let Err(why) = preflight::check(bytes) {
        return Ok(broken(why, Some(Location::Bare)));
    }
    let context = engine::context(trust, Some(allowed))?;
    let read = engine::guarded(|| {
        let reader = Reader::from_shared_context(&context).with_manifest_data_and_stream(
            bytes,
            "application/octet-stream",
            Cursor::new(&[][..]),
        );
        conclude(reader, place, Location::Bare)
    })?;
    match read {
        Some(Err(Error::Stalled { path, .. })) => Err(Error::Stalled { path, seconds }),
        Some(read) => read,
        None => Ok(broken("the manifest makes the C2PA engine break off".to_owned(), Some(Location::Bare))),
    }
}

fn check(path: &Path, context: &Arc<Context>, limits: &Limits) -> Result<Credentials, Error> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let (bytes, location) = match store::find(path, &mut file, limits)? {
        Store::Found { bytes, location } => (bytes, location),
        Store::Unreadable { why, location } => return Ok(broken(why, Some(location))),
        Store::None { hint } => {
            let mut absent = Credentials::bare(CredentialState::Absent);
            absent.explanation = hint;
            return Ok(absent);
        }
    };
    let media_type = store::media_type(path, &mut file)?;
    let reader =
        Reader::from_shared_context(context).with_manifest_data_and_stream(&bytes, &media_type, &mut file);
    conclude(reader, path, location)
}

fn conclude(reader: c2pa::Result<Reader>, path: &Path, location: Location) -> Result<Credentials, Error> {
    match reader {
        Ok(reader) => Ok(summarise(&reader, location)),
        Err(c2pa::Error::OperationCancelled) => Err(Error::Stalled { path: path.to_owned(), seconds: 0.0 }),
        Err(error) => Ok(broken(short(&error.to_string()), Some(location))),
    }
}

fn broken(why: String, location: Option<Location>) -> Credentials {
    let mut credentials = Credentials::bare(CredentialState::Invalid);
    credentials.location = location;
    credentials.explanation = Some(why);
    credentials
}

fn summarise(reader: &Reader, location: Location) -> Credentials {
    let bare = location == Location::Bare;
    let finding =
        reader.validation_results().map_or_else(Finding::default, |results| validation::judge(results, bare));
    let mut credentials = Credentials::bare(finding.state);
    credentials.location = Some(location);
    credentials.codes = finding.codes;
    credentials.expired = finding.expired;
    credentials.explanation = finding.explanation.map(|text| short(&text));
    credentials.manifest = reader.active_label().map(short);
    credentials.manifests = reader.manifests().len();
    let Some(manifest) = reader.active_manifest() else { return credentials };
    credentials.title = manifest.title().map(short);
    credentials.issuer = manifest.issuer().map(|issuer| short(&issuer));
    credentials.signer = manifest
        .signature_info()
        .and_then(|info| certificate::from_pem(info.cert_chain().as_bytes(), "signer").ok())
        .and_then(|chain| certificate::describe(chain.first()?, "signer").ok())
        .map(|leaf| leaf.fingerprint);
    credentials.generator = generator(manifest);
    credentials.actions = actions(manifest);
    credentials.origin = origin(reader, manifest);
    credentials.bindings = manifest
        .assertions()
        .iter()
        .filter(|assertion| assertion.label() == "c2pa.soft-binding")
        .filter_map(|assertion| assertion.value().ok())
        .flat_map(|value| manifest::read_soft_binding(value, MOST_ENTRIES))
        .take(MOST_ENTRIES)
        .collect();
    let stamped = manifest.time();
    // For claims of C2PA 1 the engine does not ask who the authority is.
    credentials.time_stamped = stamped.is_some()
        && manifest.claim_version().is_some_and(|version| version >= 2)
        && credentials.codes.iter().any(|code| code == "timeStamp.trusted");
    credentials.signed_at =
        stamped.or_else(|| credentials.actions.iter().filter_map(|action| action.when.clone()).max());
    credentials
}

fn generator(manifest: &Manifest) -> Option<String> {
    let named = manifest.claim_generator_info.as_ref().and_then(|infos| infos.first()).map(|info| {
        let version = info.version.as_deref().map(|version| format!(" {version}"));
        format!("{}{}", info.name, version.unwrap_or_default())
    });
    named.or_else(|| manifest.claim_generator().map(str::to_owned)).map(|text| short(&text))
}

fn actions(manifest: &Manifest) -> Vec<ActionSummary> {
    let text = |action: &Value, name: &str| action.get(name).and_then(Value::as_str).map(short);
    action_values(manifest)
        .filter_map(|action| {
            Some(ActionSummary {
                action: text(action, "action")?,
                when: text(action, "when"),
                source_type: text(action, "digitalSourceType"),
                description: text(action, "description"),
            })
        })
        .take(MOST_ENTRIES)
        .collect()
}

fn action_values(manifest: &Manifest) -> impl Iterator<Item = &Value> {
    manifest
        .assertions()
        .iter()
        .filter(|assertion| assertion.label().starts_with("c2pa.actions"))
        .filter_map(|assertion| assertion.value().ok()?.get("actions")?.as_array())
        .flatten()
}

/// The gravest origin stated along the chain of parents.
fn origin(reader: &Reader, manifest: &Manifest) -> Option<Origin> {
    let mut found = None;
    let mut seen = HashSet::new();
    let mut next = Some(manifest);
    while let Some(manifest) = next {
        if seen.len() == LONGEST_CHAIN || !seen.insert(manifest.label()) {
            break;
        }
        let stated = action_values(manifest)
            .filter_map(|action| action.get("digitalSourceType")?.as_str())
            .filter_map(Origin::from_source_type);
        found = found.into_iter().chain(stated).reduce(Origin::graver);
        next = manifest
            .ingredients()
            .iter()
            .find(|ingredient| ingredient.is_parent())
            .and_then(|parent| reader.get_manifest(parent.active_manifest()?));
    }
    found
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;

use std::collections::HashSet;
use std::io::{Cursor, Seek as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use c2pa::crypto::cose::CertificateTrustError;
use c2pa::{Context, Manifest, Reader};
use filigrane_frame::{ErrorKind, Limits};
use serde_json::Value;
use time::OffsetDateTime;

use crate::store::{self, Store};
use crate::validation::{self, CERTIFICATE_INVALID, Finding};
use crate::{
    ActionSummary, Asset, Consent, CredentialState, Credentials, Error, Location, ModelCard, Origin,
    SoftBinding, TrustAnchors, certificate, consent, content, edits, engine, layout, manifest, model,
    preflight, profile, tree, validity,
};

/// Longest text taken from a manifest, characters.
const LONGEST_TEXT: usize = 1000;
/// Most actions, and most bindings, taken from a manifest.
const MOST_ENTRIES: usize = 256;
/// The status code of a withdrawn certificate.
const REVOKED: &str = "signingCredential.ocsp.revoked";
/// Longest chain of parents followed.
const LONGEST_CHAIN: usize = 64;
/// Said when the engine panicked.
pub(crate) const BROKEN_OFF: &str = "the manifest makes the C2PA engine break off";
/// Longest time that checking may take, whatever the size.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// Slowest hashing that is still waited for, bytes a second.
const SLOWEST_HASHING: f64 = 10e6;

/// The credentials of a file: those inside it, or those in `FILE.c2pa` or, failing that, in the file of the same
/// name with the extension `c2pa`. A file without any is [`CredentialState::Absent`]; whatever is wrong with a
/// manifest makes it [`CredentialState::Invalid`], with an explanation.
///
/// # Errors
/// The file or its sidecar can't be read, or checking took longer than the limits allow.
pub fn read(path: &Path, trust: &TrustAnchors, limits: &Limits) -> Result<Credentials, Error> {
    read_at(path, trust, None, limits)
}

/// The same, as of a time in seconds since 1970: whether the signer's certificate was valid is asked for then. Where an
/// authority's time-stamp says when it was signed, that time counts and the one given does not.
///
/// # Errors
/// As [`read`].
pub fn read_at(
    path: &Path,
    trust: &TrustAnchors,
    at: Option<i64>,
    limits: &Limits,
) -> Result<Credentials, Error> {
    read_asset(&Asset::named(path), trust, at, limits)
}

/// The same of a file that may have been opened before.
///
/// # Errors
/// As [`read`].
pub fn read_asset(
    asset: &Asset,
    trust: &TrustAnchors,
    at: Option<i64>,
    limits: &Limits,
) -> Result<Credentials, Error> {
    let finish = |mut credentials: Credentials, reader: &Reader, stamped: Option<bool>| {
        if credentials.location == Some(Location::Embedded) {
            refuse_beginning(reader, asset)?;
            compare_layout(&mut credentials, reader, asset)?;
        }
        judge(&mut credentials, reader, trust, stamped, at);
        Ok(credentials)
    };
    let conclude = |opened: Opened| match opened {
        Opened::Reader(reader, location, stamped) => finish(summarise(&reader, location), &reader, stamped),
        Opened::Compared(reader, location, stamped) => {
            finish(summarise_compared(&reader, location), &reader, stamped)
        }
        Opened::Answer(credentials) => Ok(*credentials),
    };
    let size = asset.open()?.metadata().map_err(Error::io("read", asset.path()))?.len();
    let read = within(size, trust, limits, |context, deadline| {
        check(asset, context, trust, limits, Some(deadline)).and_then(conclude)
    })?;
    Ok(read.unwrap_or_else(|| broken(BROKEN_OFF.to_owned(), None)))
}

/// The manifests of a file with their validation as crJSON, the form of the C2PA Conformance Program; `None` when there
/// are none. Every text in it is the file's.
///
/// # Errors
/// As [`read`]; also when there are credentials that no engine can take apart.
pub fn crjson(path: &Path, trust: &TrustAnchors, limits: &Limits) -> Result<Option<Value>, Error> {
    crjson_asset(&Asset::named(path), trust, limits)
}

/// As [`crjson`], of a file that is open.
///
/// # Errors
/// Those of [`crjson`].
pub fn crjson_asset(asset: &Asset, trust: &TrustAnchors, limits: &Limits) -> Result<Option<Value>, Error> {
    let broken = |detail: String| Error::Store { path: asset.path().to_owned(), detail };
    let document = |opened: Opened| match opened {
        Opened::Reader(reader, ..) | Opened::Compared(reader, ..) => {
            serde_json::from_str(&reader.crjson()).map(Some).map_err(|error| broken(error.to_string()))
        }
        Opened::Answer(answer) if answer.state == CredentialState::Absent => Ok(None),
        Opened::Answer(answer) => Err(broken(answer.explanation.unwrap_or_default())),
    };
    let size = asset.open()?.metadata().map_err(Error::io("read", asset.path()))?.len();
    let read = within(size, trust, limits, |context, _| {
        check(asset, context, trust, limits, None).and_then(document)
    })?;
    read.ok_or_else(|| broken(BROKEN_OFF.to_owned()))
}

/// Runs `work` with an engine that gives up when hashing so many bytes takes too long, and the time at which it does;
/// `None` when it broke off.
pub(crate) fn within<T: Send>(
    size: u64,
    trust: &TrustAnchors,
    limits: &Limits,
    work: impl FnOnce(&Arc<Context>, Instant) -> Result<T, Error> + Send,
) -> Result<Option<T>, Error> {
    let seconds = limits.stall_seconds + size as f64 / SLOWEST_HASHING;
    let allowed = Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST);
    let deadline = Instant::now() + allowed;
    let context = engine::context(trust, Some(allowed))?;
    match engine::guarded(|| work(&context, deadline))? {
        Some(Err(Error::Stalled { path, .. })) => Err(Error::Stalled { path, seconds }),
        Some(read) => read.map(Some),
        None => Ok(None),
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
        match opened(reader, place, Location::Bare)? {
            Opened::Reader(reader, location, _) | Opened::Compared(reader, location, _) => {
                let mut credentials = summarise(&reader, location);
                let stamped = stamped(&reader, bytes, trust, limits)?;
                judge(&mut credentials, &reader, trust, stamped, None);
                Ok(credentials)
            }
            Opened::Answer(credentials) => Ok(*credentials),
        }
    })?;
    match read {
        Some(Err(Error::Stalled { path, .. })) => Err(Error::Stalled { path, seconds }),
        Some(read) => read,
        None => Ok(broken(BROKEN_OFF.to_owned(), Some(Location::Bare))),
    }
}

/// What looking for credentials gave.
pub(crate) enum Opened {
    /// With what the authorities for time-stamps say, where they are not those for signers.
    Reader(Box<Reader>, Location, Option<bool>),
    /// The same; the engine did not see the content, which was found to be as signed.
    Compared(Box<Reader>, Location, Option<bool>),
    /// There is nothing to read, or nothing that can be read.
    Answer(Box<Credentials>),
}

/// With a deadline, content is compared in little memory where that can be done; the engine's own report, as crJSON has it,
/// then says that the content is missing.
fn check(
    asset: &Asset,
    context: &Arc<Context>,
    trust: &TrustAnchors,
    limits: &Limits,
    deadline: Option<Instant>,
) -> Result<Opened, Error> {
    let answer = |credentials| Ok(Opened::Answer(Box::new(credentials)));
    let path = asset.path();
    let mut file = asset.open()?;
    let (bytes, location) = match store::find(asset, &mut file, limits)? {
        Store::Found { bytes, location } => (bytes, location),
        Store::Unreadable { why, location } => return answer(broken(why, Some(location))),
        Store::None { hint } => {
            let mut absent = Credentials::bare(CredentialState::Absent);
            absent.explanation = hint;
            return answer(absent);
        }
    };
    let media_type = store::media_type(path, &mut file)?;
    let size = file.metadata().map_err(Error::io("read", path))?.len();
    if let Some(deadline) = deadline.filter(|_| size >= content::LARGE) {
        let without = Reader::from_shared_context(context).with_manifest_data_and_stream(
            &bytes,
            &media_type,
            Cursor::new(&[][..]),
        );
        if let Ok(reader) = without {
            match content::holds(&reader, &mut file, deadline).map_err(Error::io("read", path))? {
                Some(true) => {
                    let stamped = stamped(&reader, &bytes, trust, limits)?;
                    return Ok(Opened::Compared(Box::new(reader), location, stamped));
                }
                // What the engine says of the missing content is right for a changed one, too.
                Some(false) if summarise(&reader, location.clone()).state == CredentialState::Invalid => {
                    let stamped = stamped(&reader, &bytes, trust, limits)?;
                    return Ok(Opened::Reader(Box::new(reader), location, stamped));
                }
                _ => {}
            }
        }
    }
    file.rewind().map_err(Error::io("read", path))?;
    let reader =
        Reader::from_shared_context(context).with_manifest_data_and_stream(&bytes, &media_type, &mut file);
    match opened(reader, path, location)? {
        Opened::Reader(reader, location, _) => {
            let stamped = stamped(&reader, &bytes, trust, limits)?;
            Ok(Opened::Reader(reader, location, stamped))
        }
        answer => Ok(answer),
    }
}

/// What the certificates amount to, as of `at`, seconds since 1970; `None` for now.
pub(crate) fn judge(
    credentials: &mut Credentials,
    reader: &Reader,
    trust: &TrustAnchors,
    stamped: Option<bool>,
    at: Option<i64>,
) {
    if let Some(trusted) = stamped {
        validity::judge_stamp(credentials, reader, trust, trusted);
    }
    if let Some(at) = at {
        validity::judge_at(credentials, reader, trust, at);
    }
    let at = at.unwrap_or_else(|| OffsetDateTime::now_utc().unix_timestamp());
    validity::name_the_future(credentials, reader, at);
    validity::name_the_voucher(credentials, reader, trust, at);
}

/// Whether the authorities that vouch for time-stamps vouch for the one here; `None` without one, or where no published list
/// tells them from those that vouch for signers. The engine knows one set of anchors alone, and is asked twice.
pub(crate) fn stamped(
    reader: &Reader,
    bytes: &[u8],
    trust: &TrustAnchors,
    limits: &Limits,
) -> Result<Option<bool>, Error> {
    if !trust.has_lists() || reader.active_manifest().and_then(Manifest::time).is_none() {
        return Ok(None);
    }
    let allowed = Duration::try_from_secs_f64(limits.stall_seconds).unwrap_or(Duration::MAX);
    let context = engine::context(&trust.for_time_stamps(), Some(allowed))?;
    let reader = Reader::from_shared_context(&context).with_manifest_data_and_stream(
        bytes,
        "application/octet-stream",
        Cursor::new(&[][..]),
    );
    let codes = reader.ok().map(|reader| summarise(&reader, Location::Bare).codes).unwrap_or_default();
    Ok(Some(codes.iter().any(|code| code == validity::STAMP_TRUSTED)))
}

pub(crate) fn opened(reader: c2pa::Result<Reader>, path: &Path, location: Location) -> Result<Opened, Error> {
    match reader {
        Ok(reader) => Ok(Opened::Reader(Box::new(reader), location, None)),
        // The engine gives up at a revoked certificate; an untrusted one it reports as a status.
        Err(c2pa::Error::CertificateTrustError(CertificateTrustError::CertificateNotTrusted)) => {
            let why = "the authority that issued the signer's certificate has withdrawn it";
            let mut revoked = broken(format!("{why} ({REVOKED})"), Some(location));
            revoked.codes.push(REVOKED.to_owned());
            Ok(Opened::Answer(Box::new(revoked)))
        }
        Err(c2pa::Error::OperationCancelled) => Err(Error::Stalled { path: path.to_owned(), seconds: 0.0 }),
        Err(error) => Ok(Opened::Answer(Box::new(broken(short(&error.to_string()), Some(location))))),
    }
}

pub(crate) fn broken(why: String, location: Option<Location>) -> Credentials {
    let mut credentials = Credentials::bare(CredentialState::Invalid);
    credentials.location = location;
    credentials.explanation = Some(why);
    credentials
}

pub(crate) fn summarise(reader: &Reader, location: Location) -> Credentials {
    let bare = location == Location::Bare;
    told(reader, location, bare)
}

/// The same where the content was found to be as signed, which the engine did not see.
fn summarise_compared(reader: &Reader, location: Location) -> Credentials {
    let mut credentials = told(reader, location, true);
    credentials.codes.extend(content::matched(reader).map(str::to_owned));
    credentials
}

/// What the engine says; `bare` leaves out what it says of the content.
fn told(reader: &Reader, location: Location, bare: bool) -> Credentials {
    let finding =
        reader.validation_results().map_or_else(Finding::default, |results| validation::judge(results, bare));
    let mut credentials = Credentials::bare(finding.state);
    credentials.location = Some(location);
    credentials.codes = finding.codes;
    credentials.certificate_fault = finding.certificate_fault;
    credentials.explanation = finding.explanation.map(|text| short(&text));
    credentials.manifest = reader.active_label().map(short);
    credentials.manifests = reader.manifests().len();
    let Some(manifest) = reader.active_manifest() else { return credentials };
    credentials.title = manifest.title().map(short);
    credentials.issuer = manifest.issuer().map(|issuer| short(&issuer));
    let leaf = manifest
        .signature_info()
        .and_then(|info| certificate::from_pem(info.cert_chain().as_bytes(), "signer").ok())
        .and_then(|chain| chain.into_iter().next());
    if let Some(leaf) = leaf {
        credentials.signer = certificate::describe(&leaf, "signer").ok().map(|leaf| leaf.fingerprint);
        refuse_certificate(&mut credentials, leaf);
    }
    credentials.generator = generator(manifest);
    credentials.actions = actions(manifest);
    let chain = parents(reader, manifest);
    credentials.origin = origin(&chain);
    credentials.edits = edits::of(chain.iter().rev().flat_map(|manifest| action_values(manifest)));
    credentials.models = chain
        .iter()
        .flat_map(|manifest| manifest.ingredients())
        .filter_map(ModelCard::of_ingredient)
        .take(model::MOST)
        .collect();
    credentials.bindings = bindings(manifest).take(MOST_ENTRIES).collect();
    credentials.earlier_bindings = reader
        .iter_manifests()
        .filter(|earlier| earlier.label() != manifest.label())
        .flat_map(bindings)
        .take(MOST_ENTRIES)
        .collect();
    credentials.consents = manifest
        .assertions()
        .iter()
        .filter(|assertion| assertion.label() == consent::LABEL)
        .filter_map(|assertion| assertion.value().ok())
        .flat_map(Consent::of_assertion)
        .take(MOST_ENTRIES)
        .collect();
    let stamped = manifest.time();
    // For claims of C2PA 1 the engine does not ask who the authority is.
    credentials.time_stamped = stamped.is_some()
        && manifest.claim_version().is_some_and(|version| version >= 2)
        && credentials.codes.iter().any(|code| code == validity::STAMP_TRUSTED);
    credentials.signed_at =
        stamped.or_else(|| credentials.actions.iter().filter_map(|action| action.when.clone()).max());
    credentials
}

/// The engine lets some certificates pass that C2PA keeps from signing: self-signed ones and authorities.
fn refuse_certificate(credentials: &mut Credentials, leaf: Vec<u8>) {
    let breach = profile::check_chain(&[leaf], None)
        .ok()
        .and_then(|breaches| breaches.into_iter().find(|breach| breach.fatal));
    let Some(breach) = breach else { return };
    if !credentials.codes.iter().any(|code| code == CERTIFICATE_INVALID) {
        credentials.codes.push(CERTIFICATE_INVALID.to_owned());
    }
    if credentials.state != CredentialState::Invalid {
        credentials.state = CredentialState::Invalid;
        credentials.certificate_fault = true;
        credentials.explanation =
            Some(format!("the signer's certificate {}; content and claim are unchanged", breach.what));
    }
}

/// The beginning of a stream in several files is neither intact nor altered alone.
fn refuse_beginning(reader: &Reader, asset: &Asset) -> Result<(), Error> {
    let path = asset.path();
    let mut file = asset.open()?;
    if tree::wants_fragments(reader, &mut file).map_err(Error::io("read", path))? {
        let detail =
            "it begins a stream in several files: name its media segments with --fragments".to_owned();
        return Err(Error::Part { path: path.to_owned(), detail, kind: ErrorKind::Parameter });
    }
    Ok(())
}

/// Holds the boxes of a file against what its signer says of them, where one does.
fn compare_layout(credentials: &mut Credentials, reader: &Reader, asset: &Asset) -> Result<(), Error> {
    let Some(stated) = layout::stated(reader) else { return Ok(()) };
    let mut file = asset.open()?;
    if !layout::holds(stated, &mut file).map_err(Error::io("read", asset.path()))? {
        credentials.state = CredentialState::Invalid;
        credentials.certificate_fault = false;
        credentials.codes.push(layout::MISMATCH.to_owned());
        credentials.explanation.get_or_insert_with(|| {
            format!("the boxes of the file were changed after signing ({})", layout::MISMATCH)
        });
    }
    Ok(())
}

fn bindings(manifest: &Manifest) -> impl Iterator<Item = SoftBinding> {
    manifest
        .assertions()
        .iter()
        .filter(|assertion| assertion.label() == "c2pa.soft-binding")
        .filter_map(|assertion| assertion.value().ok())
        .flat_map(|value| manifest::read_soft_binding(value, MOST_ENTRIES))
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

/// A manifest and its parents, the youngest first.
fn parents<'a>(reader: &'a Reader, manifest: &'a Manifest) -> Vec<&'a Manifest> {
    let mut chain = Vec::new();
    let mut seen = HashSet::new();
    let mut next = Some(manifest);
    while let Some(manifest) = next {
        if chain.len() == LONGEST_CHAIN || !seen.insert(manifest.label()) {
            break;
        }
        chain.push(manifest);
        next = manifest
            .ingredients()
            .iter()
            .find(|ingredient| ingredient.is_parent())
            .and_then(|parent| reader.get_manifest(parent.active_manifest()?));
    }
    chain
}

/// The gravest origin stated along a chain of parents.
fn origin(chain: &[&Manifest]) -> Option<Origin> {
    chain
        .iter()
        .flat_map(|manifest| action_values(manifest))
        .filter_map(|action| action.get("digitalSourceType")?.as_str())
        .filter_map(Origin::from_source_type)
        .reduce(Origin::graver)
}

pub(crate) fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;

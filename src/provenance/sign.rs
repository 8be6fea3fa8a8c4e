use std::fs::{self, File};
use std::io;
use std::path::Path;

use c2pa::{Builder, Ingredient};
use filigrane_frame::{ErrorKind, Limits};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::container::{self, Container};
use crate::layout;
use crate::pen::Pen;
use crate::{Asset, Claim, Error, Heritage, Identity, Origin, engine, making, manifest, model};

/// A signed video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Name of the manifest, `urn:c2pa:UUID`.
    pub urn: String,
    /// The manifest store: a JUMBF superbox, as a registry keeps it.
    pub manifest: Vec<u8>,
    /// Whether the container has no place for a manifest: the caller then writes [`manifest`](Self::manifest) to
    /// `DESTINATION.c2pa`.
    pub sidecar: bool,
    /// Whether the manifest of an earlier version is carried along as parent.
    pub parent: bool,
    /// What went other than asked, for people.
    pub notes: Vec<String>,
}

/// Signs a finished video file into a new file.
///
/// MP4, M4V, MOV and AVI get the manifest inside. Matroska, WebM and all other containers have no place for it in
/// C2PA: their bytes are copied unchanged and the manifest is for a sidecar.
///
/// When [`Claim::parent`] (or else the source) carries credentials, they become the parent ingredient and the
/// history starts with `c2pa.opened`; without an origin it does so too, with a parent that has none. Memory stays under
/// 100 MB for ISO media files with one box of media data; for others the engine holds up to half a gigabyte.
///
/// # Errors
/// The destination exists, the id is no version 4 UUID, a model goes with another origin, the certificate is not valid now, or a file can't be read
/// or written. No destination file is left behind.
pub fn sign(
    source: &Path,
    destination: &Path,
    claim: &Claim,
    identity: &Identity,
    limits: &Limits,
) -> Result<Signed, Error> {
    check(claim, identity)?;
    let signed = engine::guarded(|| embed(source, destination, claim, identity, limits))?
        .unwrap_or_else(|| Err(Error::Internal("the C2PA engine broke off while signing".to_owned())));
    if let Err(error) = &signed
        && !matches!(error, Error::Io { action: "create", .. })
    {
        let _ = fs::remove_file(destination);
    }
    signed
}

fn embed(
    source: &Path,
    destination: &Path,
    claim: &Claim,
    identity: &Identity,
    limits: &Limits,
) -> Result<Signed, Error> {
    let mut output = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(destination)
        .map_err(Error::io("create", destination))?;
    let mut input = File::open(source).map_err(Error::io("read", source))?;
    let container = Container::sniff(&mut input).map_err(Error::io("read", source))?;
    let size = input.metadata().map_err(Error::io("read", source))?.len();
    let survey = container::survey(&mut input, container).map_err(Error::io("read", source))?;
    let context = engine::signing(size, survey.media)?;

    let mut notes = Vec::new();
    let parent = parent(claim.parent.as_deref().unwrap_or(source), claim, limits, &mut notes)?;
    let carried = parent.as_ref().is_some_and(|parent| parent.active_manifest().is_some());
    let now = now()?;
    let mut claim = claim.clone();
    claim.assertions.extend(layout::assertion(&mut input).map_err(Error::io("read", source))?);
    let claim = &claim;
    let mut builder =
        manifest::define(Builder::from_shared_context(&context), claim, parent.is_some(), &now)?;
    if let Some(parent) = parent {
        builder.add_ingredient(parent);
    }
    manifest::add_models(&mut builder, claim)?;
    making::add_inputs(&mut builder, claim, limits, &mut notes)?;
    builder.set_no_embed(!container.embeds());
    let media_type = match source.extension().and_then(|extension| extension.to_str()) {
        Some("m4v") if container == Container::Mp4 => "video/x-m4v",
        Some("webm") if container == Container::Matroska => "video/webm",
        _ => container.media_type().unwrap_or("application/octet-stream"),
    };
    let pen = Pen::take(identity, claim.timestamp.as_deref());
    let manifest = builder
        .sign(&&pen, media_type, &mut input, &mut output)
        .map_err(|error| pen.failure().unwrap_or_else(|| refusal(source, &error)))?;
    notes.extend(pen.notes());
    output.sync_all().map_err(Error::io("write", destination))?;
    Ok(Signed { urn: claim.urn(), manifest, sidecar: !container.embeds(), parent: carried, notes })
}

/// The time of signing, RFC 3339.
pub(crate) fn now() -> Result<String, Error> {
    let now = OffsetDateTime::now_utc().truncate_to_second();
    now.format(&Rfc3339).map_err(|error| Error::Internal(format!("time: {error}")))
}

/// Refuses an id that a manifest cannot have, and an identity whose certificate is not valid now.
pub(crate) fn check(claim: &Claim, identity: &Identity) -> Result<(), Error> {
    if claim.id.get_version() != Some(uuid::Version::Random) {
        return Err(Error::Claim(format!("id {} is not a version 4 (random) UUID", claim.id)));
    }
    if claim.models.len() > model::MOST {
        return Err(Error::Claim(format!(
            "{} models; at most {} can be stated",
            claim.models.len(),
            model::MOST
        )));
    }
    if !claim.models.is_empty() && !matches!(claim.origin, Some(Origin::Generated | Origin::Composite)) {
        return Err(Error::Claim("a model goes with the origin generated or composite alone".to_owned()));
    }
    identity.check_time(OffsetDateTime::now_utc().unix_timestamp())
}

/// The parent ingredient: the earlier version when it has credentials, or when nobody says how the video came to be.
pub(crate) fn parent(
    path: &Path,
    claim: &Claim,
    limits: &Limits,
    notes: &mut Vec<String>,
) -> Result<Option<Ingredient>, Error> {
    let name =
        path.file_name().map_or_else(|| claim.title.clone(), |name| name.to_string_lossy().into_owned());
    let read = match &claim.heritage {
        Some(_) => None,
        None => Some(Heritage::of(&Asset::named(path), limits)?),
    };
    let heritage = claim.heritage.as_ref().or(read.as_ref());
    let mut lost = |why: &str| {
        notes.push(format!("the credentials of {} could not be carried along: {why}", path.display()));
    };
    if let Some(why) = heritage.and_then(Heritage::fault) {
        lost(why);
    }
    let ingredient = heritage.map_or(Ok(None), Heritage::ingredient).unwrap_or_else(|why| {
        lost(&one_line(&why));
        None
    });
    let ingredient = match ingredient {
        None if claim.origin.is_none() => Some(blank(&name)?),
        other => other,
    };
    Ok(ingredient.map(|mut ingredient| {
        ingredient.set_title(name.as_str()).set_label(manifest::PARENT);
        ingredient.set_is_parent();
        ingredient
    }))
}

fn blank(name: &str) -> Result<Ingredient, Error> {
    let definition = serde_json::json!({
        "title": name,
        "format": "application/octet-stream",
        "relationship": "parentOf",
        "label": manifest::PARENT,
    });
    Ingredient::from_json(&definition.to_string())
        .map_err(|error| Error::Internal(format!("parent ingredient: {error}")))
}

/// The engine offers this only as a future, which never waits in a build without network.
#[allow(deprecated)] // The newer way needs a builder and reads embedded manifests only.
pub(crate) fn from_store(bytes: Vec<u8>, media_type: &str, file: &mut File) -> c2pa::Result<Ingredient> {
    let future = Ingredient::from_manifest_and_asset_stream_async(bytes, media_type, file);
    let mut task = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).as_mut().poll(&mut task) {
        std::task::Poll::Ready(result) => result,
        std::task::Poll::Pending => Err(c2pa::Error::NotImplemented("waiting for the network".to_owned())),
    }
}

pub(crate) fn refusal(path: &Path, error: &c2pa::Error) -> Error {
    let kind = match error {
        c2pa::Error::IoError(source) => {
            let source = io::Error::new(source.kind(), source.to_string());
            return Error::io("sign", path)(source);
        }
        c2pa::Error::CoseInvalidCert | c2pa::Error::InvalidCertificateError(_) => ErrorKind::Trust,
        c2pa::Error::UnsupportedType => ErrorKind::Unsupported,
        _ => ErrorKind::Malformed,
    };
    Error::Sign { path: path.to_owned(), detail: one_line(&error.to_string()), kind }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(400).collect()
}

#[cfg(test)]
#[path = "sign_tests.rs"]
pub(crate) mod tests;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use c2pa::Builder;
use filigrane_frame::{ErrorKind, Limits};
use tempfile::TempDir;

use crate::container::{self, Container};
use crate::pen::Pen;
use crate::sign::{self, Signed};
use crate::{
    Claim, CredentialState, Error, Identity, Track, TrustAnchors, engine, layout, manifest, manifest_bytes,
    read_fragments, track,
};

/// Signs a stream in several files, as DASH and HLS have them, into new files: the manifest goes into each initialisation
/// segment, and each media segment gets a box with its place in the tree of hashes under the signature (C2PA 2.4, sections
/// 18.6 and A.5.4). Nothing else about them changes.
///
/// `outputs` says where the files go, one for one; their folders must exist. What was written is read again and checked
/// before they get their names. All tracks get one manifest.
///
/// # Errors
/// A file that is not what it is given for or is signed already, a file that exists, as [`sign`](crate::sign::sign); when
/// there is an error, some outputs may have been made: give a folder that can be thrown away.
pub fn sign_fragments(
    tracks: &[Track],
    outputs: &[Track],
    claim: &Claim,
    identity: &Identity,
    limits: &Limits,
) -> Result<Signed, Error> {
    sign::check(claim, identity)?;
    check_tracks(tracks, limits)?;
    let place = outputs.first().and_then(|output| output.init.parent()).unwrap_or(Path::new("."));
    let work = tempfile::Builder::new()
        .prefix(".filigrane-signing-")
        .tempdir_in(place)
        .map_err(Error::io("write into", place))?;
    let signed = work.path().join("signed");
    let made = engine::guarded(|| write(tracks, &signed, claim, identity, limits))?;
    let mut made =
        made.unwrap_or_else(|| Err(Error::Internal("the C2PA engine broke off while signing".to_owned())))?;
    let finished = staged(tracks, &signed);
    made.manifest = confirm(&finished, &made.urn, limits)?;
    for (from, to) in finished.iter().zip(outputs) {
        for (from, to) in from.files().zip(to.files()) {
            let sync = |file: File| file.sync_all();
            File::open(from).and_then(sync).map_err(Error::io("write", to))?;
            if to.symlink_metadata().is_ok() {
                let source = std::io::ErrorKind::AlreadyExists.into();
                return Err(Error::Io { action: "create", path: to.to_owned(), source });
            }
            fs::rename(from, to).map_err(Error::io("write", to))?;
        }
    }
    Ok(made)
}

/// Whether files can be signed as a stream in several, before any work is done; [`sign_fragments`] asks it too.
///
/// # Errors
/// A file that can't be read, is not what it is given for or is signed already; more files than the limits allow.
pub fn check_tracks(tracks: &[Track], limits: &Limits) -> Result<(), Error> {
    track::measure(tracks, limits)?;
    tracks.iter().try_for_each(check_parts)
}

/// Refuses what the engine would sign wrongly or leave unprotected.
fn check_parts(track: &Track) -> Result<(), Error> {
    for path in track.files() {
        let refused = |kind, detail: String| Err(Error::Part { path: path.to_owned(), detail, kind });
        let mut file = File::open(path).map_err(Error::io("read", path))?;
        let found = container::survey(&mut file, Container::Mp4).map_err(Error::io("read", path))?;
        if let Some(why) = found.excess.or(found.fault) {
            return refused(ErrorKind::Malformed, format!("not a segment of ISO media: {why}"));
        }
        if found.stores + found.merkles > 0 {
            let detail =
                "signed already: a stream in several files is signed as it was before, or as a new one";
            return refused(ErrorKind::Unsupported, detail.to_owned());
        }
        let counts = (found.fragments, found.media);
        if path == track.init {
            let container = Container::sniff(&mut file).map_err(Error::io("read", path))?;
            if !matches!(container, Container::Mp4 | Container::QuickTime) || !found.movie {
                let detail =
                    "no initialisation segment: it must begin with `ftyp` and describe its track in `moov`";
                return refused(ErrorKind::Malformed, detail.to_owned());
            }
            if counts != (0, 0) {
                let detail = "holds media data, so it is a whole video: sign it without --fragments";
                return refused(ErrorKind::Parameter, detail.to_owned());
            }
        } else if counts != (1, 1) {
            let detail = format!(
                "{} `moof` and {} `mdat` boxes where C2PA wants one of each: package the stream into one fragment a file",
                counts.0, counts.1
            );
            return refused(ErrorKind::Unsupported, detail);
        }
    }
    Ok(())
}

fn write(
    tracks: &[Track],
    signed: &Path,
    claim: &Claim,
    identity: &Identity,
    limits: &Limits,
) -> Result<Signed, Error> {
    let source = tracks.first().map(|track| track.init.clone()).unwrap_or_default();
    let stage = stage(tracks)?;
    let mut notes = Vec::new();
    let parent = sign::parent(claim.parent.as_deref().unwrap_or(&source), claim, limits, &mut notes)?;
    let carried = parent.as_ref().is_some_and(|parent| parent.active_manifest().is_some());
    let mut claim = claim.clone();
    claim.assertions.extend(layout::assertion_of_stream(tracks)?);
    // Nothing is hashed in pieces: each fragment is a leaf.
    let context = engine::signing(0, 0)?;
    let builder = Builder::from_shared_context(&context);
    let mut builder = manifest::define(builder, &claim, parent.is_some(), &sign::now()?)?;
    if let Some(parent) = parent {
        builder.add_ingredient(parent);
    }
    manifest::add_models(&mut builder, &claim)?;
    let pen = Pen::take(identity, claim.timestamp.as_deref());
    builder
        .sign_fragmented_files(&&pen, stage.path().join("*").join(INIT).as_path(), Path::new("*.m4s"), signed)
        .map_err(|error| pen.failure().unwrap_or_else(|| sign::refusal(&source, &error)))?;
    notes.extend(pen.notes());
    Ok(Signed { urn: claim.urn(), manifest: Vec::new(), sidecar: false, parent: carried, notes })
}

/// Name of an initialisation segment for the engine, which goes by endings.
const INIT: &str = "init.mp4";

/// A folder in which the engine, which takes patterns for names, finds these files and no others, in their order.
fn stage(tracks: &[Track]) -> Result<TempDir, Error> {
    let stage = tempfile::tempdir().map_err(Error::io("write into", &std::env::temp_dir()))?;
    let plain = |path: &Path| path.to_str().is_some_and(|path| !path.contains(['*', '?', '[', ']']));
    if !plain(stage.path()) {
        return Err(Error::Io {
            action: "sign by way of",
            path: stage.path().to_owned(),
            source: std::io::Error::other("its name looks like a pattern; set TMPDIR to another folder"),
        });
    }
    for (from, to) in tracks.iter().zip(staged(tracks, stage.path())) {
        let folder = to.init.parent().unwrap_or(stage.path());
        fs::create_dir(folder).map_err(Error::io("create", folder))?;
        for (from, to) in from.files().zip(to.files()) {
            let from = from.canonicalize().map_err(Error::io("read", from))?;
            lend(&from, to).map_err(Error::io("create", to))?;
        }
    }
    Ok(stage)
}

/// What the files of these tracks are called in such a folder, and in the one that the engine makes of it.
fn staged(tracks: &[Track], folder: &Path) -> Vec<Track> {
    let names = tracks.iter().enumerate().map(|(index, track)| {
        let folder = folder.join(format!("{index:04}"));
        let fragment = |number| -> PathBuf { folder.join(format!("{number:08}.m4s")) };
        Track { init: folder.join(INIT), fragments: (0..track.fragments.len()).map(fragment).collect() }
    });
    names.collect()
}

#[cfg(unix)]
fn lend(from: &Path, to: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

#[cfg(not(unix))]
fn lend(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::copy(from, to).map(drop)
}

/// Reads what was written as a stranger would; returns the manifest store.
fn confirm(tracks: &[Track], urn: &str, limits: &Limits) -> Result<Vec<u8>, Error> {
    let read = read_fragments(tracks, &TrustAnchors::empty(), None, true, limits)?;
    let sound = read.state == CredentialState::Valid && read.manifest.as_deref() == Some(urn);
    let store = match tracks.first() {
        Some(track) if sound => manifest_bytes(&track.init, limits)?,
        _ => None,
    };
    store.ok_or_else(|| {
        let why = read.explanation.unwrap_or_else(|| format!("it reads as {:?}", read.manifest));
        Error::Internal(format!("the signed stream does not hold: {why}"))
    })
}

#[cfg(test)]
#[path = "fragments_tests.rs"]
mod tests;

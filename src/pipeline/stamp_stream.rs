use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use filigrane_frame::Limits;
use filigrane_media::Cancel;
use filigrane_provenance::{Claim, Track, check_tracks, sign_fragments};

use crate::delivery::{register, title};
use crate::error::Error;
use crate::file::folder;
use crate::progress::Progress;
use crate::stamp::{Stamp, Stamped};
use crate::ward::Ward;
use crate::workshop::Workshop;

/// Whether a stream in several files can be signed into `output`, before any work is done; [`stamp_stream`] asks it too.
///
/// # Errors
/// A file that cannot be read or is named twice, an output that holds something already or cannot be made.
pub fn check_stream(
    tracks: &[Track],
    output: &Path,
    ward: Option<&Ward>,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for path in tracks.iter().flat_map(Track::files) {
        let real = path.canonicalize().map_err(|source| Error::Io { path: path.to_owned(), source })?;
        if !seen.insert(real) {
            return Err(Error::Twice(path.to_owned()));
        }
    }
    let free = match fs::read_dir(output) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => output.symlink_metadata().is_err(),
    };
    if !free {
        return Err(Error::Exists(output.to_owned()));
    }
    check_tracks(tracks, limits)?;
    Workshop::of_stream(tracks, ward, limits, cancel)?.look()?;
    hidden(output).map(drop)
}

/// Signs a stream in several files as it is into the folder `output`, which appears, complete, when all is done. Its files
/// have the names, and lie in the folders, that they have below the folder common to all inputs.
///
/// # Errors
/// [`Error::Packaged`] when a mark is wanted, and any other of [`Error`]; the inputs are never touched and nothing is left
/// at `output`.
pub fn stamp_stream(
    tracks: &[Track],
    output: &Path,
    how: &Stamp<'_>,
    progress: &dyn Progress,
) -> Result<Stamped, Error> {
    if how.watermark.is_some() {
        return Err(Error::Packaged);
    }
    let identity = how.identity.ok_or(Error::Nothing)?;
    check_stream(tracks, output, how.ward, &how.limits, &how.cancel)?;
    let work = hidden(output)?;
    // The hidden folder is private; the one in it gets the mode a plain new folder has here.
    let made = work.path().join("stream");
    let written = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Io { path, source }
    };
    let outputs = beneath(tracks, &made)?;
    for folder in outputs.iter().flat_map(Track::files).filter_map(Path::parent) {
        fs::create_dir_all(folder).map_err(written(output))?;
    }
    let workshop = Workshop::of_stream(tracks, how.ward, &how.limits, &how.cancel)?;
    let mut pictures = workshop.examine(progress)?;
    let mut claim = Claim::new(how.id, title(output), how.version);
    claim.origin = how.origin;
    claim.timestamp.clone_from(&how.timestamp);
    claim.models.clone_from(&how.models);
    claim.assertions.clone_from(&how.statements);
    claim.bindings = pictures.bindings(None);
    let signed = sign_fragments(tracks, &outputs, &claim, identity, &how.limits)?;
    if how.cancel.is_cancelled() {
        return Err(filigrane_media::Error::Cancelled.into());
    }
    // Takes the place of an empty folder, and of nothing else.
    fs::rename(&made, output).map_err(|source| match source.kind() {
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotADirectory => Error::Exists(output.to_owned()),
        _ => Error::Io { path: output.to_owned(), source },
    })?;
    let mut notes = std::mem::take(&mut pictures.notes);
    let mut registered = false;
    if let Some(registry) = how.registry {
        let entry = pictures.entry(&signed, title(output), identity)?;
        let first = outputs.first().and_then(|track| track.init.strip_prefix(&made).ok());
        let first = first.map_or_else(|| output.to_owned(), |init| output.join(init));
        registered = register(registry, &entry, &first, &mut notes);
    }
    notes.extend(signed.notes);
    notes.push("copy the play list (.mpd, .m3u8) beside the segments: it is not signed".to_owned());
    Ok(Stamped {
        output: output.to_owned(),
        manifest: Some(signed.urn),
        sidecar: None,
        payload: None,
        luma_psnr: None,
        audio_snr: None,
        audio_nmr: None,
        registered,
        frames: pictures.frames,
        notes,
        jail: workshop.jail(),
    })
}

/// A private folder beside the output; it goes when dropped, with all that is in it.
fn hidden(output: &Path) -> Result<tempfile::TempDir, Error> {
    let folder = folder(output);
    let made = tempfile::Builder::new().prefix(".filigrane-signed-").tempdir_in(&folder);
    made.map_err(|source| Error::Folder { folder, source })
}

/// Where the files go: below `folder` as they now lie below the folder that all of them have in common.
fn beneath(tracks: &[Track], folder: &Path) -> Result<Vec<Track>, Error> {
    let real = |path: &Path| -> Result<PathBuf, Error> {
        let parent = crate::file::folder(path);
        let parent = parent.canonicalize().map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Ok(parent.join(path.file_name().unwrap_or_default()))
    };
    let real: Vec<Track> = tracks
        .iter()
        .map(|track| {
            let fragments = track.fragments.iter().map(|path| real(path)).collect::<Result<_, _>>()?;
            Ok(Track { init: real(&track.init)?, fragments })
        })
        .collect::<Result<_, Error>>()?;
    let parents = real.iter().flat_map(Track::files).filter_map(Path::parent);
    let common = parents.map(Path::to_owned).reduce(|one, other| {
        let shared = one.components().zip(other.components()).take_while(|(one, other)| one == other);
        shared.map(|(component, _)| component).collect()
    });
    let common = common.unwrap_or_default();
    let moved = |path: &PathBuf| folder.join(path.strip_prefix(&common).unwrap_or(path));
    let track = |track: &Track| Track {
        init: moved(&track.init),
        fragments: track.fragments.iter().map(moved).collect(),
    };
    Ok(real.iter().map(track).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_their_folders_below_the_one_they_share() {
        let top = tempfile::tempdir().unwrap();
        for folder in ["a/video", "a/sound"] {
            fs::create_dir_all(top.path().join(folder)).unwrap();
        }
        let path = |name: &str| top.path().join(name);
        let track = |init: &str, fragment: &str| Track { init: path(init), fragments: vec![path(fragment)] };
        let video = track("a/video/init.mp4", "a/video/1.m4s");
        let placed = |tracks: &[Track]| -> Vec<PathBuf> {
            let placed = beneath(tracks, Path::new("out")).unwrap();
            placed.iter().flat_map(Track::files).map(Path::to_owned).collect()
        };
        assert_eq!(placed(std::slice::from_ref(&video)), ["out/init.mp4", "out/1.m4s"].map(PathBuf::from));
        let both = [video, track("a/sound/init.mp4", "a/sound/1.m4s")];
        let expected = ["out/video/init.mp4", "out/video/1.m4s", "out/sound/init.mp4", "out/sound/1.m4s"];
        assert_eq!(placed(&both), expected.map(PathBuf::from));
    }
}

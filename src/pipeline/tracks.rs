//! A stream in several files, on its way into a jail: there the files are opened by their names.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use filigrane_frame::{ErrorKind, Limits};
use filigrane_media::{Error, Part, probe_parts};
use filigrane_provenance::{Beginnings, Track};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// The tracks of a stream with copies of what begins them, made so that whoever reads them has to write nothing.
#[derive(Debug)]
pub(crate) struct Streamed {
    tracks: Vec<Track>,
    beginnings: Option<Beginnings>,
    whole: bool,
}

impl Streamed {
    /// Of these tracks, all of whose media segments must be there where they are `whole`.
    pub fn of(tracks: &[Track], whole: bool, limits: &Limits) -> io::Result<Self> {
        // Whoever reads them starts in another folder.
        let absolute = |track: &Track| {
            let fragments = track.fragments.iter().map(std::path::absolute);
            Ok(Track {
                init: std::path::absolute(&track.init)?,
                fragments: fragments.collect::<io::Result<_>>()?,
            })
        };
        let tracks = tracks.iter().map(absolute).collect::<io::Result<Vec<_>>>()?;
        let beginnings = match Beginnings::of(&tracks, limits) {
            Ok(copies) => Some(copies),
            // There is no room for them, say.
            Err(error) if error.kind() == ErrorKind::Io => return Err(io::Error::other(error)),
            // Whoever reads the tracks comes upon the same fault, and tells it.
            Err(_) => None,
        };
        Ok(Self { tracks, beginnings, whole })
    }

    pub fn named(&self) -> Named {
        let bytes = |path: &Path| ByteBuf::from(path.as_os_str().as_bytes().to_vec());
        let tracks = self.tracks.iter().map(|track| track.files().map(bytes).collect());
        let copies = self.beginnings.as_ref().map(Beginnings::paths).unwrap_or_default();
        Named {
            tracks: tracks.collect(),
            copies: copies.iter().map(|copy| bytes(copy)).collect(),
            whole: self.whole,
        }
    }
}

/// The same by its names alone.
#[derive(Serialize, Deserialize)]
pub(crate) struct Named {
    /// The files of each track, the initialisation segment first.
    tracks: Vec<Vec<ByteBuf>>,
    copies: Vec<ByteBuf>,
    pub whole: bool,
}

impl Named {
    pub fn tracks(&self) -> Vec<Track> {
        let mut tracks = Vec::new();
        for files in &self.tracks {
            let mut files = files.iter().map(path);
            let Some(init) = files.next() else { continue };
            tracks.push(Track { init, fragments: files.collect() });
        }
        tracks
    }

    pub fn copies(&self) -> Vec<PathBuf> {
        self.copies.iter().map(path).collect()
    }

    /// All that has to be opened.
    pub fn files(&self) -> Vec<PathBuf> {
        self.tracks.iter().flatten().chain(&self.copies).map(path).collect()
    }
}

fn path(name: &ByteBuf) -> PathBuf {
    PathBuf::from(OsString::from_vec(name.to_vec()))
}

/// The files, in order, that show pictures: those of the first track that has some.
pub(crate) fn pictured(tracks: &[Track], limits: &Limits) -> Result<Vec<Part>, Error> {
    let mut failure = None;
    for track in tracks {
        let files: Vec<Part> = track.files().map(Part::from).collect();
        match probe_parts(&files, limits) {
            Ok(_) => return Ok(files),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    failure.map_or_else(|| Ok(Vec::new()), Err)
}

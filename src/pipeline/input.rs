use std::io;
use std::path::Path;

use filigrane_frame::{Digest, Limits};
use filigrane_media::{Cancel, probe_parts};
use filigrane_provenance::{self as provenance, Credentials, Track, TrustAnchors};

use crate::file;

/// What is looked at: one file, or a stream in several.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Input<'a> {
    File(&'a Path),
    /// With whether all of its media segments must be there.
    Stream(&'a [Track], bool),
}

impl<'a> Input<'a> {
    fn files(self) -> Vec<&'a Path> {
        match self {
            Self::File(path) => vec![path],
            Self::Stream(tracks, _) => tracks.iter().flat_map(Track::files).collect(),
        }
    }

    /// SHA-256 and size of all bytes, file after file.
    pub fn digest(self, cancel: &Cancel) -> io::Result<(Digest, u64)> {
        for path in self.files() {
            // The message names no file, which is clear where there is one alone.
            if let (Err(error), Self::Stream(..)) = (path.metadata(), self) {
                return Err(io::Error::new(error.kind(), format!("{}: {error}", path.display())));
            }
        }
        file::digest(self.files(), cancel)
    }

    pub fn credentials(
        self,
        trust: &TrustAnchors,
        at: Option<i64>,
        limits: &Limits,
    ) -> Result<Credentials, provenance::Error> {
        match self {
            Self::File(path) => provenance::read_at(path, trust, at, limits),
            Self::Stream(tracks, whole) => provenance::read_fragments(tracks, trust, at, whole, limits),
        }
    }

    /// The files, in order, that show pictures: those of the first track that has some.
    pub fn pictured(self, limits: &Limits) -> Result<Vec<&'a Path>, filigrane_media::Error> {
        let Self::Stream(tracks, _) = self else { return Ok(self.files()) };
        let mut failure = None;
        for track in tracks {
            let files: Vec<&Path> = track.files().collect();
            match probe_parts(&files, limits) {
                Ok(_) => return Ok(files),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or_else(|| Ok(Vec::new()), Err)
    }
}

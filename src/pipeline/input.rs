use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use filigrane_frame::{Digest, Limits};
use filigrane_media::{Cancel, Part};
use filigrane_provenance::{self as provenance, Asset, Credentials, Track, TrustAnchors};

use crate::error::Error;
use crate::file;
use crate::tracks::{Streamed, pictured};
use crate::ward::Ward;

/// One file with what lies beside it, open.
pub(crate) struct Files {
    pub name: PathBuf,
    pub file: File,
    pub beside: Vec<(PathBuf, File)>,
    /// The stream that it begins.
    pub stream: Option<Streamed>,
    pub bytes: u64,
}

impl Files {
    /// Opens a file and what lies beside it.
    ///
    /// # Errors
    /// Those of opening a video.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = Part::opened(path)?;
        let bytes = file.metadata().map_err(|source| Error::Io { path: path.to_owned(), source })?.len();
        Ok(Self { name: path.to_owned(), file, beside: open_beside(path), stream: None, bytes })
    }

    /// Those of a stream, all of which must be there.
    ///
    /// # Errors
    /// Those of opening a video.
    pub fn of_stream(tracks: &[Track], limits: &Limits) -> Result<Self, Error> {
        let name = tracks.first().map(|track| track.init.clone()).ok_or(Error::Nothing)?;
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Io { path, source }
        };
        let mut bytes = 0_u64;
        for path in tracks.iter().flat_map(Track::files) {
            bytes = bytes.saturating_add(path.metadata().map_err(io(path))?.len());
        }
        let file = Part::opened(&name)?;
        let stream = Some(Streamed::of(tracks, true, limits).map_err(io(&name))?);
        Ok(Self { name, file, beside: Vec::new(), stream, bytes })
    }
}

/// What is looked at: one file, or a stream in several.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Input<'a> {
    File(&'a Path),
    /// With whether all of its media segments must be there.
    Stream(&'a [Track], bool),
}

/// The same once its bytes were read.
pub(crate) struct Opened<'a> {
    pub input: Input<'a>,
    /// SHA-256 and number of all bytes, file after file.
    pub digest: Digest,
    pub bytes: u64,
    /// What is handed to a process in a jail.
    pub files: Option<Files>,
}

impl<'a> Input<'a> {
    /// Opens and measures it; with a ward, so that it can be handed on.
    pub fn open(self, limits: &Limits, cancel: &Cancel, ward: Option<&Ward>) -> io::Result<Opened<'a>> {
        let first = self.files().first().copied().filter(|_| ward.is_some());
        let Some(name) = first else {
            let (digest, bytes) = self.digest(cancel)?;
            return Ok(Opened { input: self, digest, bytes, files: None });
        };
        let (digest, bytes, files) = match self {
            Self::File(path) => {
                let file = open_regular(path)?;
                let (digest, bytes) = file::digest_of(&file, cancel)?;
                let beside = open_beside(path);
                (digest, bytes, Files { name: name.to_owned(), file, beside, stream: None, bytes })
            }
            Self::Stream(tracks, whole) => {
                let (digest, bytes) = self.digest(cancel)?;
                let stream = Some(Streamed::of(tracks, whole, limits)?);
                let file = open_regular(name)?;
                (digest, bytes, Files { name: name.to_owned(), file, beside: Vec::new(), stream, bytes })
            }
        };
        Ok(Opened { input: self, digest, bytes, files: Some(files) })
    }

    fn files(self) -> Vec<&'a Path> {
        match self {
            Self::File(path) => vec![path],
            Self::Stream(tracks, _) => tracks.iter().flat_map(Track::files).collect(),
        }
    }

    /// SHA-256 and size of all bytes, file after file.
    fn digest(self, cancel: &Cancel) -> io::Result<(Digest, u64)> {
        for path in self.files() {
            // The message names no file, which is clear where there is one alone.
            if let (Err(error), Self::Stream(..)) = (regular(path), self) {
                return Err(io::Error::new(error.kind(), format!("{}: {error}", path.display())));
            }
        }
        file::digest(self.files(), cancel)
    }

    /// The file, or the first of a stream.
    pub fn name(self) -> String {
        self.files().first().map(|path| path.display().to_string()).unwrap_or_default()
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

    /// Refuses a single file that claims more than the limits allow. Those of a stream are looked at when they are opened.
    pub fn check_outline(self, limits: &Limits, cancel: &Cancel) -> Result<(), filigrane_media::Error> {
        match self {
            Self::File(path) => filigrane_media::check_outline(&[path.into()], limits, cancel),
            Self::Stream(..) => Ok(()),
        }
    }

    /// The files, in order, that show pictures.
    pub fn pictured(self, limits: &Limits) -> Result<Vec<Part>, filigrane_media::Error> {
        match self {
            Self::File(path) => Ok(vec![path.into()]),
            Self::Stream(tracks, _) => pictured(tracks, limits),
        }
    }
}

/// What may hold the manifest of a file beside it. What can't be opened is as good as absent.
fn open_beside(path: &Path) -> Vec<(PathBuf, File)> {
    let open = |name: PathBuf| Some((open_regular(&name).ok()?, name));
    Asset::beside(path).into_iter().filter_map(open).map(|(file, name)| (name, file)).collect()
}

fn open_regular(path: &Path) -> io::Result<File> {
    file::refuse_holes(&regular(path)?)?;
    File::open(path)
}

/// Asked before opening: opening a pipe would wait for its other end.
fn regular(path: &Path) -> io::Result<Metadata> {
    let facts = path.metadata()?;
    if !facts.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok(facts)
}

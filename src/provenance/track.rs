use std::path::{Path, PathBuf};

use filigrane_frame::{ErrorKind, Limits};

use crate::Error;

/// Largest initialisation segment, beside the manifest in it, bytes: those of long films take some kilobytes.
const LARGEST_INIT: u64 = 16 << 20;

/// One track of a stream in several files, as DASH and HLS have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// The initialisation segment, which holds the manifest.
    pub init: PathBuf,
    /// The media segments, in the order in which they are played.
    pub fragments: Vec<PathBuf>,
}

impl Track {
    /// All files, the initialisation segment first.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(&self.init).chain(&self.fragments).map(PathBuf::as_path)
    }
}

/// Bytes of all files of a stream, once their number and the size of their initialisation segments are within the limits.
pub(crate) fn measure(tracks: &[Track], limits: &Limits) -> Result<u64, Error> {
    let refused = |path: &Path, kind, detail| Err(Error::Part { path: path.to_owned(), detail, kind });
    let mut total = 0_u64;
    for track in tracks {
        if track.fragments.is_empty() {
            let detail = "no media segments are given with it: name them with --fragments".to_owned();
            return refused(&track.init, ErrorKind::Parameter, detail);
        }
        if track.fragments.len() as u64 > u64::from(limits.fragments) {
            let detail = format!(
                "{} media segments are over the limit of {}",
                track.fragments.len(),
                limits.fragments
            );
            return refused(&track.init, ErrorKind::Limit, detail);
        }
        for path in track.files() {
            // Asked before opening: opening a pipe would wait for its other end.
            let facts = std::fs::metadata(path).map_err(Error::io("read", path))?;
            if !facts.is_file() {
                return refused(path, ErrorKind::Parameter, "not a regular file".to_owned());
            }
            let size = facts.len();
            if path == track.init && size > LARGEST_INIT.saturating_add(limits.manifest_bytes) {
                let detail =
                    format!("{size} bytes are no initialisation segment: give the small file that begins it");
                return refused(path, ErrorKind::Parameter, detail);
            }
            total = total.saturating_add(size);
        }
    }
    Ok(total)
}

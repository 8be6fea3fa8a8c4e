use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use filigrane_frame::Digest;
use filigrane_media::Cancel;
use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempPath};

use crate::error::Error;

/// Size from which it matters how much of a file is stored, bytes.
const LARGE: u64 = 64 << 20;
/// One part in so many must be: file systems that compress make little of video.
const LEAST_STORED: u64 = 16;

/// SHA-256 and size of the bytes of some files, one after another.
pub(crate) fn digest<'a>(
    paths: impl IntoIterator<Item = &'a Path>,
    cancel: &Cancel,
) -> io::Result<(Digest, u64)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    for path in paths {
        // Asked before opening: opening a pipe would wait for its other end.
        let facts = path.metadata()?;
        if !facts.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        refuse_holes(&facts)?;
        size += add(&File::open(path)?, &mut hash, &mut buffer, cancel)?;
    }
    Ok((Digest(hash.finalize().into()), size))
}

/// Refuses a large file of which next to nothing is stored: reading zeros for gigabytes would cost as much as reading a film.
pub(crate) fn refuse_holes(facts: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let stored = facts.blocks().saturating_mul(512);
        if facts.len() >= LARGE && stored.saturating_mul(LEAST_STORED) < facts.len() {
            let why =
                format!("a file of holes is no video: of its {} bytes, {stored} are stored", facts.len());
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
    }
    Ok(())
}

/// SHA-256 and size of the bytes of an open file, from where it stands.
///
/// # Errors
/// It can't be read; or [`io::ErrorKind::Interrupted`] when `cancel` says so.
pub fn digest_of(file: &File, cancel: &Cancel) -> io::Result<(Digest, u64)> {
    let mut hash = Sha256::new();
    let size = add(file, &mut hash, &mut vec![0; 1 << 20], cancel)?;
    Ok((Digest(hash.finalize().into()), size))
}

fn add(mut file: &File, hash: &mut Sha256, buffer: &mut [u8], cancel: &Cancel) -> io::Result<u64> {
    let mut size = 0;
    loop {
        if cancel.is_cancelled() {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "stopped on request"));
        }
        let count = match file.read(buffer) {
            Ok(0) => return Ok(size),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&buffer[..count]);
        size += count as u64;
    }
}

/// Refuses an output that is the input, exists unasked, or stands in a folder that cannot be written.
pub(crate) fn check_output(input: Option<&Path>, output: &Path, force: bool) -> Result<(), Error> {
    if input.is_some_and(|input| same_file(input, output)) {
        return Err(Error::SameFile);
    }
    if !force && output.symlink_metadata().is_ok() {
        return Err(Error::Exists(output.to_owned()));
    }
    drop(beside(output, "probe")?);
    Ok(())
}

/// True for two names of one file, hard links among them.
#[cfg(unix)]
fn same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| path.metadata().ok().map(|facts| (facts.dev(), facts.ino()));
    identity(one).is_some_and(|one| Some(one) == identity(other))
}

#[cfg(not(unix))]
fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// A new file in the output's folder, under a hidden name with the extension kept; it goes when dropped.
pub(crate) fn beside(output: &Path, purpose: &str) -> Result<TempPath, Error> {
    let folder = folder(output);
    let suffix =
        output.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
    let file: io::Result<NamedTempFile> = tempfile::Builder::new()
        .prefix(&format!(".filigrane-{purpose}-"))
        .suffix(&suffix)
        .tempfile_in(&folder);
    file.map(NamedTempFile::into_temp_path).map_err(|source| Error::Folder { folder, source })
}

/// Gives a finished file its final name, in one step.
pub(crate) fn settle(finished: TempPath, output: &Path, force: bool) -> Result<(), Error> {
    let written = |source: io::Error| Error::Io { path: output.to_owned(), source };
    open_to_others(&finished).map_err(written)?;
    File::open(&finished).and_then(|file| file.sync_all()).map_err(written)?;
    let settled = if force { finished.persist(output) } else { finished.persist_noclobber(output) };
    settled.map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(output.to_owned()),
        _ => written(error.error),
    })
}

/// Temporary files are private; the result gets the mode a plain new file has here.
fn open_to_others(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let plain = path.with_extension("mode");
        let mode =
            File::create_new(&plain).and_then(|file| file.metadata()).map(|data| data.permissions().mode());
        std::fs::remove_file(&plain)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode? & 0o777))?;
    }
    Ok(())
}

pub(crate) fn folder(output: &Path) -> PathBuf {
    match output.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

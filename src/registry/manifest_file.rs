use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use crate::{Error, Urn};

/// Largest manifest store kept.
pub(crate) const LARGEST: usize = 64 << 20;

/// SHA-256 of a manifest store.
pub(crate) fn digest(manifest: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(manifest).into()
}

/// `manifests/6f/6f1c….c2pa`.
pub(crate) fn path(location: &Path, urn: Urn) -> PathBuf {
    let uuid = urn.uuid();
    location.join("manifests").join(&uuid[..2]).join(format!("{uuid}.c2pa"))
}

/// Where files are made before they get their names.
fn drafts(location: &Path) -> PathBuf {
    location.join("manifests").join(".new")
}

/// Writes the file so that it is there whole or not at all, and stays after a power cut. The caller holds the lock of
/// the database: what lies among the drafts was left by somebody who was stopped.
pub(crate) fn write(location: &Path, urn: Urn, manifest: &[u8]) -> Result<(), Error> {
    let path = path(location, urn);
    let folder = path.parent().unwrap_or(location);
    let drafts = drafts(location);
    let fresh = !folder.is_dir();
    for folder in [folder, &drafts] {
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    }
    for left in fs::read_dir(&drafts).into_iter().flatten().flatten() {
        // What can't be removed now is tried again next time.
        let _ = fs::remove_file(left.path());
    }
    let store = || -> std::io::Result<()> {
        let mut draft = tempfile::NamedTempFile::new_in(&drafts)?;
        draft.write_all(manifest)?;
        #[cfg(unix)]
        draft.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        draft.as_file().sync_all()?;
        draft.persist(&path).map_err(|error| error.error)?;
        Ok(())
    };
    store().map_err(Error::io("write", &path))?;
    let above = [folder.parent(), Some(location)].into_iter().flatten().filter(|_| fresh);
    for folder in std::iter::once(folder).chain(above) {
        // Not every file system lets a folder be synced; the file itself is.
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
    }
    Ok(())
}

/// Removes the folder of drafts when it is empty.
pub(crate) fn sweep(location: &Path) {
    // That it stays does no harm.
    let _ = fs::remove_dir(drafts(location));
}

/// Reads the file and holds it against the digest that the database has.
pub(crate) fn read(location: &Path, urn: Urn, expected: &[u8]) -> Result<Vec<u8>, Error> {
    let path = path(location, urn);
    let malformed = |detail: &str| Error::Malformed { path: path.clone(), detail: detail.to_owned() };
    match fs::metadata(&path) {
        // A pipe or device would hang or never end.
        Ok(metadata) if !metadata.is_file() => return Err(malformed("not a file")),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(malformed("the registry lacks this manifest; restore it from an export"));
        }
        Err(error) => return Err(Error::io("read", &path)(error)),
    }
    let mut manifest = Vec::new();
    File::open(&path)
        .and_then(|file| file.take(LARGEST as u64 + 1).read_to_end(&mut manifest))
        .map_err(Error::io("read", &path))?;
    if digest(&manifest)[..] == *expected {
        Ok(manifest)
    } else {
        Err(malformed("changed since it was registered; restore it from an export"))
    }
}

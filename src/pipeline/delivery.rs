use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use filigrane_frame::Limits;
use filigrane_media::{Container, muxer_for};
use filigrane_provenance::{Claim, Identity, sign};
use filigrane_registry::{Entry, Registry};
use tempfile::TempPath;

use crate::error::Error;
use crate::file::{beside, settle};
use crate::pictures::Pictures;

/// Where a result goes and who vouches for it.
pub(crate) struct Delivery<'a> {
    pub output: &'a Path,
    pub identity: &'a Identity,
    pub registry: Option<&'a Registry>,
    /// Replace what is there.
    pub force: bool,
    pub limits: &'a Limits,
}

/// What became of it.
pub(crate) struct Delivered {
    /// Name of the manifest.
    pub manifest: String,
    /// The manifest's own file, where the container cannot hold it.
    pub sidecar: Option<PathBuf>,
    /// Whether the manifest was published.
    pub registered: bool,
    pub notes: Vec<String>,
}

impl Delivery<'_> {
    /// Signs a finished video, gives the result its name, and then publishes its record.
    pub fn carry_out(&self, video: &Path, claim: &Claim, pictures: &Pictures) -> Result<Delivered, Error> {
        let finished = vacant(beside(self.output, "signed")?)?;
        let signed = sign(video, &finished, claim, self.identity, self.limits)?;
        let entry = match self.registry {
            Some(registry) => Some((registry, pictures.entry(&signed, title(self.output), self.identity)?)),
            None => None,
        };
        let sidecar = match signed.sidecar {
            true => Some(write_sidecar(self.output, &signed.manifest, self.force)?),
            false => None,
        };
        let settled = settle(finished, self.output, self.force);
        if let (Err(_), Some(sidecar)) = (&settled, &sidecar) {
            // A manifest without its video would only confuse; that it cannot be removed changes nothing.
            let _ = fs::remove_file(sidecar);
        }
        settled?;
        let mut notes = signed.notes;
        // Last: a record of a file that never came to be would stay for ever. A file without its record can be published
        // again.
        let registered =
            entry.is_some_and(|(registry, entry)| register(registry, &entry, self.output, &mut notes));
        Ok(Delivered { manifest: signed.urn, sidecar, registered, notes })
    }
}

/// Refuses an output whose container is unknown, or the file for whose manifest exists unasked.
pub(crate) fn check_container(output: &Path, signed: bool, force: bool) -> Result<(), Error> {
    let container = muxer_for(output)?;
    let beside = sidecar(output);
    let wanted = signed && matches!(container, Container::Matroska | Container::Webm);
    if wanted && !force && beside.symlink_metadata().is_ok() {
        return Err(Error::Exists(beside));
    }
    Ok(())
}

/// Whether the registry took the entry; else a note says why not.
pub(crate) fn register(registry: &Registry, entry: &Entry, output: &Path, notes: &mut Vec<String>) -> bool {
    match registry.publish(entry) {
        Ok(_) => true,
        Err(error) => {
            notes.push(format!(
                "{} is signed, but could not be registered ({error}): `filigrane registry publish` does it later",
                output.display()
            ));
            false
        }
    }
}

/// Frees the name of a temporary file for a writer that insists on creating it; still removed when dropped.
fn vacant(path: TempPath) -> Result<TempPath, Error> {
    fs::remove_file(&path).map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
    Ok(path)
}

fn write_sidecar(output: &Path, manifest: &[u8], force: bool) -> Result<PathBuf, Error> {
    let path = sidecar(output);
    let file = beside(&path, "manifest")?;
    let io = |source| Error::Io { path: path.clone(), source };
    fs::OpenOptions::new()
        .write(true)
        .open(&file)
        .and_then(|mut file| file.write_all(manifest))
        .map_err(io)?;
    settle(file, &path, force)?;
    Ok(path)
}

fn sidecar(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".c2pa");
    PathBuf::from(name)
}

pub(crate) fn title(output: &Path) -> String {
    output.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

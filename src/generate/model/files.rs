use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use filigrane_frame::Digest;
use sha2::{Digest as _, Sha256};

use crate::Error;

/// Most files listed of one model, and how deep.
const MAX_FILES: usize = 4096;
const MAX_DEPTH: usize = 4;

/// The files of a model in the layout of diffusers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ModelFiles {
    /// A folder that holds `model_index.json`.
    Folder(PathBuf),
}

/// A file of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFile {
    /// Its name inside the folder, with `/`.
    pub name: String,
    /// Bytes.
    pub length: u64,
}

impl ModelFiles {
    pub(crate) fn folder(&self) -> &Path {
        let Self::Folder(folder) = self;
        folder
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is no such file, [`Error::Limit`] when it has more than `most` bytes.
    pub fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, Error> {
        let path = self.folder().join(name);
        let file = File::open(&path).map_err(|source| unreadable(name, &path, source))?;
        let mut bytes = Vec::new();
        file.take(most.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|source| unreadable(name, &path, source))?;
        if bytes.len() as u64 > most {
            return Err(Error::Limit(format!("{name} is larger than {most} bytes")));
        }
        Ok(bytes)
    }

    /// Whether a file is there.
    pub fn has(&self, name: &str) -> bool {
        self.folder().join(name).is_file()
    }

    /// All files, sorted by name.
    ///
    /// # Errors
    /// When the folder cannot be read, or holds thousands of files.
    pub fn list(&self) -> Result<Vec<ModelFile>, Error> {
        let mut found = Vec::new();
        collect(self.folder(), "", MAX_DEPTH, &mut found)?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// SHA-256 of a file, however large.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn digest(&self, name: &str) -> Result<Digest, Error> {
        digest(name, &self.folder().join(name))
    }
}

/// SHA-256 of a file outside the model's folder.
pub(crate) fn file_digest(path: &Path) -> Result<Digest, Error> {
    digest(&path.display().to_string(), path)
}

fn digest(name: &str, path: &Path) -> Result<Digest, Error> {
    let mut hash = Sha256::new();
    let mut file = File::open(path).map_err(|source| unreadable(name, path, source))?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(|source| unreadable(name, path, source))?;
        match buffer.get(..read) {
            Some(bytes) if read > 0 => hash.update(bytes),
            _ => break,
        }
    }
    Ok(Digest(hash.finalize().into()))
}

fn collect(folder: &Path, prefix: &str, depth: usize, found: &mut Vec<ModelFile>) -> Result<(), Error> {
    let unreadable = |source| Error::Io { path: folder.display().to_string(), source };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{name}");
        let data = fs::metadata(entry.path()).map_err(unreadable)?;
        if data.is_dir() {
            if depth > 0 {
                collect(&entry.path(), &format!("{name}/"), depth - 1, found)?;
            }
        } else if data.is_file() {
            if found.len() == MAX_FILES {
                return Err(Error::Limit(format!("the folder holds more than {MAX_FILES} files")));
            }
            found.push(ModelFile { name, length: data.len() });
        }
    }
    Ok(())
}

fn missing(name: &str) -> Error {
    Error::Missing {
        part: name.to_owned(),
        hint: "is this the whole folder, as diffusers saves or downloads it?".to_owned(),
    }
}

fn unreadable(name: &str, path: &Path, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => missing(name),
        _ => Error::Io { path: path.display().to_string(), source },
    }
}

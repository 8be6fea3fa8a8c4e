use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::Error;

/// A file being written, which goes away unless it is kept.
pub(crate) struct OutputFile {
    path: PathBuf,
    kept: bool,
}

impl OutputFile {
    /// Creates or empties the file at `path`, which must not be the file at `input`.
    pub(crate) fn create(path: &Path, input: &Path) -> Result<(Self, File), Error> {
        if same_file(path, input) {
            return Err(Error::Parameter("the output would overwrite the input".to_owned()));
        }
        Self::make(path)
    }

    /// Creates or empties the file at `path`.
    pub(crate) fn make(path: &Path) -> Result<(Self, File), Error> {
        if fs::metadata(path).is_ok_and(|facts| !facts.is_file()) {
            return Err(Error::Parameter("the output is not a regular file".to_owned()));
        }
        let file = File::create(path).map_err(Error::write)?;
        Ok((Self { path: path.to_owned(), kept: false }, file))
    }

    /// Lets the file stay.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing more can be done about it; the error that led here is the one to tell.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(unix)]
fn same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| fs::metadata(path).ok().map(|facts| (facts.dev(), facts.ino()));
    identity(one).is_some_and(|one| Some(one) == identity(other))
}

#[cfg(not(unix))]
fn same_file(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

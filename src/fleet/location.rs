use std::path::{Path, PathBuf};

use url::Url;

use crate::Error;

/// Longest location, bytes.
const LONGEST: usize = 8192;

/// Where a file is, for every worker alike: an absolute path, or a `file://` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location(String);

impl Location {
    /// The location of a file on this machine; a path that is no text, or holds what steers a terminal, is kept as a URL.
    ///
    /// # Errors
    /// The path is not absolute, or too long.
    pub fn of_file(path: &Path) -> Result<Self, Error> {
        match path.to_str() {
            Some(text) if !text.contains(char::is_control) => Self::parse(text),
            _ => match Url::from_file_path(path) {
                Ok(url) => Self::parse(url.as_str()),
                Err(()) => Err(Error::Task(format!("{} is no absolute path", path.display()))),
            },
        }
    }

    /// Reads a location as it stands in a task.
    ///
    /// # Errors
    /// It is neither an absolute path nor a URL of a file on this machine.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let location = Self(text.to_owned());
        if text.len() > LONGEST {
            return Err(Error::Task(format!("a location of over {LONGEST} bytes")));
        }
        if text.contains(char::is_control) || location.path().is_none() {
            let shown = text.escape_debug();
            return Err(Error::Task(format!("{shown} is neither an absolute path nor a file:// URL")));
        }
        Ok(location)
    }

    /// As it stands in a task.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of the file.
    pub fn path(&self) -> Option<PathBuf> {
        if self.0.starts_with("file://") {
            return Url::parse(&self.0).ok()?.to_file_path().ok();
        }
        Some(PathBuf::from(&self.0)).filter(|path| path.is_absolute())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_places_that_every_worker_finds_alike_are_taken() {
        for wrong in ["clip.mp4", "./clip.mp4", "s3://bucket/clip.mp4", "file://host/clip.mp4", "", "/a\nb"] {
            assert!(matches!(Location::parse(wrong), Err(Error::Task(_))), "{wrong:?}");
        }
        assert!(Location::of_file(Path::new("clip.mp4")).is_err());
    }

    proptest! {
        #[test]
        fn every_absolute_path_comes_back_whatever_its_bytes(name in prop::collection::vec(1_u8..=255, 1..60)) {
            prop_assume!(!name.contains(&b'/') && name != b"." && name != b"..");
            let path = Path::new("/uploads").join(OsStr::from_bytes(&name));
            let location = Location::of_file(&path).unwrap();
            prop_assert_eq!(Location::parse(location.as_str()).unwrap().path(), Some(path));
        }
    }
}

use std::fs::File;
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};

use crate::Error;

/// A file whose credentials are read: by its name, or opened before with what may hold its manifest beside it.
#[derive(Debug)]
pub struct Asset {
    path: PathBuf,
    opened: Option<Opened>,
}

#[derive(Debug)]
struct Opened {
    file: File,
    beside: Vec<(PathBuf, File)>,
}

impl Asset {
    /// The file of this name; it is opened when it is read.
    pub fn named(path: &Path) -> Self {
        Self { path: path.to_owned(), opened: None }
    }

    /// An open file, called `path` in what is said of it, and the open files beside it that [`beside`](Self::beside) names.
    /// Nothing further is opened.
    pub fn opened(path: &Path, file: File, beside: Vec<(PathBuf, File)>) -> Self {
        Self { path: path.to_owned(), opened: Some(Opened { file, beside }) }
    }

    /// Where a file's manifest may be instead of in it, the likeliest first: `a.mkv` has its in `a.mkv.c2pa` or `a.c2pa`.
    pub fn beside(path: &Path) -> Vec<PathBuf> {
        let mut appended = path.as_os_str().to_owned();
        appended.push(".c2pa");
        let mut beside = vec![PathBuf::from(appended), path.with_extension("c2pa")];
        beside.retain(|sidecar| sidecar != path);
        beside
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A handle of its own on the file, at the start. Those of a file that was opened before share their place.
    pub(crate) fn open(&self) -> Result<File, Error> {
        match &self.opened {
            None => File::open(&self.path),
            Some(opened) => rewound(&opened.file),
        }
        .map_err(Error::io("read", &self.path))
    }

    /// The first file beside it that is there.
    pub(crate) fn sidecar(&self) -> Result<Option<(PathBuf, File)>, Error> {
        if let Some(opened) = &self.opened {
            let Some((path, file)) = opened.beside.first() else { return Ok(None) };
            return Ok(Some((path.clone(), rewound(file).map_err(Error::io("read", path))?)));
        }
        for path in Self::beside(&self.path) {
            // Asked before opening: opening a pipe would wait for its other end.
            if std::fs::metadata(&path).is_ok_and(|facts| !facts.is_file()) {
                continue;
            }
            match File::open(&path) {
                Ok(file) => return Ok(Some((path, file))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Error::io("read", &path)(error)),
            }
        }
        Ok(None)
    }
}

fn rewound(file: &File) -> io::Result<File> {
    let mut file = file.try_clone()?;
    file.rewind()?;
    Ok(file)
}

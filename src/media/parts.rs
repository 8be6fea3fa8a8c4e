use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Error;

/// Most bytes looked at to tell what a file is not.
const HEAD: u64 = 4096;

/// One file to read: by its name, or opened before.
#[derive(Debug, Clone)]
pub enum Part {
    /// Opened when it is read.
    Named(PathBuf),
    /// Open already. Readers share its place: one at a time.
    Open(Arc<File>),
}

impl From<&Path> for Part {
    fn from(path: &Path) -> Self {
        Self::Named(path.to_owned())
    }
}

impl Part {
    fn facts(&self) -> io::Result<fs::Metadata> {
        match self {
            // Asked before opening: opening a pipe would wait for its other end.
            Self::Named(path) => fs::metadata(path),
            Self::Open(file) => file.metadata(),
        }
    }

    /// A regular file, opened for whoever reads it later.
    ///
    /// # Errors
    /// [`Error::Io`] when it can't be read, [`Error::Unsupported`] when it is no regular file.
    pub fn opened(path: &Path) -> Result<File, Error> {
        regular(&Self::from(path).facts().map_err(Error::read)?)?;
        File::open(path).map_err(Error::read)
    }

    fn open(&self) -> io::Result<Arc<File>> {
        match self {
            Self::Named(path) => File::open(path).map(Arc::new),
            Self::Open(file) => Ok(Arc::clone(file)),
        }
    }
}

/// The bytes of several files, one after another, as if they were one: a stream that was cut up for DASH or HLS. One of
/// them is open at a time.
#[derive(Debug)]
pub(crate) struct Parts {
    /// Each file, and where it begins.
    files: Vec<(u64, Part)>,
    open: Option<(usize, Arc<File>)>,
    position: u64,
    end: u64,
}

impl Parts {
    /// Measures the files, which must be regular ones with something in them.
    pub fn open(parts: &[Part]) -> Result<Self, Error> {
        let mut files = Vec::new();
        let mut end = 0_u64;
        for part in parts {
            let facts = part.facts().map_err(Error::read)?;
            regular(&facts)?;
            files.push((end, part.clone()));
            end = end.saturating_add(facts.len());
        }
        if end == 0 {
            return Err(Error::Malformed("the file is empty".to_owned()));
        }
        Ok(Self { files, open: None, position: 0, end })
    }

    /// Bytes of all files.
    pub fn len(&self) -> u64 {
        self.end
    }

    /// The first bytes; leaves the position at the start.
    pub fn head(&mut self) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.by_ref().take(HEAD).read_to_end(&mut head)?;
        self.rewind()?;
        Ok(head)
    }

    /// The file that holds the position, at the right place, and how much of it is left.
    fn current(&mut self) -> io::Result<Option<(&File, u64)>> {
        let index = self.files.partition_point(|(start, _)| *start <= self.position).saturating_sub(1);
        let Some((start, part)) = self.files.get(index).filter(|_| self.position < self.end) else {
            return Ok(None);
        };
        let end = self.files.get(index + 1).map_or(self.end, |(next, _)| *next);
        if self.open.as_ref().is_none_or(|(open, _)| *open != index) {
            self.open = Some((index, part.open()?));
        }
        let Some((_, file)) = &self.open else { return Ok(None) };
        let mut file: &File = file;
        file.seek(SeekFrom::Start(self.position - start))?;
        Ok(Some((file, end - self.position)))
    }
}

fn regular(facts: &fs::Metadata) -> Result<(), Error> {
    if facts.is_dir() {
        return Err(Error::read(io::ErrorKind::IsADirectory.into()));
    }
    if !facts.is_file() {
        return Err(Error::Unsupported("not a regular file; copy it to one first".to_owned()));
    }
    Ok(())
}

impl Read for Parts {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some((mut file, left)) = self.current()? else { return Ok(0) };
        let room = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = file.read(&mut buffer[..room])?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Parts {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.end.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_files_read_as_one_from_any_place_in_any_portion() {
        let folder = tempfile::tempdir().expect("a folder");
        let contents: [&[u8]; 4] = [b"abc", b"", b"defgh", b"i"];
        let paths: Vec<PathBuf> = (0..4).map(|index| folder.path().join(index.to_string())).collect();
        for (path, content) in paths.iter().zip(contents) {
            fs::write(path, content).expect("written");
        }
        let named: Vec<Part> = paths.iter().map(|path| path.as_path().into()).collect();
        let open = paths.iter().map(|path| Part::Open(Arc::new(File::open(path).expect("opened"))));
        for parts in [named, open.collect()] {
            reads_as_one(Parts::open(&parts).expect("open"));
        }
    }

    fn reads_as_one(mut parts: Parts) {
        let whole = b"abcdefghi";
        assert_eq!(parts.len(), 9);
        assert_eq!(parts.head().expect("read"), whole);
        for start in 0..=whole.len() {
            for portion in 1..=whole.len() {
                parts.seek(SeekFrom::End(start as i64 - 9)).expect("a place");
                let mut read: Vec<u8> = Vec::new();
                let mut buffer = vec![0; portion];
                loop {
                    let count = parts.read(&mut buffer).expect("read");
                    if count == 0 {
                        break;
                    }
                    read.extend(&buffer[..count]);
                }
                assert_eq!(read, &whole[start..], "{start} {portion}");
            }
        }
        assert_eq!(parts.seek(SeekFrom::Start(100)).expect("past the end"), 100);
        assert_eq!(parts.read(&mut [0; 4]).expect("nothing"), 0);
        assert!(parts.seek(SeekFrom::Current(-200)).is_err());
    }

    #[test]
    fn folders_missing_files_and_nothing_at_all_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Parts::open(&[folder.path().into()]).is_err());
        assert!(Parts::open(&[folder.path().join("none").as_path().into()]).is_err());
        let empty = folder.path().join("empty");
        fs::write(&empty, b"").expect("written");
        assert!(Parts::open(&[empty.as_path().into()]).expect_err("empty").to_string().contains("empty"));
    }
}

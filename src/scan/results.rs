use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use filigrane_report::json_line;
use filigrane_verdict::Report;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::{Error, Tally};

/// Longest line of an earlier scan, bytes.
pub(crate) const LONGEST_LINE: u64 = 64 << 20;

/// Where lines go, and which names are answered already.
pub struct Results {
    to: Box<dyn Write + Send>,
    path: PathBuf,
    file: Option<File>,
    answered: Answered,
    earlier: Tally,
}

/// Names by their digests: sixteen bytes each, however long they are. A name may have been given twice.
#[derive(Debug, Default)]
struct Answered(HashMap<[u8; 16], u32>);

impl Answered {
    fn digest(name: &str) -> [u8; 16] {
        let digest = Sha256::digest(name.as_bytes());
        std::array::from_fn(|index| digest.get(index).copied().unwrap_or(0))
    }

    fn add(&mut self, name: &str) {
        *self.0.entry(Self::digest(name)).or_default() += 1;
    }

    /// Whether a name was answered; each answer counts once.
    fn take(&mut self, name: &str) -> bool {
        match self.0.get_mut(&Self::digest(name)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }
}

/// Of a line, what tells which file it answers.
#[derive(Deserialize)]
struct Line {
    file: String,
}

impl Results {
    /// Lines to standard output.
    pub fn to_stdout() -> Self {
        Self::to(Box::new(io::stdout()))
    }

    pub(crate) fn to(to: Box<dyn Write + Send>) -> Self {
        let path = PathBuf::from("standard output");
        Self { to, path, file: None, answered: Answered::default(), earlier: Tally::default() }
    }

    /// Lines to a new file; with `resume`, to one that an earlier scan may have begun. A line that it could not finish is
    /// taken off.
    ///
    /// # Errors
    /// The file is there already, is no results file, or can't be written.
    pub fn to_file(path: &Path, resume: bool) -> Result<Self, Error> {
        let io = |error: io::Error| Error::io(path)(error);
        let mut options = OpenOptions::new();
        options.read(true).append(true);
        if resume {
            options.create(true)
        } else {
            options.create_new(true)
        };
        let file = options.open(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists(path.to_owned()),
            _ => io(error),
        })?;
        let mut answered = Answered::default();
        let mut earlier = Tally::default();
        if resume {
            let whole = read_back(&file, path, &mut answered, &mut earlier)?;
            file.set_len(whole).map_err(io)?;
        }
        let to = Box::new(file.try_clone().map_err(io)?);
        Ok(Self { to, path: path.to_owned(), file: Some(file), answered, earlier })
    }

    /// What the lines of an earlier scan amount to.
    pub fn earlier(&self) -> &Tally {
        &self.earlier
    }

    /// Whether an earlier scan answered this; each of its lines counts once.
    pub fn has(&mut self, name: &str) -> bool {
        self.answered.take(name)
    }

    /// Writes one line, whole, in one call: whoever kills this program leaves it or leaves it out.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write(&mut self, report: &Report) -> Result<(), Error> {
        let line = json_line(report);
        self.to.write_all(line.as_bytes()).and_then(|()| self.to.flush()).map_err(Error::io(&self.path))
    }

    /// Makes sure that all lines are kept.
    ///
    /// # Errors
    /// They can't be.
    pub fn finish(&mut self) -> Result<(), Error> {
        let Some(file) = &self.file else { return Ok(()) };
        match file.sync_all() {
            // A pipe or a device has nothing to keep.
            Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(Error::io(&self.path)(error)),
            _ => Ok(()),
        }
    }
}

/// Takes in the lines of an earlier scan; gives the length of those that are whole.
fn read_back(file: &File, path: &Path, answered: &mut Answered, earlier: &mut Tally) -> Result<u64, Error> {
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(0)).map_err(Error::io(path))?;
    let (mut whole, mut number) = (0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(Error::io(path))?;
        number += 1;
        let foreign = || Error::Foreign { path: path.to_owned(), line: number };
        if line.last() != Some(&b'\n') {
            // The end of the file, or a line that a killed scan did not finish: it begins as one does.
            let begun = line.is_empty() || b"{\"schema\":".starts_with(line.get(..10).unwrap_or(&line));
            return if begun && (line.len() as u64) < LONGEST_LINE { Ok(whole) } else { Err(foreign()) };
        }
        let Line { file } = serde_json::from_slice(&line).map_err(|_| foreign())?;
        answered.add(&file);
        let report: Report = serde_json::from_slice(&line).map_err(|_| foreign())?;
        earlier.count(&report);
        whole += line.len() as u64;
    }
}

#[cfg(test)]
#[path = "results_tests.rs"]
mod tests;

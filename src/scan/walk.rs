use std::fs::{self, File, ReadDir};
use std::io::{self, BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::item::Item;
use crate::object::Bucket;
use crate::{Error, Source, Stores};

/// Deepest folder that is entered.
const DEEPEST: usize = 64;
/// Longest line of a list, bytes.
const LONGEST_LINE: u64 = 64 << 10;
/// Extension of a manifest beside its file: part of what is read with that, and no file of its own.
const SIDECAR: &str = "c2pa";

type Visit<'a> = dyn FnMut(Item) -> ControlFlow<()> + 'a;

/// Visits all that the sources name, one by one. What can't be read is an item too.
///
/// # Errors
/// A source is there that can't be gone through at all.
pub(crate) fn walk(sources: &[Source], stores: &Stores, visit: &mut Visit<'_>) -> Result<(), Error> {
    for source in sources {
        if one(source, stores, visit)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn one(source: &Source, stores: &Stores, visit: &mut Visit<'_>) -> Result<ControlFlow<()>, Error> {
    match source {
        Source::Place(path) => Ok(place(path, visit)),
        Source::Pattern(pattern) => matching(pattern, visit),
        Source::List(Some(path)) => {
            let file = File::open(path).map_err(Error::io(path))?;
            list(BufReader::new(file), path, stores, visit)
        }
        Source::List(None) => list(io::stdin().lock(), Path::new("standard input"), stores, visit),
        Source::Store(url) => {
            let bucket = Arc::new(Bucket::open(url, stores)?);
            if bucket.is_object() {
                return Ok(visit(Item::Object(Arc::clone(&bucket), bucket.key())));
            }
            bucket.each(&mut |key| {
                visit(match key {
                    Ok(key) => Item::Object(Arc::clone(&bucket), key),
                    Err(why) => Item::Fault(bucket.place(), why),
                })
            })
        }
    }
}

fn place(path: &Path, visit: &mut Visit<'_>) -> ControlFlow<()> {
    if path.is_dir() { folder(path, visit) } else { visit(Item::File(path.to_owned())) }
}

/// All files in a folder and those beneath. Links to folders are not followed: they may lead back.
fn folder(top: &Path, visit: &mut Visit<'_>) -> ControlFlow<()> {
    let mut open: Vec<(PathBuf, ReadDir)> = Vec::new();
    enter(top.to_owned(), &mut open, visit)?;
    while let Some((path, entries)) = open.last_mut() {
        let entry = match entries.next() {
            None => {
                open.pop();
                continue;
            }
            Some(Err(error)) => {
                let name = path.display().to_string();
                open.pop();
                visit(Item::Fault(name, format!("cannot list the folder: {error}")))?;
                continue;
            }
            Some(Ok(entry)) => entry,
        };
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => enter(entry.path(), &mut open, visit)?,
            Ok(kind) if kind.is_symlink() && entry.path().is_dir() => {}
            _ if is_sidecar(&entry.path()) => {}
            _ => visit(Item::File(entry.path()))?,
        }
    }
    ControlFlow::Continue(())
}

fn is_sidecar(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == SIDECAR)
}

fn enter(path: PathBuf, open: &mut Vec<(PathBuf, ReadDir)>, visit: &mut Visit<'_>) -> ControlFlow<()> {
    if open.len() >= DEEPEST {
        return visit(Item::Fault(path.display().to_string(), format!("folders nested over {DEEPEST} deep")));
    }
    match fs::read_dir(&path) {
        Ok(entries) => {
            open.push((path, entries));
            ControlFlow::Continue(())
        }
        Err(error) => {
            visit(Item::Fault(path.display().to_string(), format!("cannot list the folder: {error}")))
        }
    }
}

fn matching(pattern: &str, visit: &mut Visit<'_>) -> Result<ControlFlow<()>, Error> {
    let wrong = |detail: String| Error::Source { place: pattern.to_owned(), detail };
    let paths = glob::glob(pattern).map_err(|error| wrong(format!("no pattern: {error}")))?;
    let mut found = false;
    for path in paths {
        found = true;
        let next = match path {
            Ok(path) => place(&path, visit),
            Err(error) => visit(Item::Fault(
                error.path().display().to_string(),
                format!("cannot list the folder: {}", error.error()),
            )),
        };
        if next.is_break() {
            return Ok(next);
        }
    }
    if found { Ok(ControlFlow::Continue(())) } else { Err(wrong("no file of such a name".to_owned())) }
}

fn list(
    mut lines: impl BufRead,
    path: &Path,
    stores: &Stores,
    visit: &mut Visit<'_>,
) -> Result<ControlFlow<()>, Error> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut bounded = io::Read::take(&mut lines, LONGEST_LINE);
        if bounded.read_until(b'\n', &mut line).map_err(Error::io(path))? == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() as u64 == LONGEST_LINE {
            let detail = format!("a line of over {LONGEST_LINE} bytes is no name");
            return Err(Error::Source { place: path.display().to_string(), detail });
        }
        let name = line.strip_suffix(b"\r").unwrap_or(&line);
        if name.is_empty() {
            continue;
        }
        let next = match Source::of_line(name).and_then(|source| one(&source, stores, visit)) {
            Ok(next) => next,
            // One line of many: it has its answer as all others have.
            Err(error) => visit(Item::Fault(String::from_utf8_lossy(name).into_owned(), error.to_string())),
        };
        if next.is_break() {
            return Ok(next);
        }
    }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};
use filigrane::provenance::Track;

use crate::cli::error::Failure;

/// Names that stand for the files of a stream in several, which is named by its initialisation segment.
///
/// Written by hand: which files follow which `--track` is lost in what clap derives.
pub struct Stream {
    /// Media segments of the first track; empty where the input is one file.
    fragments: Vec<PathBuf>,
    /// Of each further track the initialisation segment, then its media segments.
    others: Vec<Vec<PathBuf>>,
}

impl Args for Stream {
    fn augment_args(command: Command) -> Command {
        let files = |name: &'static str| {
            Arg::new(name)
                .long(name)
                .num_args(1..)
                .action(ArgAction::Append)
                .value_parser(value_parser!(PathBuf))
        };
        command
            .arg(files("fragments").value_name("FILES").help(
                "The media segments of a stream in several files (DASH, HLS), whose initialisation segment is the \
                 input: names, or a pattern in quotes such as 'seg-*.m4s'. Numbers in names count as numbers",
            ))
            .arg(files("track").value_name("INIT FILES").num_args(2..).requires("fragments").help(
                "A further track of the stream, such as its sound: initialisation segment, then media segments",
            ))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Stream {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let fragments = matches.get_many("fragments").unwrap_or_default().cloned().collect();
        let others = matches
            .get_occurrences("track")
            .unwrap_or_default()
            .map(|files| files.cloned().collect())
            .collect();
        Ok(Self { fragments, others })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Stream {
    /// Whether the input is a stream in several files.
    pub fn is_given(&self) -> bool {
        !self.fragments.is_empty()
    }

    /// The tracks of the stream that begins with `input`; `None` when it is a file like others.
    pub fn tracks(&self, input: &Path) -> Result<Option<Vec<Track>>, Failure> {
        if self.fragments.is_empty() {
            return Ok(None);
        }
        let mut tracks = vec![track(input, &self.fragments)?];
        for files in &self.others {
            if let [init, fragments @ ..] = files.as_slice() {
                tracks.push(track(init, fragments)?);
            }
        }
        Ok(Some(tracks))
    }
}

fn track(init: &Path, names: &[PathBuf]) -> Result<Track, Failure> {
    let mut fragments = Vec::new();
    for name in names {
        match name.to_str() {
            // A file of that name is meant before a pattern.
            Some(pattern) if pattern.contains(['*', '?', '[']) && name.symlink_metadata().is_err() => {
                fragments.extend(matching(pattern, init)?);
            }
            _ => fragments.push(name.clone()),
        }
    }
    Ok(Track { init: init.to_owned(), fragments: played(fragments) })
}

/// The files that a pattern stands for, but the initialisation segment.
fn matching(pattern: &str, init: &Path) -> Result<Vec<PathBuf>, Failure> {
    let wrong = |why: String| Failure::Usage(format!("--fragments {pattern}: {why}"));
    let found = glob::glob(pattern).map_err(|error| wrong(format!("no pattern of file names ({error})")))?;
    let mut files = Vec::new();
    for file in found {
        let file = file.map_err(|error| wrong(format!("can't be looked up ({error})")))?;
        if file != init {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(wrong("no file has such a name".to_owned()));
    }
    Ok(files)
}

/// The order in which the files are played: the one given, unless that is merely the alphabet's, which a shell or a
/// pattern gives; then numbers in names count as numbers.
fn played(mut files: Vec<PathBuf>) -> Vec<PathBuf> {
    if files.is_sorted() {
        files.sort_by_cached_key(|path| natural(&path.to_string_lossy()));
    }
    files
}

/// Parts of a name in turn: text, then the number after it, which may be of any length.
fn natural(name: &str) -> Vec<(String, usize, String)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| character.is_ascii_digit()).unwrap_or(rest.len());
        let (text, tail) = rest.split_at(digits);
        let end = tail.find(|character: char| !character.is_ascii_digit()).unwrap_or(tail.len());
        let (number, tail) = tail.split_at(end);
        let number = number.trim_start_matches('0');
        parts.push((text.to_owned(), number.len(), number.to_owned()));
        rest = tail;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn numbers_count_as_numbers_where_names_come_in_the_order_of_the_alphabet() {
        assert_eq!(played(paths(&["s1.m4s", "s10.m4s", "s2.m4s"])), paths(&["s1.m4s", "s2.m4s", "s10.m4s"]));
        assert_eq!(played(paths(&["1/s10", "10/s1", "2/s1"])), paths(&["1/s10", "2/s1", "10/s1"]));
        let long = ["s99999999999999999999", "s100000000000000000000"];
        assert_eq!(played(paths(&[long[1], long[0]])), paths(&long));
    }

    #[test]
    fn an_order_of_ones_own_is_kept() {
        for names in [["b", "a", "c"], ["s2", "s1", "s10"], ["s1", "s2", "s10"]] {
            assert_eq!(played(paths(&names)), paths(&names));
        }
    }
}

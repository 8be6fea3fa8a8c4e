use std::ffi::OsStr;
use std::path::PathBuf;

use url::Url;

use crate::Error;

/// Where files come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file, or a folder with all that is in it.
    Place(PathBuf),
    /// All files that a pattern such as `uploads/*.mp4` fits.
    Pattern(String),
    /// A list of places and URLs, one a line; none for standard input.
    List(Option<PathBuf>),
    /// All objects whose name begins with a URL's path.
    Store(Url),
}

impl Source {
    /// What a word on the command line names: a URL, `@LIST`, `@-` or `-`, something that is there, or a pattern.
    ///
    /// # Errors
    /// It looks like a URL or a pattern and is none.
    pub fn parse(word: &OsStr) -> Result<Self, Error> {
        let Some(text) = word.to_str() else { return Ok(Self::Place(word.into())) };
        if let Some(store) = store(text)? {
            return Ok(store);
        }
        if text == "-" || text == "@-" {
            return Ok(Self::List(None));
        }
        let place = PathBuf::from(text);
        if place.symlink_metadata().is_ok() {
            return Ok(Self::Place(place));
        }
        if let Some(list) = text.strip_prefix('@') {
            return Ok(Self::List(Some(PathBuf::from(list))));
        }
        if text.contains(['*', '?', '[']) {
            glob::Pattern::new(text).map_err(|error| wrong(text, format!("no pattern: {error}")))?;
            return Ok(Self::Pattern(text.to_owned()));
        }
        Ok(Self::Place(place))
    }

    /// What a line of a list names: a URL or a place, nothing more.
    pub(crate) fn of_line(line: &[u8]) -> Result<Self, Error> {
        use std::os::unix::ffi::OsStrExt as _;
        if let Ok(text) = std::str::from_utf8(line)
            && let Some(store) = store(text)?
        {
            return Ok(store);
        }
        Ok(Self::Place(PathBuf::from(OsStr::from_bytes(line))))
    }
}

fn store(text: &str) -> Result<Option<Source>, Error> {
    if !text.contains("://") {
        return Ok(None);
    }
    match Url::parse(text) {
        Ok(url) => Ok(Some(Source::Store(url))),
        Err(error) => Err(wrong(text, format!("no URL: {error}"))),
    }
}

fn wrong(place: &str, detail: String) -> Error {
    Error::Source { place: place.to_owned(), detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_what_is_there_before_they_are_read_as_patterns_or_lists() {
        let folder = tempfile::tempdir().expect("a folder");
        let odd = folder.path().join("@[odd]*.mp4");
        std::fs::write(&odd, "").expect("written");
        let parse = |word: &str| Source::parse(OsStr::new(word));
        assert_eq!(Source::parse(odd.as_os_str()).expect("there"), Source::Place(odd));
        assert_eq!(parse("@names.txt").expect("a list"), Source::List(Some("names.txt".into())));
        assert_eq!(parse("-").expect("standard input"), Source::List(None));
        assert_eq!(parse("none/*.mp4").expect("a pattern"), Source::Pattern("none/*.mp4".to_owned()));
        assert_eq!(parse("none.mp4").expect("a place"), Source::Place("none.mp4".into()));
        assert!(matches!(parse("s3://bucket/uploads").expect("a store"), Source::Store(_)));
        assert!(parse("://").is_err() && parse("none/[").is_err());
    }

    #[test]
    fn lines_of_a_list_are_never_patterns_or_lists() {
        for line in ["*.mp4", "@names.txt", "-", "caf\u{e9}.mp4"] {
            assert_eq!(Source::of_line(line.as_bytes()).expect("a place"), Source::Place(line.into()));
        }
        assert!(matches!(Source::of_line(b"file:///uploads").expect("a store"), Source::Store(_)));
        assert!(matches!(Source::of_line(b"caf\xe9.mp4").expect("a place"), Source::Place(_)));
    }
}

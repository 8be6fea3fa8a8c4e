use std::fs::File;
use std::io::Read;
use std::path::Path;

use filigrane::watermark::Key;

use crate::cli::error::Failure;

/// Longest file that can be a key: its digits and some white space.
const LONGEST: u64 = 1024;

/// Reads a watermark key: a file with 64 hexadecimal digits.
pub fn read_key(path: &Path) -> Result<Key, Failure> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .map_err(|source| Failure::Io { path: path.to_owned(), source })?;
    text.trim().parse::<Key>().map_err(|error| Failure::from(error).about(path))
}

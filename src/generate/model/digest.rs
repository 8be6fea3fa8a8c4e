use std::fmt::Write as _;
use std::path::Path;

use filigrane_frame::Digest;
use sha2::{Digest as _, Sha256};

use super::Model;
use crate::Error;

impl Model {
    /// One digest of all weights: SHA-256 of the lines that `sha256sum` writes of the `.safetensors` files, by name.
    ///
    /// `go_on` is asked before each file.
    ///
    /// # Errors
    /// When one can't be read, and [`Error::Cancelled`].
    pub fn weights_digest(&self, go_on: &mut dyn FnMut() -> bool) -> Result<Digest, Error> {
        let mut lines = String::new();
        for file in self.parts() {
            if Path::new(&file.name).extension().is_none_or(|extension| extension != "safetensors") {
                continue;
            }
            if !go_on() {
                return Err(Error::Cancelled);
            }
            // Writing into a string does not fail.
            let _ = writeln!(lines, "{}  {}", self.files().digest(&file.name)?, file.name);
        }
        Ok(Digest(Sha256::digest(lines.as_bytes()).into()))
    }
}

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;

use filigrane::provenance::{CredentialState, Endorsement, TrustAnchors, read_statement};
use filigrane::report::unsealed;
use filigrane::verdict::visible;
use serde_json::{Value, json};

use crate::cli::error::Failure;
use crate::cli::output::{print, print_json};

/// Largest report read, bytes.
const LARGEST: u64 = 256 << 20;
/// What every report begins with.
const BEGINNING: &[u8] = b"<!doctype html>\n<html";

/// Whether a file is a report of this program's, or another page, and no video.
pub fn is_page(path: &Path) -> bool {
    // What is no regular file may keep whoever opens it waiting.
    if !path.metadata().is_ok_and(|facts| facts.is_file()) {
        return false;
    }
    let mut head = [0; BEGINNING.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *BEGINNING
}

/// Says whether reports are as they were signed, and by whom; the exit status is the gravest.
pub fn run(paths: &[std::path::PathBuf], trust: &TrustAnchors, as_json: bool) -> Result<u8, Failure> {
    let mut answers = Vec::new();
    let mut status = 0;
    for path in paths {
        let read = open(path, trust)?;
        let (state, words) = match &read {
            Some(read) => said(read),
            None => ("unsigned", "carries no signature: whether it was changed can't be said".to_owned()),
        };
        status = status.max(match state {
            "trusted" | "valid" => 0,
            "invalid" => 3,
            _ => 1,
        });
        if !as_json {
            print(&format!("{}: {words}", visible(&path.display().to_string(), 400)));
        }
        let issuer = read.and_then(|read| read.issuer);
        answers.push(json!({
            "schema": 1, "file": path.display().to_string(), "report": { "state": state, "issuer": issuer }, "errors": []
        }));
    }
    match &answers[..] {
        _ if !as_json => {}
        [one] => print_json(one),
        several => print_json(&several.iter().collect::<Vec<&Value>>()),
    }
    Ok(status)
}

fn said(read: &Endorsement) -> (&'static str, String) {
    let who = visible(read.issuer.as_deref().unwrap_or("somebody without a name"), 100);
    match read.state {
        CredentialState::Trusted => (
            "trusted",
            format!("as it was signed by “{who}”, who is on the trust list; nothing was changed since"),
        ),
        CredentialState::Valid => (
            "valid",
            format!(
                "as it was signed under the name “{who}”, which is not on the trust list: anybody could have made it"
            ),
        ),
        CredentialState::Invalid | CredentialState::Absent => {
            ("invalid", "was changed since it was signed, or its signature is none".to_owned())
        }
    }
}

fn open(path: &Path, trust: &TrustAnchors) -> Result<Option<Endorsement>, Failure> {
    let io = |source| Failure::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let size = file.seek(std::io::SeekFrom::End(0)).map_err(io)?;
    if size > LARGEST {
        return Err(Failure::Usage(format!(
            "{}: a report takes at most {} MiB",
            path.display(),
            LARGEST >> 20
        )));
    }
    file.rewind().map_err(io)?;
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(io)?;
    match unsealed(&bytes) {
        Some((text, signature)) => Ok(Some(read_statement(&signature, text, trust)?)),
        None => Ok(None),
    }
}

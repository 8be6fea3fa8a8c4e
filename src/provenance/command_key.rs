use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::ecdsa_form::side_by_side;
use crate::{Algorithm, Error};

/// Longest wait for a signature: somebody may have to touch a button.
const PATIENCE: Duration = Duration::from_secs(60);
/// Largest signature, and most of what a command may say on standard error.
const MOST_OUTPUT: u64 = 16 << 10;

/// A key that a program holds: it gets the bytes to sign on standard input and writes the signature to standard
/// output, ECDSA in DER or as both halves side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CommandKey {
    /// Program and arguments; no shell reads them.
    pub command: Vec<String>,
    pub algorithm: Algorithm,
}

impl CommandKey {
    pub fn sign(&self, data: &[u8]) -> Result<Vec<u8>, Error> {
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(Error::Signer("the signing command is empty".to_owned()));
        };
        let failed = |what: &str| Error::Signer(format!("the signing command {program}: {what}"));
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(&format!("can't be started ({error})")))?;
        let (mut input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        // Each pipe has a thread: a command may fill one while it waits for another.
        let signature = std::thread::scope(|scope| {
            scope.spawn(move || input.take().map(|mut input| input.write_all(data)));
            let output = scope.spawn(move || read_all(output));
            let errors = scope.spawn(move || read_all(errors));
            let ended = wait(&mut child);
            let errors = String::from_utf8_lossy(&errors.join().unwrap_or_default()).into_owned();
            let output = output.join().unwrap_or_default();
            match ended {
                Some(status) if status.success() => Ok(output),
                Some(status) => {
                    let said = errors.lines().next_back().unwrap_or_default();
                    Err(failed(&format!("failed with {status}: {said}")))
                }
                None => Err(failed(&format!("gave no signature within {} s", PATIENCE.as_secs()))),
            }
        })?;
        if signature.is_empty() {
            return Err(failed("gave an empty signature"));
        }
        Ok(match self.algorithm.half() {
            Some(half) => side_by_side(&signature, half).unwrap_or(signature),
            None => signature,
        })
    }
}

fn read_all(pipe: Option<impl std::io::Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // A pipe that breaks ends what was said; the exit status tells why.
        let _ = pipe.take(MOST_OUTPUT).read_to_end(&mut bytes);
    }
    bytes
}

/// `None` when it had to be ended.
fn wait(child: &mut Child) -> Option<std::process::ExitStatus> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if start.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(5)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

use std::fs::File;
use std::io;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread::{available_parallelism, sleep};
use std::time::Duration;

use filigrane::fleet::{Bench, Crew, Fault, Fleet, News, Pace, Stop, Task};
use filigrane::media::Cancel;
use filigrane::report::json_line;
use filigrane::verdict::{RegistryState, Report};
use serde::Serialize;

use crate::cli::args::{Common, Work};
use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::look::{Look, policy};
use crate::cli::output::{print_json, say};

/// Which program answers: answers of another one are other answers.
pub const ENGINE: &str = concat!("filigrane ", env!("CARGO_PKG_VERSION"));
/// Longest time for one file in a fleet, unless another is set.
pub const TIMEOUT: Duration = Duration::from_secs(300);
/// After which a request to stop has reached this program if it has reached the processes that it started.
const TOGETHER: Duration = Duration::from_millis(300);

/// What a worker did.
#[derive(Default, Serialize)]
struct Done {
    schema: u32,
    /// Files whose answers are kept.
    done: u64,
    /// Tries that failed.
    failed: u64,
    /// Of them, those that were the last.
    dead: u64,
    /// Files that were given back at the end.
    given_back: u64,
    /// Files that another worker has taken over.
    taken_over: u64,
}

pub fn run(wanted: &Work, common: &Common, cancel: &Cancel) -> Result<u8, Failure> {
    let home = Home::of(common)?;
    let look = Look::of(&wanted.looking, common, &home, Some(TIMEOUT))?;
    if let Some(why) = look.lacking() {
        return Err(Failure::Usage(format!("no registry: {why}")));
    }
    let timeout = wanted.looking.timeout.map_or(TIMEOUT, Duration::from_secs);
    let processors =
        || available_parallelism().map_or(1, |count| u16::try_from(NonZero::get(count)).unwrap_or(1));
    let crew = Crew {
        jobs: wanted.jobs.unwrap_or_else(processors),
        // The reader of the pictures has as long as that of the credentials, if that died.
        pace: Pace { longest: timeout * 2, slack: Duration::from_secs(wanted.slack) },
        grace: Duration::from_secs(wanted.grace),
        engine: ENGINE.to_owned(),
        policy: policy(&wanted.looking, &home, TIMEOUT)?,
    };
    let bench = Verifying { look, ending: cancel.clone() };
    let mut done = Done { schema: 1, ..Done::default() };
    let mut hear = |news: News| {
        if let Some(line) = done.count(&news).filter(|_| !common.quiet) {
            say(&line);
        }
    };
    Fleet::work(&wanted.database, &crew, Arc::new(bench), &|| cancel.is_cancelled(), &mut hear)?;
    if common.json {
        print_json(&done);
    } else if !common.quiet {
        say(&format!(
            "{} files answered, {} tries failed, {} files given back",
            done.done, done.failed, done.given_back
        ));
    }
    Ok(0)
}

impl Done {
    /// Counts news; gives what is worth a line.
    fn count(&mut self, news: &News) -> Option<String> {
        match news {
            News::Done { .. } => {
                self.done += 1;
                None
            }
            News::Failed { id, dead, why } => {
                self.failed += 1;
                self.dead += u64::from(*dead);
                Some(format!("job {id}: {why}{}", if *dead { "; it is dead" } else { "; it is tried again" }))
            }
            News::GivenBack { id } => {
                self.given_back += 1;
                Some(format!("job {id}: given back"))
            }
            News::TakenOver { id } => {
                self.taken_over += 1;
                Some(format!(
                    "job {id}: another worker has it now, as this one was out of touch for too long"
                ))
            }
            News::Ready => Some("waits for files; Ctrl-C ends it".to_owned()),
            News::Lost(why) => {
                Some(format!("the database does not answer ({why}); it is asked again and again"))
            }
            News::Back => Some("the database answers again".to_owned()),
            _ => None,
        }
    }
}

/// Verifies each file as `scan` does.
struct Verifying {
    look: Look,
    /// Set when this program is to stop.
    ending: Cancel,
}

impl Bench for Verifying {
    fn answer(&self, task: &Task, stop: &Stop) -> Result<String, Fault> {
        let path = task.location.path().ok_or_else(|| Fault::Lasting("no place of a file".to_owned()))?;
        is_file(&path)?;
        let cancel = Cancel::default();
        let flag = cancel.clone();
        stop.when_asked(move || flag.cancel());
        let report = self.look.verifier(&cancel).verify(&path, task.location.as_str(), &()).report;
        if stop.is_asked() || self.was_interrupted(&report) {
            return Err(Fault::Stopped);
        }
        // An answer is kept for good: one that lacks what the registry knows is none.
        if report.registry.state == RegistryState::Unavailable {
            let why = report.errors.iter().find(|error| error.starts_with("registry"));
            return Err(Fault::Passing(
                why.cloned().unwrap_or_else(|| "the registry did not answer".to_owned()),
            ));
        }
        match &report.sha256 {
            Some(digest) if *digest == task.sha256 => Ok(json_line(&report).trim_end().to_owned()),
            Some(_) => Err(Fault::Lasting("the file is not what was submitted any more".to_owned())),
            // Refused for what it is, which is an answer; or the storage broke off.
            None => match report.errors.iter().find(|error| error.contains("(os error ")) {
                Some(error) => Err(Fault::Passing(error.clone())),
                None => Ok(json_line(&report).trim_end().to_owned()),
            },
        }
    }
}

impl Verifying {
    /// Whether a reader may have died of the same Ctrl-C that asks this program to stop: nothing is said of such a file.
    fn was_interrupted(&self, report: &Report) -> bool {
        let died = report.errors.iter().any(|error| error.contains("signal "));
        if died && !self.ending.is_cancelled() {
            sleep(TOGETHER);
        }
        died && self.ending.is_cancelled()
    }
}

/// What can't be found or opened here may be on another machine, or later: storage is mounted late.
fn is_file(path: &Path) -> Result<(), Fault> {
    // Opening a pipe would wait for who writes into it.
    let facts = std::fs::metadata(path);
    let readable = facts.and_then(|facts| match facts.is_file() {
        true => File::open(path).map(|_| true),
        false => Ok(false),
    });
    match readable {
        Ok(true) => Ok(()),
        Ok(false) => Err(Fault::Lasting("no file".to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Fault::Passing("there is no such file on this machine".to_owned()))
        }
        Err(error) => Err(Fault::Passing(format!("cannot read the file: {error}"))),
    }
}

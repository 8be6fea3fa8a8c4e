use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf, absolute};
use std::thread::sleep;
use std::time::{Duration, Instant};

use filigrane::fleet::{Answer, Error, Fleet, Location, Outcome, Priority, State, Task};
use filigrane::media::Cancel;
use filigrane::pipeline::digest_of;
use filigrane::scan::{Found, Results, Source, Tally, find};
use filigrane::verdict::Report;
use serde::Serialize;

use crate::cli::args::{self, Common};
use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::look::policy;
use crate::cli::output::{print, print_json, say};
use crate::cli::scan::{stores, summary, table, vacant};
use crate::cli::worker::{ENGINE, TIMEOUT};

/// Files submitted at once.
const BATCH: usize = 100;
/// Longest that a file waits here for others.
const PATIENCE: Duration = Duration::from_millis(500);
/// Jobs asked about at once, and how often.
const ASKED: usize = 1000;
const ASKS: Duration = Duration::from_millis(250);
/// Answers that are waited for before more files are submitted.
const UNANSWERED: usize = 100_000;

/// What became of a file without waiting for its answer.
#[derive(Serialize)]
struct Line<'a> {
    schema: u32,
    file: &'a str,
    sha256: Option<&'a str>,
    job: Option<i64>,
    state: Option<State>,
    new: bool,
    errors: &'a [String],
}

/// `scan --database`: submits the files of the sources, and with `--wait` writes their answers.
pub fn run(wanted: &args::Scan, database: &str, common: &Common, cancel: &Cancel) -> Result<u8, Failure> {
    let start = Instant::now();
    if wanted.output.is_some() && !wanted.wait {
        return Err(Failure::Usage("--output keeps answers: with --database it needs --wait".to_owned()));
    }
    vacant(wanted)?;
    let sources = wanted.sources.iter().map(|word| Source::parse(word)).collect::<Result<Vec<_>, _>>()?;
    let home = Home::of(common)?;
    let policy = policy(&wanted.looking, &home, TIMEOUT)?;
    let fleet = Fleet::open(database)?.with_backlog(wanted.backlog);
    let results = match &wanted.output {
        Some(path) => Results::to_file(path, wanted.resume)?,
        None => Results::to_stdout(),
    };
    let mut submitting = Submitting {
        fleet: &fleet,
        cancel,
        quiet: common.quiet,
        wait: wanted.wait,
        tenant: wanted.tenant.clone(),
        policy,
        priority: Priority::new(wanted.priority).unwrap_or_default(),
        tally: results.earlier().clone(),
        results,
        batch: Vec::new(),
        since: Instant::now(),
        unanswered: BTreeMap::new(),
        asked: i64::MIN,
        submitted: 0,
    };
    let mut trouble = None;
    let found = find(&sources, &stores(), &mut |found| match submitting.take(found) {
        Ok(()) if !cancel.is_cancelled() => ControlFlow::Continue(()),
        Ok(()) => ControlFlow::Break(()),
        Err(failure) => {
            trouble = Some(failure);
            ControlFlow::Break(())
        }
    });
    if let Some(failure) = trouble {
        return Err(failure);
    }
    submitting.finish()?;
    if cancel.is_cancelled() {
        return Err(Failure::Usage(format!(
            "stopped on request: {} files were submitted and stay so",
            submitting.submitted
        )));
    }
    found?;
    if wanted.wait {
        table(wanted)?;
        if !common.quiet {
            summary(&submitting.tally, start.elapsed(), None).lines().for_each(say);
        }
        if common.json && wanted.output.is_some() {
            print_json(&submitting.tally);
        }
    } else if !common.quiet {
        say(&format!("{} files submitted", submitting.submitted));
    }
    Ok(0)
}

/// Files on their way to the fleet, and answers on their way back.
struct Submitting<'a> {
    fleet: &'a Fleet,
    cancel: &'a Cancel,
    quiet: bool,
    wait: bool,
    tenant: String,
    policy: String,
    priority: Priority,
    results: Results,
    tally: Tally,
    /// Names and tasks, and since when the first waits.
    batch: Vec<(String, Task)>,
    since: Instant,
    /// Names of files by the jobs that answer them.
    unanswered: BTreeMap<i64, Vec<String>>,
    /// The job after which the next are asked about.
    asked: i64,
    submitted: u64,
}

impl Submitting<'_> {
    fn take(&mut self, found: Found) -> Result<(), Failure> {
        let (name, path) = match found {
            Found::File(path) => (path.display().to_string(), Ok(path)),
            Found::Object(url) => (url.clone(), of_url(&url)),
            Found::Fault(name, why) => (name, Err(why)),
        };
        if self.results.has(&name) {
            return Ok(());
        }
        match path.and_then(|path| self.task(&path)) {
            Ok(Some(task)) => {
                if self.batch.is_empty() {
                    self.since = Instant::now();
                }
                self.batch.push((name, task));
                if self.batch.len() >= BATCH || self.since.elapsed() > PATIENCE {
                    self.submit()?;
                }
                Ok(())
            }
            // Stopped while it was read.
            Ok(None) => Ok(()),
            Err(why) => self.refuse(name, why),
        }
    }

    /// The task of a file, by its content; none when this program is to stop.
    fn task(&self, path: &Path) -> Result<Option<Task>, String> {
        let unreadable = |error: io::Error| format!("cannot read the file: {error}");
        let path = absolute(path).map_err(unreadable)?;
        let Some(sha256) = digest(&path, self.cancel).map_err(unreadable)? else { return Ok(None) };
        Ok(Some(Task {
            tenant: self.tenant.clone(),
            sha256,
            engine: ENGINE.to_owned(),
            policy: self.policy.clone(),
            location: Location::of_file(&path).map_err(|error| error.to_string())?,
            priority: self.priority,
        }))
    }

    fn refuse(&mut self, name: String, why: String) -> Result<(), Failure> {
        if self.wait {
            return self.write(&Report::unreadable(name, why));
        }
        line(&Line {
            schema: 1,
            file: &name,
            sha256: None,
            job: None,
            state: None,
            new: false,
            errors: &[why],
        });
        Ok(())
    }

    /// Submits what was gathered, as soon as there is room for it.
    fn submit(&mut self) -> Result<(), Failure> {
        let (names, tasks): (Vec<String>, Vec<Task>) = std::mem::take(&mut self.batch).into_iter().unzip();
        let answers = loop {
            match self.fleet.submit(&tasks) {
                Err(Error::Busy { waiting, seconds, .. }) => {
                    if self.is_stopped_within(waiting, seconds)? {
                        return Ok(());
                    }
                }
                answers => break answers?,
            }
        };
        self.submitted += answers.len() as u64;
        for ((name, task), answer) in names.into_iter().zip(tasks).zip(answers) {
            if self.wait {
                self.unanswered.entry(answer.id()).or_default().push(name);
                continue;
            }
            let state = match answer {
                Answer::New(_) => State::Waiting,
                Answer::Known { state, .. } => state,
            };
            line(&Line {
                schema: 1,
                file: &name,
                sha256: Some(&task.sha256),
                job: Some(answer.id()),
                state: Some(state),
                new: matches!(answer, Answer::New(_)),
                errors: &[],
            });
        }
        if self.unanswered.len() >= UNANSWERED {
            while self.unanswered.len() >= UNANSWERED / 2 && !self.cancel.is_cancelled() {
                self.hear()?;
            }
        } else if self.wait {
            self.ask()?;
        }
        Ok(())
    }

    /// Waits for room, at most as long as is said; writes answers meanwhile. Gives whether this program is to stop.
    fn is_stopped_within(&mut self, waiting: u64, seconds: u64) -> Result<bool, Failure> {
        if !self.quiet {
            say(&format!("{waiting} files wait in the fleet, as many as may; goes on in {seconds} s"));
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(seconds) && !self.cancel.is_cancelled() {
            self.hear()?;
        }
        Ok(self.cancel.is_cancelled())
    }

    fn finish(&mut self) -> Result<(), Failure> {
        if !self.cancel.is_cancelled() && !self.batch.is_empty() {
            self.submit()?;
        }
        while !self.unanswered.is_empty() && !self.cancel.is_cancelled() {
            self.hear()?;
        }
        self.results.finish()?;
        Ok(())
    }

    /// Asks about jobs, and rests when there is nothing new.
    fn hear(&mut self) -> Result<(), Failure> {
        if self.ask()? == 0 {
            sleep(ASKS);
        }
        Ok(())
    }

    /// Asks about the next jobs in turn, and writes the answers that came; gives how many.
    fn ask(&mut self) -> Result<usize, Failure> {
        use std::ops::Bound::{Excluded, Unbounded};
        let after = (Excluded(self.asked), Unbounded);
        let ids: Vec<i64> = self.unanswered.range(after).take(ASKED).map(|(id, _)| *id).collect();
        self.asked = if ids.len() < ASKED { i64::MIN } else { ids.last().copied().unwrap_or(i64::MIN) };
        let outcomes = self.fleet.outcomes(&ids)?;
        let count = outcomes.len();
        for (id, outcome) in outcomes {
            for name in self.unanswered.remove(&id).unwrap_or_default() {
                let report = report(name, &outcome);
                self.write(&report)?;
            }
        }
        Ok(count)
    }

    fn write(&mut self, report: &Report) -> Result<(), Failure> {
        self.results.write(report)?;
        self.tally.count(report);
        Ok(())
    }
}

/// The line of a file, under the name that it was given here.
fn report(name: String, outcome: &Outcome) -> Report {
    match outcome {
        Outcome::Done(document) => match serde_json::from_str::<Report>(document) {
            Ok(mut report) => {
                report.file = name;
                report
            }
            Err(error) => Report::unreadable(name, format!("the fleet's answer can't be read: {error}")),
        },
        Outcome::Dead(why) => Report::unreadable(name, format!("the fleet gave it up: {why}")),
        Outcome::Dropped => Report::unreadable(name, "it was dropped from the fleet".to_owned()),
        _ => Report::unreadable(name, "the fleet's answer is of a later version".to_owned()),
    }
}

fn line(line: &Line<'_>) {
    match serde_json::to_string(line) {
        Ok(text) => print(&text),
        Err(error) => say(&format!("cannot write JSON: {error}")),
    }
}

/// The path of an object that is a file; others have to be where workers see them as files.
fn of_url(url: &str) -> Result<PathBuf, String> {
    let path = Location::parse(url).ok().and_then(|location| location.path());
    path.ok_or_else(|| "a fleet takes files and file:// URLs alone".to_owned())
}

/// SHA-256 of a file, or none when this program is to stop.
fn digest(path: &Path, cancel: &Cancel) -> io::Result<Option<String>> {
    // Opening a pipe would wait for who writes into it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("no file"));
    }
    match digest_of(&File::open(path)?, cancel) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        read => read.map(|(digest, _)| Some(digest.to_string())),
    }
}

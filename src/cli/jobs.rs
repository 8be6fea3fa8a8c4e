use std::fmt::Write as _;

use filigrane::fleet::{Fleet, Job, Page, State, Stats};
use filigrane::verdict::visible;
use serde_json::json;

use crate::cli::args::{Common, Jobs, JobsVerb, Which};
use crate::cli::error::Failure;
use crate::cli::output::{NAME, print, print_json, say};

/// Most jobs asked for at once.
const PAGE: u32 = 1000;

pub fn run(wanted: &Jobs, common: &Common) -> Result<u8, Failure> {
    let database = wanted.database.as_deref();
    let database = database.ok_or_else(|| {
        Failure::Usage(
            "which database? --database postgres://USER@HOST/NAME, or FILIGRANE_DATABASE".to_owned(),
        )
    })?;
    match &wanted.verb {
        JobsVerb::Migrate => migrate(database, common)?,
        JobsVerb::List { state, after, limit } => {
            let page = Page { states: state.clone(), after: *after, most: *limit };
            list(&Fleet::open(database)?, &page, common)?;
        }
        JobsVerb::Retry { which } => {
            let fleet = Fleet::open(database)?;
            each(&fleet, which, "retried", common, |id| Ok(fleet.retry(id).map(|_| ())?))?;
        }
        JobsVerb::Drop { which } => {
            let fleet = Fleet::open(database)?;
            each(&fleet, which, "dropped", common, |id| Ok(fleet.drop_job(id)?))?;
        }
        JobsVerb::Stats => {
            let stats = Fleet::open(database)?.stats()?;
            if common.json {
                print_json(&json!({
                    "schema": 1,
                    "states": stats.states,
                    "oldest_waiting_s": stats.oldest_waiting_s,
                    "finished_per_second": stats.finished_per_second,
                    "loads": stats.loads,
                }));
            } else {
                print(&table(&stats));
            }
        }
    }
    Ok(0)
}

fn migrate(database: &str, common: &Common) -> Result<(), Failure> {
    let changed = Fleet::prepare(database)?;
    if common.json {
        print_json(&json!({"schema": 1, "changed": changed}));
    } else if !common.quiet {
        say(if changed { "the database is ready" } else { "the database was ready before" });
    }
    Ok(())
}

fn list(fleet: &Fleet, page: &Page, common: &Common) -> Result<(), Failure> {
    let jobs = fleet.list(page)?;
    // A page that is not full is the last.
    let next = jobs.last().map(|job| job.id).filter(|_| jobs.len() as u64 == u64::from(page.most));
    if common.json {
        print_json(&json!({"schema": 1, "jobs": jobs, "next": next}));
        return Ok(());
    }
    let text: String = jobs.iter().map(|job| line(job) + "\n").collect();
    if !text.is_empty() {
        print(&text);
    }
    if let Some(next) = next.filter(|_| !common.quiet) {
        say(&format!("more by --after {next}"));
    }
    Ok(())
}

fn line(job: &Job) -> String {
    let mut text = format!(
        "{:<8} {:<9} tries {}  {}  {}",
        job.id,
        job.state,
        job.tries,
        job.sha256.get(..16).unwrap_or_default(),
        visible(&job.location, NAME)
    );
    if let Some(error) = &job.error {
        let _ = write!(text, "  ({})", visible(error, NAME));
    }
    text
}

/// Does the same with each job; what can't be done with one is told when all are through.
fn each(
    fleet: &Fleet,
    which: &Which,
    done: &str,
    common: &Common,
    mut work: impl FnMut(i64) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (mut through, mut trouble) = (Vec::new(), None);
    let mut one = |id| match work(id) {
        Ok(()) => through.push(id),
        Err(failure) => trouble = Some(failure),
    };
    which.numbers.iter().copied().for_each(&mut one);
    let mut page = Page { states: vec![State::Dead], after: None, most: PAGE };
    let mut more = which.dead;
    while more {
        let jobs = fleet.list(&page)?;
        page.after = jobs.last().map(|job| job.id);
        more = page.after.is_some();
        jobs.iter().map(|job| job.id).for_each(&mut one);
    }
    if let Some(failure) = trouble {
        return Err(failure);
    }
    if common.json {
        print_json(&json!({"schema": 1, done: through}));
    } else if !common.quiet {
        say(&format!("{} {done}", through.len()));
    }
    Ok(())
}

fn table(stats: &Stats) -> String {
    let mut text = String::new();
    for (state, count) in &stats.states {
        let _ = writeln!(text, "{:<18} {count:>12}", state.as_str());
    }
    if let Some(seconds) = stats.oldest_waiting_s {
        let _ = writeln!(text, "{:<18} {seconds:>12.1}", "oldest waits, s");
    }
    let _ = writeln!(text, "{:<18} {:>12.2}", "finished a second", stats.finished_per_second);
    for load in &stats.loads {
        let policy = load.policy.get(..12).unwrap_or_default();
        let _ = writeln!(
            text,
            "{}, policy {policy}: {} wait, {} run",
            visible(&load.engine, NAME),
            load.waiting,
            load.running
        );
    }
    text
}

//! The queue alone, in processes that may be killed: `drill submit ADDRESS COUNT RATE` (0 for all at once),
//! `drill work ADDRESS JOBS`, `drill check ADDRESS COUNT`. The work is a digest; see `scripts/bench-fleet.sh`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for measurements")]

use std::error::Error;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use filigrane_fleet::{Bench, Crew, Fault, Fleet, Location, Pace, Priority, State, Stop, Task};

const BATCH: u64 = 500;

struct Digest;

impl Bench for Digest {
    fn answer(&self, task: &Task, _: &Stop) -> Result<String, Fault> {
        // One in four thousand is poison.
        if task.sha256.ends_with("3e7") {
            return Err(Fault::Lasting("poison".to_owned()));
        }
        Ok(format!("{{\"sha256\":\"{}\"}}", task.sha256))
    }
}

fn task(number: u64) -> Result<Task, Box<dyn Error>> {
    Ok(Task {
        tenant: "drill".to_owned(),
        sha256: format!("{number:064x}"),
        engine: "drill".to_owned(),
        policy: "drill".to_owned(),
        location: Location::parse(&format!("/uploads/{number}.mp4"))?,
        priority: Priority::default(),
    })
}

fn submit(address: &str, count: u64, rate: u64) -> Result<(), Box<dyn Error>> {
    let fleet = Fleet::open(address)?.with_backlog(count.max(1));
    let start = Instant::now();
    // One by one at a rate: as uploads come.
    let batch = if rate == 0 { BATCH } else { 1 };
    for first in (0..count).step_by(usize::try_from(batch)?) {
        if rate > 0 {
            let due = Duration::from_secs_f64(first as f64 / rate as f64);
            sleep(due.saturating_sub(start.elapsed()));
        }
        let tasks = (first..(first + batch).min(count)).map(task).collect::<Result<Vec<_>, _>>()?;
        fleet.submit(&tasks)?;
    }
    println!("{count} submitted in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn work(address: &str, jobs: u16) -> Result<(), Box<dyn Error>> {
    let crew = Crew {
        jobs,
        pace: Pace { longest: Duration::from_secs(2), slack: Duration::from_secs(2) },
        grace: Duration::from_secs(5),
        engine: "drill".to_owned(),
        policy: "drill".to_owned(),
    };
    // Ends with its parent, or by a signal.
    let parent = std::os::unix::process::parent_id();
    Fleet::work(
        address,
        &crew,
        Arc::new(Digest),
        &|| std::os::unix::process::parent_id() != parent,
        &mut |news| {
            if !matches!(news, filigrane_fleet::News::Done { .. }) {
                eprintln!("{news:?}");
            }
        },
    )?;
    Ok(())
}

/// Waits until all ended, and counts.
fn check(address: &str, count: u64) -> Result<(), Box<dyn Error>> {
    let fleet = Fleet::open(address)?;
    let start = Instant::now();
    loop {
        let stats = fleet.stats()?;
        let of = |state: State| stats.states.get(&state).copied().unwrap_or(0);
        if of(State::Done) + of(State::Dead) == count {
            println!(
                "{} done, {} dead after {:.1} s",
                of(State::Done),
                of(State::Dead),
                start.elapsed().as_secs_f64()
            );
            return Ok(());
        }
        if start.elapsed() > Duration::from_secs(1800) {
            return Err(format!("not all ended: {stats:?}").into());
        }
        sleep(Duration::from_millis(500));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["submit", address, count, rate] => submit(address, count.parse()?, rate.parse()?),
        ["work", address, jobs] => work(address, jobs.parse()?),
        ["check", address, count] => check(address, count.parse()?),
        ["migrate", address] => Fleet::prepare(address).map(|_| ()).map_err(Into::into),
        _ => {
            Err("drill migrate ADDRESS | submit ADDRESS COUNT RATE | work ADDRESS JOBS | check ADDRESS COUNT"
                .into())
        }
    }
}

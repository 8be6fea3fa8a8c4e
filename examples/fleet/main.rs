//! How many cores a platform needs: a fleet of workers under uploads that come steadily, in bursts, or with poison among them,
//! simulated event by event with service times that were measured (`costs.csv`, made by `scripts/bench-scaling.sh`).
//!
//! `cargo run --release --example fleet -- --hours-a-minute 500 --depth key-frames`

mod costs;
mod load;
mod queue;
mod sizing;

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Parser;

use crate::costs::Costs;
use crate::load::{Kind, Uploads};
use crate::queue::{Course, run};
use crate::sizing::least;

/// Simulates a fleet of workers; prints what waits how long, and how many cores keep the wait short.
#[derive(Parser)]
struct Arguments {
    /// Hours of video uploaded in a minute.
    #[arg(long, default_value_t = 1.0)]
    hours_a_minute: f64,
    /// How far each upload is looked at: a depth of `costs.csv`.
    #[arg(long, default_value = "key-frames")]
    depth: String,
    /// Median length of an upload, seconds; lengths are log-normal.
    #[arg(long, default_value_t = 60.0)]
    median: f64,
    /// Standard deviation of the logarithm of an upload's length.
    #[arg(long, default_value_t = 1.3)]
    spread: f64,
    /// Share of uploads that a manifest settles.
    #[arg(long, default_value_t = 0.02)]
    signed: f64,
    /// Share of uploads, under the poisoned load, that take their worker the longest time of a try, three times.
    #[arg(long, default_value_t = 0.0002)]
    poison: f64,
    /// Hours simulated; the first tenth is not counted.
    #[arg(long, default_value_t = 3.0)]
    hours: f64,
    /// Wait that all but one in a hundred uploads may have, seconds.
    #[arg(long, default_value_t = 60.0)]
    wait: f64,
    /// Cores; without it, the least that keep the wait.
    #[arg(long)]
    cores: Option<usize>,
    /// Longest that a try may take, seconds.
    #[arg(long, default_value_t = 600.0)]
    timeout: f64,
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Measured service times.
    #[arg(long, default_value = "examples/fleet/costs.csv")]
    costs: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let wanted = Arguments::parse();
    let costs = Costs::read(&wanted.costs)?;
    let uploads = Uploads {
        median: wanted.median,
        spread: wanted.spread,
        signed: wanted.signed,
        poison: wanted.poison,
        timeout: wanted.timeout,
        seconds_a_second: wanted.hours_a_minute * 60.0,
        seed: wanted.seed,
    };
    let (look, settled) = (costs.of(&wanted.depth)?, costs.of("signed")?);
    show(&format!(
        "{} hours of video a minute: {:.2} uploads a second of {:.0} s on average, {:.3} s of processor each, {:.2} cores busy",
        wanted.hours_a_minute,
        uploads.rate(),
        uploads.mean(),
        uploads.service(&look, &settled),
        uploads.rate() * uploads.service(&look, &settled),
    ));
    show("");
    show("| load | cores | busy | waits: half under | 95 % | 99 % | longest, s | most waiting | given up |");
    show("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for kind in Kind::ALL {
        let course = |cores: usize| -> Course {
            run(uploads.arrivals(kind, &look, &settled, wanted.hours * 3600.0), cores, wanted.hours * 360.0)
        };
        let cores = wanted.cores.unwrap_or_else(|| least(|cores| course(cores).wait(0.99) <= wanted.wait));
        let seen = course(cores);
        let [half, most, nearly, all] = [0.5, 0.95, 0.99, 1.0].map(|share| seen.wait(share));
        show(&format!(
            "| {kind} | {cores} | {:.0} % | {half:.2} | {most:.2} | {nearly:.1} | {all:.0} | {} | {} |",
            100.0 * seen.busy,
            seen.most_waiting,
            seen.given_up
        ));
    }
    Ok(())
}

fn show(line: &str) {
    // Whoever reads may have read enough.
    let _ = writeln!(std::io::stdout(), "{line}");
}

use std::fmt::Write as _;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use filigrane::media::Cancel;
use filigrane::scan::{Error, Results, Scan, Source, Stores, Tally, Watcher, scan, tabulate};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::args::{self, Common};
use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::look::Look;
use crate::cli::output::{print_json, say};
use crate::cli::submit;

/// Ticks of the kernel's accounts in a second, on every machine that Rust runs on.
const TICKS: f64 = 100.0;

pub fn run(wanted: &args::Scan, common: &Common, cancel: &Cancel) -> Result<u8, Failure> {
    if let Some(database) = &wanted.database {
        return submit::run(wanted, database, common, cancel);
    }
    let start = Instant::now();
    vacant(wanted)?;
    let sources = wanted.sources.iter().map(|word| Source::parse(word)).collect::<Result<Vec<_>, _>>()?;
    let home = Home::of(common)?;
    let look = Look::of(&wanted.looking, common, &home, None)?;
    let verifier = look.verifier(cancel);
    let mut results = match &wanted.output {
        Some(path) => Results::to_file(path, wanted.resume)?,
        None => Results::to_stdout(),
    };
    let processors = || available_parallelism().map_or(1, NonZero::get);
    let how = Scan {
        jobs: wanted.jobs.map_or_else(processors, usize::from),
        cache: home.cache(),
        stores: stores(),
    };
    let mut bar = Bar::new(common.quiet, start, results.earlier());
    let done = scan(&sources, &verifier, &how, &mut results, &mut bar);
    bar.clear();
    let told = bar.tally.clone();
    if cancel.is_cancelled() {
        let how = if wanted.output.is_some() { "; --resume goes on with them" } else { "" };
        return Err(Failure::Usage(format!(
            "stopped on request: {} files were answered{how}",
            told.answered()
        )));
    }
    let tally = done?;
    table(wanted)?;
    if !common.quiet {
        summary(&tally, start.elapsed(), bar.cost(&tally)).lines().for_each(say);
    }
    if common.json && wanted.output.is_some() {
        print_json(&tally);
    }
    Ok(0)
}

/// Refuses a table that is there already or can't be, before anything is looked at.
pub fn vacant(wanted: &args::Scan) -> Result<(), Failure> {
    match &wanted.parquet {
        Some(path) if path.exists() && !wanted.resume => Err(Error::Exists(path.clone()).into()),
        Some(path) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            match folder.map(std::fs::metadata) {
                Some(Err(source)) => Err(Failure::Io { path: path.clone(), source }),
                _ => Ok(()),
            }
        }
        None => Ok(()),
    }
}

/// Writes the table that was asked for.
pub fn table(wanted: &args::Scan) -> Result<(), Failure> {
    if let (Some(lines), Some(path)) = (&wanted.output, &wanted.parquet) {
        tabulate(lines, path)?;
    }
    Ok(())
}

/// What the environment says of object stores.
pub fn stores() -> Stores {
    let texts = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Stores::of(texts)
}

/// The table at the end.
pub fn summary(tally: &Tally, elapsed: Duration, cost: Option<f64>) -> String {
    let mut text = String::new();
    let mut line = |what: &str, count: String| {
        let _ = writeln!(text, "{what:<18} {count:>12}");
    };
    for (verdict, count) in &tally.verdicts {
        line(verdict, count.to_string());
    }
    line("files", tally.answered().to_string());
    for (depth, count) in &tally.depths {
        line(&format!("  settled: {depth}"), count.to_string());
    }
    line("bytes", tally.bytes.to_string());
    line("hours of video", format!("{:.3}", tally.video_s / 3600.0));
    line("seconds", format!("{:.1}", elapsed.as_secs_f64()));
    if let Some(cost) = cost {
        line("CPU s/video hour", format!("{cost:.1}"));
    }
    text
}

/// Processor time of this process and of all its children that ended.
fn processor_seconds() -> Option<f64> {
    let accounts = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may hold anything.
    let fields = accounts.rsplit_once(')')?.1.split_whitespace();
    let ticks: f64 = fields.skip(11).take(4).filter_map(|field| field.parse::<f64>().ok()).sum();
    Some(ticks / TICKS)
}

/// A bar on the terminal for work over one second.
struct Bar {
    start: Instant,
    wanted: bool,
    bar: Option<ProgressBar>,
    /// What was answered before this call.
    earlier: Tally,
    tally: Tally,
}

impl Bar {
    fn new(quiet: bool, start: Instant, earlier: &Tally) -> Self {
        let wanted = !quiet && io::stderr().is_terminal();
        Self { start, wanted, bar: None, earlier: earlier.clone(), tally: earlier.clone() }
    }

    /// Processor seconds for each hour of video that this call looked at.
    fn cost(&self, tally: &Tally) -> Option<f64> {
        let hours = (tally.video_s - self.earlier.video_s) / 3600.0;
        processor_seconds().filter(|_| hours > 0.0).map(|seconds| seconds / hours)
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Watcher for Bar {
    fn step(&mut self, found: u64, all: bool, tally: &Tally) {
        let answered = tally.answered();
        self.tally.clone_from(tally);
        if !self.wanted || self.start.elapsed() < Duration::from_secs(1) {
            return;
        }
        let cost = self.cost(tally);
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new(found).with_position(answered);
            let style = ProgressStyle::with_template("{bar:32} {pos}/{len} files, {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        bar.set_length(found);
        bar.set_position(answered);
        let rate = Tally::rate(answered.saturating_sub(self.earlier.answered()), self.start.elapsed());
        let mut words = format!("{rate:.1}/s");
        if all && rate > 0.0 {
            let left = found.saturating_sub(answered) as f64 / rate;
            let _ = write!(words, ", {}:{:02} left", left as u64 / 60, left as u64 % 60);
        }
        if let Some(cost) = cost {
            let _ = write!(words, ", {cost:.0} CPU s for an hour of video");
        }
        bar.set_message(words);
    }
}

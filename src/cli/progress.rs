use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use filigrane::pipeline::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on the terminal for work over one second, a new one for each part of it.
pub struct Bar {
    start: Instant,
    wanted: bool,
    bar: RefCell<Option<(&'static str, ProgressBar)>>,
}

impl Bar {
    pub fn new(quiet: bool) -> Self {
        Self { start: Instant::now(), wanted: !quiet && io::stderr().is_terminal(), bar: RefCell::new(None) }
    }
}

impl Progress for Bar {
    fn step(&self, stage: &'static str, done: u64, of: Option<u64>) {
        if !self.wanted || self.start.elapsed() < Duration::from_secs(1) {
            return;
        }
        let mut held = self.bar.borrow_mut();
        if let Some((shown, bar)) = held.as_ref()
            && *shown != stage
        {
            bar.finish_and_clear();
            *held = None;
        }
        let (_, bar) = held.get_or_insert_with(|| (stage, started(stage, of)));
        bar.set_position(done);
    }
}

fn started(stage: &'static str, of: Option<u64>) -> ProgressBar {
    let unit = if stage == "denoising" { "steps" } else { "pictures" };
    let style = match of {
        Some(_) => {
            ProgressStyle::with_template(&format!("{{msg}} {{bar:32}} {{pos}}/{{len}} {unit}, {{eta}} left"))
        }
        None => ProgressStyle::with_template(&format!("{{msg}} {{spinner}} {{pos}} {unit}")),
    };
    let bar = of.map_or_else(ProgressBar::no_length, ProgressBar::new);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(stage);
    bar
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some((_, bar)) = self.bar.get_mut() {
            bar.finish_and_clear();
        }
    }
}

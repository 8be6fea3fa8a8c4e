use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use filigrane::pipeline::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on the terminal for work over one second.
pub struct Bar {
    start: Instant,
    wanted: bool,
    bar: RefCell<Option<ProgressBar>>,
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
        let mut bar = self.bar.borrow_mut();
        let bar = bar.get_or_insert_with(|| {
            let style = match of {
                Some(_) => ProgressStyle::with_template("{msg} {bar:32} {pos}/{len} pictures, {eta} left"),
                None => ProgressStyle::with_template("{msg} {spinner} {pos} pictures"),
            };
            let bar = of.map_or_else(ProgressBar::no_length, ProgressBar::new);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(stage);
            bar
        });
        bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get_mut() {
            bar.finish_and_clear();
        }
    }
}

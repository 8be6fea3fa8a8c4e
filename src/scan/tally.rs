use std::collections::BTreeMap;
use std::time::Duration;

use filigrane_verdict::{Depth, Report};
use serde::Serialize;

/// What many answers amount to.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Tally {
    /// How many files have each verdict, `unreadable` among them.
    pub verdicts: BTreeMap<String, u64>,
    /// How many were settled at each depth.
    pub depths: BTreeMap<String, u64>,
    /// Bytes of all files.
    pub bytes: u64,
    /// Seconds of video, as the containers say.
    pub video_s: f64,
    /// Seconds of work on them, of all workers together.
    pub worked_s: f64,
}

impl Tally {
    /// Counts one answer.
    pub fn count(&mut self, report: &Report) {
        let verdict = report.verdict.as_ref().map(|verdict| name(&verdict.code));
        *self.verdicts.entry(verdict.unwrap_or_else(|| "unreadable".to_owned())).or_default() += 1;
        if report.verdict.is_some() {
            *self.depths.entry(name::<Depth>(&report.depth)).or_default() += 1;
        }
        self.bytes += report.bytes.unwrap_or(0);
        let seconds = report.media.as_ref().and_then(|media| media.duration);
        self.video_s += seconds.filter(|seconds| seconds.is_finite() && *seconds > 0.0).unwrap_or(0.0);
        self.worked_s += report.timing.total_s.max(0.0);
    }

    /// How many files were answered.
    pub fn answered(&self) -> u64 {
        self.verdicts.values().sum()
    }

    /// How many of them could not be read.
    pub fn unreadable(&self) -> u64 {
        self.verdicts.get("unreadable").copied().unwrap_or(0)
    }

    /// Files answered a second.
    pub fn rate(answered: u64, elapsed: Duration) -> f64 {
        answered as f64 / elapsed.as_secs_f64().max(1e-9)
    }
}

/// As JSON has it.
fn name<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

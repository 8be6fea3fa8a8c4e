use serde::{Deserialize, Serialize};

/// A span of presentation time, in seconds, `start <= end`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// First instant covered, seconds.
    pub start: f64,
    /// First instant no longer covered, seconds.
    pub end: f64,
}

impl Interval {
    /// Length in seconds.
    pub fn duration(self) -> f64 {
        self.end - self.start
    }
}

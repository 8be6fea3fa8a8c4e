use serde::{Deserialize, Serialize};

/// Bounds on what an untrusted input may make the program spend. Required by everything that opens one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest picture, in luma samples.
    pub pixels: u64,
    /// Most pictures decoded from one input.
    pub frames: u64,
    /// Longest presentation time, seconds.
    pub seconds: f64,
    /// Longest wall-clock time that opening, or waiting for the next picture, may take, seconds.
    pub stall_seconds: f64,
    /// Most packets in a row that may yield no picture before the input counts as damaged beyond use.
    pub barren_packets: u32,
    /// Most streams in a container.
    pub streams: u32,
    /// Largest manifest store read from one input, bytes.
    pub manifest_bytes: u64,
    /// Most media segments of one track of a stream in several files.
    pub fragments: u32,
}

impl Default for Limits {
    /// Room for 8K pictures and a day of video, in segments of a second; 10 s without progress ends the work.
    fn default() -> Self {
        Self {
            pixels: 8192 * 8192,
            frames: 24 * 3600 * 120,
            seconds: 24.0 * 3600.0,
            stall_seconds: 10.0,
            barren_packets: 4096,
            streams: 64,
            manifest_bytes: 64 << 20,
            fragments: 100_000,
        }
    }
}

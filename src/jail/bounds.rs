/// What a jailed process may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Memory it writes to, bytes.
    pub memory: u64,
    /// Processor time of all its threads, seconds.
    pub cpu_seconds: u64,
    /// What it may write.
    pub output: Output,
}

/// What a jailed process may write beside what it tells. Never both of these: files in memory are bounded by their size alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Small files in memory, for itself.
    Memory,
    /// The files that were handed over for writing, each up to so many bytes.
    Files(u64),
}

impl Default for Bounds {
    /// A gibibyte, room for pictures of 8K, and an hour.
    fn default() -> Self {
        Self { memory: 1 << 30, cpu_seconds: 3600, output: Output::Memory }
    }
}

/// What a jailed process may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Memory it writes to, bytes.
    pub memory: u64,
    /// Processor time of all its threads, seconds.
    pub cpu_seconds: u64,
}

impl Default for Bounds {
    /// A gibibyte, room for pictures of 8K, and an hour.
    fn default() -> Self {
        Self { memory: 1 << 30, cpu_seconds: 3600 }
    }
}

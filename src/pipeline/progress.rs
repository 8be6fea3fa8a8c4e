/// Told how far a job is; all methods may be called often and must return at once.
pub trait Progress {
    /// `done` pictures of `of` (when that is known) have gone through `stage`.
    fn step(&self, stage: &'static str, done: u64, of: Option<u64>);
}

/// Says nothing.
impl Progress for () {
    fn step(&self, _: &'static str, _: u64, _: Option<u64>) {}
}

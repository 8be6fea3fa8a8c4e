/// What sort of failure an error is. Each crate's error names its kind; exit status, HTTP status and the advice
/// line are looked up by kind in one table at the top of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes do not follow their own format.
    Malformed,
    /// A well-formed input that this build cannot handle.
    Unsupported,
    /// A bound given by the caller was reached.
    Limit,
    /// The caller asked for something impossible.
    Parameter,
    /// A key, passphrase or identity is missing or wrong.
    Key,
    /// A certificate or signature cannot be relied on.
    Trust,
    /// Reading or writing failed.
    Io,
    /// The caller asked to stop.
    Cancelled,
    /// A defect in this program.
    Internal,
}

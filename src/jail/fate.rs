use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use filigrane_frame::ErrorKind;

/// Why a jailed process gave no answer: a finding about what it read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fate {
    /// It tried what it may not.
    #[error("reading it was stopped: it made the decoder try a system call that is not allowed")]
    Forbidden,
    /// It needed too much memory.
    #[error("reading it takes more than the {} MiB of memory allowed", .0 >> 20)]
    Memory(u64),
    /// It used up its processor time.
    #[error("reading it takes more than the {0} s of processor time allowed")]
    Processor(u64),
    /// It wrote a larger file than it may.
    #[error("reading it was stopped: it made the decoder write more than is allowed")]
    Output,
    /// The parent's clock ran out.
    #[error("reading it was stopped: no answer within {:.0} s", .0.as_secs_f64())]
    Late(Duration),
    /// It crashed.
    #[error("reading it was stopped: it crashed the decoder ({0})")]
    Crashed(String),
    /// It told what no reader tells.
    #[error("reading it was stopped: {0}")]
    Nonsense(String),
    /// The caller asked to stop.
    #[error("stopped on request")]
    Cancelled,
    /// No jail could be started: no finding about the file.
    #[error("cannot start a process to read it in: {0}")]
    Unstarted(#[from] io::Error),
}

impl Fate {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Memory(_) | Self::Processor(_) | Self::Output | Self::Late(_) => ErrorKind::Limit,
            Self::Forbidden | Self::Crashed(_) | Self::Nonsense(_) => ErrorKind::Malformed,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Unstarted(_) => ErrorKind::Io,
        }
    }

    /// What a status says, with what the child wrote to standard error, which may be a lie, and its bounds.
    pub(crate) fn of(status: ExitStatus, said: &[u8], bounds: &crate::Bounds) -> Self {
        // Of Rust's allocator.
        let memory = b"memory allocation of ";
        if said.windows(memory.len()).any(|window| window == memory) {
            return Self::Memory(bounds.memory);
        }
        match status.signal() {
            Some(libc::SIGSYS) => Self::Forbidden,
            Some(libc::SIGXFSZ) => Self::Output,
            Some(libc::SIGXCPU | libc::SIGKILL) => Self::Processor(bounds.cpu_seconds),
            Some(signal) => Self::Crashed(name(signal)),
            None => Self::Crashed(format!("exit status {}", status.code().unwrap_or(-1))),
        }
    }
}

fn name(signal: i32) -> String {
    match signal {
        libc::SIGSEGV => "SIGSEGV".to_owned(),
        libc::SIGABRT => "SIGABRT".to_owned(),
        libc::SIGBUS => "SIGBUS".to_owned(),
        libc::SIGILL => "SIGILL".to_owned(),
        libc::SIGFPE => "SIGFPE".to_owned(),
        libc::SIGTRAP => "SIGTRAP".to_owned(),
        other => format!("signal {other}"),
    }
}

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{Cancel, Error};

/// Ends reading when the caller cancels or when nothing has come for too long. Shared with FFmpeg's interrupt
/// callback and with the file behind it.
#[derive(Debug)]
pub(crate) struct Watch {
    cancel: Cancel,
    patience: Duration,
    born: Instant,
    deadline: AtomicU64,
    fault: Mutex<Option<io::Error>>,
}

impl Watch {
    pub(crate) fn new(cancel: &Cancel, stall_seconds: f64) -> Self {
        let patience = Duration::try_from_secs_f64(stall_seconds).unwrap_or(Duration::from_secs(3600));
        let watch = Self {
            cancel: cancel.clone(),
            patience: patience.min(Duration::from_secs(1 << 30)),
            born: Instant::now(),
            deadline: AtomicU64::new(0),
            fault: Mutex::new(None),
        };
        watch.progress();
        watch
    }

    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Starts the waiting time anew.
    pub(crate) fn progress(&self) {
        let patience = u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX);
        self.deadline.store(self.now().saturating_add(patience), Ordering::Relaxed);
    }

    pub(crate) fn must_stop(&self) -> bool {
        self.cancel.is_cancelled() || self.stalled()
    }

    fn stalled(&self) -> bool {
        self.now() > self.deadline.load(Ordering::Relaxed)
    }

    /// Keeps the first failure of the file itself, which FFmpeg reduces to a number.
    pub(crate) fn fault(&self, error: &io::Error) {
        let copy = match error.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::from(error.kind()),
        };
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(copy);
    }

    /// The reason to stop that outranks whatever FFmpeg said, if there is one.
    pub(crate) fn verdict(&self) -> Result<(), Error> {
        if self.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        if let Some(fault) = self.fault.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(Error::read(fault));
        }
        if self.stalled() {
            return Err(Error::Limit(format!(
                "no picture came for {} s: the file is damaged, or this machine is too slow for it",
                self.patience.as_secs_f64()
            )));
        }
        Ok(())
    }
}

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::Task;

/// Who does the work: from a task to a JSON document.
pub trait Bench: Send + Sync + 'static {
    /// Does one task, on a thread of its own; returns soon after `stop` asks for it.
    ///
    /// # Errors
    /// There is no document, and why.
    fn answer(&self, task: &Task, stop: &Stop) -> Result<String, Fault>;
}

/// Why a task has no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The work was asked to stop before it was done. Costs no try unless it took too long.
    #[error("stopped on request")]
    Stopped,
    /// Something that may be otherwise later or on another machine.
    #[error("{0}")]
    Passing(String),
    /// Something that no other try will change.
    #[error("{0}")]
    Lasting(String),
}

type Hook = Box<dyn FnOnce() + Send>;

/// Asks work to stop.
#[derive(Default)]
pub struct Stop(Mutex<Asked>);

#[derive(Default)]
struct Asked {
    yes: bool,
    hook: Option<Hook>,
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.is_asked()).finish()
    }
}

impl Stop {
    /// Whether the work is to stop.
    pub fn is_asked(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).yes
    }

    /// Calls this when the work is to stop: at once if it is already. A later call takes the place of an earlier one.
    pub fn when_asked(&self, hook: impl FnOnce() + Send + 'static) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.yes {
            drop(asked);
            hook();
        } else {
            asked.hook = Some(Box::new(hook));
        }
    }

    pub(crate) fn ask(&self) {
        let hook = {
            let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            asked.yes = true;
            asked.hook.take()
        };
        if let Some(hook) = hook {
            hook();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn whoever_waits_for_the_end_is_told_once_whether_before_or_after() {
        let calls = Arc::new(AtomicU32::new(0));
        let count = |calls: &Arc<AtomicU32>| {
            let calls = Arc::clone(calls);
            move || {
                calls.fetch_add(1, Ordering::SeqCst);
            }
        };
        let stop = Stop::default();
        stop.when_asked(count(&calls));
        assert!(!stop.is_asked());
        stop.ask();
        stop.ask();
        assert!(stop.is_asked());
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        stop.when_asked(count(&calls));
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    }
}

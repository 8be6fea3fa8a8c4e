use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);
/// Callers remembered; past it, those who have been quiet are forgotten.
const MOST_CALLERS: usize = 10_000;

/// How many requests each caller may make in a minute. Time that was not used is saved up for a minute, no longer.
pub(crate) struct Pace {
    a_minute: u32,
    /// When all that a caller has spent is earned again.
    even: Mutex<HashMap<String, Instant>>,
}

impl Pace {
    pub fn new(a_minute: u32) -> Self {
        Self { a_minute: a_minute.max(1), even: Mutex::default() }
    }

    /// Counts a request; gives the wait where it is one too many.
    pub fn take(&self, caller: &str, now: Instant) -> Result<(), Duration> {
        let mut even = self.even.lock().unwrap_or_else(PoisonError::into_inner);
        if even.len() > MOST_CALLERS {
            even.retain(|_, at| *at > now);
        }
        let at = even.get(caller).map_or(now, |at| (*at).max(now)) + MINUTE / self.a_minute;
        if at > now + MINUTE {
            return Err(at - now - MINUTE);
        }
        even.insert(caller.to_owned(), at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_a_minutes_worth_at_once_and_then_waits() {
        let (pace, start) = (Pace::new(3), Instant::now());
        for _ in 0..3 {
            assert_eq!(pace.take("ada", start), Ok(()));
        }
        assert_eq!(pace.take("ada", start), Err(Duration::from_secs(20)));
        assert_eq!(pace.take("ben", start), Ok(()), "others do not wait");
        assert_eq!(pace.take("ada", start + Duration::from_secs(20)), Ok(()));
        assert!(pace.take("ada", start + Duration::from_secs(20)).is_err());
        let later = start + Duration::from_secs(3600);
        for _ in 0..3 {
            assert_eq!(pace.take("ada", later), Ok(()), "no more than a minute is saved up");
        }
        assert!(pace.take("ada", later).is_err());
    }
}

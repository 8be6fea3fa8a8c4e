use std::time::Duration;

/// How long things may take. All other times of a worker follow from these two:
///
/// | what | how long |
/// |---|---|
/// | a try, after which it is stopped and counts as failed | `longest` + `slack` |
/// | after which a running task counts as lost, and is tried by another | `longest` + 3 `slack` |
/// | how far the clocks of a worker and the database may be apart | `slack` / 2 |
///
/// Between the first two there is a `slack` for a try to end after it was asked to, and another for clocks and an answer on its
/// way: a worker that lives never loses a task to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Longest time that the work itself may take.
    pub longest: Duration,
    /// What is allowed beside: for looking up, storing, ending, clocks.
    pub slack: Duration,
}

impl Default for Pace {
    /// Ten minutes, and half a minute beside.
    fn default() -> Self {
        Self { longest: Duration::from_secs(600), slack: Duration::from_secs(30) }
    }
}

impl Pace {
    pub(crate) fn a_try(&self) -> Duration {
        self.longest.saturating_add(self.slack)
    }

    /// From asking a try to end until River writes it off. Long: what ends after its task was taken over must wait for the
    /// other, and what does not end at all is another's by then.
    pub(crate) fn stuck(&self) -> Duration {
        self.lost().saturating_mul(4)
    }

    pub(crate) fn lost(&self) -> Duration {
        self.longest.saturating_add(self.slack.saturating_mul(3))
    }

    pub(crate) fn clocks(&self) -> Duration {
        self.slack / 2
    }

    /// Until a task that failed is tried again, after so many tries.
    pub(crate) fn again(&self, tries: i32) -> Duration {
        let factor = 3_u32.saturating_pow(u32::try_from(tries.max(1) - 1).unwrap_or(0));
        (self.slack / 3).saturating_mul(factor)
    }

    /// How often to look for tasks that are lost, within bounds.
    pub(crate) fn looks(&self, most: Duration) -> Duration {
        (self.lost() / 4).clamp(Duration::from_millis(500), most)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_task_counts_as_lost_only_when_no_worker_with_a_tolerable_clock_can_still_hold_it(
            longest in 1_u64..1_000_000, slack in 2_u64..1_000_000
        ) {
            let pace = Pace { longest: Duration::from_millis(longest), slack: Duration::from_millis(slack) };
            // The leader's clock may be early by as much as is allowed.
            let by_its_clock = pace.lost().saturating_sub(pace.clocks());
            prop_assert!(pace.a_try() + pace.slack < by_its_clock);
        }
    }

    #[test]
    fn tries_come_after_longer_and_longer_waits() {
        let pace = Pace::default();
        let waits: Vec<_> = (1..=3).map(|tries| pace.again(tries).as_secs()).collect();
        assert_eq!(waits, [10, 30, 90]);
    }
}

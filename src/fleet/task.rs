use filigrane_frame::Digest;
use riverqueue::{InsertOpts, JobArgs, JobState, UniqueOpts};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Error, Location};

/// How often a task is tried before it is dead.
pub(crate) const TRIES: i32 = 3;
/// Longest name of a tenant, an engine or a policy, bytes.
const LONGEST_NAME: usize = 200;

/// Which tasks go first: 1 before 2 before 3 before 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priority(u8);

impl Priority {
    /// A priority of 1 to 4.
    pub fn new(level: u8) -> Option<Self> {
        (1..=4).contains(&level).then_some(Self(level))
    }

    /// 1 to 4.
    pub fn level(self) -> u8 {
        self.0
    }
}

impl Default for Priority {
    /// 2: there is room before and after.
    fn default() -> Self {
        Self(2)
    }
}

/// One thing to be done, and what makes it the same as another: tenant, content, engine and policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// On whose behalf.
    pub tenant: String,
    /// SHA-256 of the content, 64 lowercase hexadecimal digits.
    pub sha256: String,
    /// Which program and models answer, with their versions.
    pub engine: String,
    /// Digest of the settings on which the answer depends.
    pub policy: String,
    /// Where the content is.
    pub location: Location,
    /// Which tasks go first.
    pub priority: Priority,
}

/// A task as the queue keeps it.
#[derive(Debug, Clone, Serialize, Deserialize, JobArgs)]
#[river(kind = "filigrane_verify", unique(by_args))]
pub(crate) struct Args {
    #[river(unique)]
    pub key: String,
    pub tenant: String,
    pub sha256: String,
    pub engine: String,
    pub policy: String,
    pub location: String,
}

impl Task {
    /// Refuses what no task can be.
    pub(crate) fn checked(&self) -> Result<(), Error> {
        for (what, text) in [("tenant", &self.tenant), ("engine", &self.engine), ("policy", &self.policy)] {
            if text.is_empty() || text.len() > LONGEST_NAME || text.contains(char::is_control) {
                let shown: String = text.escape_debug().take(LONGEST_NAME).collect();
                return Err(Error::Task(format!("{shown:?} names no {what}")));
            }
        }
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if self.sha256.len() != 64 || !self.sha256.bytes().all(digit) {
            return Err(Error::Task("its SHA-256 is not 64 lowercase hexadecimal digits".to_owned()));
        }
        Ok(())
    }

    /// What makes two tasks one, as a digest.
    pub(crate) fn key(&self) -> String {
        digest(&[&self.tenant, &self.sha256, &self.engine, &self.policy])
    }

    pub(crate) fn args(&self) -> Args {
        Args {
            key: self.key(),
            tenant: self.tenant.clone(),
            sha256: self.sha256.clone(),
            engine: self.engine.clone(),
            policy: self.policy.clone(),
            location: self.location.as_str().to_owned(),
        }
    }

    /// How the queue takes it. A dead task keeps its place, so that nothing is tried three times more by being sent again.
    pub(crate) fn options(&self) -> InsertOpts {
        InsertOpts::default()
            .with_queue(queue(&self.engine, &self.policy))
            .with_max_attempts(TRIES)
            .with_priority(i16::from(self.priority.level()))
            .with_unique(UniqueOpts::new().with_by_args(true).with_by_state(JobState::ALL.iter().copied()))
    }
}

impl Args {
    pub fn task(&self, priority: i16) -> Result<Task, Error> {
        Ok(Task {
            tenant: self.tenant.clone(),
            sha256: self.sha256.clone(),
            engine: self.engine.clone(),
            policy: self.policy.clone(),
            location: Location::parse(&self.location)?,
            priority: u8::try_from(priority).ok().and_then(Priority::new).unwrap_or_default(),
        })
    }
}

/// Name of the queue of an engine and policy: workers take only what they answer as it was asked.
pub(crate) fn queue(engine: &str, policy: &str) -> String {
    let digest = digest(&[engine, policy]);
    format!("verify-{}", digest.get(..16).unwrap_or_default())
}

/// SHA-256 of texts, each with its length before it: none can pass for two.
fn digest(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    Digest(hash.finalize().into()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        Task {
            tenant: "a".to_owned(),
            sha256: "0".repeat(64),
            engine: "b".to_owned(),
            policy: "c".to_owned(),
            location: Location::parse("/clip.mp4").unwrap(),
            priority: Priority::default(),
        }
    }

    #[test]
    fn a_task_is_the_same_wherever_the_content_is_and_another_by_each_part_of_its_key() {
        let first = task();
        let elsewhere =
            Task { location: Location::parse("/b.mp4").unwrap(), priority: Priority(1), ..task() };
        assert_eq!(first.key(), elsewhere.key());
        let others = [
            Task { tenant: "ab".to_owned(), ..task() },
            Task { sha256: "1".repeat(64), ..task() },
            Task { engine: "bc".to_owned(), policy: String::new(), ..task() },
            Task { policy: "d".to_owned(), ..task() },
        ];
        for other in others {
            assert_ne!(first.key(), other.key(), "{other:?}");
        }
    }

    #[test]
    fn impossible_tasks_are_refused() {
        assert!(task().checked().is_ok());
        for wrong in [
            Task { tenant: String::new(), ..task() },
            Task { engine: "x".repeat(201), ..task() },
            Task { policy: "a\u{0}b".to_owned(), ..task() },
            Task { sha256: "0".repeat(63), ..task() },
            Task { sha256: "A".repeat(64), ..task() },
        ] {
            assert!(matches!(wrong.checked(), Err(Error::Task(_))), "{wrong:?}");
        }
    }

    #[test]
    fn each_engine_and_policy_has_a_queue_of_its_own() {
        assert_ne!(queue("a", "b"), queue("ab", ""));
        assert_ne!(queue("a", "b"), queue("a", "c"));
        assert!(queue("a", "b").len() < 64);
    }
}

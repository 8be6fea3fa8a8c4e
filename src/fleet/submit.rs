use std::collections::{HashMap, HashSet};

use riverqueue::sqlx;
use riverqueue::{InsertBatch, JobArgs as _, JobState};

use crate::fleet::Fleet;
use crate::store::{Begin as _, on};
use crate::task::Args;
use crate::{Error, State, Task};

/// Most tasks in one call.
const MOST: usize = 1000;
/// Those who submit take turns, so that the bound holds exactly: "subm".
const TURN: i64 = 0x7375_626d;
/// Shortest and longest wait that is asked of those who submit, seconds.
const WAITS: (u64, u64) = (1, 600);

/// What became of a task that was submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It waits, under this number.
    New(i64),
    /// It was submitted before.
    Known {
        /// Its number.
        id: i64,
        /// What became of it.
        state: State,
    },
}

impl Answer {
    /// The number of the job.
    pub fn id(self) -> i64 {
        match self {
            Self::New(id) | Self::Known { id, .. } => id,
        }
    }
}

impl Fleet {
    /// Takes tasks in, all or none; gives an answer for each, in their order.
    ///
    /// # Errors
    /// More than 1000 were given, one is impossible, too many wait already, or the database fails.
    pub fn submit(&self, tasks: &[Task]) -> Result<Vec<Answer>, Error> {
        if tasks.len() > MOST {
            return Err(Error::Task(format!("{} at once, of at most {MOST}", tasks.len())));
        }
        tasks.iter().try_for_each(Task::checked)?;
        let keys: Vec<String> = tasks.iter().map(Task::key).collect();
        let answers = self.ask(self.take_in(tasks, &keys))?;
        // The same task twice in one call: the first is new, the second is known by the first.
        let mut seen = HashSet::new();
        let each = keys.iter().map(|key| {
            let answer = answers.get(key).copied();
            let answer = answer.ok_or_else(|| Error::Internal("a task got no answer".to_owned()))?;
            let again = !seen.insert(key);
            Ok(match answer {
                Answer::New(id) if again => Answer::Known { id, state: State::Waiting },
                other => other,
            })
        });
        each.collect()
    }

    async fn take_in(&self, tasks: &[Task], keys: &[String]) -> Result<HashMap<String, Answer>, Error> {
        let failed = |error: sqlx::Error| self.store.failed(error);
        let all = serde_json::Value::from(keys.to_vec()).to_string();
        let most = i64::try_from(self.backlog).unwrap_or(i64::MAX);
        on!(&self.store, |pool, sql| {
            let mut writing = pool.begin_writing().await.map_err(failed)?;
            if let Some(turn) = self.store.turn() {
                sqlx::query(turn).bind(TURN).execute(&mut *writing).await.map_err(failed)?;
            }
            let known = sqlx::query_as::<_, (String, i64)>(sql.known).bind(&all);
            let known = known.fetch_all(&mut *writing).await.map_err(failed)?;
            let mut answers: HashMap<String, Answer> =
                known.into_iter().map(|(key, id)| (key, Answer::Known { id, state: State::Done })).collect();
            let mut batch = InsertBatch::new();
            let mut batched: Vec<&String> = Vec::new();
            let mut taken = HashSet::new();
            for (task, key) in tasks.iter().zip(keys) {
                if !answers.contains_key(key) && taken.insert(key) {
                    batch.push_with(task.args(), task.options());
                    batched.push(key);
                }
            }
            if !batch.is_empty() {
                let waiting = sqlx::query_scalar::<_, i64>(sql.waiting).bind(Args::KIND).bind(most);
                let waiting = waiting.fetch_one(&mut *writing).await.map_err(failed)?;
                let inserted = self.client.insert_batch(batch).tx(&mut writing).await;
                let inserted = inserted.map_err(|error| self.store.broken(&error))?;
                let mut fresh = 0;
                for (key, result) in batched.into_iter().zip(inserted) {
                    let known = result.unique_skipped_as_duplicate;
                    fresh += i64::from(!known);
                    let state = State::of(result.job.state);
                    let id = result.id();
                    answers.insert(
                        key.clone(),
                        if known { Answer::Known { id, state } } else { Answer::New(id) },
                    );
                }
                // What is known already needs no room.
                if fresh > 0 && waiting.saturating_add(fresh) > most {
                    let lately = sqlx::query_scalar::<_, i64>(sql.lately);
                    let lately = lately.fetch_one(&mut *writing).await.map_err(failed)?;
                    writing.rollback().await.map_err(failed)?;
                    return Err(busy(waiting, fresh, most, lately));
                }
            }
            writing.commit().await.map_err(failed)?;
            Ok(answers)
        })
    }
}

impl crate::store::Store {
    /// How those who submit take turns; on SQLite they do anyway.
    fn turn(&self) -> Option<&'static str> {
        matches!(self, Self::Postgres { .. }).then_some("SELECT pg_advisory_xact_lock($1)")
    }
}

/// As long as it takes to make room for `fresh` tasks, at the rate of the last minute.
fn busy(waiting: i64, fresh: i64, most: i64, lately: i64) -> Error {
    let over = waiting.saturating_add(fresh).saturating_sub(most).max(1) as f64;
    let seconds = if lately > 0 { over * 60.0 / lately as f64 } else { 60.0 };
    Error::Busy {
        waiting: waiting.unsigned_abs(),
        most: most.unsigned_abs(),
        seconds: (seconds.ceil() as u64).clamp(WAITS.0, WAITS.1),
    }
}

impl State {
    pub(crate) fn of(state: JobState) -> Self {
        match state {
            JobState::Running => Self::Running,
            JobState::Retryable => Self::Retrying,
            JobState::Completed => Self::Done,
            JobState::Discarded => Self::Dead,
            JobState::Cancelled => Self::Cancelled,
            // Available, pending, scheduled, and what a later River may add.
            _ => Self::Waiting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_refused_is_told_how_long_room_takes_at_the_rate_of_the_last_minute() {
        let wait = |over: i64, lately: i64| match busy(100, over, 100, lately) {
            Error::Busy { seconds, .. } => seconds,
            other => panic!("{other}"),
        };
        assert_eq!(wait(10, 60), 10);
        assert_eq!(wait(10, 6000), 1);
        assert_eq!(wait(1, 0), 60);
        assert_eq!(wait(1000, 1), 600);
    }
}

use std::fmt;
use std::str::FromStr;

use riverqueue::sqlx;
use riverqueue::{JobArgs as _, JobListParams, JobRow, JobState, Record};
use serde::Serialize;

use crate::Error;
use crate::fleet::Fleet;
use crate::store::{Begin as _, on};
use crate::task::Args;

/// Under which name a job keeps why no other try would help.
pub(crate) const REASON: &str = "filigrane_reason";
/// Most jobs on a page.
const MOST: u32 = 1000;
/// Longest reason told, characters.
const LONGEST_REASON: usize = 500;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It waits for a worker.
    Waiting,
    /// A worker has it.
    Running,
    /// A try failed, and it waits for the next.
    Retrying,
    /// Its result is kept.
    Done,
    /// Its tries are used up, or none would help.
    Dead,
    /// Somebody stopped it.
    Cancelled,
}

impl State {
    /// All states, in a job's order of life.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Running, Self::Retrying, Self::Done, Self::Dead, Self::Cancelled];

    fn names(self) -> &'static [JobState] {
        match self {
            Self::Waiting => &[JobState::Available, JobState::Pending, JobState::Scheduled],
            Self::Running => &[JobState::Running],
            Self::Retrying => &[JobState::Retryable],
            Self::Done => &[JobState::Completed],
            Self::Dead => &[JobState::Discarded],
            Self::Cancelled => &[JobState::Cancelled],
        }
    }

    /// As `--state` and JSON have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is no state: {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// What is known of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// Where it stands.
    pub state: State,
    /// Tries so far.
    pub tries: i32,
    /// 1 to 4.
    pub priority: i16,
    /// On whose behalf.
    pub tenant: String,
    /// SHA-256 of the content.
    pub sha256: String,
    /// Which program and models answer.
    pub engine: String,
    /// Digest of the settings.
    pub policy: String,
    /// Where the content is.
    pub location: String,
    /// When it came, RFC 3339.
    pub created_at: String,
    /// When it was last begun, RFC 3339.
    pub attempted_at: Option<String>,
    /// When it ended, RFC 3339.
    pub finished_at: Option<String>,
    /// Who had it last.
    pub worker: Option<String>,
    /// What was wrong the last time.
    pub error: Option<String>,
}

impl Job {
    fn of(row: &JobRow) -> Self {
        // A row that another program put there has none of this.
        let args = row.decode_args::<Args>().ok();
        let text = |get: fn(Args) -> String| args.clone().map(get).unwrap_or_default();
        Self {
            id: row.id,
            state: State::of(row.state),
            tries: row.attempt,
            priority: row.priority,
            tenant: text(|args| args.tenant),
            sha256: text(|args| args.sha256),
            engine: text(|args| args.engine),
            policy: text(|args| args.policy),
            location: text(|args| args.location),
            created_at: row.created_at.to_string(),
            attempted_at: row.attempted_at.map(|time| time.to_string()),
            finished_at: row.finalized_at.map(|time| time.to_string()),
            worker: row.attempted_by.last().cloned(),
            error: Self::reason(row),
        }
    }

    /// What was wrong with a job's last try.
    pub(crate) fn reason(row: &JobRow) -> Option<String> {
        let lasting = row.metadata.get::<String>(REASON).ok().flatten();
        let reason = lasting.or_else(|| row.errors.last().map(|error| error.error.clone()))?;
        Some(reason.chars().take(LONGEST_REASON).collect())
    }
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// In these states; in all when there are none.
    pub states: Vec<State>,
    /// After this number.
    pub after: Option<i64>,
    /// At most so many, of at most 1000.
    pub most: u32,
}

impl Fleet {
    /// Lists jobs by their numbers.
    ///
    /// # Errors
    /// The database fails.
    pub fn list(&self, page: &Page) -> Result<Vec<Job>, Error> {
        let states = page.states.iter().flat_map(|state| state.names()).copied();
        let mut wanted =
            JobListParams::default().kinds([Args::KIND]).states(states).limit(page.most.clamp(1, MOST));
        if let Some(after) = page.after {
            wanted = wanted.after_id(after);
        }
        let listed = self.ask(async {
            self.client.jobs().list(wanted).await.map_err(|error| self.store.broken(&error))
        })?;
        Ok(listed.jobs.iter().map(Job::of).collect())
    }

    /// Has a job tried at once that is dead, cancelled or waits for its next try; it gets all its tries again.
    ///
    /// # Errors
    /// There is no such job, its state does not allow it, or the database fails.
    pub fn retry(&self, id: i64) -> Result<Job, Error> {
        let failed = |error: sqlx::Error| self.store.failed(error);
        let row = self.ask(async {
            on!(&self.store, |pool, sql| {
                let mut writing = pool.begin_writing().await.map_err(failed)?;
                let held = sqlx::query_as::<_, (String, i64)>(sql.held).bind(id);
                let held = held.fetch_optional(&mut *writing).await.map_err(failed)?;
                let state = self.state(id, held)?;
                if !matches!(state, State::Dead | State::Cancelled | State::Retrying) {
                    let detail = "only what is dead, cancelled or retrying can be tried again";
                    return Err(Error::State { id, state, detail });
                }
                let row = self.client.jobs().retry(id).tx(&mut writing).await;
                let row = row.map_err(|error| self.refused(id, &error))?;
                writing.commit().await.map_err(failed)?;
                Ok(row)
            })
        })?;
        Ok(Job::of(&row))
    }

    /// Forgets a job and its result: what it was about can be submitted anew.
    ///
    /// # Errors
    /// There is no such job, a worker has it, or the database fails.
    pub fn drop_job(&self, id: i64) -> Result<(), Error> {
        let failed = |error: sqlx::Error| self.store.failed(error);
        self.ask(async {
            on!(&self.store, |pool, sql| {
                let mut writing = pool.begin_writing().await.map_err(failed)?;
                let held = sqlx::query_as::<_, (String, i64)>(sql.held).bind(id);
                let held = held.fetch_optional(&mut *writing).await.map_err(failed)?;
                let forgotten = sqlx::query(sql.forget).bind(id).execute(&mut *writing).await;
                let forgotten = forgotten.map_err(failed)?.rows_affected() > 0;
                // Of what was done long ago, the result alone is kept.
                if held.is_some() || !forgotten {
                    let state = self.state(id, held)?;
                    if state == State::Running {
                        let detail = "a worker has it; it can be dropped when that is through";
                        return Err(Error::State { id, state, detail });
                    }
                    let gone = self.client.jobs().delete(id).tx(&mut writing).await;
                    gone.map_err(|error| self.refused(id, &error))?;
                }
                writing.commit().await.map_err(failed)?;
                Ok(())
            })
        })
    }

    fn state(&self, id: i64, held: Option<(String, i64)>) -> Result<State, Error> {
        let (state, _) = held.ok_or(Error::Missing(id))?;
        state.parse::<JobState>().map(State::of).map_err(|error| self.store.broken(&error))
    }

    fn refused(&self, id: i64, error: &riverqueue::Error) -> Error {
        match error {
            riverqueue::Error::NotFound(Record::Job { .. }) => Error::Missing(id),
            error => self.store.broken(error),
        }
    }
}

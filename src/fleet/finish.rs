//! How a try ends: with its result, in one transaction, if the task is still its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use riverqueue::sqlx;
use riverqueue::{JobState, WorkContext};
use tokio::time::{sleep, timeout};

use crate::link::Link;
use crate::store::{Begin as _, on, passes};
use crate::task::Args;

/// Longest wait for one answer of the database: a connection may hang without breaking.
const ANSWER: Duration = Duration::from_secs(10);
/// First and longest wait between tries to reach the database.
const WAITS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// How often to look whether another try is through.
const LOOKS: Duration = Duration::from_secs(1);

/// Whose a task is, after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// This try's: what it found is kept, or may be told.
    Own,
    /// Another's: this one was taken for lost. It must leave no trace.
    Others,
}

/// One try of a job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Try<'a> {
    pub link: &'a Link,
    pub context: &'a WorkContext,
    pub id: i64,
    /// Which of the job's tries this is, from 1.
    pub number: i64,
}

impl Try<'_> {
    /// Keeps the result, if there is one, and completes the job with it, or does neither; without one, says whose the task is.
    /// Goes on until the database answers or the try is to end.
    ///
    /// # Errors
    /// The database refuses, or did not come back in time.
    pub async fn end(&self, result: Option<(&Args, &str)>) -> Result<Ending, riverqueue::Error> {
        let mut wait = WAITS.0;
        loop {
            let error = match timeout(ANSWER, self.end_once(result)).await {
                Ok(Ok(ending)) => return Ok(ending),
                Ok(Err(riverqueue::Error::Database(error))) if passes(&error) => error,
                Ok(Err(error)) => return Err(error),
                Err(_) => sqlx::Error::PoolTimedOut,
            };
            tokio::select! {
                () = sleep(wait) => wait = (wait * 2).min(WAITS.1),
                () = self.context.cancellation_token().cancelled() => return Err(error.into()),
            }
        }
    }

    async fn end_once(&self, result: Option<(&Args, &str)>) -> Result<Ending, riverqueue::Error> {
        let Some((args, document)) = result else {
            let held = self.held().await?;
            return Ok(if self.is_own(held.as_ref()) { Ending::Own } else { Ending::Others });
        };
        // Others than the last time, where those hung.
        on!(&self.link.now(), |pool, sql| {
            let mut writing = pool.begin_writing().await?;
            let held = sqlx::query_as::<_, (String, i64)>(sql.held).bind(self.id);
            let held = held.fetch_optional(&mut *writing).await?;
            if !self.is_own(held.as_ref()) {
                // Either this very result was kept before the connection broke, or another try has the task.
                let stored = sqlx::query_scalar::<_, i64>(sql.stored).bind(self.id);
                let stored = stored.fetch_one(&mut *writing).await?;
                let same = held.is_some_and(|(_, number)| number == self.number);
                return Ok(if stored > 0 && same { Ending::Own } else { Ending::Others });
            }
            let kept = sqlx::query(sql.store).bind(self.id).bind(&args.key).bind(&args.tenant);
            kept.bind(&args.sha256).bind(document).execute(&mut *writing).await?;
            self.context.job_complete_tx(&mut writing).await?;
            writing.commit().await?;
            Ok(Ending::Own)
        })
    }

    /// Waits as long as another try of the job is running, for River notes whatever ends here for that one; not longer than
    /// this worker goes on.
    pub async fn yield_to_other(&self, stopping: &AtomicBool) {
        while !stopping.load(Ordering::SeqCst) {
            match timeout(ANSWER, self.held()).await {
                Ok(Ok(Some((state, _)))) if state == JobState::Running.as_str() => {}
                Ok(Ok(_)) => return,
                // Whose it is can't be known while the database does not answer.
                Ok(Err(_)) | Err(_) => {}
            }
            sleep(LOOKS).await;
        }
    }

    async fn held(&self) -> sqlx::Result<Option<(String, i64)>> {
        on!(&self.link.now(), |pool, sql| {
            sqlx::query_as::<_, (String, i64)>(sql.held).bind(self.id).fetch_optional(pool).await
        })
    }

    fn is_own(&self, held: Option<&(String, i64)>) -> bool {
        held.is_some_and(|(state, number)| state == JobState::Running.as_str() && *number == self.number)
    }
}

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::archive::{moment, now};
use crate::{Archive, Clip, Error};

/// How often work on one video is begun: a video that ends the program each time must not do so for ever.
pub const MOST_ATTEMPTS: u32 = 3;
const GIVEN_UP: &str = "the program ended while it worked on this video, three times: it is not tried again";
/// Age of a video that did not come whole, after which it is forgotten.
pub(crate) const ABANDONED: Duration = Duration::from_secs(48 * 3600);

/// What was found when the archive was opened after an end of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Jobs that were under way and wait again.
    pub resumed: u64,
    /// Jobs that were begun too often.
    pub given_up: u64,
    /// Videos that did not come whole in two days.
    pub abandoned: u64,
}

impl Archive {
    /// The video is whole and on the disk: it waits for its turn. False when it was not being received.
    ///
    /// # Errors
    /// The database fails.
    pub async fn accept(&self, id: Uuid, sha256: &str, size: u64) -> Result<bool, Error> {
        let query = "UPDATE clips SET state = 'queued', sha256 = $2, size = $3
             WHERE id = $1 AND state = 'receiving'";
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        Ok(self.run(sqlx::query(query).bind(id.to_string()).bind(sha256).bind(size)).await? == 1)
    }

    /// The video that has waited longest, taken up. The attempt counts from here, so that an end of the program counts.
    ///
    /// # Errors
    /// The database fails.
    pub async fn take_up(&self) -> Result<Option<Clip>, Error> {
        let row = sqlx::query(
            "UPDATE clips SET state = 'running', attempts = attempts + 1 WHERE sequence =
             (SELECT sequence FROM clips WHERE state = 'queued' ORDER BY sequence LIMIT 1) RETURNING *",
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(|error| self.failed(error))?;
        row.as_ref().map(Clip::read).transpose().map_err(|error| self.failed(error))
    }

    /// Keeps the answer. False when somebody stopped the work meanwhile.
    ///
    /// # Errors
    /// The database fails.
    pub async fn finish(&self, id: Uuid, verdict: Option<&str>, answer: &str) -> Result<bool, Error> {
        let query = "UPDATE clips SET state = 'done', verdict = $2, answer = $3, finished_at = $4
             WHERE id = $1 AND state = 'running'";
        let query = sqlx::query(query).bind(id.to_string()).bind(verdict).bind(answer).bind(now());
        Ok(self.run(query).await? == 1)
    }

    /// Keeps why there is no answer.
    ///
    /// # Errors
    /// The database fails.
    pub async fn fail(&self, id: Uuid, why: &str) -> Result<bool, Error> {
        let query = "UPDATE clips SET state = 'failed', failure = $2, finished_at = $3
             WHERE id = $1 AND state IN ('receiving', 'running')";
        Ok(self.run(sqlx::query(query).bind(id.to_string()).bind(why).bind(now())).await? == 1)
    }

    /// Puts work back that was stopped because the program ends; that is no fault of the video.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_back(&self, id: Uuid) -> Result<(), Error> {
        let query = "UPDATE clips SET state = 'queued', attempts = max(attempts - 1, 0)
             WHERE id = $1 AND state = 'running'";
        self.run(sqlx::query(query).bind(id.to_string())).await.map(drop)
    }

    /// Stops what is not finished. False when there was nothing to stop.
    ///
    /// # Errors
    /// The database fails.
    pub async fn cancel(&self, id: Uuid) -> Result<bool, Error> {
        let query = "UPDATE clips SET state = 'cancelled', finished_at = $2
             WHERE id = $1 AND state IN ('receiving', 'queued', 'running')";
        Ok(self.run(sqlx::query(query).bind(id.to_string()).bind(now())).await? == 1)
    }

    /// Lets what finished, failed or was stopped wait for its turn again. False when there is nothing to do again.
    ///
    /// # Errors
    /// The database fails.
    pub async fn again(&self, id: Uuid) -> Result<bool, Error> {
        let query = "UPDATE clips SET state = 'queued', attempts = 0, verdict = NULL, answer = NULL, failure = NULL,
             finished_at = NULL WHERE id = $1 AND state IN ('done', 'failed', 'cancelled') AND sha256 IS NOT NULL";
        Ok(self.run(sqlx::query(query).bind(id.to_string())).await? == 1)
    }

    /// Sets right what an end of the program left, before any work is taken up.
    ///
    /// # Errors
    /// The disk or the database fails.
    pub async fn recover(&self) -> Result<Recovered, Error> {
        self.clear_all().await?;
        let given_up = "UPDATE clips SET state = 'failed', failure = $1, finished_at = $2
             WHERE state = 'running' AND attempts >= $3";
        let given_up = sqlx::query(given_up).bind(GIVEN_UP).bind(now()).bind(MOST_ATTEMPTS);
        let given_up = self.run(given_up).await?;
        let resumed =
            self.run(sqlx::query("UPDATE clips SET state = 'queued' WHERE state = 'running'")).await?;
        let before = moment(OffsetDateTime::now_utc() - ABANDONED);
        let old: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM clips WHERE state = 'receiving' AND created_at < $1 LIMIT 10000",
        )
        .bind(before)
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.failed(error))?;
        let mut abandoned = 0;
        for id in old.iter().filter_map(|id| id.parse().ok()) {
            self.remove(id).await?;
            abandoned += 1;
        }
        Ok(Recovered { resumed, given_up, abandoned })
    }
}

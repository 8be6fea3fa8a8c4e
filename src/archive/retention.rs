use std::io;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::archive::{io_error, moment};
use crate::jobs::ABANDONED;
use crate::{Archive, Error};

impl Archive {
    /// Forgets a video, its answer and what was noted beside.
    ///
    /// # Errors
    /// The disk or the database fails; what is left of its files then goes with the next one, or at the next start.
    pub async fn remove(&self, id: Uuid) -> Result<(), Error> {
        self.run(sqlx::query("DELETE FROM clips WHERE id = $1").bind(id.to_string())).await?;
        self.clear(id).await
    }

    /// Forgets the videos that came before a time, with their answers, notes, tags and files; says how many. Those that wait for
    /// their turn, or are worked on, stay until that is done, and those that still come for two days.
    ///
    /// All records go at once or none does, and then the files: what is interrupted is gone on with at the next start.
    ///
    /// # Errors
    /// The disk or the database fails.
    pub async fn forget_before(&self, time: OffsetDateTime) -> Result<u64, Error> {
        let abandoned = time.min(OffsetDateTime::now_utc() - ABANDONED);
        let query = "DELETE FROM clips WHERE created_at < $1 AND state IN ('done', 'failed', 'cancelled')
             OR created_at < $2 AND state = 'receiving'";
        let gone = self.run(sqlx::query(query).bind(moment(time)).bind(moment(abandoned))).await?;
        self.clear_all().await?;
        Ok(gone)
    }

    /// Removes the files of all videos whose records are gone.
    pub(crate) async fn clear_all(&self) -> Result<(), Error> {
        let leaving: Vec<String> = sqlx::query_scalar("SELECT clip FROM leaving")
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        let mut failed = None;
        for id in leaving.iter().filter_map(|id| id.parse().ok()) {
            // One that can't be removed does not keep the others.
            if let Err(error) = self.clear(id).await {
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Removes the files of a video whose record is gone.
    async fn clear(&self, id: Uuid) -> Result<(), Error> {
        let folder = self.folder(id);
        match tokio::fs::remove_dir_all(&folder).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(&folder)(error)),
            _ => {}
        }
        self.run(sqlx::query("DELETE FROM leaving WHERE clip = $1").bind(id.to_string())).await.map(drop)
    }
}

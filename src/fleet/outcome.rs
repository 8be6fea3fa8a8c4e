use std::collections::HashSet;

use riverqueue::JobListParams;
use riverqueue::sqlx;

use crate::fleet::Fleet;
use crate::jobs::Job;
use crate::store::on;
use crate::{Error, State};

/// Most jobs asked about in one call.
const MOST: usize = 1000;
/// Most documents given by one call: each may be large.
const DOCUMENTS: i64 = 32;

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// With its document.
    Done(String),
    /// Without, after its last try, and why.
    Dead(String),
    /// Somebody dropped or cancelled it.
    Dropped,
}

impl Fleet {
    /// How those of these jobs ended that did; of their documents at most 32, the rest when the call is made again.
    ///
    /// # Errors
    /// More than 1000 were given, or the database fails.
    pub fn outcomes(&self, ids: &[i64]) -> Result<Vec<(i64, Outcome)>, Error> {
        if ids.len() > MOST {
            return Err(Error::Task(format!("{} jobs at once, of at most {MOST}", ids.len())));
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.ask(self.endings(ids))
    }

    async fn endings(&self, ids: &[i64]) -> Result<Vec<(i64, Outcome)>, Error> {
        // Before the results: what ends in between is told the next time.
        let wanted = JobListParams::default().ids(ids.iter().copied()).limit(MOST as u32);
        let listed = self.client.jobs().list(wanted).await.map_err(|error| self.store.broken(&error))?;
        let all = serde_json::Value::from(ids.to_vec()).to_string();
        let done = on!(&self.store, |pool, sql| {
            let kept = sqlx::query_scalar::<_, i64>(sql.kept).bind(&all).fetch_all(pool).await;
            let results = sqlx::query_as::<_, (i64, String)>(sql.results).bind(&all).bind(DOCUMENTS);
            match kept {
                Ok(kept) => results.fetch_all(pool).await.map(|done| (kept, done)),
                Err(error) => Err(error),
            }
        });
        let (kept, done) = done.map_err(|error| self.store.failed(error))?;
        let mut told: HashSet<i64> = kept.into_iter().chain(done.iter().map(|(id, _)| *id)).collect();
        let mut endings: Vec<(i64, Outcome)> =
            done.into_iter().map(|(id, document)| (id, Outcome::Done(document))).collect();
        for job in &listed.jobs {
            // One that is done by now and was not a moment ago is told the next time.
            if told.insert(job.id) {
                match State::of(job.state) {
                    State::Dead => {
                        endings.push((job.id, Outcome::Dead(Job::reason(job).unwrap_or_default())))
                    }
                    State::Cancelled => endings.push((job.id, Outcome::Dropped)),
                    _ => {}
                }
            }
        }
        let gone = ids.iter().filter(|id| !told.contains(id));
        endings.extend(gone.map(|id| (*id, Outcome::Dropped)));
        Ok(endings)
    }
}

use sqlx::Row as _;
use time::{Duration, OffsetDateTime};

use crate::archive::moment;
use crate::{Archive, Clip, Error, State};

/// Most videos in one page of a list.
const MOST: u32 = 200;
/// Longest words searched for, characters.
const LONGEST: usize = 200;

/// What is looked for; empty fields are not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// Part of the name, of a note or of a tag; or the beginning of the SHA-256.
    pub words: String,
    /// The code of the verdict.
    pub verdict: String,
    /// A whole tag.
    pub tag: String,
    /// Most answers, up to 200.
    pub limit: u32,
    /// Answers left out at the beginning.
    pub offset: u32,
}

/// How many videos are in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Which state.
    pub state: State,
    /// How many videos.
    pub clips: u64,
    /// Their bytes together.
    pub bytes: u64,
}

impl Archive {
    /// The videos that fit, the newest first, without their answers; and whether there are more.
    ///
    /// # Errors
    /// The database fails.
    pub async fn search(&self, search: &Search) -> Result<(Vec<Clip>, bool), Error> {
        let words: String = search.words.trim().chars().take(LONGEST).collect();
        let limit = search.limit.clamp(1, MOST);
        let rows = sqlx::query(
            "SELECT id, name, kind, state, size, sha256, owner, wish, attempts, verdict, NULL AS answer, failure,
                 created_at, finished_at FROM clips c
             WHERE ($1 = '' OR name LIKE $2 ESCAPE '\\' OR sha256 LIKE $3 ESCAPE '\\'
                 OR EXISTS (SELECT 1 FROM notes WHERE clip = c.id AND text LIKE $2 ESCAPE '\\')
                 OR EXISTS (SELECT 1 FROM tags WHERE clip = c.id AND tag LIKE $2 ESCAPE '\\'))
               AND ($4 = '' OR verdict = $4)
               AND ($5 = '' OR EXISTS (SELECT 1 FROM tags WHERE clip = c.id AND tag = $5))
             ORDER BY sequence DESC LIMIT $6 OFFSET $7",
        )
        .bind(&words)
        .bind(format!("%{}%", plain(&words)))
        .bind(format!("{}%", plain(&words).to_lowercase()))
        .bind(search.verdict.trim())
        .bind(search.tag.trim().to_lowercase())
        .bind(limit + 1)
        .bind(search.offset)
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.failed(error))?;
        let mut clips: Vec<Clip> =
            rows.iter().map(Clip::read).collect::<sqlx::Result<_>>().map_err(|error| self.failed(error))?;
        let more = clips.len() > limit as usize;
        clips.truncate(limit as usize);
        Ok((clips, more))
    }

    /// How many videos are kept, by state.
    ///
    /// # Errors
    /// The database fails.
    pub async fn counts(&self) -> Result<Vec<Count>, Error> {
        let rows =
            sqlx::query("SELECT state, count(*) AS clips, sum(size) AS bytes FROM clips GROUP BY state")
                .fetch_all(&self.pool)
                .await
                .map_err(|error| self.failed(error))?;
        let read = rows.iter().map(|row| -> sqlx::Result<Option<Count>> {
            let number = |name| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
            let state = State::of(row.try_get("state")?);
            let (clips, bytes) = (number("clips")?, number("bytes")?);
            Ok(state.map(|state| Count { state, clips, bytes }))
        });
        let read: Result<Vec<_>, _> = read.collect();
        Ok(read.map_err(|error| self.failed(error))?.into_iter().flatten().collect())
    }

    /// How many bytes a key has sent in the last day.
    ///
    /// # Errors
    /// The database fails.
    pub async fn sent_in_a_day(&self, owner: &str) -> Result<u64, Error> {
        let since = moment(OffsetDateTime::now_utc() - Duration::DAY);
        let query = "SELECT coalesce(sum(size), 0) FROM clips WHERE owner = $1 AND created_at >= $2";
        let bytes: i64 = sqlx::query_scalar(query)
            .bind(owner)
            .bind(since)
            .fetch_one(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(bytes.unsigned_abs())
    }
}

/// Without meaning of its own in a pattern.
fn plain(words: &str) -> String {
    let mut plain = String::with_capacity(words.len());
    for character in words.chars() {
        if matches!(character, '%' | '_' | '\\') {
            plain.push('\\');
        }
        plain.push(character);
    }
    plain
}

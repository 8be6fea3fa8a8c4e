use sqlx::Row as _;
use uuid::Uuid;

use crate::archive::now;
use crate::{Archive, Error};

/// Longest note, characters.
pub const LONGEST_NOTE: usize = 4000;
/// Longest tag, characters.
pub const LONGEST_TAG: usize = 40;
/// Most tags of one video.
pub const MOST_TAGS: i64 = 20;
/// Most notes of one video.
const MOST_NOTES: i64 = 500;
/// Longest name of an author, characters.
const LONGEST_AUTHOR: usize = 80;

/// What somebody noted beside a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Who wrote it, as they call themselves or their key is called.
    pub author: String,
    /// What they wrote.
    pub text: String,
    /// When, RFC 3339.
    pub at: String,
}

impl Archive {
    /// Adds a note; everybody who may see the video sees it.
    ///
    /// # Errors
    /// It is empty, too long, one too many, or there is no such video.
    pub async fn note(&self, id: Uuid, author: &str, text: &str) -> Result<(), Error> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > LONGEST_NOTE {
            return Err(Error::Limit(format!("a note has 1 to {LONGEST_NOTE} characters")));
        }
        let author: String = author.trim().chars().take(LONGEST_AUTHOR).collect();
        let query = "INSERT INTO notes (clip, author, text, at) SELECT id, $2, $3, $4 FROM clips
             WHERE id = $1 AND (SELECT count(*) FROM notes WHERE clip = $1) < $5";
        let query = sqlx::query(query).bind(id.to_string()).bind(author).bind(text).bind(now());
        self.added(id, self.run(query.bind(MOST_NOTES)).await?, "notes", MOST_NOTES).await
    }

    /// The notes beside a video, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn notes(&self, id: Uuid) -> Result<Vec<Note>, Error> {
        let rows =
            sqlx::query("SELECT author, text, at FROM notes WHERE clip = $1 ORDER BY sequence LIMIT $2")
                .bind(id.to_string())
                .bind(MOST_NOTES)
                .fetch_all(&self.pool)
                .await;
        let read = rows.and_then(|rows| {
            let read = rows.iter().map(|row| {
                Ok(Note {
                    author: row.try_get("author")?,
                    text: row.try_get("text")?,
                    at: row.try_get("at")?,
                })
            });
            read.collect::<sqlx::Result<_>>()
        });
        read.map_err(|error| self.failed(error))
    }

    /// Puts a tag on a video; in lower case, so that it is found again.
    ///
    /// # Errors
    /// It is empty, too long, one too many, or there is no such video.
    pub async fn tag(&self, id: Uuid, tag: &str) -> Result<(), Error> {
        let tag = tag.trim().to_lowercase();
        if tag.is_empty() || tag.chars().count() > LONGEST_TAG {
            return Err(Error::Limit(format!("a tag has 1 to {LONGEST_TAG} characters")));
        }
        let query = "INSERT INTO tags (clip, tag) SELECT id, $2 FROM clips
             WHERE id = $1 AND (SELECT count(*) FROM tags WHERE clip = $1 AND tag <> $2) < $3
             ON CONFLICT DO UPDATE SET tag = excluded.tag";
        let added = self.run(sqlx::query(query).bind(id.to_string()).bind(tag).bind(MOST_TAGS)).await?;
        self.added(id, added, "tags", MOST_TAGS).await
    }

    /// Takes a tag off again.
    ///
    /// # Errors
    /// The database fails.
    pub async fn untag(&self, id: Uuid, tag: &str) -> Result<(), Error> {
        let query = "DELETE FROM tags WHERE clip = $1 AND tag = $2";
        self.run(sqlx::query(query).bind(id.to_string()).bind(tag)).await.map(drop)
    }

    /// The tags on a video, in the order of the alphabet.
    ///
    /// # Errors
    /// The database fails.
    pub async fn tags(&self, id: Uuid) -> Result<Vec<String>, Error> {
        sqlx::query_scalar("SELECT tag FROM tags WHERE clip = $1 ORDER BY tag LIMIT $2")
            .bind(id.to_string())
            .bind(MOST_TAGS)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed(error))
    }

    async fn added(&self, id: Uuid, rows: u64, what: &str, most: i64) -> Result<(), Error> {
        match rows {
            0 if self.clip(id).await?.is_some() => {
                Err(Error::Limit(format!("a video has at most {most} {what}")))
            }
            0 => Err(Error::Missing(id)),
            _ => Ok(()),
        }
    }
}

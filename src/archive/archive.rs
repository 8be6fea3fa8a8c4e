use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::{Clip, Error, NewClip};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");
const DATABASE: &str = "archive.sqlite";
/// Longest wait for another process, or for a free connection.
const PATIENCE: Duration = Duration::from_secs(15);
/// Connections: readers do not wait for the one that writes.
const CONNECTIONS: u32 = 4;
/// Longest name kept, characters.
const LONGEST_NAME: usize = 300;

/// A folder with what a newsroom keeps: `archive.sqlite`, and `clips/UUID/` for each video.
///
/// What was answered as kept is on the disk: each change is synced before it is told.
#[derive(Debug, Clone)]
pub struct Archive {
    folder: PathBuf,
    pub(crate) pool: SqlitePool,
}

impl Archive {
    /// Opens the archive in a folder, made when missing.
    ///
    /// # Errors
    /// The folder can't be written, or holds another program's database.
    pub async fn open(folder: &Path) -> Result<Self, Error> {
        let clips = folder.join("clips");
        tokio::fs::create_dir_all(&clips).await.map_err(io_error(&clips))?;
        let path = folder.join(DATABASE);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            .pragma("trusted_schema", "OFF");
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        let pool = pool.connect_with(options).await;
        let pool = pool.map_err(|source| Error::Database { path: path.clone(), source })?;
        MIGRATIONS.run(&pool).await.map_err(|error| match error {
            MigrateError::Execute(source) => Error::Database { path: path.clone(), source },
            other => Error::Schema { path: path.clone(), detail: other.to_string() },
        })?;
        Ok(Self { folder: folder.to_owned(), pool })
    }

    /// Closes the database; what is kept is whole without it, too.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The folder of one video.
    pub fn folder(&self, id: Uuid) -> PathBuf {
        self.folder.join("clips").join(id.to_string())
    }

    /// The video itself.
    pub fn video(&self, id: Uuid) -> PathBuf {
        self.folder(id).join("video")
    }

    /// Makes room for a video that is about to come.
    ///
    /// # Errors
    /// The disk or the database fails.
    pub async fn announce(&self, new: &NewClip<'_>) -> Result<Uuid, Error> {
        let id = Uuid::new_v4();
        let folder = self.folder(id);
        tokio::fs::create_dir(&folder).await.map_err(io_error(&folder))?;
        let video = self.video(id);
        tokio::fs::File::create_new(&video).await.map_err(io_error(&video))?;
        let name: String = new.name.chars().take(LONGEST_NAME).collect();
        let added = sqlx::query(
            "INSERT INTO clips (id, name, kind, state, size, owner, wish, created_at)
             VALUES ($1, $2, $3, 'receiving', $4, $5, $6, $7)",
        )
        .bind(id.to_string())
        .bind(name)
        .bind(new.kind.as_str())
        .bind(i64::try_from(new.size).unwrap_or(i64::MAX))
        .bind(new.owner)
        .bind(new.wish)
        .bind(now())
        .execute(&self.pool)
        .await;
        if let Err(error) = added {
            // Without its record the folder is nothing.
            let _ = tokio::fs::remove_dir_all(&folder).await;
            return Err(self.failed(error));
        }
        Ok(id)
    }

    /// How much of a video has come, bytes.
    ///
    /// # Errors
    /// There is no such video, or the disk fails.
    pub async fn received(&self, id: Uuid) -> Result<u64, Error> {
        match tokio::fs::metadata(self.video(id)).await {
            Ok(facts) => Ok(facts.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::Missing(id)),
            Err(error) => Err(io_error(&self.video(id))(error)),
        }
    }

    /// What is known about a video.
    ///
    /// # Errors
    /// The database fails.
    pub async fn clip(&self, id: Uuid) -> Result<Option<Clip>, Error> {
        let row = sqlx::query("SELECT * FROM clips WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        row.as_ref().map(Clip::read).transpose().map_err(|error| self.failed(error))
    }

    /// Runs a statement; gives how many rows it changed.
    pub(crate) async fn run(
        &self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<u64, Error> {
        let done = query.execute(&self.pool).await.map_err(|error| self.failed(error))?;
        Ok(done.rows_affected())
    }

    pub(crate) fn failed(&self, source: sqlx::Error) -> Error {
        Error::Database { path: self.folder.join(DATABASE), source }
    }
}

pub(crate) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}

/// The time, RFC 3339, in whole seconds.
pub(crate) fn now() -> String {
    moment(OffsetDateTime::now_utc())
}

pub(crate) fn moment(time: OffsetDateTime) -> String {
    time.truncate_to_second().format(&Rfc3339).unwrap_or_default()
}

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::runtime::Runtime;

use crate::Error;
use crate::driver::{outside_of_runtimes, runtime};
use crate::error::result_code;
use crate::schema::{self, Found};

/// Longest wait for other processes.
const PATIENCE: Duration = Duration::from_secs(15);

/// A connection to the database of a registry, and what drives it.
#[derive(Debug)]
pub(crate) struct Database {
    path: PathBuf,
    /// `None` only while being dropped.
    engine: Mutex<Option<Engine>>,
}

#[derive(Debug)]
struct Engine {
    runtime: Runtime,
    connection: SqliteConnection,
}

/// How a database is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// For writing; made when missing.
    Create,
    /// For writing if the folder allows it, else for reading; never made.
    Existing,
}

impl Database {
    /// Opens the database file; `None` when it does not exist or is still empty, and is not to be made.
    pub(crate) fn open(path: &Path, mode: Mode) -> Result<Option<Self>, Error> {
        let path = std::path::absolute(path).map_err(Error::io("find", path))?;
        if mode == Mode::Existing && !path.is_file() {
            return Ok(None);
        }
        let runtime = runtime()?;
        let engine = outside_of_runtimes(|| {
            let opened = runtime.block_on(async {
                match mode {
                    Mode::Create => {
                        let mut connection = connect(&path, base(&path).create_if_missing(true)).await?;
                        if schema::inspect(&mut connection, &path).await? == Found::Empty {
                            schema::create(&mut connection, &path).await?;
                        }
                        switch_to_log(&mut connection, &path).await?;
                        Ok(Some(connection))
                    }
                    Mode::Existing => existing(&path).await,
                }
            });
            opened.map(|connection| connection.map(|connection| Engine { runtime, connection }))
        })?;
        Ok(engine.map(|engine| Self { path, engine: Mutex::new(Some(engine)) }))
    }

    /// The database file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs queries to their end on this thread, one caller at a time.
    pub(crate) fn run<T: Send>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Engine { runtime, connection }) = engine.as_mut() else {
            return Err(Error::Internal("the registry is being closed".to_owned()));
        };
        outside_of_runtimes(|| runtime.block_on(work(connection)))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let engine = self.engine.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Engine { runtime, connection }) = engine {
            // Closing in time folds the log back into the database file. That it fails changes nothing: the log is
            // read with the file either way.
            let _ = outside_of_runtimes(|| {
                let _ = runtime.block_on(connection.close());
                drop(runtime);
                Ok(())
            });
        }
    }
}

fn base(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(PATIENCE)
        .synchronous(SqliteSynchronous::Full)
        // A database carried here from elsewhere must not run functions of its own choosing.
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging()
}

async fn existing(path: &Path) -> Result<Option<SqliteConnection>, Error> {
    let writable = connect(path, base(path)).await;
    let mut connection = match writable {
        Ok(connection) => connection,
        // A read-only folder has no room for the log's index; nobody can write there meanwhile either.
        Err(Error::Database { .. }) => connect(path, base(path).read_only(true).immutable(true)).await?,
        Err(error) => return Err(error),
    };
    match schema::inspect(&mut connection, path).await? {
        Found::Registry => Ok(Some(connection)),
        Found::Empty => Ok(None),
    }
}

/// Connects and makes sure that the file can be read. SQLite does not wait in every case where another process is
/// just laying out the file, so this does.
async fn connect(path: &Path, options: SqliteConnectOptions) -> Result<SqliteConnection, Error> {
    patiently(async || {
        let mut connection = options.connect().await?;
        sqlx::query("SELECT count(*) FROM sqlite_schema").fetch_one(&mut connection).await?;
        Ok(connection)
    })
    .await
    .map_err(Error::database(path))
}

/// Readers and a writer do not wait for one another with a write-ahead log.
async fn switch_to_log(connection: &mut SqliteConnection, path: &Path) -> Result<(), Error> {
    patiently(async || sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(&mut *connection).await.map(drop))
        .await
        .map_err(Error::database(path))
}

async fn patiently<T>(mut attempt: impl AsyncFnMut() -> sqlx::Result<T>) -> sqlx::Result<T> {
    let start = Instant::now();
    loop {
        match attempt().await {
            Err(error) if matches!(result_code(&error), Some(5 | 6)) && start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

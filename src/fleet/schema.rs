//! The fleet's own table beside River's, and who made them.

use std::time::Duration;

use riverqueue::migrate::{PostgresMigrator, SqliteMigrator};
use riverqueue::sqlx::{self, PgPool, SqlitePool};

use crate::Error;
use crate::store::Store;

/// Version of the fleet's own table.
const VERSION: i64 = 1;

/// Keeps two processes from making tables at once: "flee".
const LOCK: i64 = 0x666c_6565;

/// How often a file is prepared anew where others do so at the same time, and the pause before.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

const POSTGRES: &str = "
CREATE TABLE IF NOT EXISTS filigrane_result (
    job_id BIGINT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    document JSON NOT NULL,
    finished_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS filigrane_result_by_time ON filigrane_result (finished_at);
CREATE INDEX IF NOT EXISTS filigrane_result_by_content ON filigrane_result (tenant, sha256);
CREATE TABLE IF NOT EXISTS filigrane_fleet (version BIGINT NOT NULL);
INSERT INTO filigrane_fleet SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM filigrane_fleet);
";

const SQLITE: &str = "
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS filigrane_result (
    job_id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    document TEXT NOT NULL,
    finished_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
);
CREATE INDEX IF NOT EXISTS filigrane_result_by_time ON filigrane_result (finished_at);
CREATE INDEX IF NOT EXISTS filigrane_result_by_content ON filigrane_result (tenant, sha256);
CREATE TABLE IF NOT EXISTS filigrane_fleet (version INTEGER NOT NULL);
INSERT INTO filigrane_fleet SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM filigrane_fleet);
COMMIT;
";

impl Store {
    /// Makes River's tables and the fleet's own, or brings them up to date; gives whether something was to do.
    pub async fn prepare(&self) -> Result<bool, Error> {
        if self.is_prepared().await? {
            return Ok(false);
        }
        match self {
            Self::Postgres { pool, .. } => {
                // Held by its connection, not by a transaction: River's steps have their own.
                let mut lock = pool.acquire().await.map_err(|error| self.failed(error))?;
                let locked = sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut *lock).await;
                locked.map_err(|error| self.failed(error))?;
                let made = async {
                    let migrated = PostgresMigrator::new(pool.clone()).migrate_up().await;
                    migrated.map_err(|error| self.broken(&error))?;
                    sqlx::raw_sql(POSTGRES).execute(pool).await.map_err(|error| self.failed(error))
                };
                let made = made.await;
                let freed = sqlx::query("SELECT pg_advisory_unlock($1)").bind(LOCK).execute(&mut *lock).await;
                made.and(freed.map_err(|error| self.failed(error)))?;
            }
            Self::Sqlite { .. } => {
                // Each of River's steps is whole or not at all; of two processes that take one at once, one fails and goes on
                // with the next.
                let mut tries = 0;
                while let Err(error) = self.prepare_file().await {
                    tries += 1;
                    if tries > TRIES {
                        return Err(error);
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        Ok(true)
    }

    async fn prepare_file(&self) -> Result<(), Error> {
        let Self::Sqlite { pool, .. } = self else { return Ok(()) };
        let migrated = SqliteMigrator::new(pool.clone()).migrate_up().await;
        migrated.map_err(|error| self.broken(&error))?;
        sqlx::raw_sql(SQLITE).execute(pool).await.map_err(|error| self.failed(error))?;
        Ok(())
    }

    /// Whether all tables are there.
    ///
    /// # Errors
    /// The database fails, or is of a later version.
    pub async fn is_prepared(&self) -> Result<bool, Error> {
        let (river, version) = match self {
            Self::Postgres { pool, .. } => {
                let river = PostgresMigrator::new(pool.clone()).validate(None).await;
                (river, postgres_version(pool).await)
            }
            Self::Sqlite { pool, .. } => {
                let river = SqliteMigrator::new(pool.clone()).validate(None).await;
                (river, sqlite_version(pool).await)
            }
        };
        let river = river.map_err(|error| self.broken(&error))?;
        match version.map_err(|error| self.failed(error))? {
            Some(version) if version > VERSION => {
                Err(Error::Newer { place: self.place().to_owned(), version })
            }
            version => Ok(version == Some(VERSION) && river.is_valid()),
        }
    }
}

async fn postgres_version(pool: &PgPool) -> sqlx::Result<Option<i64>> {
    let table = "SELECT to_regclass('filigrane_fleet')::text";
    let table: Option<String> = sqlx::query_scalar(table).fetch_one(pool).await?;
    if table.is_none() {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(version) FROM filigrane_fleet").fetch_one(pool).await
}

async fn sqlite_version(pool: &SqlitePool) -> sqlx::Result<Option<i64>> {
    let table = "SELECT count(*) FROM sqlite_master WHERE name = 'filigrane_fleet'";
    let tables: i64 = sqlx::query_scalar(table).fetch_one(pool).await?;
    if tables == 0 {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(version) FROM filigrane_fleet").fetch_one(pool).await
}

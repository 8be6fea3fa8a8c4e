use std::fs;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use crate::database::{Database, Mode};
use crate::sql::{self, bind_entry, listing, readers};
use crate::store::{LARGEST_FINGERPRINT, MOST_CODES, MOST_COLLISIONS, MOST_REVOCATIONS, MOST_ROWS, Store};
use crate::{Candidate, Code, Entry, Error, Listed, Published, Record, Revocation, Urn, code, manifest_file};

readers!(SqliteRow, SqliteConnection);

pub(crate) const DATABASE: &str = "registry.sqlite";

/// Records that share keys, with how many of them. `CROSS JOIN` keeps SQLite from turning the search round.
const LIKE: &str = "SELECT m.urn, m.fingerprint, found.hits FROM (
        SELECT sequence, count(*) AS hits FROM (
            SELECT k.sequence FROM json_each($1) wanted CROSS JOIN keys k ON k.key = wanted.value LIMIT $2
        ) GROUP BY sequence ORDER BY hits DESC, sequence LIMIT $3
    ) found JOIN manifests m ON m.sequence = found.sequence
    WHERE length(m.fingerprint) <= $4 ORDER BY found.hits DESC, found.sequence";

/// Records that share a part of a code, those looked for first first.
const WITH_PART: &str = "SELECT m.urn, m.code FROM (
        SELECT DISTINCT sequence FROM (
            SELECT c.sequence FROM json_each($1) wanted CROSS JOIN codes c ON c.part = wanted.value LIMIT $2
        )
    ) found JOIN manifests m ON m.sequence = found.sequence";

/// Records in a folder: `registry.sqlite`, and `manifests/6f/6f1c….c2pa` for each manifest.
///
/// Calls from several threads take turns. Several processes may use one folder.
#[derive(Debug)]
pub(crate) struct Folder {
    location: PathBuf,
    database: Database,
}

impl Folder {
    /// Opens the registry in a folder, made when missing.
    pub fn open(location: &Path) -> Result<Self, Error> {
        fs::create_dir_all(location).map_err(Error::io("create", location))?;
        let database = Database::open(&location.join(DATABASE), Mode::Create)?
            .ok_or_else(|| Error::Internal("the database was not made".to_owned()))?;
        Ok(Self { location: location.to_owned(), database })
    }

    /// Opens the registry in a folder that has one, `None` when it has none; a folder that can't be written will do
    /// for reading.
    pub fn open_existing(location: &Path) -> Result<Option<Self>, Error> {
        let database = Database::open(&location.join(DATABASE), Mode::Existing)?;
        Ok(database.map(|database| Self { location: location.to_owned(), database }))
    }

    /// Makes the database one file that can be read where nothing can be written.
    pub fn settle(&self) -> Result<(), Error> {
        self.query(async |connection, failed| {
            sqlx::raw_sql("PRAGMA journal_mode = DELETE").execute(connection).await.map(drop).map_err(failed)
        })
    }

    pub(crate) fn query<T: Send>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection, &(dyn Fn(sqlx::Error) -> Error + Sync)) -> Result<T, Error>
        + Send,
    ) -> Result<T, Error> {
        let failed = Error::database(self.database.path());
        self.database.run(async |connection| work(connection, &failed).await)
    }

    /// Completes the records of some rows with their manifests and withdrawals.
    fn records(&self, rows: &[SqliteRow]) -> Result<Vec<(i64, Record)>, Error> {
        let failed = Error::database(self.database.path());
        rows.iter()
            .map(|row| {
                let (sequence, digest, mut record) = read_record(row).map_err(&failed)?;
                let urn = record.entry.urn;
                record.entry.manifest =
                    digest.map(|digest| manifest_file::read(&self.location, urn, &digest)).transpose()?;
                record.revocations = self
                    .query(async |connection, failed| revocations(connection, urn).await.map_err(failed))?;
                Ok((sequence, record))
            })
            .collect()
    }
}

impl Store for Folder {
    fn place(&self) -> &Path {
        &self.location
    }

    fn publish(&self, entry: &Entry, at: &str) -> Result<Published, Error> {
        self.query(async |connection, failed| {
            // The lock is held while the file is written: of two processes that publish under one name, one waits.
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
            let published = add(&mut transaction, &self.location, entry, at, failed).await?;
            transaction.commit().await.map_err(failed)?;
            Ok(published)
        })
    }

    fn copy_in(&self, records: &[Record]) -> Result<(), Error> {
        self.query(async |connection, failed| {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
            for Record { entry, registered_at, revocations } in records {
                add(&mut transaction, &self.location, entry, registered_at, failed).await?;
                for revocation in revocations {
                    withdraw(&mut transaction, entry.urn, revocation).await.map_err(failed)?;
                }
            }
            transaction.commit().await.map_err(failed)
        })
    }

    fn by_payload(&self, payload: u64) -> Result<Vec<Record>, Error> {
        let rows = self.query(async |connection, failed| {
            let query = format!("{} WHERE payload = $1 ORDER BY sequence LIMIT $2", sql::RECORD);
            sqlx::query(sqlx::AssertSqlSafe(query))
                .bind(payload.cast_signed())
                .bind(MOST_COLLISIONS)
                .fetch_all(connection)
                .await
                .map_err(failed)
        })?;
        Ok(self.records(&rows)?.into_iter().map(|(_, record)| record).collect())
    }

    fn by_urn(&self, urn: Urn) -> Result<Option<Record>, Error> {
        let row = self.query(async |connection, failed| {
            let query = format!("{} WHERE urn = $1", sql::RECORD);
            sqlx::query(sqlx::AssertSqlSafe(query))
                .bind(urn.to_string())
                .fetch_all(connection)
                .await
                .map_err(failed)
        })?;
        Ok(self.records(&row)?.pop().map(|(_, record)| record))
    }

    fn like(&self, keys: &[u64], most: u32) -> Result<Vec<Candidate>, Error> {
        self.query(async |connection, failed| {
            let rows = sqlx::query(LIKE)
                .bind(sql::json(keys))
                .bind(MOST_ROWS)
                .bind(most)
                .bind(LARGEST_FINGERPRINT as i64)
                .fetch_all(connection)
                .await
                .map_err(failed)?;
            rows.iter().map(read_candidate).collect::<sqlx::Result<_>>().map_err(failed)
        })
    }

    fn with_part(&self, parts: &[u64]) -> Result<Vec<(Urn, Option<Code>)>, Error> {
        self.query(async |connection, failed| {
            let rows = sqlx::query(WITH_PART)
                .bind(sql::json(parts))
                .bind(MOST_CODES)
                .fetch_all(connection)
                .await
                .map_err(failed)?;
            rows.iter().map(read_code).collect::<sqlx::Result<_>>().map_err(failed)
        })
    }

    fn after(&self, after: i64, most: u32) -> Result<Vec<(i64, Record)>, Error> {
        let rows = self.query(async |connection, failed| {
            let query = format!("{} WHERE sequence > $1 ORDER BY sequence LIMIT $2", sql::RECORD);
            sqlx::query(sqlx::AssertSqlSafe(query))
                .bind(after)
                .bind(most)
                .fetch_all(connection)
                .await
                .map_err(failed)
        })?;
        self.records(&rows)
    }

    fn revoke(&self, urn: Urn, revocation: &Revocation) -> Result<(), Error> {
        self.query(async |connection, failed| {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
            let known = sqlx::query(sql::KNOWN).bind(urn.to_string()).fetch_optional(&mut *transaction);
            if known.await.map_err(failed)?.is_none() {
                return Err(Error::Missing { urn, location: self.location.clone() });
            }
            withdraw(&mut transaction, urn, revocation).await.map_err(failed)?;
            transaction.commit().await.map_err(failed)
        })
    }

    listing!();
}

/// Adds an entry within a transaction that holds the lock. The manifest's file is there, and stays, before the record
/// can be; without its record a file is nothing, and the next publication under its name replaces it.
async fn add(
    connection: &mut SqliteConnection,
    location: &Path,
    entry: &Entry,
    at: &str,
    failed: &(dyn Fn(sqlx::Error) -> Error + Sync),
) -> Result<Published, Error> {
    let digest = entry.manifest.as_deref().map(manifest_file::digest);
    let known = sqlx::query(sql::KNOWN).bind(entry.urn.to_string()).fetch_optional(&mut *connection);
    if let Some(known) = known.await.map_err(failed)? {
        let same = is_known(&known, digest, entry).map_err(failed)?;
        return if same { Ok(Published::Known) } else { Err(Error::Conflict { urn: entry.urn }) };
    }
    if let Some(manifest) = &entry.manifest {
        manifest_file::write(location, entry.urn, manifest)?;
    }
    let sequence = bind_entry!(entry, digest, at).fetch_one(&mut *connection).await.map_err(failed)?;
    sqlx::query("INSERT OR IGNORE INTO keys (key, sequence) SELECT value, $2 FROM json_each($1)")
        .bind(sql::json(&entry.keys))
        .bind(sequence)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    let parts = entry.code.as_ref().map(code::registered).unwrap_or_default();
    sqlx::query("INSERT OR IGNORE INTO codes (part, sequence) SELECT value, $2 FROM json_each($1)")
        .bind(sql::json(&parts))
        .bind(sequence)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(Published::New)
}

async fn revocations(connection: &mut SqliteConnection, urn: Urn) -> sqlx::Result<Vec<Revocation>> {
    let rows = sqlx::query(sql::REVOCATIONS)
        .bind(urn.to_string())
        .bind(MOST_REVOCATIONS)
        .fetch_all(connection)
        .await?;
    rows.iter().map(read_revocation).collect()
}

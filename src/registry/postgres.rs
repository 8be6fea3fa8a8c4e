use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tokio::runtime::Runtime;
use url::Url;

use crate::driver::{outside_of_runtimes, runtime};
use crate::objects::Objects;
use crate::sql::{self, bind_entry, listing, readers};
use crate::store::{LARGEST_FINGERPRINT, MOST_CODES, MOST_COLLISIONS, MOST_REVOCATIONS, MOST_ROWS, Store};
use crate::{
    Candidate, Code, Entry, Error, Listed, Published, Record, Revocation, Urn, code, manifest_file,
    postgres_schema,
};

readers!(PgRow, PgConnection);

/// Longest wait for the server to take a connection, and to answer a query.
const PATIENCE: Duration = Duration::from_secs(15);

const LIKE: &str = "SELECT m.urn, m.fingerprint, found.hits FROM (
        SELECT sequence, count(*) AS hits FROM (
            SELECT k.sequence FROM keys k WHERE k.key = ANY($1) LIMIT $2
        ) shared GROUP BY sequence ORDER BY hits DESC, sequence LIMIT $3
    ) found JOIN manifests m ON m.sequence = found.sequence
    WHERE length(m.fingerprint) <= $4 ORDER BY found.hits DESC, found.sequence";

const WITH_PART: &str = "SELECT m.urn, m.code FROM (
        SELECT DISTINCT sequence FROM (
            SELECT c.sequence FROM unnest($1::bigint[]) WITH ORDINALITY wanted(part, place)
            JOIN codes c ON c.part = wanted.part ORDER BY wanted.place LIMIT $2
        ) shared
    ) found JOIN manifests m ON m.sequence = found.sequence";

/// Records in a PostgreSQL database, and their manifests in an object store.
///
/// Calls from several threads take turns; several processes may use one database. A connection that broke is made anew
/// at the next call.
#[derive(Debug)]
pub(crate) struct Postgres {
    place: PathBuf,
    objects: Objects,
    options: PgConnectOptions,
    engine: Mutex<Option<Engine>>,
}

#[derive(Debug)]
struct Engine {
    runtime: Runtime,
    connection: Option<PgConnection>,
}

impl Postgres {
    /// Opens the registry at `postgres://USER@HOST/DATABASE?objects=URL`; its tables are made when `create` says so and
    /// there are none. The other parameters are those of libpq. `None` when there are no tables.
    pub fn open(text: &str, create: bool) -> Result<Option<Self>, Error> {
        let (place, address, objects) = parts(text)?;
        let wrong = |detail: String| Error::Place { place: place.display().to_string(), detail };
        let patience = PATIENCE.as_millis().to_string();
        let options = PgConnectOptions::from_str(&address)
            .map_err(|error| wrong(error.to_string()))?
            .application_name("filigrane")
            .options([("statement_timeout", patience.as_str()), ("lock_timeout", patience.as_str())])
            .disable_statement_logging();
        let objects = Objects::open(&objects)?;
        let engine = Engine { runtime: runtime()?, connection: None };
        let store = Self { place, objects, options, engine: Mutex::new(Some(engine)) };
        let found = store.query(async |connection, failed| {
            if create {
                postgres_schema::create(connection).await.map_err(failed)?
            }
            postgres_schema::version(connection).await.map_err(failed)
        })?;
        match found {
            None => Ok(None),
            Some(postgres_schema::VERSION) => Ok(Some(store)),
            Some(version) if version < postgres_schema::VERSION => {
                Err(Error::Older { path: store.place.clone(), version })
            }
            Some(version) => Err(Error::Newer { path: store.place.clone(), version }),
        }
    }

    fn query<T: Send>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection, &(dyn Fn(sqlx::Error) -> Error + Sync)) -> Result<T, Error>
        + Send,
    ) -> Result<T, Error> {
        let failed = Error::postgres(&self.place);
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Engine { runtime, connection }) = engine.as_mut() else {
            return Err(Error::Internal("the registry is being closed".to_owned()));
        };
        outside_of_runtimes(|| {
            runtime.block_on(async {
                let mut alive = None;
                if let Some(mut open) = connection.take() {
                    alive = open.ping().await.is_ok().then_some(open);
                }
                let mut open = match alive {
                    Some(open) => open,
                    None => match tokio::time::timeout(PATIENCE, self.options.connect()).await {
                        Ok(opened) => opened.map_err(&failed)?,
                        Err(_) => return Err(failed(sqlx::Error::PoolTimedOut)),
                    },
                };
                // A transaction that fails is rolled back before the next query; a connection that fails is dropped.
                let done = work(&mut open, &failed).await;
                *connection = Some(open);
                done
            })
        })
    }

    /// Completes the records of some rows with their manifests and withdrawals.
    async fn records(
        &self,
        connection: &mut PgConnection,
        rows: &[PgRow],
        failed: &(dyn Fn(sqlx::Error) -> Error + Sync),
    ) -> Result<Vec<(i64, Record)>, Error> {
        let mut records = Vec::new();
        for row in rows {
            let (sequence, digest, mut record) = read_record(row).map_err(failed)?;
            if let Some(digest) = digest {
                record.entry.manifest = Some(self.objects.read(record.entry.urn, &digest).await?);
            }
            let withdrawals = sqlx::query(sql::REVOCATIONS)
                .bind(record.entry.urn.to_string())
                .bind(MOST_REVOCATIONS)
                .fetch_all(&mut *connection)
                .await
                .map_err(failed)?;
            record.revocations =
                withdrawals.iter().map(read_revocation).collect::<sqlx::Result<_>>().map_err(failed)?;
            records.push((sequence, record));
        }
        Ok(records)
    }

    /// Adds an entry within a transaction. The manifest is stored before the record can be.
    async fn add(
        &self,
        connection: &mut PgConnection,
        entry: &Entry,
        at: &str,
        failed: &(dyn Fn(sqlx::Error) -> Error + Sync),
    ) -> Result<Published, Error> {
        let digest = entry.manifest.as_deref().map(manifest_file::digest);
        if let Some(manifest) = &entry.manifest {
            self.objects.put(entry.urn, manifest).await?;
        }
        let added = bind_entry!(entry, digest, at).fetch_optional(&mut *connection).await.map_err(failed)?;
        let Some(sequence) = added else {
            let known = sqlx::query(sql::KNOWN).bind(entry.urn.to_string()).fetch_one(connection);
            let known = known.await.map_err(failed)?;
            let same = is_known(&known, digest, entry).map_err(failed)?;
            return if same { Ok(Published::Known) } else { Err(Error::Conflict { urn: entry.urn }) };
        };
        sqlx::query(
            "INSERT INTO keys (key, sequence) SELECT unnest($1::bigint[]), $2 ON CONFLICT DO NOTHING",
        )
        .bind(sql::signed(&entry.keys))
        .bind(sequence)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
        let parts = entry.code.as_ref().map(code::registered).unwrap_or_default();
        sqlx::query(
            "INSERT INTO codes (part, sequence) SELECT unnest($1::bigint[]), $2 ON CONFLICT DO NOTHING",
        )
        .bind(sql::signed(&parts))
        .bind(sequence)
        .execute(connection)
        .await
        .map_err(failed)?;
        Ok(Published::New)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let engine = self.engine.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Engine { runtime, connection }) = engine {
            // A farewell; the server notices without one.
            let _ = outside_of_runtimes(|| {
                if let Some(connection) = connection {
                    let _ = runtime.block_on(connection.close());
                }
                drop(runtime);
                Ok(())
            });
        }
    }
}

impl Store for Postgres {
    fn place(&self) -> &Path {
        &self.place
    }

    fn publish(&self, entry: &Entry, at: &str) -> Result<Published, Error> {
        self.query(async |connection, failed| {
            let mut transaction = connection.begin().await.map_err(failed)?;
            let published = self.add(&mut transaction, entry, at, failed).await?;
            transaction.commit().await.map_err(failed)?;
            Ok(published)
        })
    }

    fn copy_in(&self, records: &[Record]) -> Result<(), Error> {
        self.query(async |connection, failed| {
            let mut transaction = connection.begin().await.map_err(failed)?;
            for Record { entry, registered_at, revocations } in records {
                self.add(&mut transaction, entry, registered_at, failed).await?;
                for revocation in revocations {
                    withdraw(&mut transaction, entry.urn, revocation).await.map_err(failed)?;
                }
            }
            transaction.commit().await.map_err(failed)
        })
    }

    fn by_payload(&self, payload: u64) -> Result<Vec<Record>, Error> {
        self.query(async |connection, failed| {
            let query = format!("{} WHERE payload = $1 ORDER BY sequence LIMIT $2", sql::RECORD);
            let rows = sqlx::query(sqlx::AssertSqlSafe(query))
                .bind(payload.cast_signed())
                .bind(MOST_COLLISIONS)
                .fetch_all(&mut *connection)
                .await
                .map_err(failed)?;
            let records = self.records(connection, &rows, failed).await?;
            Ok(records.into_iter().map(|(_, record)| record).collect())
        })
    }

    fn by_urn(&self, urn: Urn) -> Result<Option<Record>, Error> {
        self.query(async |connection, failed| {
            let query = format!("{} WHERE urn = $1", sql::RECORD);
            let rows = sqlx::query(sqlx::AssertSqlSafe(query))
                .bind(urn.to_string())
                .fetch_all(&mut *connection)
                .await
                .map_err(failed)?;
            Ok(self.records(connection, &rows, failed).await?.pop().map(|(_, record)| record))
        })
    }

    fn like(&self, keys: &[u64], most: u32) -> Result<Vec<Candidate>, Error> {
        self.query(async |connection, failed| {
            let rows = sqlx::query(LIKE)
                .bind(sql::signed(keys))
                .bind(MOST_ROWS)
                .bind(i64::from(most))
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
                .bind(sql::signed(parts))
                .bind(MOST_CODES)
                .fetch_all(connection)
                .await
                .map_err(failed)?;
            rows.iter().map(read_code).collect::<sqlx::Result<_>>().map_err(failed)
        })
    }

    fn after(&self, after: i64, most: u32) -> Result<Vec<(i64, Record)>, Error> {
        self.query(async |connection, failed| {
            let query = format!("{} WHERE sequence > $1 ORDER BY sequence LIMIT $2", sql::RECORD);
            let rows = sqlx::query(sqlx::AssertSqlSafe(query))
                .bind(after)
                .bind(i64::from(most))
                .fetch_all(&mut *connection)
                .await
                .map_err(failed)?;
            self.records(connection, &rows, failed).await
        })
    }

    fn revoke(&self, urn: Urn, revocation: &Revocation) -> Result<(), Error> {
        self.query(async |connection, failed| {
            let known = sqlx::query(sql::KNOWN).bind(urn.to_string()).fetch_optional(&mut *connection);
            if known.await.map_err(failed)?.is_none() {
                return Err(Error::Missing { urn, location: self.place.clone() });
            }
            withdraw(connection, urn, revocation).await.map_err(failed)
        })
    }

    listing!();
}

/// What to call the registry, the address without the parameter `objects`, and that parameter.
fn parts(text: &str) -> Result<(PathBuf, String, String), Error> {
    let wrong = |detail: &str| Error::Place { place: shown(text), detail: detail.to_owned() };
    let mut url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    let (objects, kept): (Vec<_>, Vec<_>) =
        url.query_pairs().into_owned().partition(|(name, _)| name == "objects");
    let [(_, objects)] = &objects[..] else {
        return Err(wrong(
            "say where its manifests are: postgres://…/DATABASE?objects=file:///srv/manifests",
        ));
    };
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    Ok((shown(text).into(), url.to_string(), objects.clone()))
}

/// A URL without password and parameters, for people; of one that can't be taken apart, how it begins.
pub fn shown(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return format!("{}://…", text.split("://").next().unwrap_or_default());
    };
    url.set_query(None);
    url.set_fragment(None);
    // Without a host there is no password either.
    let _ = url.set_password(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_its_password_not_shown() {
        let text = "postgres://me:secret@db.example/clips?host=%2Frun%2Fpg&objects=file%3A%2F%2F%2Fsrv%2Fm";
        let (place, address, objects) = parts(text).unwrap();
        assert_eq!(place, Path::new("postgres://me@db.example/clips"));
        assert_eq!(address, "postgres://me:secret@db.example/clips?host=%2Frun%2Fpg");
        assert_eq!(objects, "file:///srv/m");
        let error = parts("postgres://me:secret@db.example/clips").unwrap_err().to_string();
        assert!(error.contains("objects=") && !error.contains("secret"), "{error}");
        let error = parts("postgres://me:secret@/clips").unwrap_err().to_string();
        assert!(error.starts_with("postgres://…: ") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn a_server_that_is_not_there_is_an_error_in_time() {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().display();
        let text = format!("postgres:///clips?host={socket}&user=nobody&objects=memory:///");
        let error = Postgres::open(&text, true).map(drop).unwrap_err();
        assert_eq!(error.kind(), filigrane_frame::ErrorKind::Io, "{error}");
    }
}

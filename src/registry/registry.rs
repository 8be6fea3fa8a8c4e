use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use filigrane_frame::ErrorKind;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::database::{Database, Mode};
use crate::{Entry, Error, Listed, Published, Record, Revocation, Urn, manifest_file};

const DATABASE: &str = "registry.sqlite";
/// Largest fingerprint kept, bytes.
const LARGEST_FINGERPRINT: usize = 16 << 20;
/// Longest title, issuer or reason kept, bytes.
const LONGEST_TEXT: usize = 4096;
/// Most records read for one payload: honest collisions of 64 bits are rarer than one in a billion.
const MOST_COLLISIONS: i64 = 64;
/// Fingerprints fetched at a time.
const PAGE: i64 = 32;

const RECORD: &str =
    "SELECT m.sequence, m.urn, m.manifest_sha256, m.fingerprint, m.width, m.height, m.duration,
    m.title, m.issuer, m.registered_at, r.reason, r.at
    FROM manifests m LEFT JOIN revocations r ON r.urn = m.urn";

/// A manifest repository in a folder: `registry.sqlite`, and `manifests/6f/6f1c….c2pa` for each manifest.
///
/// Every call blocks until it is done; calls from several threads take turns. Several processes may use one folder.
#[derive(Debug)]
pub struct Registry {
    location: PathBuf,
    database: Database,
}

impl Registry {
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

    /// The folder.
    pub fn location(&self) -> &Path {
        &self.location
    }

    /// Adds an entry. The same manifest and fingerprint under the same name are [`Published::Known`].
    ///
    /// # Errors
    /// Something else is registered under that name, or a value is too large.
    pub fn publish(&self, entry: &Entry) -> Result<Published, Error> {
        check(entry)?;
        let digest = entry.manifest.as_deref().map(manifest_file::digest);
        let now = now()?;
        self.query(async |connection, failed| {
            // The lock is held while the file is written: of two processes that publish under one name, one waits.
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
            let known = sqlx::query("SELECT manifest_sha256, fingerprint FROM manifests WHERE urn = ?")
                .bind(entry.urn.to_string())
                .fetch_optional(&mut *transaction)
                .await
                .map_err(failed)?;
            if let Some(known) = known {
                let manifest: Option<Vec<u8>> = known.try_get(0).map_err(failed)?;
                let fingerprint: Vec<u8> = known.try_get(1).map_err(failed)?;
                let same = manifest.as_deref() == digest.as_ref().map(|digest| &digest[..])
                    && fingerprint == entry.fingerprint;
                return if same { Ok(Published::Known) } else { Err(Error::Conflict { urn: entry.urn }) };
            }
            if let Some(manifest) = &entry.manifest {
                manifest_file::write(&self.location, entry.urn, manifest)?;
            }
            sqlx::query(
                "INSERT INTO manifests (urn, payload, manifest_sha256, fingerprint, width, height, duration, title,
                issuer, registered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(entry.urn.to_string())
            .bind(entry.urn.payload().cast_signed())
            .bind(digest.as_ref().map(|digest| &digest[..]))
            .bind(&entry.fingerprint)
            .bind(entry.width)
            .bind(entry.height)
            .bind(entry.duration)
            .bind(&entry.title)
            .bind(&entry.issuer)
            .bind(&now)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
            Ok(Published::New)
        })
    }

    /// Every record whose UUID begins with these 64 bits, oldest first: usually none or one, but two manifests may
    /// share them.
    pub fn by_payload(&self, payload: u64) -> Result<Vec<Record>, Error> {
        let rows = self.query(async |connection, failed| {
            let query = format!("{RECORD} WHERE m.payload = ? ORDER BY m.sequence LIMIT ?");
            sqlx::query(sqlx::AssertSqlSafe(query))
                .bind(payload.cast_signed())
                .bind(MOST_COLLISIONS)
                .fetch_all(connection)
                .await
                .map_err(failed)
        })?;
        rows.iter().map(|row| self.record(row)).collect()
    }

    /// The record of one manifest.
    ///
    /// # Errors
    /// The name is not that of a manifest, or the record is damaged.
    pub fn by_urn(&self, urn: &str) -> Result<Option<Record>, Error> {
        let urn: Urn = urn.parse()?;
        let row = self.query(async |connection, failed| {
            let query = format!("{RECORD} WHERE m.urn = ?");
            sqlx::query(sqlx::AssertSqlSafe(query))
                .bind(urn.to_string())
                .fetch_optional(connection)
                .await
                .map_err(failed)
        })?;
        row.map(|row| self.record(&row)).transpose()
    }

    /// Shows the visitor every fingerprint, oldest first, until it breaks off; records without one are left out.
    /// Memory stays bounded, and other calls may be made meanwhile.
    pub fn for_each_fingerprint(
        &self,
        visit: &mut dyn FnMut(&str, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut last = i64::MIN;
        loop {
            let rows = self.query(async |connection, failed| {
                sqlx::query(
                    "SELECT sequence, urn, fingerprint FROM manifests
                    WHERE sequence > ? AND length(fingerprint) BETWEEN 1 AND ? ORDER BY sequence LIMIT ?",
                )
                .bind(last)
                .bind(LARGEST_FINGERPRINT as i64)
                .bind(PAGE)
                .fetch_all(connection)
                .await
                .map_err(failed)
            })?;
            let failed = Error::database(self.database.path());
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                last = row.try_get(0).map_err(&failed)?;
                let urn = row.try_get(1).map_err(&failed)?;
                if visit(urn, row.try_get(2).map_err(&failed)?).is_break() {
                    return Ok(());
                }
            }
        }
    }

    /// Withdraws a manifest for good. A second withdrawal changes nothing.
    ///
    /// # Errors
    /// The manifest is not registered.
    pub fn revoke(&self, urn: &str, reason: &str) -> Result<Revocation, Error> {
        let urn: Urn = urn.parse()?;
        let reason: String = reason.chars().take(LONGEST_TEXT / 4).collect();
        let now = now()?;
        self.query(async |connection, failed| {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
            let known: Option<i64> = sqlx::query_scalar("SELECT sequence FROM manifests WHERE urn = ?")
                .bind(urn.to_string())
                .fetch_optional(&mut *transaction)
                .await
                .map_err(failed)?;
            if known.is_none() {
                return Err(Error::Missing { urn, location: self.location.clone() });
            }
            sqlx::query("INSERT INTO revocations (urn, reason, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
                .bind(urn.to_string())
                .bind(&reason)
                .bind(&now)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
            let revocation = revocation_of(&mut transaction, urn).await.map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
            revocation.ok_or_else(|| Error::Internal("the revocation was not stored".to_owned()))
        })
    }

    /// The withdrawal of a manifest, if it was withdrawn.
    pub fn revocation(&self, urn: &str) -> Result<Option<Revocation>, Error> {
        let urn: Urn = urn.parse()?;
        self.query(async |connection, failed| revocation_of(connection, urn).await.map_err(failed))
    }

    /// Records from the newest on, `limit` of them after the first `offset`.
    pub fn list(&self, limit: u32, offset: u64) -> Result<Vec<Listed>, Error> {
        let rows = self.query(async |connection, failed| {
            sqlx::query(
                "SELECT m.urn, m.title, m.issuer, m.duration, m.registered_at, r.urn IS NOT NULL AS revoked
                FROM manifests m LEFT JOIN revocations r ON r.urn = m.urn
                ORDER BY m.sequence DESC LIMIT ? OFFSET ?",
            )
            .bind(limit)
            .bind(i64::try_from(offset).unwrap_or(i64::MAX))
            .fetch_all(connection)
            .await
            .map_err(failed)
        })?;
        let failed = Error::database(self.database.path());
        rows.iter()
            .map(|row| {
                Ok(Listed {
                    urn: self.urn(row, "urn")?,
                    title: row.try_get("title").map_err(&failed)?,
                    issuer: row.try_get("issuer").map_err(&failed)?,
                    duration: row.try_get("duration").map_err(&failed)?,
                    registered_at: row.try_get("registered_at").map_err(&failed)?,
                    revoked: row.try_get("revoked").map_err(&failed)?,
                })
            })
            .collect()
    }

    /// Number of records.
    pub fn count(&self) -> Result<u64, Error> {
        let count: i64 = self.query(async |connection, failed| {
            sqlx::query_scalar("SELECT count(*) FROM manifests").fetch_one(connection).await.map_err(failed)
        })?;
        Ok(count.unsigned_abs())
    }

    /// Writes a copy of the registry, as it is now, to a new folder that can be carried elsewhere and used as a
    /// registry there, also from read-only media. Gives the number of records.
    ///
    /// # Errors
    /// The folder exists and is not empty, a manifest is damaged, or writing fails; the folder is not made then.
    pub fn export(&self, to: &Path) -> Result<u64, Error> {
        let empty = |path: &Path| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        if to.symlink_metadata().is_ok() && !empty(to) {
            return Err(Error::Exists(to.to_owned()));
        }
        let absolute = std::path::absolute(to).map_err(Error::io("find", to))?;
        let beside = absolute.parent().unwrap_or(&absolute);
        fs::create_dir_all(beside).map_err(Error::io("create", beside))?;
        let mut drafts = tempfile::Builder::new();
        drafts.prefix(".export-");
        #[cfg(unix)]
        drafts.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755));
        let draft = drafts.tempdir_in(beside).map_err(Error::io("make a folder in", beside))?;

        let target = draft.path().join(DATABASE);
        let name = target.to_str().ok_or_else(|| Error::Io {
            action: "export to",
            path: to.to_owned(),
            source: std::io::Error::new(std::io::ErrorKind::InvalidInput, "SQLite needs a UTF-8 path"),
        })?;
        self.query(async |connection, failed| {
            sqlx::query("VACUUM INTO ?").bind(name).execute(connection).await.map_err(failed)
        })?;
        let copy = Self::open_existing(draft.path())?
            .ok_or_else(|| Error::Internal("the exported database is empty".to_owned()))?;
        let count = copy.copy_manifests_from(&self.location)?;
        drop(copy);
        fs::rename(draft.path(), to).map_err(Error::io("create", to))?;
        let _ = draft.keep();
        Ok(count)
    }

    fn copy_manifests_from(&self, source: &Path) -> Result<u64, Error> {
        let failed = Error::database(self.database.path());
        let mut last = i64::MIN;
        let mut count = 0;
        loop {
            let rows = self.query(async |connection, failed| {
                sqlx::query(
                    "SELECT sequence, urn, manifest_sha256 FROM manifests WHERE sequence > ? ORDER BY sequence
                    LIMIT 1000",
                )
                .bind(last)
                .fetch_all(connection)
                .await
                .map_err(failed)
            })?;
            if rows.is_empty() {
                return Ok(count);
            }
            for row in &rows {
                last = row.try_get("sequence").map_err(&failed)?;
                count += 1;
                let digest: Option<Vec<u8>> = row.try_get("manifest_sha256").map_err(&failed)?;
                if let Some(digest) = digest {
                    let urn = self.urn(row, "urn")?;
                    let manifest = manifest_file::read(source, urn, &digest)?;
                    manifest_file::write(&self.location, urn, &manifest)?;
                }
            }
        }
    }

    fn query<T: Send>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection, &(dyn Fn(sqlx::Error) -> Error + Sync)) -> Result<T, Error>
        + Send,
    ) -> Result<T, Error> {
        let failed = Error::database(self.database.path());
        self.database.run(async |connection| work(connection, &failed).await)
    }

    fn urn(&self, row: &SqliteRow, column: &str) -> Result<Urn, Error> {
        let text: &str = row.try_get(column).map_err(Error::database(self.database.path()))?;
        text.parse().map_err(|_| Error::Malformed {
            path: self.database.path().to_owned(),
            detail: "a record has no proper name".to_owned(),
        })
    }

    fn record(&self, row: &SqliteRow) -> Result<Record, Error> {
        let failed = Error::database(self.database.path());
        let urn = self.urn(row, "urn")?;
        let digest: Option<Vec<u8>> = row.try_get("manifest_sha256").map_err(&failed)?;
        let manifest = digest.map(|digest| manifest_file::read(&self.location, urn, &digest)).transpose()?;
        let reason: Option<String> = row.try_get("reason").map_err(&failed)?;
        let at: Option<String> = row.try_get("at").map_err(&failed)?;
        Ok(Record {
            entry: Entry {
                urn,
                manifest,
                fingerprint: row.try_get("fingerprint").map_err(&failed)?,
                width: row.try_get("width").map_err(&failed)?,
                height: row.try_get("height").map_err(&failed)?,
                duration: row.try_get("duration").map_err(&failed)?,
                title: row.try_get("title").map_err(&failed)?,
                issuer: row.try_get("issuer").map_err(&failed)?,
            },
            registered_at: row.try_get("registered_at").map_err(&failed)?,
            revocation: reason.zip(at).map(|(reason, at)| Revocation { reason, at }),
        })
    }
}

async fn revocation_of(connection: &mut SqliteConnection, urn: Urn) -> sqlx::Result<Option<Revocation>> {
    let row = sqlx::query("SELECT reason, at FROM revocations WHERE urn = ?")
        .bind(urn.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok(Revocation { reason: row.try_get("reason")?, at: row.try_get("at")? })).transpose()
}

fn check(entry: &Entry) -> Result<(), Error> {
    let refused = |detail: String, kind| Err(Error::Entry { urn: entry.urn, detail, kind });
    let manifest = entry.manifest.as_ref().map_or(0, Vec::len);
    if manifest > manifest_file::LARGEST {
        return refused(format!("a manifest of {manifest} bytes is too large"), ErrorKind::Limit);
    }
    if entry.fingerprint.len() > LARGEST_FINGERPRINT {
        let size = entry.fingerprint.len();
        return refused(format!("a fingerprint of {size} bytes is too large"), ErrorKind::Limit);
    }
    let texts = [Some(&entry.title), entry.issuer.as_ref()];
    if texts.into_iter().flatten().any(|text| text.len() > LONGEST_TEXT) {
        return refused(format!("title or issuer takes over {LONGEST_TEXT} bytes"), ErrorKind::Limit);
    }
    if !(entry.duration.is_finite() && entry.duration >= 0.0) {
        return refused(format!("a duration of {} s is impossible", entry.duration), ErrorKind::Parameter);
    }
    Ok(())
}

fn now() -> Result<String, Error> {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    now.format(&Rfc3339).map_err(|error| Error::Internal(format!("time: {error}")))
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;

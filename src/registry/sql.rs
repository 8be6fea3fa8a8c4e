//! Queries and rows that both databases share.

/// What a [`Record`](crate::Record) is read from, without its withdrawals.
pub(crate) const RECORD: &str =
    "SELECT sequence, urn, manifest_sha256, code, fingerprint, width, height, duration, title,
    issuer, registered_at, lookup_keys FROM manifests";
pub(crate) const KNOWN: &str = "SELECT manifest_sha256, code, fingerprint FROM manifests WHERE urn = $1";
pub(crate) const INSERT: &str =
    "INSERT INTO manifests (urn, payload, manifest_sha256, code, fingerprint, width, height, duration, title, issuer,
    registered_at, lookup_keys) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING sequence";
pub(crate) const REVOKE: &str = "INSERT INTO revocations (urn, subject, reason, at, signature) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
pub(crate) const REVOCATIONS: &str =
    "SELECT subject, reason, at, signature FROM revocations WHERE urn = $1 ORDER BY sequence LIMIT $2";
pub(crate) const LIST: &str = "SELECT urn, title, issuer, duration, registered_at,
    EXISTS (SELECT 1 FROM revocations r WHERE r.urn = m.urn AND r.subject = '') AS revoked
    FROM manifests m ORDER BY sequence DESC LIMIT $1 OFFSET $2";

/// Binds the values of [`INSERT`].
macro_rules! bind_entry {
    ($entry:expr, $digest:expr, $at:expr) => {
        sqlx::query_scalar::<_, i64>(crate::sql::INSERT)
            .bind($entry.urn.to_string())
            .bind($entry.urn.payload().cast_signed())
            .bind($digest.map(|digest: [u8; 32]| digest.to_vec()))
            .bind($entry.code.map(|code| code.to_vec()))
            .bind($entry.fingerprint.as_slice())
            .bind(i64::from($entry.width))
            .bind(i64::from($entry.height))
            .bind($entry.duration)
            .bind($entry.title.as_str())
            .bind($entry.issuer.as_deref())
            .bind($at)
            .bind($entry.keys.iter().flat_map(|key| key.to_le_bytes()).collect::<Vec<u8>>())
    };
}

/// Makes the functions that read the rows of one database and keep its withdrawals.
macro_rules! readers {
    ($row:ty, $connection:ty) => {
        /// Reads a row of `RECORD`: its place, the manifest's digest, and the record without manifest and withdrawals.
        fn read_record(row: &$row) -> sqlx::Result<(i64, Option<Vec<u8>>, crate::Record)> {
            let number = |name| -> sqlx::Result<u32> {
                let number: i64 = row.try_get(name)?;
                u32::try_from(number).map_err(|error| sqlx::Error::Decode(error.into()))
            };
            let entry = crate::Entry {
                urn: crate::sql::urn(row.try_get("urn")?)?,
                manifest: None,
                fingerprint: row.try_get("fingerprint")?,
                code: crate::sql::code(row.try_get("code")?),
                keys: crate::sql::keys(row.try_get("lookup_keys")?),
                width: number("width")?,
                height: number("height")?,
                duration: row.try_get("duration")?,
                title: row.try_get("title")?,
                issuer: row.try_get("issuer")?,
            };
            let digest = row.try_get("manifest_sha256")?;
            let registered_at = row.try_get("registered_at")?;
            let record = crate::Record { entry, registered_at, revocations: Vec::new() };
            Ok((row.try_get("sequence")?, digest, record))
        }

        fn read_candidate(row: &$row) -> sqlx::Result<crate::Candidate> {
            let hits: i64 = row.try_get("hits")?;
            Ok(crate::Candidate {
                urn: crate::sql::urn(row.try_get("urn")?)?,
                fingerprint: row.try_get("fingerprint")?,
                hits: u32::try_from(hits).unwrap_or(u32::MAX),
            })
        }

        fn read_revocation(row: &$row) -> sqlx::Result<crate::Revocation> {
            let subject: String = row.try_get("subject")?;
            Ok(crate::Revocation {
                subject: Some(subject).filter(|subject| !subject.is_empty()),
                reason: row.try_get("reason")?,
                at: row.try_get("at")?,
                signature: row.try_get("signature")?,
            })
        }

        /// Reads a row of a search by code: the name and the code there.
        fn read_code(row: &$row) -> sqlx::Result<(crate::Urn, Option<crate::Code>)> {
            Ok((crate::sql::urn(row.try_get("urn")?)?, crate::sql::code(row.try_get("code")?)))
        }

        /// Whether what is known under a name, a row of `KNOWN`, is this entry.
        fn is_known(row: &$row, digest: Option<[u8; 32]>, entry: &crate::Entry) -> sqlx::Result<bool> {
            let manifest: Option<Vec<u8>> = row.try_get("manifest_sha256")?;
            let fingerprint: Vec<u8> = row.try_get("fingerprint")?;
            Ok(manifest.as_deref() == digest.as_ref().map(|digest| &digest[..])
                && fingerprint == entry.fingerprint
                && crate::sql::code(row.try_get("code")?) == entry.code)
        }

        async fn withdraw(
            connection: &mut $connection,
            urn: crate::Urn,
            revocation: &crate::Revocation,
        ) -> sqlx::Result<()> {
            sqlx::query(crate::sql::REVOKE)
                .bind(urn.to_string())
                .bind(revocation.subject.as_deref().unwrap_or_default())
                .bind(revocation.reason.as_str())
                .bind(revocation.at.as_str())
                .bind(revocation.signature.as_slice())
                .execute(connection)
                .await
                .map(drop)
        }

        fn read_listed(row: &$row) -> sqlx::Result<crate::Listed> {
            Ok(crate::Listed {
                urn: crate::sql::urn(row.try_get("urn")?)?,
                title: row.try_get("title")?,
                issuer: row.try_get("issuer")?,
                duration: row.try_get("duration")?,
                registered_at: row.try_get("registered_at")?,
                revoked: row.try_get("revoked")?,
            })
        }
    };
}

/// The methods of [`Store`](crate::Store) that read alike from both databases.
macro_rules! listing {
    () => {
        fn names(&self, payload: u64) -> Result<Vec<Urn>, Error> {
            let names: Vec<String> = self.query(async |connection, failed| {
                sqlx::query_scalar("SELECT urn FROM manifests WHERE payload = $1 ORDER BY sequence LIMIT $2")
                    .bind(payload.cast_signed())
                    .bind(MOST_COLLISIONS)
                    .fetch_all(connection)
                    .await
                    .map_err(failed)
            })?;
            names.iter().map(|name| name.parse()).collect()
        }

        fn list(&self, limit: u32, offset: u64) -> Result<Vec<Listed>, Error> {
            self.query(async |connection, failed| {
                let rows = sqlx::query(sql::LIST)
                    .bind(i64::from(limit))
                    .bind(i64::try_from(offset).unwrap_or(i64::MAX))
                    .fetch_all(connection)
                    .await
                    .map_err(failed)?;
                rows.iter().map(read_listed).collect::<sqlx::Result<_>>().map_err(failed)
            })
        }

        fn count(&self) -> Result<u64, Error> {
            let count: i64 = self.query(async |connection, failed| {
                sqlx::query_scalar("SELECT count(*) FROM manifests")
                    .fetch_one(connection)
                    .await
                    .map_err(failed)
            })?;
            Ok(count.unsigned_abs())
        }
    };
}

pub(crate) use {bind_entry, listing, readers};

/// A name out of the database.
pub(crate) fn urn(text: &str) -> sqlx::Result<crate::Urn> {
    text.parse().map_err(|_| sqlx::Error::Decode("a record has no proper name".into()))
}

/// A code as it stands with a record; one of another length is none.
pub(crate) fn code(bytes: Option<Vec<u8>>) -> Option<crate::Code> {
    bytes?.try_into().ok()
}

/// Numbers as a JSON array, and as databases have them: signed.
pub(crate) fn json(numbers: &[u64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(|number| number.cast_signed().to_string()).collect();
    format!("[{}]", numbers.join(","))
}

pub(crate) fn signed(numbers: &[u64]) -> Vec<i64> {
    numbers.iter().map(|number| number.cast_signed()).collect()
}

/// Keys as they stand with a record: eight bytes each, little-endian.
pub(crate) fn keys(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(8).map(|key| u64::from_le_bytes(std::array::from_fn(|index| key[index]))).collect()
}

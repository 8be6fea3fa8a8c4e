use std::path::Path;

use sqlx::{Connection as _, Row as _, SqliteConnection};

use crate::Error;

/// Marks the database file as a registry: "filg".
const APPLICATION: i64 = 0x6669_6c67;
const VERSION: i64 = 3;

/// The statements that make up version 3, by the name of what they make. SQLite keeps their text, so that a database
/// can be held against them: no foreign view or trigger runs in a registry that was carried here from elsewhere.
const STATEMENTS: [(&str, &str); 8] = [
    (
        "codes",
        "CREATE TABLE codes (
            part INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            PRIMARY KEY (part, sequence)
        ) STRICT, WITHOUT ROWID",
    ),
    (
        "keys",
        "CREATE TABLE keys (
            key INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            PRIMARY KEY (key, sequence)
        ) STRICT, WITHOUT ROWID",
    ),
    (
        "manifests",
        "CREATE TABLE manifests (
            sequence INTEGER PRIMARY KEY,
            urn TEXT NOT NULL UNIQUE,
            payload INTEGER NOT NULL,
            manifest_sha256 BLOB,
            code BLOB,
            fingerprint BLOB NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            duration REAL NOT NULL,
            title TEXT NOT NULL,
            issuer TEXT,
            registered_at TEXT NOT NULL,
            lookup_keys BLOB NOT NULL
        ) STRICT",
    ),
    ("manifests_by_payload", "CREATE INDEX manifests_by_payload ON manifests (payload)"),
    (
        "manifests_keep",
        "CREATE TRIGGER manifests_keep BEFORE DELETE ON manifests BEGIN
            SELECT RAISE(ABORT, 'records are never removed');
        END",
    ),
    (
        "manifests_stay",
        "CREATE TRIGGER manifests_stay BEFORE UPDATE ON manifests BEGIN
            SELECT RAISE(ABORT, 'records are never changed');
        END",
    ),
    (
        "revocations",
        "CREATE TABLE revocations (
            sequence INTEGER PRIMARY KEY,
            urn TEXT NOT NULL,
            subject TEXT NOT NULL,
            reason TEXT NOT NULL,
            at TEXT NOT NULL,
            signature BLOB NOT NULL,
            UNIQUE (urn, signature)
        ) STRICT",
    ),
    (
        "revocations_keep",
        "CREATE TRIGGER revocations_keep BEFORE DELETE ON revocations BEGIN
            SELECT RAISE(ABORT, 'revocations are never removed');
        END",
    ),
];

/// Whether an opened database is still empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Empty,
    Registry,
}

/// Holds a database against the schema, at one moment: another process may be laying it out just now.
pub(crate) async fn inspect(connection: &mut SqliteConnection, path: &Path) -> Result<Found, Error> {
    let mut moment = connection.begin().await.map_err(Error::database(path))?;
    let found = examine(&mut moment, path).await;
    moment.rollback().await.map_err(Error::database(path))?;
    found
}

async fn examine(connection: &mut SqliteConnection, path: &Path) -> Result<Found, Error> {
    let failed = Error::database(path);
    let malformed = |detail: &str| Error::Malformed { path: path.to_owned(), detail: detail.to_owned() };
    let application = number(connection, "PRAGMA application_id").await.map_err(&failed)?;
    let version = number(connection, "PRAGMA user_version").await.map_err(&failed)?;
    let things = sqlx::query(
        "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name LIMIT 100",
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(&failed)?;
    if application == 0 && version == 0 && things.is_empty() {
        return Ok(Found::Empty);
    }
    if application != APPLICATION {
        return Err(malformed("not a registry: this is another program's database"));
    }
    if version > VERSION {
        return Err(Error::Newer { path: path.to_owned(), version });
    }
    if version < VERSION {
        return Err(Error::Older { path: path.to_owned(), version });
    }
    let intact = things.len() == STATEMENTS.len()
        && things.iter().zip(STATEMENTS).all(|(thing, (name, statement))| {
            thing.try_get::<&str, _>("name").is_ok_and(|found| found == name)
                && thing.try_get::<&str, _>("sql").is_ok_and(|found| found == statement)
        });
    if version == VERSION && intact {
        Ok(Found::Registry)
    } else {
        Err(malformed("the database is not laid out as a registry"))
    }
}

/// Lays out an empty database. Another process may have done so in the meantime.
pub(crate) async fn create(connection: &mut SqliteConnection, path: &Path) -> Result<(), Error> {
    let failed = Error::database(path);
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(&failed)?;
    if examine(&mut transaction, path).await? == Found::Empty {
        for (_, statement) in STATEMENTS {
            sqlx::query(statement).execute(&mut *transaction).await.map_err(&failed)?;
        }
        let marks = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(marks)).execute(&mut *transaction).await.map_err(&failed)?;
    }
    transaction.commit().await.map_err(&failed)
}

async fn number(connection: &mut SqliteConnection, query: &'static str) -> sqlx::Result<i64> {
    sqlx::query_scalar(query).fetch_one(connection).await
}

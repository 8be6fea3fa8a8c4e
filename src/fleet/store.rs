use std::error::Error as _;
use std::time::Duration;

use riverqueue::ClientBuilder;
use riverqueue::database::{begin_postgres, begin_sqlite_write};
use riverqueue::sqlx::postgres::PgPoolOptions;
use riverqueue::sqlx::sqlite::SqlitePoolOptions;
use riverqueue::sqlx::{self, PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use crate::Error;
use crate::address::{Address, shown};

/// Longest wait for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections to a fleet's database.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    Postgres { pool: PgPool, place: String },
    Sqlite { pool: SqlitePool, place: String },
}

/// Does the same on whichever database it is: `pool` names its connections, `sql` its statements.
macro_rules! on {
    ($store:expr, |$pool:ident, $sql:ident| $work:expr) => {
        match $store {
            $crate::store::Store::Postgres { pool: $pool, .. } => {
                let $sql = &$crate::sql::POSTGRES;
                $work
            }
            $crate::store::Store::Sqlite { pool: $pool, .. } => {
                let $sql = &$crate::sql::SQLITE;
                $work
            }
        }
    };
}
pub(crate) use on;

/// Begins what is written whole or not at all, in a way that may be abandoned.
pub(crate) trait Begin {
    type Database: sqlx::Database;
    fn begin_writing(
        &self,
    ) -> impl Future<Output = sqlx::Result<Transaction<'static, Self::Database>>> + Send;
}

impl Begin for PgPool {
    type Database = Postgres;
    async fn begin_writing(&self) -> sqlx::Result<Transaction<'static, Postgres>> {
        begin_postgres(self).await
    }
}

impl Begin for SqlitePool {
    type Database = Sqlite;
    async fn begin_writing(&self) -> sqlx::Result<Transaction<'static, Sqlite>> {
        begin_sqlite_write(self).await
    }
}

impl Store {
    /// Connects, with at most so many connections.
    ///
    /// # Errors
    /// The address is none, or nobody answers.
    pub async fn connect(address: &str, connections: u32) -> Result<Self, Error> {
        let place = shown(address);
        let unreachable =
            |error: sqlx::Error| Error::Unreachable { place: place.clone(), detail: told(&error) };
        let store = match Address::parse(address)? {
            Address::Postgres(options) => {
                let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE);
                let pool = pool.connect_with(*options).await.map_err(unreachable)?;
                Self::Postgres { pool, place: place.clone() }
            }
            Address::Sqlite(options) => {
                let pool = SqlitePoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE);
                let pool = pool.connect_with(*options).await.map_err(unreachable)?;
                Self::Sqlite { pool, place: place.clone() }
            }
        };
        Ok(store)
    }

    /// Gives no connection any more, and ends those that come back.
    pub async fn close(self) {
        match self {
            Self::Postgres { pool, .. } => pool.close().await,
            Self::Sqlite { pool, .. } => pool.close().await,
        }
    }

    /// The database, without secrets.
    pub fn place(&self) -> &str {
        match self {
            Self::Postgres { place, .. } | Self::Sqlite { place, .. } => place,
        }
    }

    /// What builds River's client for this database.
    pub fn builder(&self) -> ClientBuilder {
        match self {
            Self::Postgres { pool, .. } => riverqueue::Client::builder(pool.clone()),
            Self::Sqlite { pool, .. } => riverqueue::Client::builder(pool.clone()),
        }
    }

    pub fn failed(&self, error: sqlx::Error) -> Error {
        self.broken(&error)
    }

    /// The error of a call to River or the database.
    pub fn broken(&self, error: &(dyn std::error::Error + 'static)) -> Error {
        Error::Database { place: self.place().to_owned(), detail: told(error) }
    }
}

/// An error and its causes, as far as they say more, in a line.
pub(crate) fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let more = next.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = next.source();
    }
    text.replace('\n', " ")
}

/// Whether a failure may pass: the connection was lost, the server stops or is full, two transactions met.
pub(crate) fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            // Of PostgreSQL: lost connections, conflicts, lack of room, busy objects, an operator. SQLite: busy, locked.
            if code.len() == 5 {
                return ["08", "40", "53", "55", "57"].iter().any(|class| code.starts_with(class));
            }
            matches!(code.parse::<u32>().map(|code| code & 0xff), Ok(5 | 6))
        }
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        error => error.source().is_some_and(|cause| cause.is::<std::io::Error>()),
    }
}

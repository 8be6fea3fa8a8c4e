use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use riverqueue::sqlx::ConnectOptions as _;
use riverqueue::sqlx::postgres::PgConnectOptions;
use riverqueue::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use url::Url;

use crate::Error;

/// Longest wait of a statement for another process's lock.
const PATIENCE: Duration = Duration::from_secs(15);

/// Longest wait of a server for the next statement of a transaction: who is cut off in the middle of one holds its locks.
const IDLE: Duration = Duration::from_secs(30);

/// Where a fleet's database is.
pub(crate) enum Address {
    Postgres(Box<PgConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>),
}

impl Address {
    /// Reads `postgres://…`, with the parameters of libpq, or `sqlite:PATH`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |detail: String| Error::Address { address: shown(text), detail };
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(text).map_err(|error| wrong(error.to_string()))?;
            let [patience, idle] = [PATIENCE, IDLE].map(|time| time.as_millis().to_string());
            let options = options
                .application_name("filigrane")
                .options([
                    ("lock_timeout", patience.as_str()),
                    ("idle_in_transaction_session_timeout", idle.as_str()),
                    // So that the server, too, finds out who is not there any more.
                    ("tcp_keepalives_idle", "30"),
                    ("tcp_keepalives_interval", "10"),
                    ("tcp_keepalives_count", "3"),
                ])
                .disable_statement_logging();
            return Ok(Self::Postgres(Box::new(options)));
        }
        let Some(path) = text.strip_prefix("sqlite:") else {
            return Err(wrong("no database".to_owned()));
        };
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.starts_with(':') || path.contains(['?', '\0']) {
            return Err(wrong("no path of a file".to_owned()));
        }
        Ok(Self::Sqlite(Box::new(file(Path::new(path)))))
    }
}

fn file(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(PathBuf::from(path))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging()
}

/// An address without its password and parameters.
pub(crate) fn shown(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) if url.has_host() || url.scheme().starts_with("postgres") => {
            // Fails for URLs that can have none.
            let _ = url.set_password(None);
            url.set_query(None);
            url.set_fragment(None);
            url.to_string()
        }
        // What is no URL may still have a password in it.
        _ if text.contains('@') => text.split(':').next().unwrap_or_default().to_owned() + ":…",
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_kinds_of_databases_are_read_and_all_else_is_refused_in_a_line() {
        assert!(matches!(
            Address::parse("postgres://me@host/clips?sslmode=disable"),
            Ok(Address::Postgres(_))
        ));
        assert!(matches!(Address::parse("sqlite:/tmp/queue.db"), Ok(Address::Sqlite(_))));
        assert!(matches!(Address::parse("sqlite:///tmp/queue.db"), Ok(Address::Sqlite(_))));
        for wrong in ["", "mysql://host/clips", "queue.db", "sqlite:", "sqlite::memory:", "sqlite:a?mode=ro"]
        {
            let Err(error) = Address::parse(wrong) else { panic!("{wrong} is taken") };
            assert!(matches!(error, Error::Address { .. }) && !error.to_string().contains('\n'), "{error}");
        }
    }

    #[test]
    fn no_message_has_a_password() {
        for text in
            ["postgres://me:secret@host/clips?password=secret", "pg://me:secret@[", "x me:secret@host"]
        {
            assert!(!shown(text).contains("secret"), "{}", shown(text));
        }
        assert_eq!(shown("postgres://me@host/clips"), "postgres://me@host/clips");
        assert_eq!(shown("sqlite:/tmp/queue.db"), "sqlite:/tmp/queue.db");
    }
}

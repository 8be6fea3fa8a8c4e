use std::time::Duration;

use riverqueue::Client;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::Error;
use crate::store::Store;

/// Connections of one that submits or asks.
const CONNECTIONS: u32 = 2;
/// How many tasks may wait, unless another bound is given.
const BACKLOG: u64 = 100_000;
/// Longest that the database may take for one call, unless another bound is given: a connection can hang without breaking.
const PATIENCE: Duration = Duration::from_secs(60);

/// A fleet's database, for those who submit tasks and ask what became of them.
///
/// Calls block; make none inside of an asynchronous runtime.
pub struct Fleet {
    pub(crate) store: Store,
    pub(crate) client: Client,
    pub(crate) backlog: u64,
    patience: Duration,
    runtime: Runtime,
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet").field("place", &self.store.place()).finish_non_exhaustive()
    }
}

impl Fleet {
    /// Opens the fleet at `postgres://USER@HOST/DATABASE` or `sqlite:PATH`. An SQLite file is made when missing.
    ///
    /// # Errors
    /// The address is wrong, the database does not answer, or it is not set up.
    pub fn open(address: &str) -> Result<Self, Error> {
        Self::connect(address, CONNECTIONS)
    }

    pub(crate) fn connect(address: &str, connections: u32) -> Result<Self, Error> {
        let runtime = runtime()?;
        let store = runtime.block_on(async {
            let store = Store::connect(address, connections).await?;
            let prepared = async {
                match &store {
                    Store::Sqlite { .. } => store.prepare().await.map(|_| true),
                    Store::Postgres { .. } => store.is_prepared().await,
                }
            };
            let ready = within(PATIENCE, prepared, store.place()).await?;
            if ready { Ok(store) } else { Err(Error::Unprepared { place: store.place().to_owned() }) }
        })?;
        // River's clients hold on to a runtime only while they run.
        let client = {
            let _inside = runtime.enter();
            store.builder().build().map_err(|error| store.broken(&error))?
        };
        Ok(Self { store, client, backlog: BACKLOG, patience: PATIENCE, runtime })
    }

    /// Makes the tables of the database at an address, or brings them up to date; gives whether something was to do. Needs
    /// rights that workers don't.
    ///
    /// # Errors
    /// As [`open`](Self::open), or the database refuses.
    pub fn prepare(address: &str) -> Result<bool, Error> {
        runtime()?.block_on(async { Store::connect(address, CONNECTIONS).await?.prepare().await })
    }

    /// The same with another bound on how many tasks may wait.
    #[must_use]
    pub fn with_backlog(self, backlog: u64) -> Self {
        Self { backlog, ..self }
    }

    /// The same with another bound on how long the database may take for one call; workers have bounds of their own.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The database, without secrets.
    pub fn place(&self) -> &str {
        self.store.place()
    }

    /// Leaves behind what does not end.
    pub(crate) fn abandon(self) {
        self.runtime.shutdown_background();
    }

    /// What the database says.
    pub(crate) fn ask<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.block_on(within(self.patience, work, self.place()))
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

async fn within<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, Error>>,
    place: &str,
) -> Result<T, Error> {
    timeout(patience, work).await.unwrap_or_else(|_| {
        let detail = format!("no answer within {} s", patience.as_secs());
        Err(Error::Unreachable { place: place.to_owned(), detail })
    })
}

/// A runtime on the caller's thread: a fleet waits more than it works.
fn runtime() -> Result<Runtime, Error> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Internal(format!("can't start the database's runtime: {error}")))
}

use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio::time::timeout;

use crate::store::{Store, told};
use crate::{Error, News, Pace};

/// How often the database is asked for its clock, and how long an answer may take.
const LOOKS: Duration = Duration::from_secs(5);

/// What is told of a database that does not answer in time.
const NOTHING: &str = "no answer";

/// Why a watch ends.
pub(crate) enum Seen {
    /// The clocks of database and machine disagreed twice.
    Apart(Error),
    /// The database answers on these new connections, and not on those that were there: they hang, as those do whose packets
    /// a network has begun to drop. Nothing but time would tell those who wait for an answer on them.
    Hung(Store),
}

/// Where a worker's database is, and how many connections it takes.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub address: String,
    pub connections: u32,
}

/// Looks whether the database is there.
pub(crate) async fn watch(store: Store, place: Place, pace: Pace, tell: Sender<News>) -> Seen {
    let (mut lost, mut apart) = (false, false);
    loop {
        tokio::time::sleep(LOOKS).await;
        let why = match timeout(LOOKS, store.clocks_apart()).await {
            Ok(Ok(seconds)) => {
                match store.check_clocks(pace, seconds) {
                    Err(error) if apart => return Seen::Apart(error),
                    checked => apart = checked.is_err(),
                }
                None
            }
            Ok(Err(error)) => Some(told(&error)),
            Err(_) => Some(NOTHING.to_owned()),
        };
        let hangs = why.as_deref() == Some(NOTHING);
        if why.is_some() != lost {
            lost = why.is_some();
            let _ = tell.try_send(why.map_or(News::Back, News::Lost));
        }
        if hangs && let Some(fresh) = afresh(&store, &place).await {
            return Seen::Hung(fresh);
        }
    }
}

/// New connections, if they answer. Those to a file don't hang.
async fn afresh(store: &Store, place: &Place) -> Option<Store> {
    if matches!(store, Store::Sqlite { .. }) {
        return None;
    }
    let connect = async {
        let fresh = Store::connect(&place.address, place.connections).await.ok()?;
        fresh.clocks_apart().await.ok().map(|_| fresh)
    };
    timeout(LOOKS, connect).await.ok().flatten()
}

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use riverqueue::{Client, MaintenanceConfig, QueueConfig, Retention, RunHandle, Stopper, Workers};
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{MissedTickBehavior, interval};

use crate::fleet::Fleet;
use crate::link::Link;
use crate::store::Store;
use crate::task::{TRIES, queue};
use crate::watch::{Place, Seen, watch};
use crate::work::Hand;
use crate::{Bench, Error, Pace};

/// How often the caller is asked whether to stop.
const ASKS: Duration = Duration::from_millis(50);
/// Shortest time between two fetches of jobs: small files take less.
const FETCHES: Duration = Duration::from_millis(20);
/// How long River keeps what is done; results are kept for good.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// News that wait for the caller.
const UNHEARD: usize = 1024;

/// A worker on this machine.
#[derive(Debug, Clone)]
pub struct Crew {
    /// Tasks at once.
    pub jobs: u16,
    /// How long things may take.
    pub pace: Pace,
    /// How long running tasks may go on after the worker was asked to stop; then they are given back.
    pub grace: Duration,
    /// Only tasks for this engine are taken,
    pub engine: String,
    /// and of this policy.
    pub policy: String,
}

/// What a worker tells.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum News {
    /// The database is there, and files are taken from now on.
    Ready,
    /// A job's result is kept.
    Done {
        /// Which job.
        id: i64,
        /// How long it took, seconds.
        seconds: f64,
    },
    /// A try failed.
    Failed {
        /// Which job's.
        id: i64,
        /// It was the last.
        dead: bool,
        /// Why.
        why: String,
    },
    /// A job was given back, as this worker is to stop.
    GivenBack {
        /// Which one.
        id: i64,
    },
    /// A job was taken for lost and is another's now: this worker was out of touch for too long.
    TakenOver {
        /// Which one.
        id: i64,
    },
    /// The database does not answer; it is asked again and again.
    Lost(String),
    /// It answers again.
    Back,
}

impl Fleet {
    /// Works for the fleet at an address until `stop` says so, and tells what it does.
    ///
    /// # Errors
    /// The database can't be reached at first or is not set up, or the clocks are too far apart, then or later.
    pub fn work(
        address: &str,
        crew: &Crew,
        bench: Arc<dyn Bench>,
        stop: &dyn Fn() -> bool,
        news: &mut dyn FnMut(News),
    ) -> Result<(), Error> {
        // One each for results, and some for River itself.
        let place = Place { address: address.to_owned(), connections: u32::from(crew.jobs.clamp(1, 32)) + 4 };
        let fleet = Self::connect(address, place.connections)?;
        let ended = fleet.block_on(run(&fleet.store, place, crew, bench, stop, news));
        fleet.abandon();
        ended
    }
}

/// River's client at work.
struct Shift {
    _client: Client,
    running: RunHandle,
    stopper: Stopper,
    /// Its tasks at work.
    busy: Arc<AtomicUsize>,
}

impl Shift {
    fn is_busy(&self) -> bool {
        self.busy.load(Ordering::SeqCst) > 0
    }
}

async fn run(
    store: &Store,
    place: Place,
    crew: &Crew,
    bench: Arc<dyn Bench>,
    stop: &dyn Fn() -> bool,
    news: &mut dyn FnMut(News),
) -> Result<(), Error> {
    let apart = store.clocks_apart().await.map_err(|error| store.failed(error))?;
    store.check_clocks(crew.pace, apart)?;
    let (tell, mut hear) = channel(UNHEARD);
    let stopping = Arc::new(AtomicBool::new(false));
    let link = Link::new(store.clone());
    let begin = || begin(&link, crew, Arc::clone(&bench), Arc::clone(&stopping), tell.clone());
    let look = || tokio::spawn(watch(link.now(), place.clone(), crew.pace, tell.clone()));
    let mut shift = begin()?;
    news(News::Ready);
    let mut watch = look();
    // Those whose connections hang: what they began goes on, and ends over the new ones.
    let mut earlier: Vec<Shift> = Vec::new();
    let mut asks = interval(ASKS);
    asks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut watching, mut trouble, mut since) = (true, None, None::<Instant>);
    let mut ended = None;
    loop {
        tokio::select! {
            end = shift.running.wait(), if ended.is_none() => ended = Some(end),
            Some(heard) = hear.recv() => news(heard),
            seen = &mut watch, if watching => match seen {
                Ok(Seen::Hung(fresh)) if since.is_none() => {
                    let old = link.replace(fresh);
                    tokio::spawn(async move { old.close().await });
                    earlier.push(std::mem::replace(&mut shift, begin()?));
                    watch = look();
                    news(News::Back);
                }
                Ok(Seen::Hung(_)) => watching = false,
                Ok(Seen::Apart(error)) => (watching, trouble) = (false, Some(error)),
                Err(error) => {
                    (watching, trouble) = (false, Some(Error::Internal(format!("the watch broke off: {error}"))));
                }
            },
            _ = asks.tick() => {
                // Work that does not end when it is asked to is left behind, as if this worker had been killed.
                if since.is_some_and(|since| since.elapsed() > crew.grace + crew.pace.slack) {
                    break;
                }
                earlier.retain(Shift::is_busy);
                if since.is_none() && (trouble.is_some() || stop()) {
                    since = Some(Instant::now());
                    stopping.store(true, Ordering::SeqCst);
                    earlier.iter().chain([&shift]).for_each(|shift| shift.stopper.stop());
                }
            }
        }
        if ended.is_some() && (since.is_none() || !earlier.iter().any(Shift::is_busy)) {
            break;
        }
    }
    watch.abort();
    while let Ok(heard) = hear.try_recv() {
        news(heard);
    }
    ended.unwrap_or(Ok(())).map_err(|error| store.broken(&error))?;
    trouble.map_or(Ok(()), Err)
}

/// Starts River's client on the connections of now.
fn begin(
    link: &Link,
    crew: &Crew,
    bench: Arc<dyn Bench>,
    stopping: Arc<AtomicBool>,
    tell: Sender<News>,
) -> Result<Shift, Error> {
    let store = link.now();
    let busy = Arc::new(AtomicUsize::new(0));
    let hand = Hand { bench, link: link.clone(), busy: Arc::clone(&busy), pace: crew.pace, stopping, tell };
    let client = client(&store, crew, hand).map_err(|error| store.broken(&error))?;
    let running = client.start().map_err(|error| store.broken(&error))?;
    Ok(Shift { _client: client, stopper: running.stopper(), running, busy })
}

fn client(store: &Store, crew: &Crew, hand: Hand) -> Result<Client, riverqueue::Error> {
    let pace = crew.pace;
    let mut workers = Workers::new();
    workers.add(hand)?;
    let maintenance = MaintenanceConfig::default()
        .with_rescue_after(pace.lost())
        .with_rescuer_interval(pace.looks(Duration::from_secs(30)))
        .with_scheduler_interval(pace.looks(Duration::from_secs(5)))
        .with_elect_interval(pace.looks(Duration::from_secs(5)))
        .with_completed_job_retention(Retention::DeleteAfter(KEPT))
        .with_discarded_job_retention(Retention::Keep)
        .with_cancelled_job_retention(Retention::Keep);
    store
        .builder()
        .workers(workers)
        .queue(
            queue(&crew.engine, &crew.policy),
            QueueConfig::new(usize::from(crew.jobs.max(1))).with_fetch_cooldown(FETCHES),
        )
        .maintenance(maintenance)
        .default_max_attempts(TRIES)
        .job_timeout(pace.a_try())
        .job_stuck_threshold(pace.stuck())
        .soft_stop_timeout(crew.grace.max(Duration::from_millis(1)))
        .build()
}

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use riverqueue::{Client, MaintenanceConfig, QueueConfig, Retention, Workers};
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::fleet::Fleet;
use crate::store::{Store, told};
use crate::task::{TRIES, queue};
use crate::work::Hand;
use crate::{Bench, Error, Pace};

/// How often the caller is asked whether to stop.
const ASKS: Duration = Duration::from_millis(50);
/// How often the database is asked for its clock.
const LOOKS: Duration = Duration::from_secs(5);
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
        let fleet = Self::connect(address, u32::from(crew.jobs.clamp(1, 32)) + 4)?;
        let ended = fleet.block_on(run(&fleet.store, crew, bench, stop, news));
        fleet.abandon();
        ended
    }
}

async fn run(
    store: &Store,
    crew: &Crew,
    bench: Arc<dyn Bench>,
    stop: &dyn Fn() -> bool,
    news: &mut dyn FnMut(News),
) -> Result<(), Error> {
    let apart = store.clocks_apart().await.map_err(|error| store.failed(error))?;
    store.check_clocks(crew.pace, apart)?;
    let (tell, mut hear) = channel(UNHEARD);
    let stopping = Arc::new(AtomicBool::new(false));
    let hand = Hand {
        bench,
        store: store.clone(),
        pace: crew.pace,
        stopping: Arc::clone(&stopping),
        tell: tell.clone(),
    };
    let client = client(store, crew, hand).map_err(|error| store.broken(&error))?;
    let mut running = client.start().map_err(|error| store.broken(&error))?;
    let stopper = running.stopper();
    news(News::Ready);
    let mut watch = tokio::spawn(watch(store.clone(), crew.pace, tell));
    let mut asks = interval(ASKS);
    asks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut watching, mut trouble, mut since) = (true, None, None::<Instant>);
    let ended = loop {
        tokio::select! {
            ended = running.wait() => break ended,
            Some(heard) = hear.recv() => news(heard),
            seen = &mut watch, if watching => {
                watching = false;
                trouble = seen.unwrap_or_else(|error| Some(Error::Internal(format!("the watch broke off: {error}"))));
                stopping.store(true, Ordering::SeqCst);
                stopper.stop();
            }
            _ = asks.tick() => {
                // Work that does not end when it is asked to is left behind, as if this worker had been killed.
                if since.is_some_and(|since| since.elapsed() > crew.grace + crew.pace.slack) {
                    break Ok(());
                }
                if stopping.load(Ordering::SeqCst) {
                    since = since.or_else(|| Some(Instant::now()));
                }
                if !stopping.load(Ordering::SeqCst) && stop() {
                    stopping.store(true, Ordering::SeqCst);
                    stopper.stop();
                }
            }
        }
    };
    watch.abort();
    while let Ok(heard) = hear.try_recv() {
        news(heard);
    }
    ended.map_err(|error| store.broken(&error))?;
    trouble.map_or(Ok(()), Err)
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

/// Looks whether the database is there, until its clock and this machine's disagree twice.
async fn watch(store: Store, pace: Pace, tell: Sender<News>) -> Option<Error> {
    let (mut lost, mut apart) = (false, false);
    loop {
        tokio::time::sleep(LOOKS).await;
        let why = match timeout(LOOKS, store.clocks_apart()).await {
            Ok(Ok(seconds)) => {
                match store.check_clocks(pace, seconds) {
                    Err(error) if apart => return Some(error),
                    checked => apart = checked.is_err(),
                }
                None
            }
            Ok(Err(error)) => Some(told(&error)),
            Err(_) => Some("no answer".to_owned()),
        };
        if why.is_some() != lost {
            lost = why.is_some();
            let _ = tell.try_send(why.map_or(News::Back, News::Lost));
        }
    }
}

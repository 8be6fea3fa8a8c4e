use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use filigrane_archive::{Archive, Kind, NewClip, State as ClipState};
use filigrane_pipeline::{Cancel, Progress};
use sha2::Sha256;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use uuid::Uuid;

use crate::fetch::Sources;
use crate::metrics::Metrics;
use crate::pace::Pace;
use crate::problem::Problem;
use crate::who::Caller;
use crate::{Desk, ServiceLimits};

/// Longest wait for a place for an upload.
const WAIT: Duration = Duration::from_secs(5);
/// Seconds until an upload that was turned away makes sense again: places are freed as uploads end.
const SOON: u32 = 2;
/// The same when the waiting jobs are too many, or a quota is used up.
const LATER: u32 = 30;
const NEXT_HOUR: u32 = 3600;

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stage {
    pub name: &'static str,
    pub done: u64,
    pub of: Option<u64>,
}

/// A job that is under way.
pub(crate) struct Running {
    pub stage: watch::Sender<Stage>,
    pub cancel: Cancel,
}

/// Passes progress on to whoever watches.
pub(crate) struct Told(pub watch::Sender<Stage>);

impl Progress for Told {
    fn step(&self, stage: &'static str, done: u64, of: Option<u64>) {
        self.0.send_replace(Stage { name: stage, done, of });
    }
}

/// The page's side of the service: what is kept, who works, and the bounds on both.
pub(crate) struct Newsroom {
    pub archive: Archive,
    pub desk: Arc<dyn Desk>,
    pub metrics: Metrics,
    pub sources: Sources,
    /// Rung when a job is there.
    pub bell: Notify,
    limits: ServiceLimits,
    running: Mutex<HashMap<Uuid, Running>>,
    /// Uploads that are being written to, so that two do not write to one.
    held: Mutex<HashSet<Uuid>>,
    /// Digests of what has come of uploads that pause; one that is not here is read again from the disk.
    digests: Mutex<HashMap<Uuid, (u64, Sha256)>>,
    uploads: Arc<Semaphore>,
    watchers: Arc<Semaphore>,
    door: tokio::sync::Mutex<()>,
    ending: AtomicBool,
    pace: Pace,
}

impl Newsroom {
    pub fn new(archive: Archive, desk: Arc<dyn Desk>, sources: Sources, limits: ServiceLimits) -> Self {
        Self {
            archive,
            desk,
            metrics: Metrics::new(),
            sources,
            bell: Notify::new(),
            limits,
            running: Mutex::default(),
            held: Mutex::default(),
            digests: Mutex::default(),
            uploads: Arc::new(Semaphore::new(limits.uploads)),
            watchers: Arc::new(Semaphore::new(limits.watchers)),
            door: tokio::sync::Mutex::default(),
            ending: AtomicBool::new(false),
            pace: Pace::new(limits.requests_a_minute),
        }
    }

    /// Turns away a caller who asks too often.
    pub fn paced(&self, caller: &Caller) -> Result<(), Problem> {
        self.pace.take(&caller.name, Instant::now()).map_err(|wait| {
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            Problem::busy(seconds)
        })
    }

    /// A place for one upload on its way in. It is waited for a little while before anything is read: a caller who is turned
    /// away has often sent too much to hear why.
    pub async fn upload_place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let place = tokio::time::timeout(WAIT, Arc::clone(&self.uploads).acquire_owned()).await;
        place.ok().and_then(Result::ok).ok_or_else(|| {
            self.metrics.refused.inc();
            Problem::busy(SOON)
        })
    }

    /// A place for one caller who watches.
    pub fn watch_place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.watchers).try_acquire_owned().map_err(|_| Problem::busy(SOON))
    }

    /// Makes room for a video of so many bytes, if there is some: asked before the first byte is kept.
    pub async fn announce(&self, caller: &Caller, new: &NewClip<'_>) -> Result<Uuid, Problem> {
        if new.size > self.limits.upload_bytes {
            return Err(Problem::too_large(self.limits.upload_bytes));
        }
        // One at a time, so that the bounds hold for all together.
        let _door = self.door.lock().await;
        let counts = self.archive.counts().await?;
        let waiting = |state| matches!(state, ClipState::Queued | ClipState::Running);
        let jobs: u64 = counts.iter().filter(|count| waiting(count.state)).map(|count| count.clips).sum();
        let on_the_way = (self.limits.uploads - self.uploads.available_permits()) as u64;
        if jobs + on_the_way > self.limits.backlog {
            self.metrics.refused.inc();
            return Err(Problem::busy(LATER));
        }
        let kept: u64 = counts.iter().map(|count| count.bytes).sum();
        if kept.saturating_add(new.size) > self.limits.kept_bytes {
            return Err(Problem::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "the archive is full: remove clips that are no longer needed, or raise --keep",
            ));
        }
        if let Some(quota) = caller.bytes_a_day {
            let sent = self.archive.sent_in_a_day(&caller.name).await?;
            if sent.saturating_add(new.size) > quota {
                return Err(Problem::quota(quota, NEXT_HOUR));
            }
        }
        Ok(self.archive.announce(new).await?)
    }

    /// Takes the right to write to an upload, if nobody has it.
    pub fn hold(self: &Arc<Self>, id: Uuid) -> Result<Held, Problem> {
        let free = lock(&self.held).insert(id);
        free.then(|| Held { newsroom: Arc::clone(self), id })
            .ok_or_else(|| Problem::new(StatusCode::LOCKED, "this upload is being written to already"))
    }

    /// The digest of the first bytes of an upload, where it is remembered.
    pub fn digest_of(&self, id: Uuid, bytes: u64) -> Option<Sha256> {
        let (at, digest) = lock(&self.digests).remove(&id)?;
        (at == bytes).then_some(digest)
    }

    pub fn remember_digest(&self, id: Uuid, bytes: u64, digest: Sha256) {
        let mut digests = lock(&self.digests);
        if digests.len() < 4 * self.limits.uploads.max(16) {
            digests.insert(id, (bytes, digest));
        }
    }

    /// The upload is whole: from here on it is not lost.
    pub async fn accept(&self, id: Uuid, sha256: &str, size: u64) -> Result<(), Problem> {
        if !self.archive.accept(id, sha256, size).await? {
            return Err(Problem::new(StatusCode::GONE, "this upload was stopped"));
        }
        self.metrics.received.inc();
        self.metrics.bytes.inc_by(size);
        self.bell.notify_one();
        Ok(())
    }

    pub fn enter(&self, id: Uuid, running: Running) {
        lock(&self.running).insert(id, running);
    }

    pub fn leave(&self, id: Uuid) {
        lock(&self.running).remove(&id);
    }

    /// How far a job that is under way is.
    pub fn stage(&self, id: Uuid) -> Option<Stage> {
        lock(&self.running).get(&id).map(|running| *running.stage.borrow())
    }

    /// Stops a job, and what was not begun.
    pub async fn cancel(&self, id: Uuid) -> Result<bool, Problem> {
        let stopped = self.archive.cancel(id).await?;
        if let Some(running) = lock(&self.running).get(&id) {
            running.cancel.cancel();
        }
        Ok(stopped)
    }

    /// Stops what is done with a video, and forgets it.
    pub async fn forget(&self, id: Uuid) -> Result<(), Problem> {
        self.cancel(id).await?;
        Ok(self.archive.remove(id).await?)
    }

    /// Whether the program ends.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Stops all jobs that are under way, because the program ends.
    pub fn stop(&self) {
        self.ending.store(true, Ordering::Relaxed);
        lock(&self.running).values().for_each(|running| running.cancel.cancel());
    }
}

/// The right to write to an upload.
pub(crate) struct Held {
    newsroom: Arc<Newsroom>,
    id: Uuid,
}

impl Drop for Held {
    fn drop(&mut self) {
        lock(&self.newsroom.held).remove(&self.id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is wanted of a video, by the word of an interface.
pub(crate) fn kind(word: &str) -> Result<Kind, Problem> {
    match word {
        "" | "check" => Ok(Kind::Check),
        "stamp" => Ok(Kind::Stamp),
        _ => Err(Problem::bad_request("kind is check or stamp")),
    }
}

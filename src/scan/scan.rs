use std::fs::File;
use std::ops::ControlFlow;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use filigrane_pipeline::Verifier;
use filigrane_verdict::Report;

use crate::item::Item;
use crate::walk::walk;
use crate::{Error, Results, Source, Stores, Tally};

/// Items that wait for a worker, for each of these: enough that none waits for a slow folder, few enough to keep in memory.
const WAITING: usize = 16;

/// How much at once, and where fetched objects are kept meanwhile.
#[derive(Debug, Clone)]
pub struct Scan {
    /// Workers, each with one file at a time.
    pub jobs: usize,
    /// A folder for what is fetched from object stores; it is made when it is needed.
    pub cache: PathBuf,
    /// How object stores are reached.
    pub stores: Stores,
}

/// Told how far a scan is; returns at once.
pub trait Watcher {
    /// So many were found so far, all of them when `all`; the tally is of those that were answered now and before.
    fn step(&mut self, found: u64, all: bool, tally: &Tally);
}

/// What workers and the walk tell whoever writes.
enum News {
    Found(u64),
    Walked(Result<(), Error>),
    Answer(Box<Report>),
}

/// Answers each file of the sources by one line, in order of completion, but for those that the results have already. Ends
/// early when the verifier's `cancel` says so: files that were begun then have no line.
///
/// # Errors
/// A source can't be gone through, which is said when all else is answered; or a line can't be written.
pub fn scan(
    sources: &[Source],
    verifier: &Verifier<'_>,
    how: &Scan,
    results: &mut Results,
    watcher: &mut dyn Watcher,
) -> Result<Tally, Error> {
    let mut tally = results.earlier().clone();
    let jobs = how.jobs.max(1);
    let (give, take) = sync_channel::<Item>(jobs * WAITING);
    // Held by the workers alone: when they are gone, the walk ends too.
    let take = Arc::new(Mutex::new(take));
    let (tell, hear) = sync_channel::<News>(jobs * WAITING);
    // Asked by the walk, written to by this thread.
    let results = Mutex::new(results);
    let done = std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (take, tell) = (Arc::clone(&take), tell.clone());
            scope.spawn(move || work(&take, &tell, verifier, how));
        }
        drop(take);
        let (tell, shared) = (tell, &results);
        scope.spawn(move || {
            let walked = walk(sources, &how.stores, &mut |item| offer(item, &give, &tell, shared, verifier));
            // Nobody hears it when writing failed.
            let _ = tell.send(News::Walked(walked));
        });
        write(hear, &results, &mut tally, watcher)
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).finish()?;
    done.map(|()| tally)
}

/// Passes on an item that has no line yet.
fn offer(
    item: Item,
    give: &SyncSender<Item>,
    tell: &SyncSender<News>,
    results: &Mutex<&mut Results>,
    verifier: &Verifier<'_>,
) -> ControlFlow<()> {
    let known = results.lock().unwrap_or_else(PoisonError::into_inner).has(&item.name());
    let heard = tell.send(News::Found(1)).is_ok();
    if verifier.cancel.is_cancelled() || !heard {
        return ControlFlow::Break(());
    }
    if known || give.send(item).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

fn work(take: &Mutex<Receiver<Item>>, tell: &SyncSender<News>, verifier: &Verifier<'_>, how: &Scan) {
    loop {
        let item = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(item) = item else { return };
        let report = answer(&item, verifier, &how.cache);
        if verifier.cancel.is_cancelled() || tell.send(News::Answer(Box::new(report))).is_err() {
            return;
        }
    }
}

fn answer(item: &Item, verifier: &Verifier<'_>, cache: &Path) -> Report {
    let name = item.name();
    match item {
        Item::File(path) => verifier.verify(path, &name, &()).report,
        Item::Fault(_, why) => Report::unreadable(name, why.clone()),
        Item::Object(bucket, key) => match bucket.fetch(key, cache) {
            // It has no name but that of its descriptor.
            Ok(file) => verifier.verify(&by_descriptor(&file), &name, &()).report,
            Err(why) => Report::unreadable(name, format!("cannot fetch it: {why}")),
        },
    }
}

fn by_descriptor(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Writes what comes until all is answered; gives the walk's failure last. The channel ends with this call, and with it whoever
/// still speaks into it.
fn write(
    hear: Receiver<News>,
    results: &Mutex<&mut Results>,
    tally: &mut Tally,
    watcher: &mut dyn Watcher,
) -> Result<(), Error> {
    let (mut found, mut walked) = (0, None);
    while let Ok(news) = hear.recv() {
        match news {
            News::Found(more) => found += more,
            News::Walked(how) => walked = Some(how),
            News::Answer(report) => {
                results.lock().unwrap_or_else(PoisonError::into_inner).write(&report)?;
                tally.count(&report);
            }
        }
        watcher.step(found, walked.is_some(), tally);
    }
    walked.unwrap_or(Ok(()))
}

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use riverqueue::sqlx;

use crate::postgres_server::Server;
use crate::store::Store;
use crate::{Bench, Crew, Error, Fault, Fleet, Location, News, Pace, Priority, Stop, Task};

/// Nothing here may take longer.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A database of a test's own.
pub struct Rig {
    pub address: String,
    pub server: Option<Server>,
    _folder: tempfile::TempDir,
}

impl Rig {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", folder.path().join("fleet.db").display());
        Self { address, server: None, _folder: folder }
    }

    pub fn postgres() -> Self {
        let server = Server::start();
        let address = server.address("fleet");
        assert!(Fleet::prepare(&address).unwrap());
        Self { address, server: Some(server), _folder: tempfile::tempdir().unwrap() }
    }

    /// One of each kind.
    pub fn both() -> [Self; 2] {
        [Self::sqlite(), Self::postgres()]
    }

    pub fn fleet(&self) -> Fleet {
        Fleet::open(&self.address).unwrap()
    }

    /// Starts a worker with this bench.
    pub fn worker(&self, crew: Crew, bench: impl Bench) -> Hired {
        self.worker_at(self.address.clone(), crew, bench)
    }

    /// The same for one that calls the database by another address.
    pub fn worker_at(&self, address: String, crew: Crew, bench: impl Bench) -> Hired {
        let stop = Arc::new(AtomicBool::new(false));
        let (asked, news) = (Arc::clone(&stop), Arc::new(Mutex::new(Vec::new())));
        let heard = Arc::clone(&news);
        let thread = spawn(move || {
            let stop = || asked.load(Ordering::SeqCst);
            Fleet::work(&address, &crew, Arc::new(bench), &stop, &mut |told| heard.lock().unwrap().push(told))
        });
        Hired { stop, thread: Some(thread), news }
    }
}

impl Rig {
    /// How many tasks of a PostgreSQL server were tried more than once.
    pub fn tried_again(&self) -> i64 {
        let fleet = self.fleet();
        let Store::Postgres { pool, .. } = &fleet.store else { panic!("PostgreSQL") };
        let again = "SELECT count(*) FROM river_job WHERE attempt <> 1";
        fleet.block_on(async { sqlx::query_scalar(again).fetch_one(pool).await }).unwrap()
    }
}

/// A worker at work.
pub struct Hired {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), Error>>>,
    pub news: Arc<Mutex<Vec<News>>>,
}

impl Hired {
    /// Asks it to stop, and waits until it has.
    pub fn dismiss(mut self) -> (Result<(), Error>, Vec<News>) {
        self.stop.store(true, Ordering::SeqCst);
        let ended = self.thread.take().unwrap().join().unwrap();
        (ended, self.news.lock().unwrap().clone())
    }
}

impl Drop for Hired {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

pub fn crew(jobs: u16) -> Crew {
    Crew {
        jobs,
        pace: Pace { longest: Duration::from_secs(3), slack: Duration::from_secs(1) },
        grace: Duration::from_millis(300),
        engine: "engine 1".to_owned(),
        policy: "policy".to_owned(),
    }
}

/// The task of a number; its content is its number's.
pub fn task(number: u64) -> Task {
    Task {
        tenant: "tenant".to_owned(),
        sha256: format!("{number:064x}"),
        engine: "engine 1".to_owned(),
        policy: "policy".to_owned(),
        location: Location::parse(&format!("/uploads/{number}.mp4")).unwrap(),
        priority: Priority::default(),
    }
}

pub fn until(what: &str, mut ready: impl FnMut() -> bool) {
    let start = Instant::now();
    while !ready() {
        assert!(start.elapsed() < PATIENCE, "{what} does not come");
        sleep(Duration::from_millis(20));
    }
}

type Doing = dyn Fn(&Task, u32, &Stop) -> Result<String, Fault> + Send + Sync;

/// Counts the tries of each task, by its content.
#[derive(Clone)]
pub struct Counting {
    tries: Arc<Mutex<HashMap<String, u32>>>,
    doing: Arc<Doing>,
}

impl Counting {
    /// Does what is said for a task and the number of its try.
    pub fn new(doing: impl Fn(&Task, u32, &Stop) -> Result<String, Fault> + Send + Sync + 'static) -> Self {
        Self { tries: Arc::default(), doing: Arc::new(doing) }
    }

    /// Answers with the content's digest.
    pub fn plain() -> Self {
        Self::new(|task, _, _| Ok(document(task)))
    }

    pub fn tries(&self, task: &Task) -> u32 {
        self.tries.lock().unwrap().get(&task.sha256).copied().unwrap_or(0)
    }

    pub fn all_tries(&self) -> u32 {
        self.tries.lock().unwrap().values().sum()
    }
}

pub fn document(task: &Task) -> String {
    format!("{{\"sha256\":\"{}\",\"odd\":\"\\u0000 \u{1f3a5}\"}}", task.sha256)
}

impl Bench for Counting {
    fn answer(&self, task: &Task, stop: &Stop) -> Result<String, Fault> {
        let tries = {
            let mut tries = self.tries.lock().unwrap();
            let count = tries.entry(task.sha256.clone()).or_default();
            *count += 1;
            *count
        };
        (self.doing)(task, tries, stop)
    }
}

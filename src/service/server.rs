use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use filigrane_archive::{Archive, Recovered};
use filigrane_pipeline::Ward;
use filigrane_registry::Registry;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;

use crate::fetch::Sources;
use crate::newsroom::Newsroom;
use crate::retention::{PACE, forget, retain};
use crate::router::router;
use crate::state::{Reading, State};
use crate::work::work;
use crate::{Desk, Error, Log, ServiceLimits, TokenFile};

/// How often it is looked whether to stop.
const GLANCE: Duration = Duration::from_millis(100);
/// How long requests may go on after that.
const GRACE: Duration = Duration::from_secs(10);
/// Pause when the system gives no more connections.
const PAUSE: Duration = Duration::from_millis(100);
/// Largest header of a request, bytes.
const LARGEST_HEADER: usize = 64 << 10;
/// Age of a video that an earlier run left when it was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 3600);

/// How the service is run.
pub struct Options {
    /// Address and port, such as `127.0.0.1:8080`; port 0 for any.
    pub listen: String,
    /// Whether everybody may read who can reach it.
    pub public: bool,
    /// Who may do what.
    pub tokens: TokenFile,
    /// A folder for videos while they are looked at.
    pub uploads: PathBuf,
    /// Bounds on what callers may make it spend.
    pub limits: ServiceLimits,
    /// Where videos of strangers are looked at; in this process without.
    pub ward: Option<Ward>,
    /// Told of each request.
    pub log: Log,
    /// The page and what stands behind it; without, the registry alone is served.
    pub newsroom: Option<NewsroomOptions>,
}

/// How the newsroom is run.
pub struct NewsroomOptions {
    /// Where videos and answers are kept.
    pub folder: PathBuf,
    /// Who does the work.
    pub desk: Arc<dyn Desk>,
    /// Hosts that videos are fetched from.
    pub sources: Sources,
}

/// A service that listens.
pub struct Server {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    limits: ServiceLimits,
    registry: Arc<Registry>,
    newsroom: Option<Arc<Newsroom>>,
    recovered: Recovered,
    outlived: u64,
}

impl Server {
    /// Starts to listen.
    ///
    /// # Errors
    /// The address can't be had; or others can reach it, and neither is there a token nor is reading for everybody.
    pub fn bind(registry: Registry, options: Options) -> Result<Self, Error> {
        let Options { listen, public, tokens, uploads, limits, ward, log, newsroom } = options;
        if matches!(registry.place().to_str(), Some(place) if place.starts_with("http://") || place.starts_with("https://"))
        {
            return Err(Error::Remote(registry.place().display().to_string()));
        }
        let failed = |source| Error::Listen { address: listen.clone(), source };
        let wanted = listen.to_socket_addrs().map_err(failed)?.next().ok_or_else(|| {
            failed(std::io::Error::new(std::io::ErrorKind::NotFound, "there is no such address"))
        })?;
        let reading = match wanted.ip().is_loopback() {
            _ if public => Reading::Public,
            true => Reading::Here,
            false if tokens.list()?.is_empty() => return Err(Error::Unguarded(wanted)),
            false => Reading::Token,
        };
        sweep(&uploads);
        // Every thread that may block has its place in one of the bounds; the look-ups take some for themselves.
        let blocking =
            limits.lookups + limits.manifests + limits.videos + limits.uploads + limits.workers + 32;
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(blocking)
            .enable_all()
            .build()
            .map_err(|error| Error::Internal(format!("can't start threads: {error}")))?;
        let listener = runtime.block_on(TcpListener::bind(wanted)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (mut recovered, mut outlived) = (Recovered::default(), 0);
        let newsroom = match newsroom {
            Some(options) => Some(runtime.block_on(async {
                let archive = Archive::open(&options.folder).await?;
                recovered = archive.recover().await?;
                if let Some(kept_for) = limits.kept_for {
                    outlived = forget(&archive, kept_for).await?;
                }
                Ok::<_, Error>(Arc::new(Newsroom::new(archive, options.desk, options.sources, limits)))
            })?),
            None => None,
        };
        let state = State::new(registry, tokens, reading, uploads, limits)
            .with_ward(ward)
            .with_newsroom(newsroom.clone());
        let registry = Arc::clone(&state.registry);
        let router = router(Arc::new(state), log);
        Ok(Self { runtime, listener, address, router, limits, registry, newsroom, recovered, outlived })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was found to go on with after the last end of the program.
    pub fn recovered(&self) -> Recovered {
        self.recovered
    }

    /// Videos that were removed at the start because they were kept long enough.
    pub fn outlived(&self) -> u64 {
        self.outlived
    }

    /// Answers until `stop` says so; requests that are under way then have ten seconds.
    pub fn run(self, stop: &(dyn Fn() -> bool + Sync)) {
        let Self { runtime, listener, router, limits, registry, newsroom, .. } = self;
        runtime.block_on(async {
            let (end, ends) = watch::channel(false);
            let mut workers = JoinSet::new();
            for newsroom in newsroom.iter().flat_map(|one| std::iter::repeat_n(one, limits.workers)) {
                workers.spawn(work(Arc::clone(newsroom), Arc::clone(&registry), ends.clone()));
            }
            if let (Some(newsroom), Some(kept_for)) = (&newsroom, limits.kept_for) {
                let (archive, failing) = (newsroom.archive.clone(), Arc::clone(newsroom));
                let failed = move || {
                    failing.metrics.failures.inc();
                };
                workers.spawn(retain(archive, kept_for, PACE, failed, ends.clone()));
            }
            let graceful = GracefulShutdown::new();
            let places = Arc::new(Semaphore::new(limits.connections));
            tokio::select! {
                () = accept(&listener, &places, &graceful, &router, &limits) => {}
                () = stopped(stop) => {}
            }
            drop(listener);
            // Nobody may be listening for it, where there is no newsroom.
            let _ = end.send(true);
            newsroom.iter().for_each(|newsroom| newsroom.stop());
            tokio::select! {
                () = graceful.shutdown() => {}
                () = tokio::time::sleep(GRACE) => {}
            }
            // Jobs that were stopped are put back, and done by the next run.
            let _ = tokio::time::timeout(GRACE, async { while workers.join_next().await.is_some() {} }).await;
            if let Some(newsroom) = &newsroom {
                newsroom.archive.close().await;
            }
        });
        // What still works in a thread has been told to stop, or is a look-up that ends by itself.
        runtime.shutdown_timeout(GRACE);
    }
}

async fn stopped(stop: &(dyn Fn() -> bool + Sync)) {
    while !stop() {
        tokio::time::sleep(GLANCE).await;
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    graceful: &GracefulShutdown,
    router: &Router,
    limits: &ServiceLimits,
) {
    // The semaphore is never closed.
    while let Ok(place) = Arc::clone(places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => serve(stream, place, graceful, router.clone(), limits),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

fn serve(
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    graceful: &GracefulShutdown,
    router: Router,
    limits: &ServiceLimits,
) {
    // Answers are small and whole: waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.patience));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.patience)
        .max_buf_size(LARGEST_HEADER)
        .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(router));
    let connection = graceful.watch(connection);
    let life = limits.connection_life;
    tokio::spawn(async move {
        let _place = place;
        // A caller who is gone, or too slow, is no failure of the service.
        let _ = tokio::time::timeout(life, connection).await;
    });
}

/// Removes videos that an earlier run left.
fn sweep(uploads: &Path) {
    let old = |entry: &std::fs::DirEntry| {
        let changed = entry.metadata().and_then(|facts| facts.modified());
        let age = changed.ok().and_then(|changed| SystemTime::now().duration_since(changed).ok());
        age.is_some_and(|age| age > LEFT_BEHIND)
    };
    for entry in std::fs::read_dir(uploads).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("upload-") && old(&entry) {
            // What can't be removed now is tried again next time.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;

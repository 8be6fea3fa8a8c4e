use tokio::runtime::{Builder, Handle, Runtime};

use crate::Error;

/// A runtime that drives a connection on the caller's thread.
pub(crate) fn runtime() -> Result<Runtime, Error> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Internal(format!("can't start the database's runtime: {error}")))
}

/// Blocking inside another runtime is an error there, so such callers get a thread of their own.
pub(crate) fn outside_of_runtimes<T: Send>(
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    if Handle::try_current().is_err() {
        return work();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("registry".to_owned())
            .spawn_scoped(scope, work)
            .map_err(|error| Error::Internal(format!("can't start a thread: {error}")))?;
        thread.join().unwrap_or_else(|_| Err(Error::Internal("the registry's thread broke off".to_owned())))
    })
}

use std::path::Path;
use std::process::ExitCode;
#[cfg(unix)]
use std::sync::Arc;

use filigrane::pipeline::{Demand, Ward, serve_jail, try_jail};

use crate::cli::args::{Common, JAILED};
use crate::cli::error::Failure;
use crate::cli::output::say;

/// This very program, also after its file was replaced by a newer one.
const PROGRAM: &str = "/proc/self/exe";

/// Where files are read that may be hostile; none where it is the program itself.
pub fn ward(demand: Demand) -> Option<Ward> {
    (demand != Demand::Off).then(|| Ward::new(Path::new(PROGRAM), JAILED, demand))
}

/// The same after a trial, for work on many files.
///
/// # Errors
/// A whole jail is required and this system has none.
pub fn tried_ward(demand: Demand, common: &Common) -> Result<Option<Ward>, Failure> {
    let Some(ward) = ward(demand) else { return Ok(None) };
    let level = try_jail();
    let lacks = level.lacks().collect::<Vec<_>>().join(", no ");
    if !level.is_whole() && demand == Demand::Required {
        let why = format!("this system has no {lacks}, and a whole jail is required");
        return Err(Failure::Usage(format!(
            "no jail: {why}; allow less by --jail best-effort, or none by --jail off"
        )));
    }
    if !level.is_whole() && !common.quiet {
        say(&format!("the jail is not whole: this system has no {lacks}"));
    }
    Ok(Some(ward))
}

/// The work of a process in a jail; what is wrong with it is told to whoever started it.
pub fn serve() -> ExitCode {
    // As in the program itself: a write beyond the user's limit on file sizes fails, as on a full disk.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    match serve_jail() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

use std::path::Path;
use std::process::ExitCode;

use filigrane::pipeline::{Demand, Ward, serve_jail};

use crate::cli::args::JAILED;

/// This very program, also after its file was replaced by a newer one.
const PROGRAM: &str = "/proc/self/exe";

/// Where files are read that may be hostile; none where it is the program itself.
pub fn ward(demand: Demand) -> Option<Ward> {
    (demand != Demand::Off).then(|| Ward::new(Path::new(PROGRAM), JAILED, demand))
}

/// The work of a process in a jail; what is wrong with it is told to whoever started it.
pub fn serve() -> ExitCode {
    match serve_jail() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

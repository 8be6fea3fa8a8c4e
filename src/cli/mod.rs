//! The command line: the only reader of arguments, environment and terminal.

mod args;
mod error;
mod home;
mod identity;
mod output;
mod progress;
mod registry;
mod stamp;
mod verify;

use std::process::ExitCode;

use clap::Parser;
use filigrane::media::Cancel;

use args::{Arguments, Verb};
use error::Failure;

/// Runs the program; the exit status is as `--help` says.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let cancel = Cancel::default();
    let flag = cancel.clone();
    // Without the handler, Ctrl-C ends the process at once; the work is the same.
    let _ = ctrlc::set_handler(move || flag.cancel());
    let done = match &arguments.verb {
        Verb::Stamp(stamp) => stamp::run(stamp, &arguments.common, &cancel),
        Verb::Verify(verify) => verify::run(verify, &arguments.common, &cancel),
        Verb::Identity { verb } => identity::run(verb, &arguments.common),
        Verb::Registry { verb, registry } => registry::run(verb, registry.as_deref(), &arguments.common),
    };
    match done {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            output::complain(&failure);
            ExitCode::from(Failure::EXIT_STATUS)
        }
    }
}

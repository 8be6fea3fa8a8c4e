//! The command line: the only reader of arguments, environment and terminal.

mod args;
mod desk;
mod detector;
mod error;
mod generate;
mod home;
mod identity;
mod jail;
mod jobs;
mod key;
mod lint;
mod look;
mod model;
mod models;
mod output;
mod progress;
mod registry;
mod scan;
mod sealed;
mod serve;
mod stamp;
mod stream;
mod submit;
mod verify;
mod worker;

use std::process::ExitCode;
#[cfg(unix)]
use std::sync::Arc;

use clap::Parser;
use filigrane::media::Cancel;

use args::{Arguments, Verb};
use error::Failure;

/// Runs the program; the exit status is as `--help` says.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    // Before anything else: it must have one thread alone.
    if matches!(arguments.verb, Verb::Jailed) {
        return jail::serve();
    }
    let cancel = Cancel::default();
    let flag = cancel.clone();
    // Without the handler, Ctrl-C ends the process at once; the work is the same.
    let _ = ctrlc::set_handler(move || flag.cancel());
    // With a handler, a write beyond the user's limit on file sizes fails as on a full disk; without, it kills.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    let done = match &arguments.verb {
        Verb::Generate(generate) => generate::run(generate, &arguments.common, &cancel),
        Verb::Models { verb } => models::run(verb, &arguments.common, &cancel),
        Verb::Stamp(stamp) => stamp::run(stamp, &arguments.common, &cancel),
        Verb::Verify(verify) => verify::run(verify, &arguments.common, &cancel),
        Verb::Scan(wanted) => scan::run(wanted, &arguments.common, &cancel),
        Verb::Worker(wanted) => worker::run(wanted, &arguments.common, &cancel),
        Verb::Jobs(wanted) => jobs::run(wanted, &arguments.common),
        Verb::Lint(lint) => lint::run(lint, &arguments.common),
        Verb::Identity { verb } => identity::run(verb, &arguments.common),
        Verb::Registry { verb, registry } => registry::run(verb, registry.as_deref(), &arguments.common),
        Verb::Serve(serve) => serve::run(serve, &arguments.common, &cancel),
        Verb::Jailed => Ok(0),
    };
    match done {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            output::complain(&failure);
            if arguments.common.json {
                output::print_refusal(&failure.to_string());
            }
            ExitCode::from(Failure::EXIT_STATUS)
        }
    }
}

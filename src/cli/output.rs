use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use filigrane::report::Style;
use filigrane::verdict::{is_deceptive, visible};
use serde::Serialize;

use crate::cli::error::Failure;

/// Longest message printed: names of files may be an attacker's.
const MESSAGE: usize = 1000;
/// Longest name of a file shown.
pub const NAME: usize = 400;

/// Writes data to standard output; a reader that has gone away is no error.
pub fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
    let _ = out.flush();
}

/// Where the manifest of a video that was written is kept beside the video itself, a line each.
pub fn kept(sidecar: Option<&Path>, registered: bool) -> Vec<String> {
    let beside = sidecar.map(|sidecar| {
        let shown = visible(&sidecar.display().to_string(), NAME);
        format!("  in         {shown} (keep it beside the video: this container cannot hold it)")
    });
    let known =
        registered.then(|| "  registered, so that it is recognised when the metadata is gone".to_owned());
    beside.into_iter().chain(known).collect()
}

/// Writes one JSON document to standard output.
pub fn print_json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&escaped(&text)),
        Err(error) => say(&format!("cannot write JSON: {error}")),
    }
}

/// Characters in strings that could steer a terminal, as `\uXXXX`: every parser reads the same text back.
fn escaped(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || !is_deceptive(character) {
            safe.push(character);
        } else {
            character
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| safe.push_str(&format!("\\u{unit:04x}")));
        }
    }
    safe
}

/// The document of a call that gave no answer.
pub fn print_refusal(error: &str) {
    print_json(&serde_json::json!({"schema": 1, "errors": [error]}));
}

/// Answers `--help` and `--version`, or says in one line what is wrong with the arguments.
pub fn usage(error: &clap::Error) -> ExitCode {
    let whole = !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if whole {
        let _ = error.print();
        return if error.use_stderr() { ExitCode::from(Failure::EXIT_STATUS) } else { ExitCode::SUCCESS };
    }
    let text = error.to_string();
    let lines = || text.lines().map(str::trim);
    let what: Vec<&str> = lines().take_while(|line| !line.is_empty()).collect();
    let what = what.join(" ");
    let what = what.strip_prefix("error: ").unwrap_or(&what);
    say(&format!("filigrane: {what}"));
    say(&format!("  {}", lines().find(|line| line.starts_with("tip: ")).unwrap_or("try `filigrane --help`")));
    if std::env::args_os().any(|argument| argument == "--json") {
        print_refusal(what);
    }
    ExitCode::from(Failure::EXIT_STATUS)
}

/// One line for people, on standard error.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{}", visible(text, MESSAGE));
}

/// The error and what can be done about it.
pub fn complain(failure: &Failure) {
    say(&format!("filigrane: {failure}"));
    failure.advice().iter().for_each(|advice| say(&format!("  {advice}")));
}

/// How text for people looks on this standard output.
pub fn style() -> Style {
    let colour =
        io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let width = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(80);
    Style { colour, width: usize::clamp(width, 40, 120) }
}

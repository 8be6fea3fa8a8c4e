use std::io::{self, IsTerminal, Write};

use filigrane::report::Style;
use filigrane::verdict::visible;
use serde::Serialize;

use crate::cli::error::Failure;

/// Longest message printed: names of files may be an attacker's.
const MESSAGE: usize = 1000;

/// Writes data to standard output; a reader that has gone away is no error.
pub fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
    let _ = out.flush();
}

/// Writes one JSON document to standard output.
pub fn print_json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&text),
        Err(error) => say(&format!("cannot write JSON: {error}")),
    }
}

/// One line for people, on standard error.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{}", visible(text, MESSAGE));
}

/// The error and what can be done about it.
pub fn complain(failure: &Failure) {
    say(&format!("filigrane: {failure}"));
    if let Some(advice) = failure.advice() {
        say(&format!("  {advice}"));
    }
}

/// How text for people looks on this standard output.
pub fn style() -> Style {
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let width = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(80);
    Style { colour, width: usize::clamp(width, 40, 120) }
}

//! The document of `verify --json`: read, shown as text and page, written again.
#![no_main]

use filigrane::report::{Style, html, json_line, terminal};
use filigrane::verdict::Report;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut report) = serde_json::from_slice::<Report>(bytes) else { return };
    report.decide();
    let _ = terminal(&report, Style { colour: false, width: 80 });
    let page = html(&report, &[], "", "0");
    assert!(!page.contains("<script"), "markup got through");
    let line = json_line(&report);
    assert_eq!(line.lines().count(), 1);
    assert!(serde_json::from_str::<Report>(&line).is_ok());
});

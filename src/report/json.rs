use filigrane_verdict::{Report, is_deceptive};

/// The reports as indented JSON with a final line break: one object for one report, else an array.
///
/// Characters that could steer a terminal or reorder a line are written as `\uXXXX`, which every parser reads back
/// as the same text.
pub fn json(reports: &[Report]) -> String {
    let mut text = match reports {
        [report] => written(serde_json::to_string_pretty(report)),
        several => written(serde_json::to_string_pretty(several)),
    };
    text.push('\n');
    text
}

/// One report as JSON on one line, with its line break: a record of JSON lines.
pub fn json_line(report: &Report) -> String {
    let mut text = written(serde_json::to_string(report));
    text.push('\n');
    text
}

/// Structs with named fields into memory: the writer has no reason to fail, and says so if it finds one.
fn written(result: serde_json::Result<String>) -> String {
    match result {
        Ok(text) => escape(&text),
        Err(error) => {
            serde_json::json!({"schema": 1, "verdict": null, "errors": [error.to_string()]}).to_string()
        }
    }
}

/// Outside of strings, JSON is ASCII and its only control character the line break, so every other one found here
/// stands in a string.
fn escape(text: &str) -> String {
    use std::fmt::Write;
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' || !is_deceptive(character) {
            safe.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn parse(text: &str) -> Value {
        serde_json::from_str(text).expect("valid JSON")
    }

    #[test]
    fn one_input_gives_an_object_and_several_give_an_array() {
        let report = Report::new("a.mp4");
        assert!(parse(&json(std::slice::from_ref(&report))).is_object());
        assert_eq!(parse(&json(&[report.clone(), report.clone()])).as_array().map(Vec::len), Some(2));
        assert_eq!(parse(&json(&[])), Value::Array(vec![]));
        let line = json_line(&report);
        assert_eq!(line.lines().count(), 1);
        assert!(parse(&line).is_object());
    }

    #[test]
    fn hostile_names_come_back_unchanged_and_leave_no_steering_character() {
        let name = "a\u{1b}[2J\u{9b}\u{202e}\u{2028}\u{7f}\u{e0041}\r\n\"\\.mp4";
        for text in [json(&[Report::new(name)]), json_line(&Report::new(name))] {
            assert_eq!(parse(&text)["file"], Value::from(name));
            assert!(!text.chars().any(|character| character != '\n' && is_deceptive(character)));
        }
    }

    #[test]
    fn numbers_that_are_none_leave_as_null() {
        let mut report = Report::new("a");
        report.timing.total_s = f64::NAN;
        report.timing.decode_s = f64::INFINITY;
        let value = parse(&json_line(&report));
        assert_eq!(value["timing"]["total_s"], Value::Null);
        assert_eq!(value["timing"]["decode_s"], Value::Null);
    }
}

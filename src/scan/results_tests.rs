use std::fs;

use super::*;

fn written(names: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("results.jsonl");
    let mut results = Results::to_file(&path, false).expect("new");
    for name in names {
        results.write(&Report::unreadable(*name, "gone")).expect("written");
    }
    results.finish().expect("kept");
    (folder, path)
}

#[test]
fn a_file_that_is_there_is_gone_on_with_only_when_that_is_asked_for() {
    let (_folder, path) = written(&["a", "b"]);
    assert!(matches!(Results::to_file(&path, false), Err(Error::Exists(_))));
    let mut results = Results::to_file(&path, true).expect("resumed");
    assert!(results.has("a") && results.has("b") && !results.has("c") && !results.has("a"));
    assert_eq!(results.earlier().answered(), 2);
}

#[test]
fn names_given_twice_are_answered_twice() {
    let (_folder, path) = written(&["a", "a"]);
    let mut results = Results::to_file(&path, true).expect("resumed");
    assert!(results.has("a") && results.has("a") && !results.has("a"));
}

#[test]
fn a_line_cut_anywhere_is_taken_off_and_its_file_looked_at_again() {
    let (_folder, path) = written(&["a", "line\nbreak \"quoted\" \u{1f3ac}"]);
    let whole = fs::read(&path).expect("lines");
    let first = whole.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
    for length in first..whole.len() {
        fs::write(&path, &whole[..length]).expect("cut");
        let mut results = Results::to_file(&path, true).expect("resumed");
        assert!(results.has("a") && !results.has("line\nbreak \"quoted\" \u{1f3ac}"), "{length}");
        results.write(&Report::unreadable("line\nbreak \"quoted\" \u{1f3ac}", "gone")).expect("written");
        drop(results);
        assert_eq!(fs::read(&path).expect("lines"), whole, "{length}");
    }
}

#[test]
fn a_file_that_is_no_result_is_never_cut_or_written_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notes.txt");
    for text in ["no results\n", "no results", "{\"schema\":1}\n", "{\"file\":\"a\"}\n{\"sch"] {
        fs::write(&path, text).expect("written");
        assert!(Results::to_file(&path, true).is_err(), "{text}");
        assert_eq!(fs::read_to_string(&path).expect("text"), text);
    }
}

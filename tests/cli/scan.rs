//! Many files: one line for each, whatever happens meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::clip::{ffmpeg, fractal, published, small};
use crate::program::{User, finish_within, signal, wait_until};

/// Lines by the name of their file.
fn lines(text: &str) -> BTreeMap<String, Vec<Value>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let name = Path::new(line["file"].as_str().unwrap()).file_name().unwrap();
        all.entry(name.to_string_lossy().into_owned()).or_default().push(line);
    }
    all
}

fn code(line: &Value) -> &str {
    line["verdict"]["code"].as_str().unwrap_or("unreadable")
}

/// A folder of `count` copies of a small clip.
fn copies(user: &User, count: usize) {
    fs::create_dir(user.path("uploads")).unwrap();
    for number in 0..count {
        fs::copy(small(), user.path(format!("uploads/{number}.mp4"))).unwrap();
    }
}

#[test]
fn every_file_of_every_source_has_one_line_and_unreadable_ones_say_why() {
    let user = User::new();
    fs::create_dir_all(user.path("uploads/deep")).unwrap();
    for name in
        ["uploads/one.mp4", "uploads/deep/two.mp4", "pattern-three.mp4", "listed-four.mp4", "stored-five.mp4"]
    {
        fs::copy(small(), user.path(name)).unwrap();
    }
    fs::write(user.path("uploads/empty.mp4"), "").unwrap();
    fs::write(user.path("uploads/words.mp4"), "no video").unwrap();
    fs::write(user.path("list.txt"), "listed-four.mp4\nmissing.mp4\n").unwrap();
    let url = format!("file://{}", user.path("stored-five.mp4").display());
    let answer =
        user.run(["scan", "uploads", "pattern-*.mp4", "@list.txt", &url, "-o", "all.jsonl"]).succeeds();
    assert_eq!(answer.stdout, "");
    let text = fs::read_to_string(user.path("all.jsonl")).unwrap();
    let all = lines(&text);
    assert_eq!((text.lines().count(), all.len()), (8, 8), "{text}");
    for (name, found) in &all {
        let line = &found[0];
        let unreadable = ["empty.mp4", "words.mp4", "missing.mp4"].contains(&name.as_str());
        assert_eq!(code(line), if unreadable { "unreadable" } else { "inconclusive" }, "{line:#}");
        assert_eq!(line["errors"].as_array().unwrap().is_empty(), !unreadable, "{line:#}");
        let jail = if name == "missing.mp4" { "off" } else { "whole" };
        assert_eq!(line["jail"]["level"], jail, "{line:#}");
    }
    assert_eq!(all["stored-five.mp4"][0]["file"], url);
    let table: Vec<&str> = answer.stderr.split_whitespace().collect();
    assert!(
        table.windows(2).any(|row| row == ["unreadable", "3"])
            && table.windows(2).any(|row| row == ["files", "8"])
    );
    assert!(user.run(["scan", "none-*.mp4"]).refusal("none-*.mp4").contains("no file"));
}

#[test]
fn answers_are_written_as_a_table_too_and_none_is_overwritten() {
    let user = User::new();
    copies(&user, 2);
    let scan = ["scan", "uploads", "-o", "all.jsonl", "--parquet", "all.parquet", "--quiet"];
    user.run(scan).succeeds();
    let table = fs::read(user.path("all.parquet")).unwrap();
    assert!(table.starts_with(b"PAR1") && table.ends_with(b"PAR1"));
    fs::remove_file(user.path("all.jsonl")).unwrap();
    user.run(scan).refusal("all.parquet");
    assert!(!user.path("all.jsonl").exists(), "nothing was looked at");
    user.run([&scan[..], &["--resume"]].concat()).succeeds();
    user.run(["scan", "uploads", "-o", "more.jsonl", "--parquet", "none/all.parquet"])
        .refusal("none/all.parquet");
    assert!(!user.path("more.jsonl").exists(), "nothing was looked at");
    assert!(user.run(["scan", "ftp://host/uploads"]).refusal("ftp://host/uploads").contains("s3://"));
}

#[test]
fn a_list_comes_over_standard_input_and_lines_go_to_standard_output() {
    let user = User::new();
    copies(&user, 3);
    let mut command = user.command();
    command.args(["scan", "-", "--jobs", "1", "--quiet"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"uploads/0.mp4\nuploads/1.mp4\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(lines(&String::from_utf8(output.stdout).unwrap()).len(), 2);
}

fn scanning(user: &User, more: &[&str]) -> Child {
    let mut command = user.command();
    command.args(["scan", "uploads", "-o", "all.jsonl", "--jobs", "2"]).args(more);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn count(user: &User) -> usize {
    fs::read(user.path("all.jsonl")).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count())
}

#[test]
fn a_scan_that_is_killed_goes_on_and_loses_and_repeats_nothing() {
    const FILES: usize = 24;
    let user = User::new();
    copies(&user, FILES);
    let mut killed = 0;
    for goal in [1, 7, 15] {
        let mut child = scanning(&user, &["--resume"]);
        wait_until(&mut child, || count(&user) >= goal);
        signal(child.id(), "KILL");
        child.wait().unwrap();
        killed += usize::from(count(&user) < FILES);
        // As if it had died in the middle of a line.
        let mut file = fs::OpenOptions::new().append(true).open(user.path("all.jsonl")).unwrap();
        file.write_all(b"{\"schema\":1,\"file\":\"uploads/").unwrap();
    }
    assert!(killed > 0, "it was killed at work");
    user.run(["scan", "uploads", "-o", "all.jsonl"]).refusal("all.jsonl");
    user.run(["scan", "uploads", "-o", "all.jsonl", "--resume"]).succeeds();
    let text = fs::read_to_string(user.path("all.jsonl")).unwrap();
    let all = lines(&text);
    assert_eq!((all.len(), text.lines().count()), (FILES, FILES));
    assert!(all.values().flatten().all(|line| code(line) == "inconclusive"));
    // Nothing is left to do.
    user.run(["scan", "uploads", "-o", "all.jsonl", "--resume"]).succeeds();
    assert_eq!(fs::read_to_string(user.path("all.jsonl")).unwrap(), text);
}

/// The processes that a process started.
fn children(id: u32) -> Vec<u32> {
    let mut all = Vec::new();
    for task in fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten() {
        let listed = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all.extend(listed.split_whitespace().map(|id| id.parse::<u32>().unwrap()));
    }
    all
}

#[test]
fn a_reader_that_crashes_costs_one_finding_and_nothing_else() {
    let user = User::new();
    fs::create_dir(user.path("uploads")).unwrap();
    // The last one of a single worker's, and long enough to be met at work.
    ffmpeg(
        "-f lavfi -i testsrc2=size=1280x720:rate=25 -t 12 -c:v libx264 -preset ultrafast",
        &user.path("uploads/long.mp4"),
    );
    for name in ["a.mp4", "b.mp4", "c.mp4"] {
        fs::copy(small(), user.path(format!("uploads/{name}"))).unwrap();
    }
    fs::write(user.path("list"), "uploads/a.mp4\nuploads/b.mp4\nuploads/long.mp4\nuploads/c.mp4\n").unwrap();
    let mut command = user.command();
    command.args(["scan", "@list", "-o", "all.jsonl", "--jobs", "1"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until(&mut child, || count(&user) == 2);
    let id = child.id();
    // Its credentials were read by then, and its pictures are being decoded.
    std::thread::sleep(Duration::from_millis(1500));
    let mut reader = Vec::new();
    wait_until(&mut child, || {
        reader = children(id);
        !reader.is_empty()
    });
    // Rust answers a first SIGSEGV by itself.
    signal(reader[0], "ABRT");
    assert!(child.wait().unwrap().success());
    let all = lines(&fs::read_to_string(user.path("all.jsonl")).unwrap());
    assert_eq!(all.len(), 4);
    for name in ["a.mp4", "b.mp4", "c.mp4"] {
        assert_eq!(code(&all[name][0]), "inconclusive");
        assert_eq!(all[name][0]["errors"], serde_json::json!([]));
    }
    let crashed = &all["long.mp4"][0];
    let errors = crashed["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{crashed:#}");
    assert!(errors[0].as_str().unwrap().contains("crashed the decoder (SIGABRT)"), "{crashed:#}");
}

#[test]
fn tiers_end_the_work_as_early_as_they_can_and_agree_with_a_whole_look() {
    let user = User::new();
    fs::create_dir(user.path("uploads")).unwrap();
    let signed = user.path("uploads/signed.mp4");
    user.stamp(&fractal(), &signed, "").succeeds();
    published(&signed, "-c:v libx264 -crf 20 -g 8", &user.path("uploads/stripped.mp4"));
    fs::copy(small(), user.path("uploads/plain.mp4")).unwrap();
    for (depth, stripped, settled, plain) in [
        ("credentials", "inconclusive", "credentials", "credentials"),
        ("key-frames", "recovered", "key-frames", "key-frames"),
        ("window", "recovered", "key-frames", "window"),
        ("whole", "recovered", "key-frames", "whole"),
    ] {
        let answer = user.run(["scan", "uploads", "--depth", depth, "--quiet"]).succeeds();
        let all = lines(&answer.stdout);
        let told =
            |name: &str| (code(&all[name][0]).to_owned(), all[name][0]["depth"].as_str().unwrap().to_owned());
        let of = |code: &str, depth: &str| (code.to_owned(), depth.to_owned());
        assert_eq!(told("signed.mp4"), of("verified", "credentials"), "{depth}");
        assert_eq!(told("stripped.mp4"), of(stripped, settled), "{depth}");
        assert_eq!(told("plain.mp4"), of("inconclusive", plain), "{depth}");
    }
    // What was withdrawn is not settled by the manifest alone.
    let urn = user.verify(&signed, "--only credentials").json()["credentials"]["manifest"].clone();
    user.run(["registry", "revoke", urn.as_str().unwrap(), "--reason", "wrong"]).succeeds();
    let answer = user.run(["scan", "uploads/signed.mp4", "--depth", "key-frames", "--quiet"]).succeeds();
    let line: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((code(&line), line["depth"].as_str()), ("revoked", Some("whole")), "{line:#}");
}

#[test]
fn the_time_for_one_file_is_bounded() {
    let user = User::new();
    fs::create_dir(user.path("uploads")).unwrap();
    ffmpeg(
        "-f lavfi -i testsrc2=size=1280x720:rate=25 -t 60 -c:v libx264 -preset ultrafast",
        &user.path("uploads/long.mp4"),
    );
    let mut command = user.command();
    command.args(["scan", "uploads", "--timeout", "1", "--quiet"]);
    let answer = finish_within(Duration::from_secs(60), command).succeeds();
    let line: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert!(line["errors"].to_string().contains("no answer within 1 s"), "{line:#}");
    assert_eq!(code(&line), "unreadable");
}

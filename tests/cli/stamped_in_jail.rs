//! What is stamped is read and encoded in a jail, and comes out as it does outside of one.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::clip::{ffmpeg, fractal, small};
use crate::program::{Answer, User, signal, wait_until};
use crate::served::Served;

const ID: &str = "6f1c0a2b-1122-4344-9566-778899aabbcc";

/// Digests of all pictures and of all pieces of sound, as players get them.
fn content(path: &Path) -> String {
    let ran = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(path)
        .args(["-map", "0:v", "-map", "0:a?", "-f", "framemd5", "-"])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

/// Stamps inside and outside of a jail; the outputs and what was said, without what tells where.
fn both(user: &User, input: &Path, name: &str, options: &str) -> [(PathBuf, Value); 2] {
    [("in", "required", "whole"), ("out", "off", "off")].map(|(folder, jail, level)| {
        fs::create_dir_all(user.path(folder)).unwrap();
        let output = user.path(folder).join(name);
        // Of its own: a manifest's name is taken once.
        let registry = tempfile::TempDir::new_in(user.work()).unwrap().keep();
        let options =
            format!("--json --quiet --id {ID} --jail {jail} --registry {} {options}", registry.display());
        let answer = user.stamp(input, &output, &options);
        let mut answer = answer.succeeds().json();
        assert_eq!(answer["jail"], json!({"level": level}), "{name}");
        for field in ["jail", "output", "sidecar"] {
            answer[field] = Value::Null;
        }
        (output, answer)
    })
}

#[test]
fn pictures_sound_and_mark_are_those_from_outside_the_jail_whatever_encodes_them() {
    let user = User::new();
    user.run(["identity", "new"]).succeeds();
    let short = user.path("short.mkv");
    ffmpeg(
        "-f lavfi -i mandelbrot=size=320x180:rate=25 -f lavfi -i sine=frequency=330 -t 4.5 \
         -vf noise=alls=24:all_seed=7,format=yuv420p -c:v libx264 -crf 16 -preset veryfast -c:a flac",
        &short,
    );
    for (input, name, options) in [
        (&fractal(), "a.mp4", ""),
        (&short, "b.mp4", "--codec hevc --preset ultrafast"),
        (&short, "c.webm", "--codec vp9 --preset 8"),
        (&short, "d.mkv", "--codec av1 --preset 8"),
        (&short, "e.mkv", "--codec ffv1 --strength 1"),
        (&short, "f.mov", "--no-audio-watermark"),
        (&fractal(), "g.mov", "--no-credentials"),
        (&fractal(), "h.mp4", "--no-watermark"),
    ] {
        let [(inside, told), (outside, told_outside)] = both(&user, input, name, options);
        assert_eq!(told, told_outside, "{name}");
        assert!(content(&inside) == content(&outside), "{name}: other pictures or sound");
        let answers = [inside, outside].map(|path| user.verify(&path, "--only credentials,watermark").json());
        assert_eq!(answers[0]["watermark"], answers[1]["watermark"], "{name}");
        assert_eq!(answers[0]["credentials"]["state"], answers[1]["credentials"]["state"], "{name}");
    }
}

#[test]
fn credentials_of_the_input_are_read_in_the_jail_and_carried_along_as_from_outside() {
    let user = User::new();
    let first = user.path("first.mp4");
    user.stamp(&fractal(), &first, "--origin camera").succeeds();
    // One with a manifest beside it, and one whose manifest is damaged.
    let beside = user.path("beside.mkv");
    user.stamp(&small(), &user.path("small.mkv"), "--origin camera --codec ffv1").succeeds();
    fs::rename(user.path("small.mkv"), &beside).unwrap();
    fs::rename(user.path("small.mkv.c2pa"), user.path("beside.mkv.c2pa")).unwrap();
    let damaged = user.path("damaged.mp4");
    let mut bytes = fs::read(&first).unwrap();
    let place = bytes.windows(4).position(|window| window == b"jumb").unwrap();
    bytes[place - 4..place].fill(0xff);
    fs::write(&damaged, bytes).unwrap();
    for (input, options, parents) in [
        (&first, "", 2),
        (&first, "--no-watermark --origin edited", 2),
        (&beside, "--origin edited", 2),
        (&damaged, "--origin edited", 1),
    ] {
        let [(inside, told), (outside, told_outside)] =
            both(&user, input, "out.mp4", &format!("{options} --force"));
        assert_eq!(told, told_outside, "{input:?}");
        let said = told["notes"].to_string().contains("could not be carried along");
        assert_eq!(said, parents == 1, "{told}");
        let [inside, outside] = [inside, outside].map(|path| {
            let manifests = user.verify(&path, "--format crjson").succeeds().json();
            assert_eq!(manifests["manifests"].as_array().unwrap().len(), parents, "{input:?}");
            let mut credentials = user.verify(&path, "--only credentials").json()["credentials"].clone();
            credentials["signed_at"] = Value::Null;
            credentials
        });
        assert_eq!(inside, outside, "{input:?}");
    }
}

/// Long enough to be met at work.
fn long(user: &User) -> PathBuf {
    let path = user.path("long.mp4");
    ffmpeg(
        "-f lavfi -i testsrc2=size=1280x720:rate=25 -t 20 -vf noise=alls=24 -c:v libx264 -preset ultrafast",
        &path,
    );
    path
}

/// The processes that a process started.
fn children(id: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let listed = tasks.map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default());
    let listed = listed.collect::<Vec<_>>().join(" ");
    listed.split_whitespace().map(|id| id.parse().unwrap()).collect()
}

/// Names of the files that a process has open.
fn open(id: u32) -> Vec<String> {
    let open = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten().flatten();
    let names = open.filter_map(|entry| fs::read_link(entry.path()).ok());
    names.map(|name| name.to_string_lossy().into_owned()).collect()
}

/// The child of a process that has written a part of the marked pictures.
fn encoding(id: u32) -> Option<u32> {
    let writes = |name: &String| {
        name.contains(".filigrane-marked-") && fs::metadata(name).is_ok_and(|facts| facts.len() > 300_000)
    };
    children(id).into_iter().find(|child| open(*child).iter().any(writes))
}

fn stamping(user: &User, input: &Path) -> Child {
    let mut command = user.command();
    command.arg("stamp").arg(input).args(["-o", "out.mp4", "--preset", "slow", "--jail", "required"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for the child that encodes.
fn caught(child: &mut Child) -> u32 {
    let (id, mut found) = (child.id(), None);
    wait_until(child, || {
        found = encoding(id);
        found.is_some()
    });
    found.unwrap()
}

#[test]
fn who_encodes_holds_input_and_output_and_nothing_else_and_can_do_nothing_else() {
    let user = User::new();
    user.run(["identity", "new"]).succeeds();
    let input = long(&user);
    let mut child = stamping(&user, &input);
    let id = caught(&mut child);
    let mut files = open(id);
    // Whoever runs the tests may hand on more, which they did not close for programs that they start.
    files.retain(|name| name.starts_with('/') && name != "/dev/null");
    files.sort();
    files.dedup();
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files[0].contains("/.filigrane-marked-") && files[1].ends_with("/long.mp4"), "{files:?}");
    assert_eq!(fs::read(format!("/proc/{id}/environ")).unwrap(), b"");
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let says = |line: &str| status.lines().any(|other| other.split_whitespace().eq(line.split(' ')));
    assert!(says("Seccomp: 2") && says("NoNewPrivs: 1"), "{status}");
    let limits = fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
    for bound in ["Max data size", "Max address space", "Max cpu time", "Max file size", "Max open files"] {
        let line = limits.lines().find(|line| line.starts_with(bound)).unwrap();
        assert!(!line.contains("unlimited"), "{line}");
    }
    signal(child.id(), "TERM");
    child.wait().unwrap();
    assert!(open(id).is_empty(), "it lives on");
    assert_eq!(user.files(), ["long.mp4"]);
}

#[test]
fn an_encoder_that_crashes_or_is_stopped_costs_one_line_and_leaves_nothing() {
    let user = User::new();
    user.run(["identity", "new"]).succeeds();
    let input = long(&user);
    for (name, sign) in
        [("ABRT", "crashed the decoder (SIGABRT)"), ("SYS", "a system call that is not allowed")]
    {
        let mut child = stamping(&user, &input);
        let id = caught(&mut child);
        signal(id, name);
        let answer = Answer::of("stamp".to_owned(), child.wait_with_output().unwrap());
        let said = answer.refusal("long.mp4");
        assert!(said.contains(sign), "{said}");
        assert_eq!(user.files(), ["long.mp4"]);
    }
    let registered = user.run(["--json", "registry", "find"]).succeeds().json();
    assert_eq!(registered, json!([]), "nothing was published");
}

#[test]
fn one_whose_caller_is_killed_dies_with_it() {
    let user = User::new();
    user.run(["identity", "new"]).succeeds();
    let input = long(&user);
    let mut child = stamping(&user, &input);
    let id = caught(&mut child);
    signal(child.id(), "KILL");
    child.wait().unwrap();
    let start = Instant::now();
    while !open(id).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(10), "it lives on");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(!user.path("out.mp4").exists());
}

#[test]
fn a_server_stamps_in_a_jail_and_lives_through_the_crash_of_an_encoder() {
    let user = User::new();
    let served = Served::by(&user, "");
    let send = |video: &Path| {
        let video = fs::read(video).unwrap();
        let sent =
            served.ask("POST", "/v1/clips?name=mine.mp4&kind=stamp&origin=camera", None, "video/mp4", &video);
        assert_eq!(sent.status, 202, "{sent:?}");
        sent.json()["id"].as_str().unwrap().to_owned()
    };
    let settled = |id: &str| {
        let start = Instant::now();
        loop {
            let clip = served.get(&format!("/v1/clips/{id}")).json();
            if ["done", "failed"].contains(&clip["state"].as_str().unwrap()) {
                return clip;
            }
            assert!(start.elapsed() < Duration::from_secs(150), "{clip}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let hostile = send(&long(&user));
    let start = Instant::now();
    let id = loop {
        if let Some(id) = encoding(served.id()) {
            break id;
        }
        assert!(start.elapsed() < Duration::from_secs(150), "nobody encodes");
        std::thread::sleep(Duration::from_millis(5));
    };
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    assert!(status.contains("Seccomp:\t2"), "{status}");
    // How far it is, as its caller is told.
    let mut stream = served.connect();
    write!(stream, "GET /v1/clips/{hostile}/events HTTP/1.1\r\nHost: {}\r\n\r\n", served.address).unwrap();
    let told = BufReader::new(stream).lines().map_while(Result::ok).find(|line| line.contains("\"marking\""));
    assert!(told.is_some_and(|line| line.starts_with("data:")));
    signal(id, "ABRT");
    let clip = settled(&hostile);
    assert_eq!(clip["state"], "failed", "{clip}");
    assert!(clip.to_string().contains("crashed the decoder (SIGABRT)"), "{clip}");
    assert_eq!(settled(&send(&fractal()))["state"], "done");
}

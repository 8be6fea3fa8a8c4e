//! Files are read in a jail, and the answer is the same as outside of one.

use std::process::Command;

use serde_json::Value;

use crate::clip::{ffmpeg, fractal, published, small};
use crate::program::{User, program};

/// The answer without what differs from run to run.
fn lasting(mut answer: Value) -> Value {
    for field in ["timing", "jail"] {
        answer.as_object_mut().unwrap().remove(field);
    }
    answer
}

#[test]
fn the_answer_from_the_jail_is_that_from_outside() {
    let user = User::new();
    let signed = user.path("signed.mp4");
    user.stamp(&fractal(), &signed, "").succeeds();
    let stripped = user.path("stripped.mp4");
    published(&signed, "-c:v libx264 -crf 20", &stripped);
    let beside = user.path("beside.mkv");
    let matroska = user.path("plain.mkv");
    published(&small(), "-c:v libx264", &matroska);
    user.stamp(&matroska, &beside, "--no-watermark").succeeds();
    assert!(user.path("beside.mkv.c2pa").exists());
    std::fs::write(user.path("words.mp4"), "no video").unwrap();
    for (name, code) in [
        ("signed.mp4", "verified"),
        ("stripped.mp4", "recovered"),
        ("beside.mkv", "verified"),
        ("plain.mkv", "recovered"),
        ("words.mp4", ""),
    ] {
        let path = user.path(name);
        let outside = user.verify(&path, "--jail off");
        let inside = user.verify(&path, "--jail required");
        assert_eq!(inside.exit(), outside.exit(), "{name}");
        let (outside, inside) = (outside.json(), inside.json());
        assert_eq!(inside["verdict"]["code"].as_str().unwrap_or_default(), code, "{inside:#}");
        assert_eq!(outside["jail"], serde_json::json!({"level": "off"}));
        assert_eq!(inside["jail"], serde_json::json!({"level": "whole"}));
        assert_eq!(lasting(inside), lasting(outside), "{name}");
    }
    let plain = user.verify(&signed, "").json();
    assert_eq!(plain["jail"]["level"], "whole", "that is the default here");
}

#[test]
fn manifests_as_crjson_come_out_of_the_jail_as_from_outside() {
    let user = User::new();
    let signed = user.path("signed.mp4");
    user.stamp(&fractal(), &signed, "").succeeds();
    let matroska = user.path("plain.mkv");
    published(&small(), "-c:v libx264", &matroska);
    let beside = user.path("beside.mkv");
    user.stamp(&matroska, &beside, "--no-watermark").succeeds();
    for path in [&signed, &beside] {
        let [inside, outside] = ["required", "off"].map(|jail| {
            let mut document = user.verify(path, &format!("--format crjson --jail {jail}")).succeeds().json();
            for manifest in document["manifests"].as_array_mut().unwrap() {
                // When it was looked at.
                manifest["validationResults"].as_object_mut().unwrap().remove("validationTime");
            }
            document
        });
        assert!(
            inside["manifests"][0]["claim"].is_object() || inside["manifests"][0]["claim.v2"].is_object(),
            "{inside:#}"
        );
        assert_eq!(inside, outside, "{path:?}");
    }
    for (path, exit) in [(&matroska, 2), (&user.path("absent.mp4"), 2)] {
        let [inside, outside] =
            ["required", "off"].map(|jail| user.verify(path, &format!("--format crjson --jail {jail}")));
        assert_eq!((inside.exit(), outside.exit()), (exit, exit));
        assert_eq!(inside.stderr, outside.stderr, "{path:?}");
    }
    let folder = user.verify(matroska.parent().unwrap(), "--format crjson --jail required");
    assert_eq!(folder.exit(), 2);
    assert!(folder.stderr.contains(matroska.parent().unwrap().to_str().unwrap()), "{}", folder.stderr);
}

#[test]
fn decoders_of_other_families_work_in_the_jail() {
    let user = User::new();
    for (name, coding) in [
        ("a.mp4", "-c:v libx265 -x265-params log-level=none -c:a aac"),
        ("b.webm", "-c:v libvpx-vp9 -cpu-used 8 -c:a libopus"),
        ("c.mkv", "-c:v libsvtav1 -svtav1-params lp=1 -c:a flac"),
        ("d.ts", "-c:v mpeg2video -c:a mp2"),
        ("e.mov", "-c:v prores_ks -c:a pcm_s16le"),
        ("f.gif", "-an"),
    ] {
        let path = user.path(name);
        ffmpeg(
            &format!(
                "-f lavfi -i testsrc2=size=160x128:rate=25 -f lavfi -i sine=frequency=330 -t 0.5 {coding}"
            ),
            &path,
        );
        let outside = lasting(user.verify(&path, "--jail off").verdict("inconclusive", 1));
        let inside = lasting(user.verify(&path, "--jail required").verdict("inconclusive", 1));
        assert_eq!(inside, outside, "{name}");
        assert_eq!(inside["errors"], serde_json::json!([]), "{name}");
    }
}

#[test]
fn a_mark_of_ones_own_key_is_found_in_the_jail() {
    let user = User::new();
    std::fs::write(user.path("key"), "5a".repeat(32)).unwrap();
    let marked = user.path("marked.mp4");
    user.stamp(&fractal(), &marked, "--no-credentials --watermark-key key").succeeds();
    let key = user.path("key");
    let options = format!("--only watermark --jail required --watermark-key {}", key.display());
    user.verify(&marked, &options).verdict("marked", 0);
    user.verify(&marked, "--only watermark --jail required").verdict("inconclusive", 1);
}

#[test]
fn what_is_no_stream_is_told_of_in_the_jail_as_without() {
    let user = User::new();
    let init = user.path("init.mp4");
    let segment = user.path("seg-1.m4s");
    std::fs::copy(small(), &init).unwrap();
    std::fs::copy(small(), &segment).unwrap();
    let [inside, outside] = ["required", "off"].map(|how| {
        lasting(user.verify(&init, &format!("--jail {how} --fragments {}", segment.display())).json())
    });
    assert_eq!(inside, outside);
    for path in [&init, &segment] {
        std::fs::write(path, "no video").unwrap();
    }
    let answer = user.verify(&init, &format!("--jail required --fragments {}", segment.display()));
    answer.complaint("init.mp4");
    let folder = user.path("seg-2.m4s");
    std::fs::create_dir(&folder).unwrap();
    let answer = user.verify(&init, &format!("--jail required --fragments {}", folder.display()));
    assert!(answer.complaint("init.mp4").contains("seg-2.m4s: not a regular file"));
}

#[test]
fn nobody_else_can_play_the_jailed_reader() {
    let ran =
        Command::new(program()).arg("jailed-reader").stdin(std::process::Stdio::null()).output().unwrap();
    assert!(!ran.status.success() && ran.stdout.is_empty(), "{ran:?}");
}

//! Streams in several files, as DASH and HLS have them: signed as they are, answered in one document, and any file of
//! them that was changed, swapped or taken away is named.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::clip;
use crate::judges::{folder, judge_fragments};
use crate::program::{Answer, User, copy_folder, finish};
use crate::unhashed::boxes;

/// Three seconds of picture and sound, packaged by FFmpeg: an initialisation segment and media segments for each.
fn packaged() -> PathBuf {
    clip::once("packaged", |folder| {
        std::fs::create_dir(folder).unwrap();
        let source = clip::fractal();
        let arguments = format!(
            "-i {} -c:v libx264 -preset veryfast -g 10 -c:a aac -seg_duration 0.4 -use_timeline 1 -use_template 1 \
             -init_seg_name init-$RepresentationID$.mp4 -media_seg_name seg-$RepresentationID$-$Number$.m4s -f dash",
            source.display()
        );
        clip::ffmpeg(&arguments, &folder.join("stream.mpd"));
    })
}

/// A user with a copy of the packaged stream in `in/`.
fn user() -> User {
    let user = User::new();
    copy_folder(&packaged(), &user.path("in"));
    user
}

fn stamp(user: &User, options: &str) -> Answer {
    let mut command = user.command();
    command.args(["stamp", "in/init-0.mp4", "--fragments", "in/seg-0-*.m4s", "-o", "out"]);
    command.args(options.split_whitespace());
    finish(command)
}

fn verify(user: &User, options: &str) -> Answer {
    let mut command = user.command();
    command.args(["verify", "--json", "out/init-0.mp4", "--fragments", "out/seg-0-*.m4s"]);
    command.args(options.split_whitespace());
    finish(command)
}

/// A user whose stream lies signed in `out/`.
fn signed() -> User {
    let user = user();
    stamp(&user, "--no-watermark --origin camera").succeeds();
    user
}

/// The answer is `altered`, in `errors` nothing went wrong, and the explanation names `what`.
#[track_caller]
fn altered(user: &User, what: &str) {
    let answer = verify(user, "--only credentials").verdict("altered", 3);
    let why = answer["credentials"]["explanation"].as_str().expect("an explanation").to_owned();
    assert!(why.contains(what), "{why}");
    assert_eq!(answer["credentials"]["state"], "invalid");
}

fn segments(folder: &Path) -> usize {
    let names = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name());
    names.filter(|name| name.to_string_lossy().starts_with("seg-0-")).count()
}

#[test]
fn a_stream_is_signed_as_it_is_registered_and_answered_in_one_document() {
    let user = user();
    let stamped = stamp(&user, "--no-watermark --origin camera --json").succeeds().json();
    assert_eq!(stamped["registered"], true);
    assert!(stamped["frames"].as_u64().unwrap() >= 75, "{stamped:#}");
    assert!(segments(&user.path("out")) >= 7);
    assert_eq!(segments(&user.path("out")), segments(&user.path("in")));
    assert_eq!(user.files(), ["in", "out"]);

    let answer = verify(&user, "").verdict("verified", 0);
    assert_eq!(answer["credentials"]["manifest"], stamped["manifest"]);
    assert_eq!(answer["file"], "out/init-0.mp4");
    assert_eq!(answer["errors"], serde_json::json!([]));
    let media = (&answer["media"]["width"], &answer["media"]["frames"]);
    assert_eq!(media, (&640.into(), &stamped["frames"]));
    let files = std::fs::read_dir(user.path("out")).unwrap().flatten();
    let bytes: u64 = files.map(|entry| entry.metadata().unwrap().len()).sum();
    assert_eq!(answer["bytes"].as_u64(), Some(bytes));

    // Without its metadata, the stream is found again by its pictures.
    clip::ffmpeg("-i out.mpd -c copy -map_metadata -1", &{
        let mut whole = std::fs::read(user.path("in/init-0.mp4")).unwrap();
        for number in 1..=segments(&user.path("in")) {
            whole.extend(std::fs::read(user.path(format!("in/seg-0-{number}.m4s"))).unwrap());
        }
        std::fs::write(user.path("out.mpd"), whole).unwrap();
        user.path("stripped.mp4")
    });
    let found = user.verify(&user.path("stripped.mp4"), "").verdict("recovered", 0);
    assert_eq!(found["registry"]["manifest"], stamped["manifest"]);
}

#[test]
fn a_stream_is_read_in_a_jail_that_opens_its_files_alone() {
    let user = signed();
    let answer = verify(&user, "--jail required").verdict("verified", 0);
    assert_eq!(answer["jail"]["level"], "whole");
    assert_eq!(answer["media"]["width"], 640);
    let without = verify(&user, "--jail off").verdict("verified", 0);
    for part in ["sha256", "bytes", "media", "credentials", "watermark", "registry", "fingerprints"] {
        assert_eq!(answer[part], without[part], "{part}");
    }
    let segment = user.path("out/seg-0-2.m4s");
    let mut changed = std::fs::read(&segment).unwrap();
    *changed.last_mut().unwrap() ^= 1;
    std::fs::write(&segment, changed).unwrap();
    let [jailed, own] = ["required", "off"].map(|how| {
        verify(&user, &format!("--jail {how} --only credentials")).verdict("altered", 3)["credentials"]
            .clone()
    });
    assert_eq!(jailed, own);
}

#[test]
fn a_stream_that_is_signed_is_looked_at_in_a_jail() {
    let user = user();
    let stamped = stamp(&user, "--no-watermark --jail required --json").succeeds().json();
    assert_eq!(stamped["jail"]["level"], "whole");
    let answer = verify(&user, "").verdict("verified", 0);
    assert_eq!(answer["credentials"]["manifest"], stamped["manifest"]);

    let other = self::user();
    let plain = stamp(&other, "--no-watermark --jail off --json").succeeds().json();
    assert_eq!((&plain["frames"], &plain["jail"]["level"]), (&stamped["frames"], &"off".into()));
    let hostile = self::user();
    std::fs::write(hostile.path("in/seg-0-1.m4s"), "no video").unwrap();
    let refusal = |how: &str| {
        stamp(&hostile, &format!("--no-watermark --jail {how}")).refusal("seg-0-1.m4s").to_owned()
    };
    assert_eq!(refusal("required"), refusal("off"));
    assert!(!hostile.path("out").exists());
}

#[test]
fn a_model_is_signed_with_the_stream_that_it_made() {
    let user = user();
    std::fs::write(user.path("model.json"), r#"{"name": "Dream Machine", "licence": "Apache-2.0"}"#).unwrap();
    stamp(&user, "--no-watermark --origin generated --model model.json").succeeds();
    let answer = verify(&user, "--only credentials").verdict("verified", 0);
    assert_eq!(answer["credentials"]["models"][0]["name"], "Dream Machine");
}

#[test]
fn the_signed_stream_still_plays() {
    let user = signed();
    std::fs::copy(user.path("in/stream.mpd"), user.path("out/stream.mpd")).unwrap();
    for file in ["in/seg-1-", "in/init-1"] {
        for entry in std::fs::read_dir(user.path("in")).unwrap().flatten() {
            if entry.path().to_string_lossy().contains(file) {
                std::fs::copy(entry.path(), user.path("out").join(entry.file_name())).unwrap();
            }
        }
    }
    let count = |folder: &str| {
        let path = user.path(folder).join("stream.mpd");
        clip::ffprobe(&path, "-select_streams v -count_frames -show_entries stream=nb_read_frames")
    };
    assert_eq!(count("in")["streams"][0]["nb_read_frames"], count("out")["streams"][0]["nb_read_frames"]);
}

#[test]
fn a_segment_that_was_changed_swapped_or_taken_away_is_named() {
    let user = signed();
    let count = segments(&user.path("out"));
    let path = |number: usize| user.path(format!("out/seg-0-{number}.m4s"));
    let sound = std::fs::read(path(3)).unwrap();
    let mut changed = sound.clone();
    *changed.last_mut().unwrap() ^= 1;
    std::fs::write(path(3), changed).unwrap();
    altered(&user, &format!("seg-0-3.m4s (media segment 3 of {count}) was changed"));

    std::fs::write(path(3), std::fs::read(path(5)).unwrap()).unwrap();
    altered(&user, &format!("seg-0-5.m4s (media segment 5 of {count}) is the same segment as seg-0-3.m4s"));
    std::fs::write(path(5), &sound).unwrap();
    altered(&user, "is out of order: it was signed as number 3");

    std::fs::remove_file(path(5)).unwrap();
    std::fs::write(path(3), &sound).unwrap();
    altered(&user, &format!("1 of the {count} media segments signed are missing: number 5"));

    std::fs::copy(user.path("in/seg-0-5.m4s"), path(5)).unwrap();
    altered(&user, "seg-0-5.m4s");
    let mut command = user.command();
    command.args(["verify", "out/init-0.mp4", "--fragments", "out/seg-0-*.m4s", "--only", "credentials"]);
    let answer = finish(command);
    assert_eq!(answer.exit(), 3);
    assert!(answer.stdout.contains("seg-0-5.m4s"), "{}", answer.stdout);
}

#[test]
fn a_byte_changed_anywhere_outside_the_manifest_is_never_accepted() {
    let user = signed();
    let files = ["out/init-0.mp4", "out/seg-0-2.m4s"];
    for name in files {
        let path = user.path(name);
        let sound = std::fs::read(&path).unwrap();
        // The manifest is the claim signature's to keep, and has padding; version and flags of a box of hashes are nobody's.
        let idle = |place: usize| {
            boxes(&sound).into_iter().filter(|(kind, _)| kind == b"uuid").any(|(_, range)| {
                let own = place.checked_sub(range.start).filter(|_| range.contains(&place));
                own.is_some_and(|own| name.contains("init") || (24..28).contains(&own))
            })
        };
        let places = (0..64).step_by(3).chain((64..sound.len()).step_by(sound.len() / 20));
        for place in places.filter(|place| !idle(*place)) {
            let mut changed = sound.clone();
            changed[place] ^= 0x41;
            std::fs::write(&path, &changed).unwrap();
            let answer = verify(&user, "--only credentials");
            let code = answer.json()["verdict"]["code"].as_str().unwrap_or("unreadable").to_owned();
            let refused = !["verified", "signed"].contains(&code.as_str());
            assert!(refused && [1, 2, 3].contains(&answer.exit()), "{name}, byte {place}: {answer:#?}");
        }
        std::fs::write(&path, sound).unwrap();
    }
    verify(&user, "--only credentials").verdict("verified", 0);
}

#[test]
fn picture_and_sound_share_one_manifest() {
    let user = user();
    let tracks = |folder: &str| -> Vec<String> {
        ["init-0.mp4", "--fragments", "seg-0-*.m4s", "--track", "init-1.mp4", "seg-1-*.m4s"]
            .map(|word| if word.starts_with("--") { word.to_owned() } else { format!("{folder}/{word}") })
            .to_vec()
    };
    let mut command = user.command();
    command.arg("stamp").args(tracks("in")).args(["-o", "out", "--no-watermark", "--origin", "camera"]);
    finish(command).succeeds();
    let run = || {
        let mut command = user.command();
        command.args(["verify", "--json", "--only", "credentials"]).args(tracks("out"));
        finish(command)
    };
    let both = run().verdict("verified", 0);
    verify(&user, "--only credentials").verdict("verified", 0);
    std::fs::remove_file(user.path("out/seg-1-2.m4s")).unwrap();
    let why = run().verdict("altered", 3)["credentials"]["explanation"].as_str().unwrap().to_owned();
    assert!(why.contains("missing: number 2"), "{why}");
    assert!(both["credentials"]["manifest"].as_str().unwrap().starts_with("urn:c2pa:"));
}

#[test]
fn what_a_stream_cannot_have_is_refused_and_nothing_is_made() {
    let user = user();
    let said = stamp(&user, "--origin camera").refusal("init-0.mp4");
    assert!(said.contains("before they are encoded and packaged"), "{said}");
    stamp(&user, "--no-watermark --force").refusal("--force");
    let refused = |words: &[&str], word: &str| {
        let said = user.run(words).refusal(word);
        assert!(said.len() < 400, "{said}");
    };
    let sign = |fragments: &'static str| {
        ["stamp", "in/init-0.mp4", "--fragments", fragments, "-o", "out", "--no-watermark"]
    };
    refused(&sign("in/none-*.m4s"), "none-*.m4s");
    refused(&sign("in/none.m4s"), "none.m4s");
    refused(&sign("in/init-1.mp4"), "init-1.mp4");
    refused(&["verify", "in/init-0.mp4", "in/init-1.mp4", "--fragments", "in/seg-0-1.m4s"], "--fragments");
    refused(&["verify", "in/init-0.mp4", "--track", "in/init-1.mp4", "in/seg-1-1.m4s"], "--fragments");
    assert_eq!(user.files(), ["in"]);

    std::fs::create_dir(user.path("out")).unwrap();
    std::fs::write(user.path("out/mine"), "kept").unwrap();
    stamp(&user, "--no-watermark").refusal("out");
    assert_eq!(std::fs::read(user.path("out/mine")).unwrap(), b"kept");
    std::fs::remove_file(user.path("out/mine")).unwrap();
    stamp(&user, "--no-watermark --origin camera").succeeds();
    stamp(&user, "--no-watermark").refusal("out");
    let mut again = user.command();
    again.args([
        "stamp",
        "out/init-0.mp4",
        "--fragments",
        "out/seg-0-*.m4s",
        "-o",
        "twice",
        "--no-watermark",
    ]);
    assert!(finish(again).refusal("init-0.mp4").contains("signed already"));
    assert_eq!(user.files(), ["in", "out"]);
}

#[test]
fn the_beginning_of_a_stream_alone_asks_for_the_rest_and_an_unsigned_one_is_inconclusive() {
    let user = signed();
    let alone = user.verify(&user.path("out/init-0.mp4"), "--only credentials");
    assert!(alone.complaint("init-0.mp4").contains("--fragments"), "{alone:?}");
    let mut command = user.command();
    command.args(["verify", "--json", "in/init-0.mp4", "--fragments", "in/seg-0-*.m4s"]);
    command.args(["--only", "credentials"]);
    let answer = finish(command).verdict("inconclusive", 1);
    assert_eq!(answer["credentials"]["state"], "absent");
}

#[test]
fn both_unrelated_engines_judge_each_segment_and_their_disagreement_is_known() {
    let user = signed();
    let roots = user.home().join("identities/default/root.pem");
    let count = segments(&user.path("out"));
    let fragments: Vec<PathBuf> =
        (1..=count).map(|number| user.path(format!("out/seg-0-{number}.m4s"))).collect();
    let answers = judge_fragments(&roots, &user.path("out/init-0.mp4"), &fragments);
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), count);
    for answer in answers {
        assert_eq!(answer["initiative"]["state"], "Trusted", "{answer:#}");
        // encypher-c2pa 1.7.1 leaves the offsets out of the leaves of a tree: it calls every stream of the
        // Initiative's engine changed, too. C2PA 2.4, section 18.6.2, leaves them out only beside a `hash`.
        let codes = answer["encypher"]["codes"].as_array().unwrap();
        assert!(codes.contains(&Value::from("assertion.bmffHash.mismatch")), "{answer:#}");
        assert!(codes.contains(&Value::from("claimSignature.validated")), "{answer:#}");
    }
    let mut bytes = std::fs::read(&fragments[1]).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&fragments[1], bytes).unwrap();
    let answers = judge_fragments(&roots, &user.path("out/init-0.mp4"), &fragments);
    assert_eq!(
        (&answers[0]["initiative"]["state"], &answers[1]["initiative"]["state"]),
        (&"Trusted".into(), &"Invalid".into())
    );
    let crjson = user.path("stream.crjson");
    std::fs::write(&crjson, answers[0]["initiative"]["crjson"].to_string()).unwrap();
    let mut rubric = Command::new("node");
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges");
    rubric.env("JUDGES", folder()).arg(top.join("rubric.mjs")).arg(top.join("rubric.yml")).arg(&crjson);
    let rulings = finish(rubric).succeeds().json();
    crate::judges::keeps_all(&rulings[0], "a stream in several files");
}

//! Inputs that are broken, empty, extreme or no videos: one clear line or the evidence, and nothing touched.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::clip::{fixture, once};
use crate::program::User;

/// Both verbs refuse the file in one line; nothing is written and no byte of it changes.
#[track_caller]
fn refused(input: &Path, why: &str) {
    let user = User::new();
    let before = fs::read(input).expect("readable");
    let name = input.file_name().unwrap().to_str().unwrap();
    let said = user.stamp(input, &user.path("out.mp4"), "").refusal(name);
    assert!(said.contains(why), "{said:?} does not say {why:?}");
    assert!(user.files().is_empty(), "left behind: {:?}", user.files());
    let answer = user.verify(input, "");
    assert!(answer.complaint(name).contains(why), "{answer:#?}");
    let answer = answer.json();
    assert!(answer["verdict"].is_null());
    let errors = answer["errors"].as_array().unwrap();
    assert!(errors.len() == 1 && errors[0].as_str().unwrap().contains(why), "{errors:?}");
    assert_eq!(fs::read(input).expect("still there"), before);
}

/// The file can be stamped, and is then found verified; what verify has to say of the original comes back.
#[track_caller]
fn usable(input: &Path) -> (Vec<String>, String) {
    let user = User::new();
    let before = fs::read(input).expect("readable");
    let answer = user.verify(input, "").verdict("inconclusive", 1);
    let errors =
        answer["errors"].as_array().unwrap().iter().map(|error| error.as_str().unwrap().to_owned()).collect();
    let output = user.path("out.mp4");
    let stamped = user.stamp(input, &output, "").succeeds();
    let after = user.verify(&output, "").verdict("verified", 0);
    for side in ["width", "height", "frames"] {
        assert_eq!(answer["media"][side], after["media"][side], "{side}");
    }
    assert_eq!(user.files(), ["out.mp4"]);
    assert_eq!(fs::read(input).expect("still there"), before);
    (errors, stamped.stderr)
}

fn bytes(name: &str, content: impl Fn() -> Vec<u8>) -> PathBuf {
    once(name, |path| fs::write(path, content()).unwrap())
}

/// Two seconds with the index in front.
fn whole() -> PathBuf {
    fixture(
        "whole.mp4",
        "-f lavfi -i testsrc2=size=320x240:rate=25:duration=2 -c:v libx264 -preset veryfast -g 10 -movflags +faststart",
    )
}

#[test]
fn an_empty_file_is_refused() {
    refused(&bytes("empty.mp4", Vec::new), "the file is empty");
}

#[test]
fn a_text_named_mp4_is_refused() {
    refused(&bytes("words.mp4", || b"this is no video. ".repeat(500)), "not a video");
}

#[test]
fn a_file_without_its_index_is_refused() {
    let cut = bytes("no-index.mp4", || {
        let end_index =
            fixture("end-index.mp4", "-f lavfi -i testsrc2=size=320x240:rate=25:duration=1 -c:v libx264");
        let all = fs::read(end_index).unwrap();
        all[..all.len() / 2].to_vec()
    });
    refused(&cut, "not a video");
}

#[test]
fn sound_alone_is_refused() {
    let sound = fixture("sound.mp4", "-f lavfi -i sine=duration=0.5 -c:a aac");
    refused(&sound, "no video stream (only audio: aac)");
}

#[test]
fn a_video_of_no_duration_is_refused() {
    let none = fixture("zero.mp4", "-f lavfi -i testsrc2=size=320x240:rate=25 -t 0 -c:v libx264");
    refused(&none, "no video stream");
    let flat = bytes("no-pictures.mp4", || {
        let mut all = fs::read(fixture(
            "fragmented.mp4",
            "-f lavfi -i testsrc2=size=320x240:rate=25:duration=0.4 -c:v libx264 -movflags +frag_keyframe+empty_moov",
        ))
        .unwrap();
        let first =
            crate::unhashed::boxes(&all).into_iter().find(|(kind, _)| kind == b"moof").unwrap().1.start;
        all.truncate(first);
        all
    });
    refused(&flat, "picture");
}

#[test]
fn a_still_image_is_refused() {
    let image = fixture("image.png", "-f lavfi -i testsrc2=size=64x64 -frames:v 1");
    let renamed = bytes("image.mp4", || fs::read(&image).unwrap());
    refused(&renamed, "a still image (PNG)");
}

#[test]
fn one_picture_is_enough() {
    let one = fixture("one.mp4", "-f lavfi -i mandelbrot=size=640x360:rate=25 -frames:v 1 -c:v libx264");
    assert_eq!(usable(&one).0, Vec::<String>::new());
}

#[test]
fn odd_dimensions_stay_odd() {
    let odd = fixture(
        "odd.mp4",
        "-f lavfi -i testsrc2=size=321x241:rate=25:duration=0.4 -vf format=yuv444p -c:v libx264",
    );
    assert_eq!(usable(&odd).0, Vec::<String>::new());
}

#[test]
fn pictures_of_8k_are_taken() {
    let huge = fixture(
        "huge.mp4",
        "-f lavfi -i testsrc2=size=7680x4320:rate=25 -frames:v 2 -c:v libx264 -preset ultrafast",
    );
    assert_eq!(usable(&huge).0, Vec::<String>::new());
}

#[test]
fn pictures_too_small_for_a_mark_are_verified_and_signed_but_not_marked() {
    let tiny = fixture("tiny.mp4", "-f lavfi -i testsrc2=size=16x16:rate=25:duration=0.4 -c:v libx264");
    let user = User::new();
    let said = user.stamp(&tiny, &user.path("out.mp4"), "").refusal("tiny.mp4");
    assert!(said.contains("16x16 is too small for a watermark"), "{said}");
    assert!(user.files().is_empty());
    user.verify(&tiny, "").verdict("inconclusive", 1);
    let signed = user.path("signed.mp4");
    user.stamp(&tiny, &signed, "--no-watermark").succeeds();
    user.verify(&signed, "").verdict("verified", 0);
}

#[test]
fn a_cut_file_gives_the_evidence_of_its_beginning_and_says_so() {
    let cut = bytes("cut.mp4", || {
        let all = fs::read(whole()).unwrap();
        all[..all.len() * 6 / 10].to_vec()
    });
    let (errors, notes) = usable(&cut);
    assert!(errors.iter().any(|error| error.contains("the video ends after")), "{errors:?}");
    assert!(notes.contains("note: the video ends after"), "{notes}");
}

#[test]
fn damage_in_the_middle_is_survived_and_said() {
    let broken = bytes("broken.mp4", || {
        let mut all = fs::read(whole()).unwrap();
        let middle = all.len() / 2;
        all[middle..middle + 4000].fill(0x5a);
        all
    });
    let (errors, notes) = usable(&broken);
    assert!(!errors.is_empty());
    assert!(notes.contains("note: "), "{notes}");
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let user = User::new();
    let folder = user.path("folder.mp4");
    fs::create_dir(&folder).unwrap();
    let pipe = user.path("pipe.mp4");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let before = user.files();
    for input in [folder.as_path(), &pipe, Path::new("/dev/zero"), &user.path("missing.mp4"), &user.path("")]
    {
        let name = input.to_str().unwrap();
        user.stamp(input, &user.path("out.mp4"), "").refusal(name);
        let answer = user.verify(input, "");
        answer.complaint(name);
        assert!(answer.json()["verdict"].is_null());
    }
    assert_eq!(user.files(), before);
    assert!(!user.home().exists(), "an identity was made for nothing");
}

#[test]
fn a_file_that_may_not_be_read_is_refused() {
    let user = User::new();
    let locked = user.path("locked.mp4");
    fs::copy(crate::clip::small(), &locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&locked).is_ok() {
        println!("skipped: this account may read everything");
        return;
    }
    let said = user.stamp(&locked, &user.path("out.mp4"), "").refusal("locked.mp4");
    assert!(said.contains("ermission denied"), "{said}");
    user.verify(&locked, "").complaint("locked.mp4");
    assert_eq!(user.files(), ["locked.mp4"]);
}

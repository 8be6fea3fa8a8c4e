//! Picture signatures, held against those of the program `ffmpeg`, which iscc-sdk takes.

use std::path::Path;

use filigrane_frame::{FrameSignature, Limits};
use filigrane_media::{Cancel, Decoder, Error, SignatureSampler};

use crate::clips::Clips;

fn ours(path: &Path) -> Result<Vec<FrameSignature>, Error> {
    let mut decoder = Decoder::open(path, &Limits::default(), &Cancel::default())?;
    let mut sampler = SignatureSampler::new(decoder.info());
    while let Some(picture) = decoder.next_picture()? {
        sampler.push(&picture);
    }
    sampler.finish()
}

/// What `ffmpeg -vf fps=5,signature` writes, as the values of each picture. A picture that stays is repeated there.
fn theirs(clips: &Clips, name: &str) -> Vec<Vec<u8>> {
    clips.make("-", &format!("-i {name} -an -vf fps=5,signature=format=xml:filename={name}.xml -f null"));
    let text = std::fs::read_to_string(clips.path(&format!("{name}.xml"))).expect("written");
    let mut pictures: Vec<Vec<u8>> = text
        .split("<FrameSignature>")
        .skip(1)
        .map(|rest| {
            let values = rest.split("</").next().unwrap_or_default().split_whitespace();
            values.map(|value| value.parse().expect("a value")).collect()
        })
        .collect();
    pictures.dedup();
    pictures
}

#[test]
fn signatures_are_those_of_the_program_ffmpeg() {
    let clips = Clips::new();
    let noisy = "-f lavfi -i testsrc2=size=SIZE:rate=RATE:duration=3,noise=alls=20:allf=t";
    let cases = [
        ("plain.mp4", "640x360", "25", "-c:v libx264 -preset ultrafast"),
        ("odd.mp4", "322x178", "30000/1001", "-c:v libx264 -preset ultrafast -bf 2"),
        ("slow.webm", "160x120", "3", "-c:v libvpx-vp9 -cpu-used 8"),
        ("fast.mkv", "128x96", "60", "-c:v ffv1"),
        (
            "ten.mkv",
            "256x144",
            "24",
            "-c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params log-level=none",
        ),
        ("full.avi", "320x240", "15", "-c:v mjpeg -pix_fmt yuvj422p"),
        ("tall.mp4", "240x426", "29.97", "-c:v libx264 -preset ultrafast"),
    ];
    for (name, size, rate, coding) in cases {
        clips.make(name, &format!("{} {coding}", noisy.replace("SIZE", size).replace("RATE", rate)));
        agree(&clips, name);
    }
    for degrees in [90, 180, 270] {
        let name = format!("turned{degrees}.mp4");
        clips.make(&name, &format!("-i odd.mp4 -c copy -metadata:s:v rotate={degrees}"));
        agree(&clips, &name);
    }
}

fn agree(clips: &Clips, name: &str) {
    let mut ours: Vec<Vec<u8>> =
        ours(&clips.path(name)).expect("signatures").iter().map(|one| one.values().collect()).collect();
    ours.dedup();
    let theirs = theirs(clips, name);
    assert!(theirs.len() >= 8, "{name}: {}", theirs.len());
    assert!(theirs.iter().all(|picture| picture.len() == FrameSignature::LENGTH));
    assert_eq!(ours.len(), theirs.len(), "{name}");
    let unlike = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs).count();
    assert_eq!(unlike, 0, "{name}: of {} pictures", ours.len());
}

#[test]
fn a_single_picture_has_one_and_pictures_that_are_too_small_have_none() {
    let clips = Clips::new();
    clips.make("one.mkv", "-f lavfi -i testsrc2=size=64x64:rate=25 -frames:v 1 -c:v ffv1");
    assert_eq!(ours(&clips.path("one.mkv")).expect("one picture").len(), 1);
    clips.make("low.mkv", "-f lavfi -i testsrc2=size=640x24:rate=25:duration=1 -c:v ffv1");
    let error = ours(&clips.path("low.mkv")).expect_err("24 rows");
    assert_eq!(error.to_string(), "no picture signatures at 640x24");
}

#[test]
fn gaps_of_hours_cost_no_more_than_the_pictures_about_them() {
    let clips = Clips::new();
    clips.make(
        "gap.mkv",
        "-f lavfi -i testsrc2=size=64x64:rate=25:duration=0.4 -vf setpts=N*7200/TB -c:v ffv1 -fps_mode vfr",
    );
    let found = ours(&clips.path("gap.mkv")).expect("signatures");
    assert!((9..=10).contains(&found.len()), "{}", found.len());
}

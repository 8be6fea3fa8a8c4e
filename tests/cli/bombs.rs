//! Small files that claim to be huge: refused by a limit, with the reason, before they cost anything.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::clip::{ffmpeg, small};
use crate::program::User;

/// On a machine that does other things too; `scripts/bench-hostile.py` measures.
const PATIENCE: Duration = Duration::from_secs(20);

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
}

fn element(identifier: &[u8], content: &[u8]) -> Vec<u8> {
    [identifier, &(content.len() as u64 | 1 << 56).to_be_bytes(), content].concat()
}

fn position(bytes: &[u8], kind: &[u8; 4]) -> usize {
    bytes.windows(4).position(|window| window == kind).expect("the box is there")
}

fn type_box() -> Vec<u8> {
    boxed(b"ftyp", b"isom\0\0\x02\0isomiso2mp41")
}

fn frames_claimed(path: &Path) {
    let mut bytes = fs::read(small()).unwrap();
    let count = position(&bytes, b"stts") + 12;
    bytes[count..count + 4].copy_from_slice(&1_000_000_000_u32.to_be_bytes());
    let sizes = position(&bytes, b"stsz") + 8;
    bytes[sizes..sizes + 8].copy_from_slice(&[0, 0, 0, 100, 0x3b, 0x9a, 0xca, 0]);
    fs::write(path, bytes).unwrap();
}

fn pixels_claimed(path: &Path) {
    ffmpeg("-f lavfi -i testsrc2=size=160x128:rate=25 -t 0.1 -c:v mjpeg", path);
    let mut bytes = fs::read(path).unwrap();
    let form = position(&bytes, b"strf") + 12;
    for side in [form, form + 4] {
        bytes[side..side + 4].copy_from_slice(&16384_u32.to_le_bytes());
    }
    fs::write(path, bytes).unwrap();
}

/// The container says 160x128; each JPEG picture in it says that it has 16384x16384.
fn pixels_hidden(path: &Path) {
    ffmpeg("-f lavfi -i testsrc2=size=160x128:rate=25 -t 0.1 -c:v mjpeg", path);
    let mut bytes = fs::read(path).unwrap();
    let frames: Vec<usize> = bytes
        .windows(9)
        .enumerate()
        .filter(|(_, window)| window.starts_with(&[0xff, 0xc0, 0, 17, 8, 0, 128, 0, 160]))
        .map(|(at, _)| at)
        .collect();
    assert!(!frames.is_empty());
    for at in frames {
        bytes[at + 5..at + 9].copy_from_slice(&[0x40, 0, 0x40, 0]);
    }
    fs::write(path, bytes).unwrap();
}

fn tiny_boxes(path: &Path) {
    let bytes = [type_box(), boxed(b"moov", &boxed(b"free", b"").repeat(2_500_000))].concat();
    fs::write(path, bytes).unwrap();
}

fn nested(path: &Path) {
    let inner = (0..20_000).fold(Vec::new(), |inner, _| boxed(b"moov", &inner));
    fs::write(path, [type_box(), inner].concat()).unwrap();
}

fn sparse(path: &Path, head: &[u8]) {
    fs::write(path, head).unwrap();
    File::options().write(true).open(path).unwrap().set_len(2 << 30).unwrap();
}

fn matroska(tracks: &[u8]) -> Vec<u8> {
    let segment = element(b"\x16\x54\xae\x6b", tracks);
    let head = element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"matroska"));
    [head, element(b"\x18\x53\x80\x67", &segment)].concat()
}

#[test]
fn bombs_are_refused_by_a_limit_with_the_reason_and_in_time() {
    let user = User::new();
    type Make = fn(&Path);
    let bombs: [(&str, Make, &str); 9] = [
        ("frames.mp4", frames_claimed, "1000000000 pictures are over the limit"),
        ("pixels.avi", pixels_claimed, "16384x16384 pictures are over the limit"),
        ("hidden.avi", pixels_hidden, "no picture of it could be decoded"),
        ("tiny.mp4", tiny_boxes, "more boxes than any video needs"),
        ("nested.mp4", nested, "nested over 32 deep"),
        (
            "sparse.mp4",
            |path| sparse(path, &[type_box(), b"\x7f\xff\xff\xffmdat".to_vec()].concat()),
            "file of holes",
        ),
        ("sparse.mkv", |path| sparse(path, &matroska(b"")), "file of holes"),
        (
            "streams.mkv",
            |path| {
                fs::write(path, matroska(&element(b"\xae", &element(b"\x83", b"\x01")).repeat(1_000_000)))
                    .unwrap()
            },
            "65 streams or more are over the limit of 64",
        ),
        (
            "streams.mp4",
            |path| {
                let tracks = boxed(b"moov", &boxed(b"trak", b"").repeat(1_000_000));
                fs::write(path, [type_box(), tracks].concat()).unwrap();
            },
            "65 streams or more are over the limit of 64",
        ),
    ];
    for (name, make, reason) in bombs {
        let path = user.path(name);
        make(&path);
        for jail in ["--jail required", "--jail off"] {
            let start = Instant::now();
            let answer = user.verify(&path, jail);
            assert!(start.elapsed() < PATIENCE, "{name} took {:?}", start.elapsed());
            let complaint = answer.complaint(name);
            assert!(complaint.contains(reason), "{name}: {complaint}");
        }
        fs::remove_file(&path).unwrap();
    }
}

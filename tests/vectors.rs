//! Holds the embedders against `tests/vectors/watermark.txt` and `audio.txt`, the files that other implementations
//! check themselves with.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use filigrane::frame::{ColourRange, LumaLayout, LumaMut};
use filigrane::watermark::audio::{AudioEmbedder, louder_cells};
use filigrane::watermark::{Embedder, Key, Payload, Strength};
use sha2::{Digest, Sha256};

const SOUND: &str = include_str!("vectors/audio.txt");
const VECTORS: &str = include_str!("vectors/watermark.txt");

/// The picture that the vectors start from, as its header describes it.
fn picture(layout: LumaLayout, number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for y in 0..layout.height {
        for x in (0..layout.width).map(|x| x + 5 * number) {
            let code = (40 + (3 * x + 5 * y + x * y / 16) % 150) << (layout.bits - 8);
            bytes.extend_from_slice(&code.to_le_bytes()[..layout.bytes_per_sample()]);
        }
    }
    bytes
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn key(digits: &str) -> Key {
    Key::new(std::array::from_fn(|index| {
        u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).expect("64 hexadecimal digits")
    }))
}

/// The vectors of a file, each a table of names and values.
fn vectors(text: &str) -> impl Iterator<Item = HashMap<&str, &str>> {
    let pairs = |block| str::lines(block).filter(|line| !line.starts_with('#'));
    let tables =
        text.split("\n\n").map(move |block| pairs(block).filter_map(|line| line.split_once(": ")).collect());
    tables.filter(|table: &HashMap<_, _>| !table.is_empty())
}

/// What a vector says of its marked pictures, computed anew.
fn compute(vector: &HashMap<&str, &str>) -> Vec<(String, String)> {
    let number = |name: &str| -> usize { vector[name].parse().expect("a number") };
    let bits = number("bits") as u32;
    let (width, height) = (number("width"), number("height"));
    let range = if vector["range"] == "full" { ColourRange::Full } else { ColourRange::Limited };
    let layout = LumaLayout { width, height, stride: width * if bits == 8 { 1 } else { 2 }, bits, range };
    let strength = Strength::new(vector["strength"].parse().expect("a number")).expect("in range");
    let payload: Payload = vector["payload"].parse().expect("16 hexadecimal digits");
    let mut embedder =
        Embedder::new(&key(vector["key"]), payload, width, height, strength).expect("large enough");
    let mut lines = Vec::new();
    for number in 0..2 {
        let mut bytes = picture(layout, number);
        lines.push((format!("picture-{number}-before"), hexadecimal(&Sha256::digest(&bytes))));
        embedder.mark(&mut LumaMut::new(layout, &mut bytes).expect("fits")).expect("same size");
        let samples: Vec<String> = bytes
            .chunks_exact(layout.bytes_per_sample())
            .take(16)
            .map(|code| code.iter().rev().fold(0u32, |value, &byte| value << 8 | u32::from(byte)).to_string())
            .collect();
        lines.push((format!("picture-{number}-start"), samples.join(" ")));
        lines.push((format!("picture-{number}-after"), hexadecimal(&Sha256::digest(&bytes))));
    }
    lines
}

#[test]
fn marked_pictures_are_those_of_the_published_vectors() {
    let mut count = 0;
    for vector in vectors(VECTORS) {
        for (name, value) in compute(&vector) {
            assert_eq!(vector.get(name.as_str()), Some(&value.as_str()), "{name} of {}", vector["name"]);
        }
        count += 1;
    }
    assert_eq!(count, 3, "all vectors of the file are read");
}

/// The sound that the vectors start from, as the header of their file describes it.
fn sound(rate: usize) -> Vec<f32> {
    let sample = |n: usize| {
        let noise = (n * n % 10_007 * (n % 1_009) % 4_001) as f32 - 2000.0;
        let tone = (n * 1_320 % rate) as f32 / rate as f32 - 0.5;
        noise / 20_000.0 + 0.4 * tone
    };
    (0..rate).map(sample).collect()
}

#[test]
fn marked_sound_is_that_of_the_published_vectors() {
    let mut count = 0;
    for vector in vectors(SOUND) {
        let (key, name) = (key(vector["key"]), vector["name"]);
        let payload: Payload = vector["payload"].parse().expect("16 hexadecimal digits");
        let rate: u32 = vector["rate"].parse().expect("a number");
        let cells = louder_cells(&key, payload);
        let bytes: Vec<u8> =
            cells.chunks(8).map(|bits| bits.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit))).collect();
        assert_eq!(hexadecimal(&bytes), vector["louder"], "cells of {name}");
        let mut embedder =
            AudioEmbedder::new(&key, payload, rate, 1, None, Strength::default()).expect("usual");
        let mut marked = embedder.push(&[sound(rate as usize)]).remove(0);
        marked.extend(embedder.finish().remove(0));
        let step = marked.len() / 24;
        let shown: Vec<String> = marked
            .iter()
            .skip(step / 2)
            .step_by(step)
            .take(24)
            .map(|sample| format!("{sample:.5}"))
            .collect();
        for (found, expected) in shown.iter().zip(vector["marked"].split(' ')) {
            let number = |text: &str| text.parse::<f32>().expect("a number");
            let near = (number(found) - number(expected)).abs() < 2.5e-5;
            assert!(near, "{name}: {found} for {expected} in {}", shown.join(" "));
        }
        count += 1;
    }
    assert_eq!(count, 2, "all vectors of the file are read");
}

/// Names the folder of ThreatExchange's samples: `tmk/sample-videos/NAME.mp4`, `vpdq/sample-hashes/NAME.txt`.
const THREATEXCHANGE: &str = "FILIGRANE_TEST_THREATEXCHANGE";

#[test]
fn pdq_hashes_of_frames_are_those_of_the_reference() {
    use filigrane::fingerprint::{PDQ_QUALITY, PDQ_SAME, Pdq};
    use filigrane::frame::Limits;
    use filigrane::media::{Cancel, Decoder};

    let Some(folder) = std::env::var_os(THREATEXCHANGE).map(PathBuf::from) else {
        eprintln!("skipped: {THREATEXCHANGE} names no folder with ThreatExchange's samples");
        return;
    };
    let mut compared = 0;
    for name in ["pattern-sd-grey-bar", "pattern-sd-with-small-logo-bar", "pattern-sd-with-large-logo-bar"] {
        let video = folder.join(format!("tmk/sample-videos/{name}.mp4"));
        let text = fs::read_to_string(folder.join(format!("vpdq/sample-hashes/{name}.txt"))).expect("hashes");
        let mut decoder = Decoder::open(&video, &Limits::default(), &Cancel::default()).expect("a video");
        let (mut worst, mut sum) = (0, 0);
        let mut count = 0;
        for line in text.lines() {
            let picture = decoder.next_picture().expect("readable").expect("as many pictures as hashes");
            let (hash, quality) = Pdq::of(picture.luma()).expect("samples");
            let fields: Vec<&str> = line.split(',').collect();
            let expected: Pdq = fields[2].parse().expect("a hash");
            let of: u8 = fields[1].parse().expect("a quality");
            assert!(quality.abs_diff(of) <= 5, "{name} {}: quality {quality}, not {of}", fields[0]);
            if of < PDQ_QUALITY {
                continue;
            }
            let distance = hash.distance(&expected);
            (worst, sum, count) = (worst.max(distance), sum + distance, count + 1);
        }
        eprintln!(
            "{name}: {count} frames, distance {worst} at most, {:.2} on average",
            f64::from(sum) / f64::from(count)
        );
        assert!(worst <= PDQ_SAME && sum <= 4 * count, "{name}: {worst} at most, {sum} over {count}");
        compared += count;
    }
    assert!(compared > 300, "{compared}");
}

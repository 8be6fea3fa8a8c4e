//! Holds the embedder against `tests/vectors/watermark.txt`, the file that other implementations check themselves with.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

use std::collections::HashMap;

use filigrane::frame::{ColourRange, LumaLayout, LumaMut};
use filigrane::watermark::{Embedder, Key, Payload, Strength};
use sha2::{Digest, Sha256};

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
    for block in VECTORS.split("\n\n") {
        let vector: HashMap<&str, &str> = block
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once(": "))
            .collect();
        if vector.is_empty() {
            continue;
        }
        for (name, value) in compute(&vector) {
            assert_eq!(vector.get(name.as_str()), Some(&value.as_str()), "{name} of {}", vector["name"]);
        }
        count += 1;
    }
    assert_eq!(count, 3, "all vectors of the file are read");
}

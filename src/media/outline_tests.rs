use std::io::Cursor;

use super::*;

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
}

fn element(identifier: &[u8], content: &[u8]) -> Vec<u8> {
    let size = content.len() as u64 | 1 << 56;
    [identifier, &size.to_be_bytes(), content].concat()
}

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let padding = &[0][..content.len() % 2];
    [&kind[..], &(content.len() as u32).to_le_bytes(), content, padding].concat()
}

fn track(handler: &[u8; 4], count: u32, size: (u16, u16)) -> Vec<u8> {
    let table = boxed(b"stsz", &[[0; 8].as_slice(), &count.to_be_bytes()].concat());
    let entry = [&[0; 40][..], &size.0.to_be_bytes(), &size.1.to_be_bytes(), &[0; 30]].concat();
    let tables = boxed(b"stbl", &[boxed(b"stsd", &entry), table].concat());
    let media =
        [boxed(b"hdlr", &[&[0; 8][..], handler, &[0; 12]].concat()), boxed(b"minf", &tables)].concat();
    boxed(b"trak", &boxed(b"mdia", &media))
}

fn mp4(moov: &[u8]) -> Vec<u8> {
    [boxed(b"ftyp", b"isom\0\0\0\0isom"), boxed(b"moov", moov), boxed(b"mdat", &[0; 100])].concat()
}

fn matroska(tracks: &[u8]) -> Vec<u8> {
    let head = element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"matroska"));
    let segment = [element(b"\x16\x54\xae\x6b", tracks), element(b"\x1f\x43\xb6\x75", &[0; 50])].concat();
    [head, element(b"\x18\x53\x80\x67", &segment)].concat()
}

fn entry(width: u32, height: u32) -> Vec<u8> {
    let video = [element(b"\xb0", &width.to_be_bytes()), element(b"\xba", &height.to_be_bytes())].concat();
    element(b"\xae", &[element(b"\xd7", b"\x01"), element(b"\xe0", &video)].concat())
}

fn avi(streams: usize, width: i32, height: i32) -> Vec<u8> {
    let form = [40_i32.to_le_bytes(), width.to_le_bytes(), height.to_le_bytes()].concat();
    let list = |kind: &[u8; 4], content: &[u8]| chunk(b"LIST", &[kind, content].concat());
    let stream = [chunk(b"strh", b"vidsMJPG"), chunk(b"strf", &form)].concat();
    let header = list(b"hdrl", &list(b"strl", &stream).repeat(streams));
    chunk(b"RIFF", &[&b"AVI "[..], &header, &list(b"movi", &[0; 64])].concat())
}

fn told(bytes: &[u8]) -> Result<(), String> {
    walk(Cursor::new(bytes), bytes.len() as u64, &Limits::default(), &Cancel::default())
}

#[test]
fn usual_files_pass() {
    let sound = track(b"soun", u32::MAX, (0, 0));
    for bytes in [
        mp4(&[track(b"vide", 5000, (1920, 1080)), sound].concat()),
        mp4(&boxed(b"udta", &boxed(b"meta", &[0; 64]))),
        matroska(&[entry(8192, 8192), element(b"\xae", b"")].concat()),
        avi(2, 1920, -1080),
        b"no video at all".to_vec(),
        Vec::new(),
    ] {
        assert_eq!(told(&bytes), Ok(()));
    }
}

#[test]
fn claims_over_a_limit_are_refused_with_the_reason() {
    let nested = (0..100).fold(Vec::new(), |inner, _| boxed(b"trak", &inner));
    let nested_top = (0..100).fold(Vec::new(), |inner, _| boxed(b"moov", &inner));
    for (bytes, reason) in [
        (mp4(&track(b"vide", 1_000_000_000, (16, 16))), "1000000000 pictures"),
        (mp4(&track(b"vide", 1, (16384, 16384))), "16384x16384 pictures"),
        (mp4(&track(b"soun", 1, (0, 0)).repeat(65)), "65 streams or more are over the limit of 64"),
        (mp4(&boxed(b"free", b"").repeat(50_000)), "more boxes"),
        (mp4(&nested), "nested over 32 deep"),
        ([boxed(b"ftyp", b"isom\0\0\0\0"), nested_top].concat(), "nested over 32 deep"),
        (matroska(&entry(16, 16).repeat(65)), "65 streams or more are over the limit of 64"),
        (matroska(&entry(16384, 16384)), "16384x16384 pictures"),
        (matroska(&entry(u32::MAX, u32::MAX)), "4294967295x4294967295 pictures"),
        (matroska(&element(b"\xec", b"").repeat(50_000)), "more elements"),
        (avi(1, 16384, -16384), "16384x16384 pictures"),
        (avi(65, 16, 16), "65 streams or more are over the limit of 64"),
    ] {
        let why = told(&bytes).expect_err(reason);
        assert!(why.contains(reason), "{why}");
    }
}

#[test]
fn no_mutation_of_a_structure_panics_or_is_walked_for_ever() {
    let seeds = [
        mp4(&[track(b"vide", 50, (640, 360)), track(b"soun", 9, (0, 0))].concat()),
        matroska(&entry(640, 360)),
        avi(2, 640, 360),
    ];
    let mut state = 1_u64;
    let mut roll = |sides: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % sides
    };
    for round in 0..60_000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..=roll(5) {
            let at = roll(bytes.len());
            match roll(5) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes[at] = 0xff,
                2 => bytes[at] = 0,
                3 => bytes[at] = roll(256) as u8,
                _ => {
                    let part = bytes[at..(at + 40).min(bytes.len())].to_vec();
                    bytes.splice(at..at, part);
                }
            }
        }
        // Whatever it says: in reads bounded by the limits on elements.
        let _ = told(&bytes);
    }
}

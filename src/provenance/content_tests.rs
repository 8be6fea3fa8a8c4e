use std::io::Cursor;
use std::time::Duration;

use c2pa::HashRange;
use c2pa::assertions::{BmffHash, DataHash};

use super::*;
use crate::container::C2PA_BOX;

fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
}

fn wide(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&1_u32.to_be_bytes()[..], kind, &(body.len() as u64 + 16).to_be_bytes(), body].concat()
}

fn later() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// What the engine writes into the manifest of a file.
fn bound(file: &[u8]) -> Value {
    let mut hash = BmffHash::new("jumbf manifest", "sha256", None);
    hash.set_default_exclusions();
    hash.gen_hash_from_stream(&mut Cursor::new(file)).unwrap();
    let mut value = serde_json::to_value(&hash).unwrap();
    value["hash"] = format!("b64'{}'", STANDARD.encode(hash.hash().unwrap())).into();
    value
}

fn read(value: Value) -> Option<Binding> {
    binding(&serde_json::json!({ "assertions": { "c2pa.actions.v2": {}, "c2pa.hash.bmff.v3": value } }))
}

fn samples() -> Vec<Vec<u8>> {
    let start = boxed(b"ftyp", b"isom\0\0\0\0isom");
    let manifest = boxed(b"uuid", &[&C2PA_BOX[..], b"\0\0\0\0manifest\0", &[7; 40]].concat());
    let other = boxed(b"uuid", &[&[9; 16][..], b"mine"].concat());
    let movie = boxed(b"moov", &boxed(b"mvhd", &[1; 100]));
    let media = boxed(b"mdat", &[5; 3000]);
    let (pad, index) = (boxed(b"free", &[0; 50]), boxed(b"mfra", &boxed(b"mfro", &[3; 8])));
    let last = [&0_u32.to_be_bytes()[..], b"mdat", &[6; 500]].concat();
    let of = |parts: &[&[u8]]| parts.concat();
    vec![
        of(&[&start, &manifest, &movie, &media]),
        of(&[&start, &manifest, &pad, &wide(b"mdat", &[4; 2_500_000]), &movie]),
        of(&[&start, &manifest, &movie, &media, &media, &index]),
        of(&[&start, &manifest, &other, &pad, &movie, &pad, &media, &pad]),
        of(&[&start, &movie, &last]),
        of(&[&start, &manifest, &media]),
    ]
}

#[test]
fn the_hash_is_the_one_that_the_engine_makes() {
    for (index, file) in samples().iter().enumerate() {
        let binding = read(bound(file)).expect("a binding of the usual form");
        let found = compare(&binding, &mut Cursor::new(file), later()).unwrap();
        assert_eq!(found, Some(true), "sample {index}");
    }
}

#[test]
fn a_changed_byte_is_seen_wherever_the_engine_sees_it() {
    for (index, file) in samples().iter().enumerate().filter(|(_, file)| file.len() < 100_000) {
        let value = bound(file);
        let mut engine = BmffHash::new("jumbf manifest", "sha256", None);
        engine.set_default_exclusions();
        engine.gen_hash_from_stream(&mut Cursor::new(file)).unwrap();
        for position in (0..file.len()).step_by(7) {
            let mut changed = file.clone();
            changed[position] ^= 0x20;
            let binding = read(value.clone()).unwrap();
            let ours = compare(&binding, &mut Cursor::new(&changed), later()).unwrap();
            let theirs = engine.verify_stream_hash(&mut Cursor::new(changed), None).is_ok();
            // Where ours is silent, the engine is asked. In an index that no hash covers, it minds the structure alone.
            let free = index == 2 && position + 24 >= file.len();
            assert!(
                ours.is_none_or(|ours| ours == theirs) || free,
                "sample {index}, byte {position}: {ours:?}"
            );
        }
    }
}

#[test]
fn bytes_left_out_by_their_place_are_those_that_the_engine_leaves_out() {
    let file: Vec<u8> = (0..3_000_000_u32).map(|index| (index / 7) as u8).collect();
    for ranges in
        [&[][..], &[(10, 5)], &[(0, 100), (2_000_000, 1000)], &[(50, 100), (20, 200)], &[(2_999_990, 10)]]
    {
        let mut theirs = DataHash::new("whole", "sha256");
        ranges.iter().for_each(|(start, length)| theirs.add_exclusion(HashRange::new(*start, *length)));
        theirs.gen_hash_from_stream(&mut Cursor::new(&file)).unwrap();
        let mut value = serde_json::to_value(&theirs).unwrap();
        value["hash"] = format!("b64'{}'", STANDARD.encode(&theirs.hash)).into();
        value["pad"] = "b64''".into();
        let of = |value: Value, file: &[u8]| {
            let manifest = serde_json::json!({ "assertions": { "c2pa.hash.data": value } });
            let binding = binding(&manifest).expect("a binding of the usual form");
            compare(&binding, &mut Cursor::new(file), later()).unwrap()
        };
        assert_eq!(of(value.clone(), &file), Some(true), "{ranges:?}");
        let mut changed = file.clone();
        changed[1_000_000] ^= 1;
        assert_eq!(of(value.clone(), &changed), Some(false), "{ranges:?}");
        value["exclusions"] = serde_json::json!([{ "start": u64::MAX, "length": 9 }]);
        assert_eq!(of(value.clone(), &file), None);
        value["exclusions"] = serde_json::json!([{ "start": 2_999_999, "length": 2 }]);
        assert_eq!(of(value, &file), None);
    }
}

#[test]
fn bindings_of_other_forms_are_left_to_the_engine() {
    let value = bound(&samples()[0]);
    assert!(read(value.clone()).is_some());
    let with = |pointer: &str, put: Value| {
        let mut value = value.clone();
        value[pointer] = put;
        read(value).is_none()
    };
    assert!(with("merkle", serde_json::json!([])));
    assert!(with("exclusions", serde_json::json!([])));
    assert!(with("exclusions", serde_json::json!([{ "xpath": "/moov/trak" }])));
    assert!(with("exclusions", serde_json::json!([{ "xpath": "/moov[1]" }])));
    for more in ["length", "subset", "version", "flags", "exact"] {
        assert!(with("exclusions", serde_json::json!([{ "xpath": "/ftyp", more: 1 }])), "{more}");
    }
    let two = serde_json::json!({ "assertions": { "c2pa.hash.bmff.v3": value, "c2pa.hash.data": {} } });
    assert!(binding(&two).is_none());
    let first = serde_json::json!({ "assertions": { "c2pa.hash.bmff": value } });
    assert!(binding(&first).is_none());
}

#[test]
fn broken_boxes_unknown_hashes_and_a_time_that_is_up_are_left_to_the_engine() {
    let file = &samples()[0];
    let binding = read(bound(file)).unwrap();
    let of = |file: &[u8], deadline| compare(&binding, &mut Cursor::new(file), deadline).unwrap();
    assert_eq!(of(&[file, &b"tail"[..]].concat(), later()), None);
    assert_eq!(of(&file[..file.len() - 1], later()), None);
    assert_eq!(of(file, Instant::now() - Duration::from_secs(1)), None);
    let mut value = bound(file);
    value["alg"] = "md5".into();
    assert_eq!(compare(&read(value).unwrap(), &mut Cursor::new(file), later()).unwrap(), None);
}

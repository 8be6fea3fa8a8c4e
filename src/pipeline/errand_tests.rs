use filigrane_fingerprint::Sampler;
use filigrane_frame::{ColourRange, LumaLayout, LumaRef};
use filigrane_provenance::{Asset, Track, TrustAnchors, read_asset};

use super::*;
use crate::seen::tests::seen;
use crate::tracks::Streamed;

fn pictures() -> crate::pictures::Pictures {
    let layout = LumaLayout { width: 40, height: 30, stride: 40, bits: 8, range: ColourRange::Limited };
    let mut sampler = Sampler::default();
    sampler.push(LumaRef::new(layout, &[100; 1200]).expect("fits"), 0.0);
    crate::pictures::Pictures {
        file: None,
        width: 40,
        height: 30,
        duration: 0.04,
        fingerprint: sampler.finish().map(|samples| filigrane_fingerprint::Fingerprint::of(&samples)),
        code: None,
        thumbnail: Some(vec![0xff, 0xd8, 0xff, 0xe0]),
        frames: 1,
        luma_psnr: Some(46.5),
        audio_snr: None,
        audio_nmr: Some(f64::INFINITY),
        notes: vec!["a note".to_owned()],
    }
}

fn told() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("nothing.mp4");
    std::fs::write(&path, "no video").expect("written");
    let read = read_asset(&Asset::named(&path), &TrustAnchors::empty(), None, &Limits::default());
    let mut with_pictures = seen();
    let layout = LumaLayout { width: 40, height: 30, stride: 40, bits: 8, range: ColourRange::Limited };
    let mut sampler = Sampler::default();
    sampler.push(LumaRef::new(layout, &[100; 1200]).expect("fits"), 0.0);
    with_pictures.samples = sampler.finish();
    let all = [
        Told::Level(7),
        Told::Step(3, Some(9)),
        Told::Reading(Reading::of(read, None, "nothing.mp4")),
        Told::Seen(Box::new(with_pictures)),
        Told::Unseen(Failing::from(crate::error::Error::Nothing)),
        Told::Opened("mp4".to_owned(), 640, 360),
        Told::Made(Box::new(Made::from(pictures()))),
        Told::Heritage(Some("{}".to_owned()), Some(serde_bytes::ByteBuf::from(vec![0; 40])), None),
        Told::Code(Some([7; 32])),
        Told::Document(Some("{}".to_owned())),
        Told::Failed(Failing::from(crate::error::Error::Nothing)),
    ];
    all.iter().map(encoded).collect()
}

#[test]
fn all_that_is_told_comes_back_as_it_was() {
    for (number, message) in told().into_iter().enumerate() {
        let again = encoded(&Told::parse(&message).expect("its own message"));
        assert_eq!(again, message);
        // What scripts/fuzz.sh begins with.
        if let Some(folder) = std::env::var_os("FILIGRANE_SEEDS") {
            std::fs::write(std::path::Path::new(&folder).join(number.to_string()), message).expect("written");
        }
    }
}

/// SplitMix64: the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}

#[test]
fn no_mutation_of_a_message_panics_and_what_is_taken_can_be_told_again() {
    let originals = told();
    let (mut taken, mut refused) = (0, 0);
    for seed in 0..20_000 {
        let mut dice = Dice(seed);
        let mut bytes = originals[dice.roll(originals.len())].clone();
        for _ in 0..=dice.roll(6) {
            let at = dice.roll(bytes.len().max(1));
            match dice.roll(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at.min(bytes.len()), dice.roll(256) as u8),
                _ if bytes.is_empty() => {}
                2 => bytes[at] = [0x1b, 0x3b, 0x5b, 0x9b, 0xbb, 0xfb, 0xff, 0x00][dice.roll(8)],
                _ => bytes[at] ^= 1 << dice.roll(8),
            }
        }
        match Told::parse(&bytes) {
            Ok(told) => {
                assert!(Told::parse(&encoded(&told)).is_ok(), "seed {seed}");
                taken += 1;
            }
            Err(why) => {
                assert!(!why.is_empty() && why.len() < 200, "seed {seed}: {why}");
                refused += 1;
            }
        }
    }
    assert!(taken > 500 && refused > 5000, "{taken} taken, {refused} refused");
}

#[test]
fn lengths_that_promise_more_than_came_take_no_memory() {
    for head in [
        &b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff"[..],
        b"\xbb\x00\x00\xff\xff\xff\xff\xff\xff",
        b"\x5b\x00\xff\xff\xff\xff\xff\xff\xff",
    ] {
        assert!(Told::parse(head).is_err());
        // As the content of an answer.
        let unseen = [b"\xa1\x66Unseen", head].concat();
        assert!(Told::parse(&unseen).is_err());
    }
    assert!(Told::parse(&[0x81; 100_000]).is_err(), "nested");
}

#[test]
fn errands_come_back_as_they_were() {
    let folder = tempfile::tempdir().expect("a folder");
    let [init, one, two] = ["init.mp4", "1.m4s", "2.m4s"].map(|name| folder.path().join(name));
    for path in [&init, &one, &two] {
        std::fs::write(path, "content").expect("written");
    }
    let track = Track { init, fragments: vec![one, two] };
    let stream = Streamed::of(std::slice::from_ref(&track), true, &Limits::default()).expect("names");
    let errand = Errand {
        name: b"caf\xe9.mp4".to_vec(),
        beside: vec![serde_bytes::ByteBuf::from(b"caf\xe9.mp4.c2pa".to_vec())],
        stream: Some(stream.named()),
        stages: Stages { credentials: true, watermark: true, fingerprint: false, classifier: false },
        anchors: Vec::new(),
        at: Some(-1),
        keys: vec![Key::public().to_bytes()],
        stills: 6,
        limits: Limits::default(),
        memory: 1 << 30,
        cpu_seconds: 60,
        output: Some(7),
    };
    let again: Errand = decoded(&encoded(&errand)).expect("its own");
    assert_eq!(again.keys(), [Key::public()]);
    let stream = again.stream.expect("a stream");
    assert_eq!((stream.tracks(), stream.whole), (vec![track], true));
    assert_eq!(stream.files().len(), 4, "with a copy of what begins it");
    assert_eq!((again.name, again.limits), (errand.name, errand.limits));
}

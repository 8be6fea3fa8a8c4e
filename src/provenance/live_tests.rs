use super::*;
use crate::sign::tests::{Desk, claim};
use crate::{LiveSegment, Origin};

fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
}

fn segment(number: u8) -> Vec<u8> {
    let header = boxed(b"moof", &boxed(b"mfhd", &[0, 0, 0, 0, 0, 0, 0, number]));
    [boxed(b"styp", b"msdh\0\0\0\0msdh"), header, boxed(b"mdat", &[number; 500])].concat()
}

fn signer(desk: Desk, stream: &str) -> (LiveSigner, TrustAnchors) {
    let Desk { identity, anchors, .. } = desk;
    let claim = claim(Some(Origin::Camera));
    (LiveSigner::new(Arc::new(identity), stream, claim, Limits::default()).unwrap(), anchors)
}

/// So many segments of a stream, signed.
fn stream(count: u8) -> (Vec<Vec<u8>>, TrustAnchors) {
    let (mut signer, anchors) = signer(Desk::new(), "urn:uuid:a-stream");
    let signed = (1..=count).map(|number| signer.sign(&segment(number)).unwrap().bytes);
    (signed.collect(), anchors)
}

fn read_all<'a>(segments: impl IntoIterator<Item = &'a Vec<u8>>, anchors: &TrustAnchors) -> Vec<LiveSegment> {
    let mut reader = LiveReader::new(anchors.clone(), Limits::default());
    segments.into_iter().map(|segment| reader.read(segment).unwrap()).collect()
}

fn states(read: &[LiveSegment]) -> Vec<bool> {
    read.iter().map(|one| one.credentials.state == CredentialState::Trusted).collect()
}

fn has(read: &LiveSegment, code: &str) -> bool {
    read.credentials.codes.iter().any(|found| found == code)
}

#[test]
fn segments_are_signed_and_verified_one_after_another() {
    let (mut signer, anchors) = signer(Desk::new(), "urn:uuid:a-stream");
    let mut reader = LiveReader::new(anchors, Limits::default());
    let mut last = None;
    for number in 1..=4 {
        let plain = segment(number);
        let signed = signer.sign(&plain).unwrap();
        assert_eq!((signed.sequence, signed.notes.len()), (u64::from(number), 0));
        assert!(signed.bytes.starts_with(&plain[..20]) && signed.bytes.ends_with(&plain[20..]));
        assert_ne!(Some(&signed.urn), last.as_ref());
        let read = reader.read(&signed.bytes).unwrap();
        assert_eq!(read.credentials.state, CredentialState::Trusted, "{read:?}");
        assert_eq!(read.credentials.manifest.as_ref(), Some(&signed.urn));
        assert_eq!(
            (read.sequence, read.stream.as_deref()),
            (Some(u64::from(number)), Some("urn:uuid:a-stream"))
        );
        last = Some(signed.urn);
    }
}

#[test]
fn a_stream_may_be_joined_and_jumped_in_where_the_player_says_so() {
    let (segments, anchors) = stream(4);
    assert_eq!(states(&read_all(&segments[2..], &anchors)), [true, true]);
    let mut reader = LiveReader::new(anchors, Limits::default());
    assert_eq!(reader.read(&segments[3]).unwrap().credentials.state, CredentialState::Trusted);
    reader.seek();
    assert_eq!(reader.read(&segments[0]).unwrap().credentials.state, CredentialState::Trusted);
}

#[test]
fn gaps_repeats_and_exchanges_are_noticed() {
    let (segments, anchors) = stream(5);
    let read = read_all([0, 1, 3, 2].map(|index| &segments[index]), &anchors);
    assert_eq!(states(&read), [true, true, false, true], "what follows the last good one still does");
    assert!(has(&read[2], "livevideo.segment.invalid"), "{read:?}");
    let read = read_all([1, 1, 0].map(|index| &segments[index]), &anchors);
    assert_eq!(states(&read), [true, false, false]);
    assert!(read[1..].iter().all(|one| has(one, "livevideo.assertion.invalid")), "{read:?}");
}

#[test]
fn changed_media_exchanged_media_and_other_streams_are_noticed() {
    let (segments, anchors) = stream(3);
    let mut changed = segments[1].clone();
    *changed.last_mut().unwrap() ^= 1;
    let read = read_all([&segments[0], &changed, &segments[1]], &anchors);
    assert_eq!(states(&read), [true, false, true]);
    assert!(has(&read[1], "assertion.bmffHash.mismatch") && has(&read[1], "livevideo.manifest.invalid"));
    let padded = [&segments[1][..], &boxed(b"free", b"smuggled")].concat();
    let read = read_all([&segments[0], &padded], &anchors);
    assert_eq!(states(&read), [true, false]);
    assert!(has(&read[1], "org.filigrane.layout.mismatch"), "{read:?}");
    let media = segments[1].len() - 508;
    let swapped = [&segments[1][..media], &segments[2][segments[2].len() - 508..]].concat();
    assert_eq!(states(&read_all([&segments[0], &swapped], &anchors)), [true, false]);
    let (mut other, theirs) = signer(Desk::new(), "urn:uuid:another");
    let stranger = other.sign(&segment(2)).unwrap().bytes;
    assert_eq!(states(&read_all([&stranger], &theirs)), [true]);
    let read = read_all([&segments[0], &stranger], &anchors);
    assert!(has(&read[1], "livevideo.assertion.invalid"), "{read:?}");
}

#[test]
fn segments_without_a_manifest_or_a_place_are_told_and_none_makes_the_reader_fail() {
    let (segments, anchors) = stream(1);
    let read = read_all([&segment(1)], &anchors);
    assert_eq!(read[0].credentials.state, CredentialState::Absent);
    let twice = [&segments[0][..20], &segments[0][20..segments[0].len() - 528], &segments[0][20..]].concat();
    let read = read_all([&twice], &anchors);
    assert_eq!(read[0].credentials.state, CredentialState::Invalid, "two manifests");
    for length in (0..segments[0].len()).step_by(97) {
        let read = read_all([&segments[0][..length].to_vec()], &anchors);
        assert_ne!(read[0].credentials.state, CredentialState::Trusted, "cut at {length}");
    }
    let (mut signer, _) = signer(Desk::new(), "s");
    let refused = |signer: &mut LiveSigner, bytes: &[u8]| signer.sign(bytes).unwrap_err().to_string();
    assert!(refused(&mut signer, &segments[0]).contains("signed already"));
    assert!(refused(&mut signer, b"nothing of the kind").contains("segment 1"));
    assert!(refused(&mut signer, &boxed(b"styp", b"msdh")).contains("moof"));
    assert_eq!(signer.sign(&segment(1)).unwrap().sequence, 1, "a refusal takes no number");
    let Desk { identity, .. } = Desk::new();
    let made = LiveSigner::new(Arc::new(identity), "s", claim(None), Limits::default());
    assert!(made.err().unwrap().to_string().contains("origin"));
}

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::sign::tests::{Desk, claim};

#[test]
fn a_changed_byte_of_content_makes_the_credentials_invalid() {
    let desk = Desk::new();
    for name in ["a.mp4", "a.avi"] {
        let (path, _) = desk.sign(&desk.video(name), &format!("signed-{name}"), &claim(Some(Origin::Camera)));
        let mut bytes = fs::read(&path).unwrap();
        let at = bytes.windows(4).position(|window| window == b"mdat" || window == b"movi").unwrap() + 64;
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        let found = desk.read(&path);
        assert_eq!(found.state, CredentialState::Invalid, "{name}");
        let explanation = found.explanation.unwrap();
        assert!(explanation.contains("content was changed"), "{explanation}");
        assert!(found.codes.iter().any(|code| code.ends_with("Hash.mismatch")), "{:?}", found.codes);
        assert!(!found.certificate_fault);
        assert_eq!(found.origin, Some(Origin::Camera), "what it claims is still reported");
    }
}

#[test]
fn a_signed_file_cut_anywhere_is_never_an_error_nor_intact() {
    let desk = Desk::new();
    let (path, _) = desk.sign(&desk.video("a.mp4"), "b.mp4", &claim(Some(Origin::Camera)));
    let bytes = fs::read(&path).unwrap();
    let cut = desk.path("cut.mp4");
    for step in 0..40 {
        fs::write(&cut, &bytes[..bytes.len() * step / 40]).unwrap();
        let found = desk.read(&cut);
        assert!(
            matches!(found.state, CredentialState::Invalid | CredentialState::Absent),
            "{step}/40 {found:?}"
        );
        assert!(found.state == CredentialState::Absent || found.explanation.is_some());
    }
}

#[test]
fn flipped_bytes_in_the_manifest_never_crash_and_never_pass() {
    let desk = Desk::new();
    let (_, signed) = desk.sign(&desk.video("a.mp4"), "b.mp4", &claim(Some(Origin::Camera)));
    let intact = read_manifest(&signed.manifest, &desk.anchors, &Limits::default()).unwrap();
    let mut passed = Vec::new();
    for at in (0..signed.manifest.len()).step_by(61) {
        let mut forged = signed.manifest.clone();
        forged[at] ^= 0x55;
        let found = read_manifest(&forged, &desk.anchors, &Limits::default()).unwrap();
        if found.state != CredentialState::Invalid {
            assert_eq!((&found.manifest, &found.origin), (&intact.manifest, &intact.origin), "byte {at}");
            passed.push(at);
        }
    }
    // Box names and the padding after the signature are not covered by any hash; statements all are.
    assert!(passed.len() * 4 < signed.manifest.len() / 61 * 3, "{passed:?}");
}

#[test]
fn nonsense_beside_a_file_is_invalid_and_nonsense_in_it_is_absent() {
    let desk = Desk::new();
    let path = desk.path("a.mkv");
    fs::write(&path, b"\x1a\x45\xdf\xa3 not much of a video").unwrap();
    assert_eq!(desk.read(&path).state, CredentialState::Absent);
    for sidecar in [&b""[..], b"nonsense", &[0xff; 4096]] {
        fs::write(desk.path("a.c2pa"), sidecar).unwrap();
        let found = desk.read(&path);
        assert_eq!(found.state, CredentialState::Invalid);
        assert!(found.explanation.is_some());
        assert_eq!(
            read_manifest(sidecar, &desk.anchors, &Limits::default()).unwrap().state,
            CredentialState::Invalid
        );
    }
    for (name, bytes) in
        [("e.mp4", &b""[..]), ("n.mp4", b"\0\0\0\x08ftyp\0\0"), ("x.bin", b"\0"), ("j.jpg", b"\xff\xd8\xff")]
    {
        let path = desk.path(name);
        fs::write(&path, bytes).unwrap();
        assert_eq!(desk.read(&path).state, CredentialState::Absent, "{name}");
    }
    assert!(matches!(read(&desk.path("none.mp4"), &desk.anchors, &Limits::default()), Err(Error::Io { .. })));
}

#[test]
fn a_manifest_over_the_limit_is_not_loaded() {
    let desk = Desk::new();
    let (path, signed) = desk.sign(&desk.video("a.mp4"), "b.mp4", &claim(Some(Origin::Camera)));
    let limits = Limits { manifest_bytes: 1000, ..Limits::default() };
    let found = read(&path, &desk.anchors, &limits).unwrap();
    assert_eq!(found.state, CredentialState::Invalid);
    assert!(found.explanation.unwrap().contains("over the limit of 1000"));
    assert_eq!(
        read_manifest(&signed.manifest, &desk.anchors, &limits).unwrap().state,
        CredentialState::Invalid
    );
    assert!(store::manifest_bytes(&path, &limits).is_err());
}

#[test]
fn a_statement_that_claims_gigabytes_is_refused_before_they_are_allocated() {
    let desk = Desk::new();
    let (path, signed) = desk.sign(&desk.video("a.mp4"), "b.mp4", &claim(Some(Origin::Camera)));
    let bytes = fs::read(&path).unwrap();
    let lie = b"\x5b\0\0\0\0\xff\xff\xff\xff";
    let content = |bytes: &[u8]| bytes.windows(5).position(|window| window == b"cbor\xa2").unwrap() + 4;
    let mut file = bytes.clone();
    let at = content(&file);
    file[at..at + lie.len()].copy_from_slice(lie);
    fs::write(&path, file).unwrap();
    let mut store = signed.manifest;
    let at = content(&store);
    store[at..at + lie.len()].copy_from_slice(lie);
    for found in [desk.read(&path), read_manifest(&store, &desk.anchors, &Limits::default()).unwrap()] {
        assert_eq!(found.state, CredentialState::Invalid);
        assert!(found.explanation.unwrap().contains("4294967295"));
    }
}

#[test]
fn a_manifest_store_read_as_a_file_is_judged_without_content() {
    let desk = Desk::new();
    let (_, signed) = desk.sign(&desk.video("a.mp4"), "b.mp4", &claim(Some(Origin::Camera)));
    fs::write(desk.path("alone.c2pa"), &signed.manifest).unwrap();
    let found = desk.read(&desk.path("alone.c2pa"));
    assert_eq!((found.state, found.location), (CredentialState::Trusted, Some(Location::Bare)));
}

#[test]
fn an_expired_time_budget_is_an_error_of_kind_limit() {
    let desk = Desk::new();
    let (path, _) = desk.sign(&desk.video("a.mp4"), "b.mp4", &claim(Some(Origin::Camera)));
    let limits = Limits { stall_seconds: -1e6, ..Limits::default() };
    let allowed = read(&path, &desk.anchors, &limits);
    assert!(allowed.is_ok(), "a senseless bound counts as none");
    let context = engine::context(&desk.anchors, Some(Duration::ZERO)).unwrap();
    let error = check(&Asset::named(&path), &context, &TrustAnchors::empty(), &Limits::default(), None)
        .err()
        .unwrap();
    assert_eq!(error.kind(), filigrane_frame::ErrorKind::Limit);
}

#[test]
fn long_texts_are_cut_at_a_character() {
    assert_eq!(short("abc"), "abc");
    let cut = short(&"é".repeat(10_000));
    assert_eq!(cut.chars().count(), LONGEST_TEXT + 1);
}

#[test]
fn a_certificate_that_ran_out_is_told_apart_from_changed_content() {
    let desk = Desk::new();
    let source = desk.video("a.mp4");
    let brief = Duration::from_secs(3);
    let issued = certificate::issue_for("brief", crate::Algorithm::Es256, brief).unwrap();
    let identity = crate::Identity::new(
        "brief",
        crate::key::Key::File(issued.key),
        &issued.chain_pem,
        Some(issued.root_pem),
        crate::IdentitySettings::default(),
    )
    .unwrap();
    let anchors = identity.anchors().unwrap();
    let path = desk.path("b.mp4");
    crate::sign(&source, &path, &claim(Some(Origin::Camera)), &identity, &Limits::default()).unwrap();
    assert_eq!(read(&path, &anchors, &Limits::default()).unwrap().state, CredentialState::Trusted);
    std::thread::sleep(brief + Duration::from_secs(1));
    let found = read(&path, &anchors, &Limits::default()).unwrap();
    assert_eq!((found.state, found.certificate_fault), (CredentialState::Invalid, true), "{found:?}");
    assert!(found.explanation.unwrap().contains("content and claim are unchanged"));

    let (then, later) = (time::OffsetDateTime::now_utc().unix_timestamp() - 5, 4_000_000_000);
    let at = |time, anchors: &TrustAnchors| read_at(&path, anchors, Some(time), &Limits::default()).unwrap();
    assert_eq!(at(then, &anchors).state, CredentialState::Trusted, "{:?}", at(then, &anchors));
    assert_eq!(at(then, &TrustAnchors::empty()).state, CredentialState::Valid);
    assert!(at(later, &anchors).certificate_fault);
    let (fresh, _) = desk.sign(&source, "d.mp4", &claim(Some(Origin::Camera)));
    let late = read_at(&fresh, &desk.anchors, Some(later), &Limits::default()).unwrap();
    assert_eq!((late.state, late.certificate_fault), (CredentialState::Invalid, true));

    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(4).position(|window| window == b"mdat").unwrap() + 64;
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(!read(&path, &anchors, &Limits::default()).unwrap().certificate_fault);
    let error = crate::sign(
        &source,
        &desk.path("c.mp4"),
        &claim(Some(Origin::Camera)),
        &identity,
        &Limits::default(),
    );
    assert_eq!(error.unwrap_err().kind(), filigrane_frame::ErrorKind::Trust);
}

/// A signed file too large for one piece of the engine's, with two boxes of media, which the engine hashes whole.
fn large(desk: &Desk) -> PathBuf {
    let source = desk.video("large.mp4");
    let mut file = std::fs::File::options().append(true).open(&source).unwrap();
    let size = content::LARGE as u32;
    std::io::Write::write_all(&mut file, &[&size.to_be_bytes()[..], b"mdat"].concat()).unwrap();
    let end = file.metadata().unwrap().len();
    file.set_len(end - 8 + u64::from(size)).unwrap();
    let (path, _) = desk.sign(&source, "large-signed.mp4", &claim(Some(Origin::Camera)));
    path
}

#[test]
fn a_large_file_in_one_piece_is_compared_without_the_engine_and_says_the_same() {
    let desk = Desk::new();
    let path = large(&desk);
    let found = desk.read(&path);
    assert_eq!(found.state, CredentialState::Trusted, "{found:?}");
    let matches = found.codes.iter().filter(|code| *code == "assertion.bmffHash.match").count();
    assert_eq!((matches, found.codes.iter().any(|code| code.contains("mismatch"))), (1, false));
    let context = engine::context(&desk.anchors, None).unwrap();
    let later = Instant::now() + LONGEST;
    let opened =
        check(&Asset::named(&path), &context, &desk.anchors, &Limits::default(), Some(later)).unwrap();
    assert!(matches!(opened, Opened::Compared(..)));
    let engine = match check(&Asset::named(&path), &context, &desk.anchors, &Limits::default(), None).unwrap()
    {
        Opened::Reader(reader, location, _) => summarise(&reader, location),
        _ => panic!("the engine reads it"),
    };
    let sorted = |mut codes: Vec<String>| {
        codes.sort();
        codes
    };
    assert_eq!((found.state, sorted(found.codes)), (engine.state, sorted(engine.codes)));
}

#[test]
fn a_changed_byte_in_a_large_file_is_seen_and_so_is_a_broken_claim() {
    let desk = Desk::new();
    let path = large(&desk);
    let change = |at: u64| {
        use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
        let mut file = std::fs::File::options().read(true).write(true).open(&path).unwrap();
        let mut byte = [0];
        file.seek(SeekFrom::Start(at)).unwrap();
        file.read_exact(&mut byte).unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&[byte[0] ^ 1]).unwrap();
    };
    let end = std::fs::metadata(&path).unwrap().len();
    change(end - 1);
    let found = desk.read(&path);
    assert_eq!(found.state, CredentialState::Invalid);
    assert!(found.codes.iter().any(|code| code == "assertion.bmffHash.mismatch"), "{found:?}");
    change(end - 1);
    assert_eq!(desk.read(&path).state, CredentialState::Trusted);
    let bytes = std::fs::read(&path).unwrap();
    let title = bytes.windows(6).position(|window| window == b"a clip").unwrap();
    change(title as u64);
    assert_eq!(desk.read(&path).state, CredentialState::Invalid, "the claim was changed");
}

#[test]
fn a_large_file_with_its_manifest_beside_it_is_compared_without_the_engine() {
    let desk = Desk::new();
    let source = desk.video("large.mkv");
    let file = fs::File::options().write(true).open(&source).unwrap();
    file.set_len(content::LARGE + 5).unwrap();
    let (path, signed) = desk.sign(&source, "large-signed.mkv", &claim(Some(Origin::Camera)));
    fs::write(desk.path("large-signed.mkv.c2pa"), &signed.manifest).unwrap();
    let found = desk.read(&path);
    assert_eq!(found.state, CredentialState::Trusted, "{found:?}");
    assert!(found.codes.iter().any(|code| code == "assertion.dataHash.match"), "{:?}", found.codes);
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_len(content::LARGE + 4).unwrap();
    let context = engine::context(&desk.anchors, None).unwrap();
    let opened = check(
        &Asset::named(&path),
        &context,
        &desk.anchors,
        &Limits::default(),
        Some(Instant::now() + LONGEST),
    )
    .unwrap();
    assert!(matches!(opened, Opened::Reader(..)));
    let found = desk.read(&path);
    assert_eq!(found.state, CredentialState::Invalid);
    assert!(found.codes.iter().any(|code| code == "assertion.dataHash.mismatch"), "{:?}", found.codes);
}

use std::path::PathBuf;
use std::process::Command;

use super::*;
use crate::{
    Algorithm, CredentialState, IdentitySettings, IdentityStore, Origin, Passphrase, SoftBinding,
    TrustAnchors, manifest_bytes, read, read_manifest,
};
use filigrane_frame::Interval;
use tempfile::TempDir;
use uuid::Uuid;

/// A folder with an identity and one-second videos that FFmpeg makes.
pub(crate) struct Desk {
    pub home: TempDir,
    pub identity: Identity,
    pub anchors: TrustAnchors,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with(Algorithm::Ed25519)
    }

    pub(crate) fn with(algorithm: Algorithm) -> Self {
        let home = tempfile::tempdir().unwrap();
        let identity = IdentityStore::open(&home.path().join("identities"))
            .create("desk", algorithm, &Passphrase::new("p".into()), &IdentitySettings::default())
            .unwrap();
        let anchors = identity.anchors().unwrap();
        Self { home, identity, anchors }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn video(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        let codec = if name.ends_with(".webm") { "libvpx" } else { "mpeg4" };
        let output = Command::new("ffmpeg")
            .args([
                "-v",
                "error",
                "-f",
                "lavfi",
                "-i",
                "testsrc=size=96x64:rate=10:duration=1",
                "-c:v",
                codec,
            ])
            .arg(&path)
            .output()
            .expect("ffmpeg runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        path
    }

    pub(crate) fn sign(&self, source: &Path, name: &str, claim: &Claim) -> (PathBuf, Signed) {
        let destination = self.path(name);
        let signed = sign(source, &destination, claim, &self.identity, &Limits::default()).unwrap();
        (destination, signed)
    }

    pub(crate) fn read(&self, path: &Path) -> crate::Credentials {
        read(path, &self.anchors, &Limits::default()).unwrap()
    }
}

pub(crate) fn claim(origin: Option<Origin>) -> Claim {
    let mut claim = Claim::new(Uuid::new_v4(), "a clip", "1.2.3");
    claim.origin = origin;
    claim
}

fn watermark() -> SoftBinding {
    SoftBinding {
        algorithm: "org.filigrane.test.1".into(),
        value: vec![0x00, 0xff, 0x80, 0x41],
        span: Some(Interval { start: 0.0, end: 1.0 }),
    }
}

#[test]
fn mp4_mov_m4v_and_avi_carry_their_manifest_and_are_trusted_under_its_root() {
    let desk = Desk::new();
    for name in ["a.mp4", "a.mov", "a.m4v", "a.avi"] {
        let source = desk.video(name);
        let mut claim = claim(Some(Origin::Generated));
        claim.watermarked = true;
        claim.bindings = vec![
            watermark(),
            SoftBinding { algorithm: "io.iscc.v0".into(), value: b"ISCC:X".to_vec(), span: None },
        ];
        let (path, signed) = desk.sign(&source, &format!("signed-{name}"), &claim);
        assert!(!signed.sidecar && !signed.parent && signed.notes.is_empty(), "{name} {:?}", signed.notes);
        assert_eq!(signed.urn, format!("urn:c2pa:{}", claim.id));

        let found = desk.read(&path);
        assert_eq!(found.state, CredentialState::Trusted, "{name} {found:?}");
        assert_eq!(found.location, Some(crate::Location::Embedded));
        assert_eq!(found.manifest.as_deref(), Some(signed.urn.as_str()));
        assert_eq!(found.bindings, claim.bindings);
        assert_eq!(found.origin, Some(Origin::Generated));
        assert_eq!(found.issuer.as_deref(), Some("desk (self-issued, filigrane)"));
        assert_eq!(found.signer, Some(desk.identity.fingerprint()));
        assert_eq!(found.generator.as_deref(), Some("filigrane 1.2.3"));
        assert_eq!(found.title.as_deref(), Some("a clip"));
        assert!(found.signed_at.is_some_and(|at| at.ends_with('Z')) && !found.time_stamped);
        let actions: Vec<_> = found.actions.iter().map(|action| action.action.as_str()).collect();
        assert_eq!(actions, ["c2pa.created", "c2pa.watermarked.bound"]);
        assert!(found.codes.iter().any(|code| code == "claimSignature.validated"), "{:?}", found.codes);
        assert_eq!(manifest_bytes(&path, &Limits::default()).unwrap(), Some(signed.manifest), "{name}");

        let stranger = read(&path, &TrustAnchors::empty(), &Limits::default()).unwrap();
        assert_eq!(stranger.state, CredentialState::Valid, "{name}: untrusted is not invalid");
        assert!(stranger.codes.iter().any(|code| code == "signingCredential.untrusted"));
        assert_eq!(desk.read(&source).state, CredentialState::Absent);
    }
}

#[test]
fn matroska_and_webm_are_copied_unchanged_and_vouched_for_by_a_sidecar() {
    let desk = Desk::new();
    for (name, sidecar) in [("a.mkv", "signed-a.mkv.c2pa"), ("b.webm", "signed-b.c2pa")] {
        let source = desk.video(name);
        let (path, signed) = desk.sign(&source, &format!("signed-{name}"), &claim(Some(Origin::Camera)));
        assert!(signed.sidecar);
        assert_eq!(fs::read(&source).unwrap(), fs::read(&path).unwrap());
        assert_eq!(desk.read(&path).state, CredentialState::Absent);
        fs::write(desk.path(sidecar), &signed.manifest).unwrap();
        let found = desk.read(&path);
        assert_eq!(found.state, CredentialState::Trusted, "{found:?}");
        assert_eq!(found.location, Some(crate::Location::Sidecar(desk.path(sidecar))));
        assert_eq!(found.origin, Some(Origin::Camera));

        let mut bytes = fs::read(&path).unwrap();
        bytes.push(0);
        fs::write(&path, bytes).unwrap();
        let found = desk.read(&path);
        assert_eq!(found.state, CredentialState::Invalid);
        assert!(found.explanation.unwrap().contains("content was changed"));
    }
}

/// The CBOR content of the box labelled `label`, found by its description box (ISO 19566-5).
fn cbor_of(store: &[u8], label: &str) -> ciborium::Value {
    let needle = [label.as_bytes(), b"\0"].concat();
    let at = store.windows(needle.len()).position(|window| window == needle).expect("label") + needle.len();
    let content = store[at..].windows(4).position(|window| window == b"cbor").expect("content box") + at + 4;
    ciborium::from_reader(&store[content..]).expect("CBOR")
}

fn entry<'a>(map: &'a ciborium::Value, name: &str) -> &'a ciborium::Value {
    let found = map.as_map().unwrap().iter().find(|(key, _)| key.as_text() == Some(name));
    &found.unwrap_or_else(|| panic!("no {name} in {map:?}")).1
}

#[test]
fn soft_binding_values_are_byte_strings_and_actions_are_the_signers_own() {
    let desk = Desk::new();
    let mut claim = claim(Some(Origin::Generated));
    claim.watermarked = true;
    claim.bindings = vec![watermark()];
    let (_, signed) = desk.sign(&desk.video("a.mp4"), "b.mp4", &claim);

    let binding = cbor_of(&signed.manifest, "c2pa.soft-binding");
    let block = &entry(&binding, "blocks").as_array().unwrap()[0];
    assert_eq!(entry(block, "value").as_bytes(), Some(&vec![0x00, 0xff, 0x80, 0x41]));
    let timespan = entry(entry(block, "scope"), "timespan");
    assert_eq!(entry(timespan, "end"), &ciborium::Value::from(1000));
    assert!(entry(&binding, "pad").as_bytes().is_some());

    let actions = cbor_of(&signed.manifest, "c2pa.actions.v2");
    assert_eq!(entry(&actions, "allActionsIncluded"), &ciborium::Value::Bool(true));
    let stated = cbor_of(&signed.manifest, "c2pa.claim.v2");
    let created = format!("{:?}", entry(&stated, "created_assertions"));
    for label in ["c2pa.actions.v2", "c2pa.soft-binding", "c2pa.hash.bmff"] {
        assert!(created.contains(label), "{label} in {created}");
    }
    let generator = entry(&stated, "claim_generator_info");
    assert_eq!(entry(generator, "specVersion").as_text(), Some("2.4.0"));
    assert_eq!(entry(generator, "name").as_text(), Some("filigrane"));
}

#[test]
fn earlier_credentials_become_the_parent_even_through_a_new_encoding() {
    let desk = Desk::new();
    for (first, second) in [("a.mp4", "b.mp4"), ("c.mkv", "d.avi")] {
        let (original, signed) =
            desk.sign(&desk.video(first), &format!("1-{first}"), &claim(Some(Origin::Camera)));
        if signed.sidecar {
            fs::write(format!("{}.c2pa", original.display()), &signed.manifest).unwrap();
        }
        let encoded = desk.video(second);
        let mut next = claim(Some(Origin::Composite));
        next.parent = Some(original);
        let (path, signed) = desk.sign(&encoded, &format!("2-{second}"), &next);
        assert!(signed.parent && signed.notes.is_empty(), "{:?}", signed.notes);
        let found = desk.read(&path);
        assert_eq!(found.state, CredentialState::Trusted, "{found:?}");
        assert_eq!(found.manifests, 2);
        assert_eq!(found.origin, Some(Origin::Composite));
        let actions: Vec<_> = found.actions.iter().map(|action| action.action.as_str()).collect();
        assert_eq!(actions, ["c2pa.opened", "c2pa.edited"]);
    }
}

#[test]
fn the_origin_of_a_parent_is_inherited_when_none_is_stated() {
    let desk = Desk::new();
    let (original, _) = desk.sign(&desk.video("a.mp4"), "1.mp4", &claim(Some(Origin::Generated)));
    let (path, signed) = desk.sign(&original, "2.mp4", &claim(None));
    assert!(signed.parent);
    let found = desk.read(&path);
    assert_eq!((found.state, found.origin), (CredentialState::Trusted, Some(Origin::Generated)));
}

#[test]
fn without_origin_and_parent_the_manifest_says_opened_and_leaves_the_origin_unknown() {
    let desk = Desk::new();
    let (path, signed) = desk.sign(&desk.video("a.mp4"), "b.mp4", &claim(None));
    assert!(!signed.parent);
    let found = desk.read(&path);
    assert_eq!(found.state, CredentialState::Trusted, "{found:?}");
    assert_eq!(found.actions[0].action, "c2pa.opened");
    assert_eq!(found.origin, None);
}

#[test]
fn further_assertions_are_kept_as_the_signers_own() {
    let desk = Desk::new();
    let mut claim = claim(Some(Origin::Generated));
    claim.assertions.push(crate::Assertion {
        label: "cawg.training-mining".into(),
        data: serde_json::json!({ "entries": { "cawg.ai_training": { "use": "notAllowed" } } }),
    });
    let (path, signed) = desk.sign(&desk.video("a.mp4"), "b.mp4", &claim);
    assert_eq!(desk.read(&path).state, CredentialState::Trusted);
    let entries = cbor_of(&signed.manifest, "cawg.training-mining");
    assert_eq!(
        entry(entry(entry(&entries, "entries"), "cawg.ai_training"), "use").as_text(),
        Some("notAllowed")
    );
}

#[test]
fn a_refused_signature_leaves_no_file_and_an_existing_one_is_not_touched() {
    let desk = Desk::new();
    let source = desk.video("a.mp4");
    let limits = Limits::default();
    let out = desk.path("out.mp4");

    let mut wrong = claim(Some(Origin::Generated));
    wrong.id = Uuid::from_u128(1);
    assert_eq!(
        sign(&source, &out, &wrong, &desk.identity, &limits).unwrap_err().kind(),
        ErrorKind::Parameter
    );
    let mut unbound = claim(Some(Origin::Generated));
    unbound.watermarked = true;
    assert!(sign(&source, &out, &unbound, &desk.identity, &limits).is_err());
    assert!(!out.exists());

    let damaged = desk.path("damaged.mp4");
    fs::write(&damaged, b"\0\0\0\x14ftypisom\0\0\0\0isom\xff\xff\xff\xfffree").unwrap();
    let error = sign(&damaged, &out, &claim(Some(Origin::Generated)), &desk.identity, &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    assert!(error.to_string().contains("damaged.mp4") && !error.to_string().contains('\n'));
    assert!(!out.exists());

    fs::write(&out, b"mine").unwrap();
    assert!(sign(&source, &out, &claim(Some(Origin::Generated)), &desk.identity, &limits).is_err());
    assert_eq!(fs::read(&out).unwrap(), b"mine");
    assert!(
        sign(&desk.path("none.mp4"), &desk.path("x.mp4"), &claim(None), &desk.identity, &limits).is_err()
    );
    assert!(!desk.path("x.mp4").exists());
}

#[test]
fn a_manifest_without_its_video_is_judged_by_signature_and_statements_alone() {
    let desk = Desk::new();
    for name in ["a.mp4", "a.avi", "a.mkv"] {
        let mut claim = claim(Some(Origin::Generated));
        claim.bindings = vec![watermark()];
        let (_, signed) = desk.sign(&desk.video(name), &format!("signed-{name}"), &claim);
        let found = read_manifest(&signed.manifest, &desk.anchors, &Limits::default()).unwrap();
        assert_eq!(found.state, CredentialState::Trusted, "{name} {found:?}");
        assert!(!found.codes.iter().any(|code| code.ends_with("Hash.mismatch")), "{:?}", found.codes);
        assert_eq!(found.manifest.as_deref(), Some(signed.urn.as_str()));
        assert_eq!(found.bindings, claim.bindings);

        // The title stands in the signed claim, the binding's value in a statement that the claim hashes.
        for needle in [&b"a clip"[..], &[0x00, 0xff, 0x80, 0x41]] {
            let mut forged = signed.manifest.clone();
            let at = forged.windows(needle.len()).position(|window| window == needle).unwrap();
            forged[at + 1] ^= 1;
            let found = read_manifest(&forged, &desk.anchors, &Limits::default()).unwrap();
            assert_eq!(found.state, CredentialState::Invalid, "{name}");
            assert!(found.explanation.is_some());
        }
    }
}

#[test]
fn a_large_file_is_hashed_in_pieces_and_a_changed_byte_in_any_of_them_is_noticed() {
    const SIZE: u64 = 70 << 20;
    let desk = Desk::new();
    let source = desk.path("large.mp4");
    let small = desk.video("a.mp4");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&small)
        .args(["-c", "copy", "-movflags", "faststart"])
        .arg(&source)
        .status();
    assert!(made.unwrap().success());
    // The media data come last; they are grown by zeros.
    let mut bytes = fs::read(&source).unwrap();
    let at = bytes.windows(4).position(|window| window == b"mdat").unwrap() - 4;
    bytes[at..at + 4].copy_from_slice(&u32::try_from(SIZE - at as u64).unwrap().to_be_bytes());
    fs::write(&source, bytes).unwrap();
    File::options().write(true).open(&source).unwrap().set_len(SIZE).unwrap();

    let (path, signed) = desk.sign(&source, "signed.mp4", &claim(Some(Origin::Camera)));
    let binding = cbor_of(&signed.manifest, "c2pa.hash.bmff.v3");
    let pieces = entry(&entry(&binding, "merkle").as_array().unwrap()[0], "hashes").as_array().unwrap().len();
    assert_eq!(pieces, 9, "of 8 MiB");
    assert_eq!(desk.read(&path).state, CredentialState::Trusted);
    let size = fs::metadata(&path).unwrap().len();
    for at in [size - 1, size / 2, size - (60 << 20)] {
        let flip = |byte: u8| {
            use std::os::unix::fs::FileExt as _;
            File::options().write(true).open(&path).unwrap().write_all_at(&[byte], at).unwrap();
        };
        flip(1);
        assert_eq!(desk.read(&path).state, CredentialState::Invalid, "byte {at}");
        flip(0);
    }
    assert_eq!(desk.read(&path).state, CredentialState::Trusted);
}

#[test]
fn a_fragmented_file_keeps_its_layout_though_signing_moves_its_index() {
    let desk = Desk::new();
    let (source, small) = (desk.path("fragmented.mp4"), desk.video("a.mp4"));
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&small)
        .args(["-c", "copy", "-movflags", "frag_keyframe+empty_moov"])
        .arg(&source)
        .status();
    assert!(made.unwrap().success());
    assert!(fs::read(&source).unwrap().windows(4).any(|window| window == b"mfra"));
    let (path, _) = desk.sign(&source, "signed.mp4", &claim(Some(Origin::Camera)));
    let found = desk.read(&path);
    assert_eq!(found.state, CredentialState::Trusted, "{found:?}");
}

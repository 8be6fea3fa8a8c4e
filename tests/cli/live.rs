//! Live segments, each with a manifest of its own: an engine that shares no code with ours follows the chain, and so does
//! ours where the segments come from a real packager.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use filigrane::frame::Limits;
use filigrane::provenance::{
    Algorithm, Claim, CredentialState, IdentitySettings, IdentityStore, LiveReader, LiveSigner, Origin,
    Passphrase, TrustAnchors,
};
use serde_json::Value;
use uuid::Uuid;

use crate::clip;
use crate::judges::folder;
use crate::program::{User, finish};

/// Two seconds of picture in segments of 0.4 s, as a live encoder sends them.
fn packaged() -> PathBuf {
    clip::once("live", |folder| {
        fs::create_dir(folder).unwrap();
        let arguments = "-f lavfi -i testsrc2=size=160x128:rate=25 -t 2 -c:v libx264 -preset veryfast -g 10 -seg_duration 0.4 \
             -init_seg_name init.mp4 -media_seg_name $Number$.m4s -f dash";
        clip::ffmpeg(arguments, &folder.join("stream.mpd"));
    })
}

fn judged(trust: &Path, segments: &[PathBuf]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/live.py");
    let mut command = Command::new(folder().join("python/bin/python"));
    command.arg(script).arg(trust).arg(packaged().join("init.mp4")).args(segments);
    finish(command).succeeds().json()
}

#[test]
fn an_unrelated_engine_follows_the_chain_of_segments_and_breaks_it_where_ours_does() {
    let user = User::new();
    let store = IdentityStore::open(&user.home().join("identities"));
    let (secret, settings) = (Passphrase::new("p".to_owned()), IdentitySettings::default());
    let identity = Arc::new(store.create("live", Algorithm::Es256, &secret, &settings).unwrap());
    let anchors: TrustAnchors = identity.anchors().unwrap();
    let mut claim = Claim::new(Uuid::new_v4(), "a stream", "1.2.3");
    claim.origin = Some(Origin::Camera);
    let stream = format!("urn:uuid:{}", Uuid::new_v4());
    let mut signer = LiveSigner::new(identity, &stream, claim, Limits::default()).unwrap();
    let mut reader = LiveReader::new(anchors, Limits::default());
    let mut segments = Vec::new();
    for number in 1..=5 {
        let plain = fs::read(packaged().join(format!("{number}.m4s"))).unwrap();
        let signed = signer.sign(&plain).unwrap();
        assert_eq!(reader.read(&signed.bytes).unwrap().credentials.state, CredentialState::Trusted);
        let path = user.path(format!("{number}.m4s"));
        fs::write(&path, &signed.bytes).unwrap();
        segments.push(path);
    }
    let roots = user.home().join("identities/live/root.pem");
    let found = judged(&roots, &segments);
    let all = serde_json::json!(vec!["Trusted"; 5]);
    assert_eq!((&found["initiative"], &found["encypher"]), (&all, &all), "{found:#}");
    // How segments follow each other, encypher-c2pa 1.7.1 reads from an assertion of its own and from ingredients: it
    // misses both in streams that follow C2PA 2.4, section 19.3, and minds nothing else.
    let own =
        ["carries no C2PA manifest", "missing segment-identity assertion", "no parentOf c2pa.ingredient.v3"];
    let failures = found["chain_failures"].as_array().unwrap();
    let known = |failure: &Value| own.iter().any(|one| failure.as_str().unwrap().contains(one));
    assert!(!failures.is_empty() && failures.iter().all(known), "{failures:#?}");

    let mut bytes = fs::read(&segments[2]).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&segments[2], &bytes).unwrap();
    assert_eq!(reader.read(&bytes).unwrap().credentials.state, CredentialState::Invalid);
    let found = judged(&roots, &segments);
    for engine in ["initiative", "encypher"] {
        let states = (&found[engine][1], &found[engine][2], &found[engine][3]);
        assert_eq!(states, (&"Trusted".into(), &"Invalid".into(), &"Trusted".into()), "{found:#}");
    }
}

#[test]
fn a_signed_live_stream_still_plays() {
    let user = User::new();
    let store = IdentityStore::open(&user.home().join("identities"));
    let (secret, settings) = (Passphrase::new("p".to_owned()), IdentitySettings::default());
    let identity = Arc::new(store.create("live", Algorithm::Ed25519, &secret, &settings).unwrap());
    let mut claim = Claim::new(Uuid::new_v4(), "a stream", "1.2.3");
    claim.origin = Some(Origin::Generated);
    let mut signer = LiveSigner::new(identity, "urn:uuid:s", claim, Limits::default()).unwrap();
    let mut plain = fs::read(packaged().join("init.mp4")).unwrap();
    let mut signed = plain.clone();
    for number in 1..=5 {
        let segment = fs::read(packaged().join(format!("{number}.m4s"))).unwrap();
        signed.extend(signer.sign(&segment).unwrap().bytes);
        plain.extend(segment);
    }
    let frames = |name: &str, bytes: &[u8]| {
        let path = user.path(name);
        fs::write(&path, bytes).unwrap();
        clip::column(&path, "-select_streams v -show_frames", "frames", "pts_time")
    };
    let expected = frames("plain.mp4", &plain);
    assert_eq!(expected.len(), 50);
    assert_eq!(frames("signed.mp4", &signed), expected);
}

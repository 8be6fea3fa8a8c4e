//! Signed files changed in every way that the hard binding must notice, and certificates that may not sign: none of them
//! is ever `verified` or `signed`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::clip::small;
use crate::program::User;
use crate::unhashed::boxes;

const MANIFEST: [u8; 4] = [0xd8, 0xfe, 0xc3, 0xd6];

fn signed(user: &User, name: &str) -> (PathBuf, Vec<u8>) {
    let path = user.path(name);
    user.stamp(&small(), &path, "--no-watermark --origin camera").succeeds();
    let bytes = fs::read(&path).unwrap();
    (path, bytes)
}

#[track_caller]
fn never_accepted(user: &User, what: &str, bytes: &[u8]) -> String {
    let path = user.path("tampered.mp4");
    fs::write(&path, bytes).unwrap();
    refused(user, what, &path)
}

#[track_caller]
fn refused(user: &User, what: &str, path: &Path) -> String {
    let answer = user.verify(path, "--only credentials");
    let code = answer.json()["verdict"]["code"].as_str().unwrap_or("unreadable").to_owned();
    assert!(!["verified", "signed"].contains(&code.as_str()), "{what}: {answer:#?}");
    code
}

fn is_manifest(bytes: &[u8], kind: &[u8; 4], range: &std::ops::Range<usize>) -> bool {
    kind == b"uuid" && bytes[range.start + 8..].starts_with(&MANIFEST)
}

/// All boxes of a file, those within `moov` too: where each begins.
fn every_box(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    const PARENTS: [&[u8; 4]; 6] = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta"];
    let mut found = Vec::new();
    let mut open: Vec<_> = std::iter::once(0..bytes.len()).collect();
    while let Some(range) = open.pop() {
        for (kind, inner) in boxes(&bytes[range.clone()]) {
            let inner = range.start + inner.start..range.start + inner.end;
            if PARENTS.contains(&&kind) {
                open.push(inner.start + 8..inner.end);
            }
            found.push(inner);
        }
    }
    found
}

#[test]
fn one_bit_in_any_box_is_never_accepted() {
    let user = User::new();
    let (_, original) = signed(&user, "signed.mp4");
    // In the manifest's own box, the signature and the hashes of the claim take over; names and padding there are free.
    let free = manifest_box(&original);
    let mut tried = 0;
    for range in every_box(&original) {
        if range == free {
            continue;
        }
        for at in [range.start + 3, range.start + 5, (range.start + range.end) / 2, range.end - 1] {
            let mut bytes = original.clone();
            bytes[at] ^= 1;
            never_accepted(&user, &format!("byte {at} of box {range:?}"), &bytes);
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried}");
}

#[test]
fn boxes_moved_doubled_retagged_or_added_are_never_accepted() {
    let user = User::new();
    let (_, original) = signed(&user, "signed.mp4");
    let top = boxes(&original);
    assert!(top.len() >= 4, "{top:?}");
    for (index, (kind, range)) in top.iter().enumerate() {
        let what = String::from_utf8_lossy(kind).into_owned();
        let manifest = is_manifest(&original, kind, range);
        let part = &original[range.clone()];
        never_accepted(
            &user,
            &format!("{what} doubled"),
            &[&original[..range.end], part, &original[range.end..]].concat(),
        );
        never_accepted(&user, &format!("{what} doubled at the end"), &[&original[..], part].concat());
        if let Some((_, next)) = top.get(index + 1) {
            let swapped =
                [&original[..range.start], &original[next.clone()], part, &original[next.end..]].concat();
            never_accepted(&user, &format!("{what} behind the next"), &swapped);
        }
        let without = [&original[..range.start], &original[range.end..]].concat();
        never_accepted(&user, &format!("{what} gone"), &without);
        if kind != b"ftyp" {
            let mut retagged = original.clone();
            retagged[range.start + 4..range.start + 8].copy_from_slice(if kind == b"free" {
                b"skip"
            } else {
                b"free"
            });
            never_accepted(&user, &format!("{what} retagged"), &retagged);
        }
        if manifest {
            // The purpose stands behind the type and the version: `manifest` becomes something else.
            let at = original[range.clone()].windows(9).position(|window| window == b"manifest\0").unwrap();
            for purpose in [b"original\0", b"updat\0\0\0\0", b"merkl\0\0\0\0"] {
                let mut retagged = original.clone();
                retagged[range.start + at..range.start + at + 9].copy_from_slice(purpose);
                never_accepted(&user, "the manifest's purpose", &retagged);
            }
        }
    }
    for tail in [&b"\0"[..], b"\0\0\0\x08free", b"\0\0\0\x10mdatsomething", &[0; 4096]] {
        never_accepted(&user, "trailing data", &[&original[..], tail].concat());
    }
}

/// Where the manifest's box lies.
fn manifest_box(bytes: &[u8]) -> std::ops::Range<usize> {
    let found = boxes(bytes).into_iter().find(|(kind, range)| is_manifest(bytes, kind, range));
    found.expect("a manifest").1
}

#[test]
fn a_manifest_or_a_signature_of_another_file_is_never_accepted() {
    let user = User::new();
    let (_, one) = signed(&user, "one.mp4");
    let other_clip = user.path("other-source.mp4");
    crate::clip::published(&small(), "-c:v libx264 -crf 40", &other_clip);
    let other_path = user.path("other.mp4");
    user.stamp(&other_clip, &other_path, "--no-watermark --origin camera").succeeds();
    let other = fs::read(&other_path).unwrap();
    let (from, to) = (manifest_box(&other), manifest_box(&one));
    let swapped = [&one[..to.start], &other[from], &one[to.end..]].concat();
    assert_eq!(never_accepted(&user, "a swapped manifest", &swapped), "altered");

    // The COSE structure of the one signature in the place of the other: both are of one length.
    let signature = |bytes: &[u8]| {
        let label = b"c2pa.signature\0";
        let at = bytes.windows(label.len()).position(|window| window == label).unwrap();
        let start = at + bytes[at..].windows(4).position(|window| window == b"cbor").unwrap() - 4;
        let size = u32::from_be_bytes(bytes[start..start + 4].try_into().unwrap()) as usize;
        start..start + size
    };
    let (from, to) = (signature(&other), signature(&one));
    assert_eq!(from.len(), to.len());
    let mut replayed = one.clone();
    replayed[to].copy_from_slice(&other[from]);
    assert_eq!(never_accepted(&user, "a replayed signature", &replayed), "altered");
}

#[test]
fn a_soft_binding_of_a_mark_that_is_not_there_is_a_mismatch() {
    // The marked clip, its credentials gone, is signed by somebody who states another mark and puts none in.
    let user = User::new();
    issue(&user, sound_leaf(), "-days 20");
    fs::copy(crate::scene::scene().copy("bare.mp4", "-c copy"), user.path("in.mp4")).unwrap();
    let stated = r#"digitalCapture"}, {"action": "c2pa.watermarked.bound"}]}},
    {"label": "c2pa.soft-binding", "created": True, "data": {"alg": "org.filigrane.watermark.1",
     "blocks": [{"scope": {}, "value": "ABCDEFGH"}]}}]}"#;
    let script = SIGN.replace(r#"digitalCapture"}]}}]}"#, stated);
    assert!(script.contains("ABCDEFGH"));
    fs::write(user.path("sign.py"), script).unwrap();
    let python = crate::judges::folder().join("python/bin/python");
    let ran = Command::new(python).current_dir(user.work()).arg("sign.py").output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let answer = user.verify(&user.path("out.mp4"), "--trust authority.pem").verdict("mismatched", 3);
    assert_eq!(answer["credentials"]["marks"][0], "4142434445464748", "{answer:#}");
    assert_eq!(answer["watermark"]["payload"], crate::scene::PAYLOAD);
    assert_eq!(answer["watermark"]["also"], serde_json::json!([]));
}

/// `openssl ARGUMENTS` in the user's folder; arguments are separated by spaces.
pub fn openssl(user: &User, arguments: &str) {
    let ran = Command::new("openssl")
        .current_dir(user.work())
        .args(arguments.split_whitespace())
        .output()
        .expect("openssl");
    assert!(ran.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&ran.stderr));
}

const LEAF: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
                    extendedKeyUsage=emailProtection\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n";

/// An authority `authority.pem`, and `chain.pem` with a P-256 certificate that it issued for `key.pem`.
pub fn issue(user: &User, extensions: &str, validity: &str) {
    fs::write(user.path("leaf.cnf"), extensions).unwrap();
    openssl(
        user,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout authority.key -days 30 -out authority.pem -subj /O=Authority/CN=Authority -addext keyUsage=critical,keyCertSign,cRLSign",
    );
    openssl(
        user,
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out request.pem -subj /O=Signer/CN=Signer",
    );
    openssl(
        user,
        &format!(
            "x509 -req -in request.pem -CA authority.pem -CAkey authority.key -set_serial 4660 -extfile leaf.cnf -out leaf.pem {validity}"
        ),
    );
    let chain = fs::read_to_string(user.path("leaf.pem")).unwrap()
        + &fs::read_to_string(user.path("authority.pem")).unwrap();
    fs::write(user.path("chain.pem"), chain).unwrap();
}

pub fn sound_leaf() -> &'static str {
    LEAF
}

#[test]
fn certificates_that_may_not_sign_are_refused_by_name_and_never_accepted_when_somebody_else_signed_with_them()
{
    let user = User::new();
    let python = crate::judges::folder().join("python/bin/python");
    let script = user.path("sign.py");
    fs::write(&script, SIGN).unwrap();
    let cases = [
        ("extended key usage", LEAF.replace("emailProtection", "codeSigning"), "-days 20"),
        (
            "anyExtendedKeyUsage",
            LEAF.replace("emailProtection", "emailProtection,anyExtendedKeyUsage"),
            "-days 20",
        ),
        ("digitalSignature", LEAF.replace("digitalSignature", "keyAgreement"), "-days 20"),
        ("is a certificate authority", LEAF.replace("CA:FALSE", "CA:TRUE"), "-days 20"),
        ("ran out", LEAF.to_owned(), "-not_before 20200101000000Z -not_after 20210101000000Z"),
    ];
    for (expected, extensions, validity) in cases {
        if validity.contains("not_before") && !has_dates() {
            continue;
        }
        issue(&user, &extensions, validity);
        let checked = user.run(["identity", "check", "chain.pem"]);
        assert_eq!(checked.exit(), 3, "{checked:#?}");
        assert!(checked.stdout.contains(expected), "{expected}: {checked:#?}");
        let refusal = user.run(["identity", "new", "x", "--certificate", "chain.pem", "--key", "key.pem"]);
        refusal.refusal(expected);
    }
    // Self-signed: other engines sign with it, and say Valid of it.
    openssl(
        &user,
        &format!("req -x509 -key key.pem -days 20 -out chain.pem -subj /O=Self/CN=Self -config {}", {
            let text = format!(
                "[req]\ndistinguished_name=dn\nx509_extensions=v3\n[dn]\n[v3]\n{}",
                LEAF.replace("keyid", "keyid:always")
            );
            fs::write(user.path("self.cnf"), text).unwrap();
            "self.cnf"
        }),
    );
    let checked = user.run(["identity", "check", "chain.pem"]);
    assert!(checked.exit() == 3 && checked.stdout.contains("self-signed"), "{checked:#?}");
    fs::copy(small(), user.path("in.mp4")).unwrap();
    let ran = Command::new(python).current_dir(user.work()).arg(&script).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let code = refused(&user, "self-signed", &user.path("out.mp4"));
    assert_eq!(code, "inconclusive");
    let answer: Value = user.verify(&user.path("out.mp4"), "--only credentials").json();
    assert_eq!(answer["credentials"]["certificate_fault"], true, "{answer:#}");
}

/// Whether this `openssl x509` can date a certificate into the past.
fn has_dates() -> bool {
    let help = Command::new("openssl").args(["x509", "-help"]).output().expect("openssl");
    String::from_utf8_lossy(&help.stderr).contains("-not_before")
}

/// Signs `in.mp4` into `out.mp4` as another program does, with `chain.pem` and `key.pem`.
pub const SIGN: &str = r#"
import c2pa
manifest = {"claim_version": 2, "claim_generator_info": [{"name": "x", "version": "1"}], "assertions": [
    {"label": "c2pa.actions.v2", "created": True, "data": {"actions": [{"action": "c2pa.created",
     "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}]}}]}
info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=open("chain.pem", "rb").read(),
                           private_key=open("key.pem", "rb").read(), ta_url=None)
import json
builder = c2pa.Builder(json.dumps(manifest))
with open("in.mp4", "rb") as source, open("out.mp4", "w+b") as target:
    builder.sign(c2pa.Signer.from_info(info), "video/mp4", source, target)
"#;

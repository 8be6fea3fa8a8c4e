//! ISCC as a second soft binding: written, shown, and looked up by.

use serde_json::json;

use crate::clip::ffmpeg;
use crate::program::User;
use crate::scene::{scene, urn};
use crate::served::Served;

#[test]
fn the_manifest_binds_the_iscc_of_the_signed_file_and_a_copy_is_near() {
    let creator = scene().creator();
    let answer = creator.verify(&scene().signed, "--only credentials,fingerprint").verdict("verified", 0);
    let prints = &answer["fingerprints"];
    let iscc = prints["iscc"].as_str().unwrap();
    assert!(iscc.starts_with("ISCC:EMD") && iscc.len() == 60, "{iscc}");
    assert_eq!(prints["iscc_signed"], 0, "the code under the signature is that of the file");
    assert_eq!(prints["iscc_near"], json!([{ "manifest": urn(), "distance": 0 }]));
    let document = creator.run(["verify", "--format", "crjson", scene().signed.to_str().unwrap()]).json();
    assert!(document.to_string().contains("io.iscc.v0"));

    let copy = creator.path("copy.mp4");
    ffmpeg(&format!("-i {} -vf scale=iw/2:-2 -c:v libx264 -crf 32", scene().signed.display()), &copy);
    let answer = creator.verify(&copy, "--only fingerprint").json();
    let near = &answer["fingerprints"]["iscc_near"][0];
    assert_eq!(near["manifest"], urn());
    assert!((0..=40).contains(&near["distance"].as_u64().unwrap()), "{near}");
    assert!(answer["fingerprints"]["iscc_signed"].is_null(), "the copy has no manifest");
}

#[test]
fn a_registry_is_asked_by_iscc() {
    let creator = scene().creator();
    let answer = creator.verify(&scene().signed, "--only fingerprint").json();
    let iscc = answer["fingerprints"]["iscc"].as_str().unwrap();
    let found = creator.run(["--json", "registry", "find", iscc]).succeeds().json();
    assert_eq!((&found[0]["manifest"], &found[0]["distance"]), (&json!(urn()), &json!(0)));
    let shown = creator.run(["registry", "find", &iscc.to_lowercase()]).succeeds().stdout;
    assert!(shown.contains("0 bits off"), "{shown}");
    let blank = format!("ISCC:EMDQ{}", "A".repeat(51));
    assert_eq!(creator.run(["--json", "registry", "find", &blank]).succeeds().json(), json!([]));
    for wrong in ["ISCC:", "ISCC:EEAYYNMFG5XOELK2", "iscc:é"] {
        creator.run(["registry", "find", wrong]).refusal("not an ISCC Video-Code");
    }
}

#[test]
fn a_code_nearby_is_no_likeness_by_itself() {
    let creator = scene().creator();
    let user = User::new();
    let answer = user.verify(&scene().signed, "--only fingerprint").json();
    assert!(answer["fingerprints"]["iscc"].is_string());
    assert_eq!(answer["fingerprints"]["iscc_near"], json!([]), "nothing is registered here");
    // Most of the picture is another: what is left of the code leads nowhere.
    let other = creator.path("other.mp4");
    ffmpeg("-f lavfi -i mandelbrot=size=320x240:rate=25 -t 2 -c:v libx264 -preset ultrafast", &other);
    let answer = creator.verify(&other, "--only fingerprint").verdict("inconclusive", 1);
    assert_eq!(answer["fingerprints"]["iscc_near"], json!([]));
}

/// The ISCC-SEQ of one unit, in the base64 of addresses: the bits of its base32, regrouped.
fn sequence(iscc: &str) -> String {
    let place = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        _ => letter - b'2' + 26,
    };
    let unit = iscc.strip_prefix("ISCC:").unwrap().bytes().map(place);
    let mut bits: Vec<u8> = unit.flat_map(|five| (0..5).rev().map(move |bit| five >> bit & 1)).collect();
    bits.truncate(bits.len() / 8 * 8);
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let six = bits.chunks(6).map(|six| (0..6).fold(0, |sum, bit| sum << 1 | six.get(bit).unwrap_or(&0)));
    six.map(|six| char::from(letters[usize::from(six)])).collect()
}

#[test]
fn a_server_is_asked_by_iscc() {
    let creator = scene().creator();
    let served = Served::by(&creator, "");
    let known = served.get("/v1/services/supportedAlgorithms").json();
    assert_eq!(known["fingerprints"][1]["alg"], "io.iscc.v0");
    let answer = creator.verify(&scene().signed, "--only fingerprint").json();
    let value = sequence(answer["fingerprints"]["iscc"].as_str().unwrap());
    let found = served.get(&format!("/v1/matches/byBinding?alg=io.iscc.v0&value={value}")).json();
    assert_eq!(found["matches"], json!([{ "manifestId": urn(), "similarityScore": 100 }]));
    let wrong = served.get("/v1/matches/byBinding?alg=io.iscc.v0&value=bxwKKxEiQ0Q=");
    assert_eq!(wrong.status, 400, "{wrong:?}");
    let upload = std::fs::read(scene().upload()).unwrap();
    let path = "/v1/matches/byContent?alg=io.iscc.v0";
    let found = served.ask("POST", path, None, "video/mp4", &upload).json();
    assert_eq!(found["matches"][0]["manifestId"], urn(), "{found}");
}

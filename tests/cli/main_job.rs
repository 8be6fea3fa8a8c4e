//! A creator stamps a clip; others ask where it comes from.

use std::fs;
use std::path::Path;

use crate::clip::{fractal, other_footage, published};
use crate::program::User;
use crate::scene::{ID, PAYLOAD, media_data, scene, urn};

#[test]
fn the_creator_finds_the_stamped_clip_verified() {
    let creator = scene().creator();
    let answer = creator.verify(&scene().signed, "").verdict("verified", 0);
    assert_eq!(answer["credentials"]["state"], "trusted");
    assert_eq!(answer["credentials"]["manifest"], urn());
    assert_eq!(answer["verdict"]["origin"], "camera");
    assert_eq!(
        (&answer["watermark"]["state"], &answer["watermark"]["payload"]),
        (&"found".into(), &PAYLOAD.into())
    );
    assert_eq!(
        (&answer["registry"]["state"], &answer["registry"]["manifest"]),
        (&"match".into(), &urn().into())
    );
    assert_eq!(answer["errors"], serde_json::json!([]));
}

#[test]
fn a_stranger_finds_it_signed_and_verified_once_the_creator_is_trusted() {
    let stranger = User::new();
    let answer = stranger.verify(&scene().signed, "").verdict("signed", 0);
    assert_eq!(answer["credentials"]["state"], "valid");
    let creator = scene().creator();
    let root = creator.run(["identity", "show", "--json"]).succeeds().json()["root"].clone();
    let root = Path::new(root.as_str().unwrap());
    stranger.verify(&scene().signed, &format!("--trust {}", root.display())).verdict("verified", 0);
    stranger.verify(&scene().signed, "").verdict("signed", 0);
    stranger.run(["identity".as_ref(), "trust".as_ref(), root.as_os_str()]).succeeds();
    stranger.verify(&scene().signed, "").verdict("verified", 0);
}

#[test]
fn a_stripped_copy_of_half_the_size_is_recovered_through_its_mark() {
    let answer = scene().creator().verify(&scene().upload(), "").verdict("recovered", 0);
    assert_eq!(answer["credentials"]["state"], "absent");
    assert_eq!(answer["watermark"]["payload"], PAYLOAD);
    let registry = &answer["registry"];
    assert_eq!((&registry["state"], &registry["via"]), (&"match".into(), &"watermark".into()));
    assert_eq!(registry["manifest"], urn());
    assert_eq!(answer["verdict"]["origin"], "camera");
    let scale = answer["watermark"]["geometry"]["scale_x"].as_f64().unwrap();
    assert!((scale - 0.5).abs() < 0.01, "{scale}");
}

#[test]
fn a_mirrored_copy_is_recovered_and_called_mirrored() {
    let mirrored = scene().copy("mirrored.mp4", "-vf hflip -c:v libx264 -crf 28");
    let answer = scene().creator().verify(&mirrored, "").verdict("recovered", 0);
    assert_eq!(answer["registry"]["via"], "watermark");
    assert_eq!(answer["watermark"]["geometry"]["mirrored"], true);
}

#[test]
fn the_middle_of_the_picture_alone_is_recovered() {
    let cropped = scene().copy("cropped.mp4", "-vf crop=iw*0.71:ih*0.71 -c:v libx264 -crf 23");
    let answer = scene().creator().verify(&cropped, "").verdict("recovered", 0);
    let registry = &answer["registry"];
    assert_eq!((&registry["state"], &registry["via"]), (&"match".into(), &"watermark".into()));
}

#[test]
fn pictures_changed_after_signing_are_altered() {
    let creator = scene().creator();
    let mut bytes = fs::read(&scene().signed).unwrap();
    let media = media_data(&scene().signed);
    for at in media.clone().step_by(media.len() / 7).skip(1) {
        bytes[at] ^= 0x20;
    }
    let altered = creator.path("altered.mp4");
    fs::write(&altered, bytes).unwrap();
    let answer = creator.verify(&altered, "").verdict("altered", 3);
    assert_eq!(answer["credentials"]["state"], "invalid");
    let codes = answer["credentials"]["codes"].as_array().unwrap();
    assert!(codes.contains(&"assertion.bmffHash.mismatch".into()), "{codes:?}");
}

#[test]
fn a_mark_copied_onto_other_footage_is_mismatched() {
    let creator = scene().creator();
    let forged = creator.path("forged.mp4");
    creator.stamp(&other_footage(), &forged, &format!("--id {ID} --no-credentials")).succeeds();
    let answer = creator.verify(&forged, "").verdict("mismatched", 3);
    assert_eq!(answer["watermark"]["payload"], PAYLOAD);
    assert_eq!(answer["registry"]["state"], "mismatch");
    assert_eq!(answer["registry"]["manifest"], urn());
}

#[test]
fn without_the_registry_a_stripped_copy_is_marked() {
    let answer = User::new().verify(&scene().upload(), "").verdict("marked", 0);
    assert_eq!(answer["watermark"]["payload"], PAYLOAD);
    assert_eq!(answer["registry"]["state"], "unknown");
}

#[test]
fn unmarked_footage_is_inconclusive_even_beside_a_full_registry() {
    let creator = scene().creator();
    let answer = creator.verify(&other_footage(), "").verdict("inconclusive", 1);
    assert_eq!(answer["watermark"]["state"], "absent");
    assert_eq!(answer["watermark"]["payload"], serde_json::Value::Null);
    assert_eq!(answer["registry"]["state"], "unknown");
}

#[test]
fn a_withdrawn_manifest_makes_every_copy_revoked() {
    let creator = scene().creator();
    creator.run(["registry", "revoke", &urn(), "--reason", "staged"]).succeeds();
    let answer = creator.verify(&scene().upload(), "").verdict("revoked", 3);
    assert_eq!(answer["registry"]["state"], "revoked");
    creator.verify(&scene().signed, "").verdict("revoked", 3);
}

#[test]
fn signing_without_a_mark_leaves_the_pictures_as_they_were() {
    let creator = User::new();
    let signed = creator.path("signed.mp4");
    let stamped = creator.stamp(&fractal(), &signed, "--no-watermark --json").succeeds().json();
    assert_eq!(stamped["payload"], serde_json::Value::Null);
    let packets = |path: &Path| {
        crate::clip::column(
            path,
            "-select_streams v:0 -show_packets -show_data_hash md5",
            "packets",
            "data_hash",
        )
    };
    assert_eq!(packets(&signed), packets(&fractal()));
    let answer = creator.verify(&signed, "").verdict("verified", 0);
    assert_eq!(answer["watermark"]["state"], "absent");
}

#[test]
fn with_its_mark_gone_a_copy_is_recovered_by_its_looks() {
    let creator = User::new();
    let signed = creator.path("signed.mp4");
    creator.stamp(&fractal(), &signed, "--no-watermark").succeeds();
    let copy = creator.path("copy.mp4");
    published(&signed, "-vf scale=480:270 -c:v libx264 -crf 30", &copy);
    let answer = creator.verify(&copy, "").verdict("recovered", 0);
    assert_eq!(answer["registry"]["via"], "fingerprint");
    assert_eq!(answer["watermark"]["state"], "absent");
    User::new().verify(&copy, "").verdict("inconclusive", 1);
}

#[test]
fn marking_without_credentials_publishes_and_signs_nothing() {
    let creator = User::new();
    let marked = creator.path("marked.mp4");
    let stamped =
        creator.stamp(&fractal(), &marked, &format!("--id {ID} --no-credentials --json")).succeeds().json();
    assert_eq!((&stamped["manifest"], &stamped["registered"]), (&serde_json::Value::Null, &false.into()));
    assert_eq!(stamped["payload"], PAYLOAD);
    assert!(!creator.home().exists(), "no identity and no registry were needed");
    let answer = creator.verify(&marked, "").verdict("marked", 0);
    assert_eq!(answer["credentials"]["state"], "absent");
}

#[test]
fn containers_without_room_for_a_manifest_get_it_beside_them() {
    let creator = User::new();
    for (name, options) in
        [("clip.mkv", "--codec h264 --preset ultrafast"), ("clip.webm", "--codec vp9 --preset ultrafast")]
    {
        let output = creator.path(name);
        let answer = creator.stamp(&other_footage(), &output, &format!("{options} --json")).succeeds().json();
        let sidecar = creator.path(format!("{name}.c2pa"));
        assert_eq!(answer["sidecar"].as_str(), sidecar.to_str());
        assert!(fs::metadata(&sidecar).unwrap().len() > 1000);
        creator.verify(&output, "").verdict("verified", 0);

        let mut bytes = fs::read(&output).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&output, &bytes).unwrap();
        creator.verify(&output, "").verdict("altered", 3);
        bytes[middle] ^= 1;
        fs::write(&output, &bytes).unwrap();

        fs::remove_file(&sidecar).unwrap();
        let answer = creator.verify(&output, "").verdict("recovered", 0);
        assert_eq!(answer["registry"]["via"], "watermark", "{name}");
    }
}

use std::fs;
use std::process::Command;

use serde_json::json;

use super::*;
use crate::pen::Pen;
use crate::sign::tests::{Desk, claim};
use crate::{CredentialState, ModelCard, Origin, engine, manifest};

/// A picture without credentials.
fn picture(desk: &Desk, name: &str) -> PathBuf {
    let path = desk.path(name);
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1"])
        .arg(&path)
        .status()
        .expect("ffmpeg runs");
    assert!(made.success());
    path
}

/// The same picture with credentials of the camera that took it.
fn signed_picture(desk: &Desk, name: &str) -> PathBuf {
    let mut source = File::open(picture(desk, &format!("plain-{name}"))).unwrap();
    let path = desk.path(name);
    let mut destination = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    let context = engine::signing(0, 0).unwrap();
    let claim = claim(Some(Origin::Camera));
    let now = "2026-11-01T00:00:00Z";
    let mut builder = manifest::define(Builder::from_shared_context(&context), &claim, false, now).unwrap();
    let pen = Pen::take(&desk.identity, None);
    builder.sign(&&pen, "image/jpeg", &mut source, &mut destination).unwrap();
    path
}

fn made(inputs: Vec<PathBuf>) -> Claim {
    let mut claim = claim(Some(Origin::Generated));
    claim.models.push(ModelCard { name: "a model".into(), ..ModelCard::default() });
    claim.making = Some(Making {
        agent: "filigrane".into(),
        version: "1.2.3".into(),
        settings: json!({ "seed": 7, "steps": 20, "guidance": 2.5 }),
        inputs,
    });
    claim
}

#[test]
fn a_generated_clip_keeps_the_credentials_of_the_picture_it_began_with_and_stays_generated() {
    let desk = Desk::new();
    let first = signed_picture(&desk, "first.jpg");
    let (path, signed) = desk.sign(&desk.video("a.mp4"), "made.mp4", &made(vec![first]));
    assert!(!signed.parent && signed.notes.is_empty(), "{:?}", signed.notes);
    let found = desk.read(&path);
    assert_eq!((found.state, found.origin), (CredentialState::Trusted, Some(Origin::Generated)), "{found:?}");
    assert_eq!(found.manifests, 2, "its own and the picture's");
    let document = crate::crjson(&path, &desk.anchors, &Limits::default()).unwrap().unwrap();
    let assertions = &document["manifests"][0]["assertions"];
    let created = &assertions["c2pa.actions.v2"]["actions"][0];
    assert_eq!(created["softwareAgent"], json!({ "name": "filigrane", "version": "1.2.3" }));
    assert_eq!(created["parameters"][SETTINGS]["seed"], 7);
    assert_eq!(created["parameters"]["ingredients"].as_array().map(Vec::len), Some(2), "model and picture");
    let picture = &assertions["c2pa.ingredient.v3__1"];
    assert_eq!((&picture["relationship"], &picture["dc:title"]), (&json!("inputTo"), &json!("first.jpg")));
}

#[test]
fn a_picture_without_credentials_is_named_and_one_that_is_gone_is_an_error() {
    let desk = Desk::new();
    let video = desk.video("a.mp4");
    let (path, signed) = desk.sign(&video, "made.mp4", &made(vec![picture(&desk, "first.png")]));
    assert_eq!(signed.notes, [] as [String; 0]);
    let found = desk.read(&path);
    assert_eq!((found.state, found.manifests), (CredentialState::Trusted, 1));

    let gone = crate::sign(
        &video,
        &desk.path("other.mp4"),
        &made(vec![desk.path("gone.png")]),
        &desk.identity,
        &Limits::default(),
    );
    assert!(gone.unwrap_err().to_string().contains("gone.png"));
    assert!(!desk.path("other.mp4").exists());
    let many = vec![desk.path("first.png"); MOST + 1];
    let refused =
        crate::sign(&video, &desk.path("other.mp4"), &made(many), &desk.identity, &Limits::default());
    assert!(refused.unwrap_err().to_string().contains("17 files"));
    fs::metadata(&video).unwrap();
}

//! The document of the interface: what is served is the committed file, and what is answered is what it says.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::User;
use crate::served::Served;

/// The golden file; set this variable to 1 to write what is served there, and look at what changed before it is committed.
const GOLDEN: &str = "src/service/openapi.json";
const RENEW: &str = "RENEW_GOLDEN";

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_document_that_is_served_is_the_committed_one() {
    let user = User::new();
    let served = Served::by(&user, "");
    let document = served.get("/v1/openapi.json");
    assert_eq!((document.status, document.header("content-type")), (200, Some("application/json")));
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN);
    if std::env::var_os(RENEW).is_some_and(|value| value == "1") {
        std::fs::write(&golden, &document.body).unwrap();
    }
    let committed = std::fs::read(&golden).unwrap();
    let first = document.body.iter().zip(&committed).position(|(one, other)| one != other);
    let what =
        format!("from byte {first:?} on; {RENEW}=1 cargo test --test cli interface writes {GOLDEN} anew");
    assert!(document.body == committed, "the served document is not {GOLDEN}, {what}");
}

#[test]
fn answers_have_the_fields_that_the_document_gives_them_and_no_others() {
    let user = User::new();
    let served = Served::by(&user, "");
    let document = served.get("/v1/openapi.json").json();
    let schemas = &document["components"]["schemas"];
    let sent = served.ask("POST", "/v1/clips?name=a.mp4", None, "video/mp4", b"no video");
    assert_eq!(sent.status, 202);
    let id = sent.json()["id"].as_str().unwrap().to_owned();
    let start = Instant::now();
    let clip = loop {
        let clip = served.get(&format!("/v1/clips/{id}")).json();
        if clip["state"] == "done" {
            break clip;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{clip}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(names(&clip), names(&schemas["Clip"]["properties"]));
    let note = br#"{"text": "odd", "author": "Ada"}"#;
    assert_eq!(
        served.ask("POST", &format!("/v1/clips/{id}/notes"), None, "application/json", note).status,
        204
    );
    let notes = served.get(&format!("/v1/clips/{id}/notes")).json();
    assert_eq!(names(&notes[0]), names(&schemas["Note"]["properties"]));
    let list = served.get("/v1/clips").json();
    assert_eq!(names(&list), names(&schemas["Clips"]["properties"]));
    let missing = served.get("/v1/clips/6f1c0a2b-1122-4344-8555-66778899aabb").json();
    assert_eq!(names(&missing), names(&schemas["Problem"]["properties"]));
}

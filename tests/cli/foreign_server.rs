//! Servers of others that speak the Soft Binding Resolution API, with what the standard has and no more.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::hostile_server::{Asked, send, server};
use crate::program::{User, finish};
use crate::scene::{ID, scene, urn};

/// Path and body of a request.
type Told = (String, Vec<u8>);

fn manifest() -> Vec<u8> {
    std::fs::read(scene().creator().home().join(format!("registry/manifests/6f/{ID}.c2pa"))).unwrap()
}

#[test]
fn a_server_of_an_older_version_that_redirects_within_itself_is_enough_to_recover() {
    let bytes = manifest();
    let address = server(move |asked: &Asked, stream| match asked.path.as_str() {
        path if path.starts_with("/sbr/matches/byBinding?") => {
            let unknown = json!({ "manifestId": "xmp.iid:1", "similarityScore": 3 });
            let known =
                json!({ "manifestId": urn(), "endpoint": "http://localhost:9/v1", "similarityScore": 100 });
            send(stream, "200 OK", "", json!({ "matches": [unknown, known] }).to_string().as_bytes());
        }
        path if path == format!("/sbr/manifests/{}", urn()) => {
            send(stream, "302 Found", "Location: ../../files/1\r\n", b"");
        }
        "/files/1" => send(stream, "200 OK", "Content-Type: application/c2pa\r\n", &bytes),
        _ => send(stream, "404 Not Found", "", b"{}"),
    });
    let option = format!("--registry http://{address}/sbr");
    let answer = User::new().verify(&scene().upload(), &option).verdict("recovered", 0);
    assert_eq!(answer["registry"]["manifest"], urn());
}

#[test]
fn a_server_that_reads_no_manifests_is_told_the_bindings() {
    let told: Arc<Mutex<Vec<Told>>> = Arc::default();
    let log = Arc::clone(&told);
    let address = server(move |asked: &Asked, stream| {
        if asked.path == "/v1/services/capabilities" {
            let can = json!({ "c2paSpecificationVersion": "2.4.0",
                "supportedCapabilities": ["storeManifests", "storeBindings"] });
            return send(stream, "200 OK", "", can.to_string().as_bytes());
        }
        assert!(asked.head.contains("authorization: bearer sesame"), "{}", asked.head);
        log.lock().unwrap().push((asked.path.clone(), asked.body.clone()));
        match asked.path.as_str() {
            "/v1/manifests" => {
                send(stream, "200 OK", "", json!({ "manifestId": urn() }).to_string().as_bytes())
            }
            "/v1/bindings" => send(stream, "204 No Content", "", b""),
            _ => send(stream, "404 Not Found", "", b"{}"),
        }
    });
    let creator = User::new();
    let mut publish = creator.command();
    publish.env("FILIGRANE_REGISTRY_TOKEN", "sesame");
    publish.args(["registry", "--registry", &format!("http://{address}/v1"), "publish"]).arg(&scene().signed);
    assert!(finish(publish).succeeds().stdout.ends_with(": registered\n"));
    let told = told.lock().unwrap();
    let paths: Vec<&str> = told.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/v1/manifests", "/v1/bindings", "/v1/bindings"]);
    assert!(told[0].1 == manifest());
    let values: Vec<Value> =
        told[1..].iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
    assert_eq!(values[0], json!({ "bindingValue": "bxwKKxEiQ0Q=", "manifestId": urn() }));
    assert!(
        values[1]["bindingValue"].as_str().unwrap().starts_with("ZmlsaWZw"),
        "the fingerprint's first bytes"
    );
}

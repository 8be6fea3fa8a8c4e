//! The registry over HTTP, from both ends.

use std::fs;
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::clip::small;
use crate::program::{Answer, User, finish};
use crate::scene::{ID, scene, urn};
use crate::served::{Reply, Served, token};

/// The payload of the scene's clip, and one that nobody has, in base64.
const VALUE: &str = "bxwKKxEiQ0Q=";
const OTHER_VALUE: &str = "AAAAAAAAAAA=";

fn with_token(user: &User, token: &str, arguments: &[&str]) -> Answer {
    let mut command = user.command();
    command.env("FILIGRANE_REGISTRY_TOKEN", token).args(arguments);
    finish(command)
}

#[test]
fn a_stripped_copy_is_recovered_through_a_server() {
    let creator = scene().creator();
    let served = Served::by(&creator, "");
    let newsroom = User::new();
    for address in [served.option(), format!("--registry http://{}", served.address)] {
        let answer = newsroom.verify(&scene().upload(), &address).verdict("recovered", 0);
        let registry = &answer["registry"];
        assert_eq!((&registry["state"], &registry["via"]), (&json!("match"), &json!("watermark")));
        assert_eq!((&registry["manifest"], &registry["title"]), (&json!(urn()), &json!("signed.mp4")));
        assert_eq!(answer["errors"], json!([]));
    }
    let options = format!("--only fingerprint {}", served.option());
    let answer = newsroom.verify(&scene().upload(), &options).verdict("recovered", 0);
    assert_eq!(answer["registry"]["via"], "fingerprint");
    let named = newsroom.run(["--json", "registry", "--registry", &served.option()[11..], "show", &urn()]);
    assert_eq!(named.succeeds().json()[0]["title"], "signed.mp4");
    let list = newsroom.run(["registry", "--registry", &served.option()[11..], "find"]);
    assert!(list.refusal("127.0.0.1").contains("gives no list"));
    assert_eq!(served.end(), Some(0), "it ends in order when asked to");
}

#[test]
fn the_interface_answers_as_the_standard_has_it() {
    let creator = scene().creator();
    let served = Served::by(&creator, "");
    let found = served.get(&format!("/v1/matches/byBinding?alg=org.filigrane.watermark.1&value={VALUE}"));
    assert_eq!((found.status, &found.json()["matches"][0]["manifestId"]), (200, &json!(urn())));
    let none =
        served.get(&format!("/v1/matches/byBinding?alg=org.filigrane.watermark.1&value={OTHER_VALUE}"));
    assert_eq!((none.status, none.json()), (200, json!({ "matches": [] })));

    let stored = fs::read(creator.home().join(format!("registry/manifests/6f/{ID}.c2pa"))).unwrap();
    for option in ["", "?returnActiveManifest=true"] {
        let manifest = served.get(&format!("/v1/manifests/{}{option}", urn()));
        assert_eq!((manifest.status, manifest.header("content-type")), (200, Some("application/c2pa")));
        assert!(manifest.body == stored, "the store has one manifest, which is the active one");
    }
    assert_eq!(served.get("/v1/manifests/urn:c2pa:conformance-does-not-exist").status, 404);

    let known = served.get("/v1/services/supportedAlgorithms").json();
    assert_eq!(known["watermarks"][0]["alg"], "org.filigrane.watermark.1");
    assert_eq!(known["fingerprints"][0]["alg"], "org.filigrane.fingerprint.1");
    let can = served.get("/v1/services/capabilities").json();
    let about = served.get("/.well-known/c2pa-soft-binding-resolution").json();
    assert_eq!(can["c2paSpecificationVersion"], about["c2paSpecificationVersion"]);
    assert_eq!(about["apiEndpoint"], "/v1");
    assert!(!can["supportedCapabilities"].as_array().unwrap().contains(&json!("storeManifests")));
    assert_eq!(served.get("/v1/services/status").json()["status"], "ok");
}

#[test]
fn a_video_that_is_sent_leads_to_its_manifest() {
    let creator = scene().creator();
    let served = Served::by(&creator, "--largest-video 64");
    let upload = fs::read(scene().upload()).unwrap();
    for alg in ["org.filigrane.watermark.1", "org.filigrane.fingerprint.1"] {
        let path = format!("/v1/matches/byContent?alg={alg}");
        let found = served.ask("POST", &path, None, "video/mp4", &upload).json();
        assert_eq!(found["matches"][0]["manifestId"], urn(), "{alg}: {found}");
        assert!(found["matches"][0]["similarityScore"].as_u64().unwrap() > 80, "{alg}: {found}");
    }
    let junk = served.ask("POST", "/v1/matches/byContent", None, "video/mp4", b"no video at all");
    assert!([400, 415].contains(&junk.status), "{junk:?}");
    assert!(!junk.json()["error"].as_str().unwrap().contains("uploads"), "{junk:?}");
    let left = fs::read_dir(creator.home().join("uploads")).unwrap().count();
    assert_eq!(left, 0, "no video stays");
}

#[test]
fn publishing_takes_a_token_and_what_is_published_is_checked() {
    let (platform, creator, newsroom) = (User::new(), scene().creator(), User::new());
    let served = Served::by(&platform, "");
    let registry = served.option()[11..].to_owned();
    let signed = scene().signed.to_str().unwrap();
    let publish = ["registry", "--registry", &registry, "publish", signed];
    assert!(creator.run(publish).refusal("127.0.0.1").contains("FILIGRANE_REGISTRY_TOKEN"));
    let refused = with_token(&creator, "filigrane_wrong", &publish).refusal("127.0.0.1");
    assert!(refused.contains("takes no manifests"), "nobody may publish yet: {refused}");
    let reader = token(&platform, "reader", "fetch:manifests");
    let writer = token(&platform, "writer", "store:manifests,store:bindings");
    assert!(with_token(&creator, "filigrane_wrong", &publish).refusal("127.0.0.1").contains("another token"));
    assert!(with_token(&creator, &reader, &publish).refusal("127.0.0.1").contains("store:manifests"));
    newsroom.verify(&scene().upload(), &served.option()).verdict("marked", 0);
    assert!(with_token(&creator, &writer, &publish).succeeds().stdout.ends_with(": registered\n"));
    assert!(with_token(&creator, &writer, &publish).succeeds().stdout.contains("already registered"));
    newsroom.verify(&scene().upload(), &served.option()).verdict("recovered", 0);
    // The record is what the signature covers, and found by its looks as well.
    platform.verify(&scene().upload(), "--only fingerprint").verdict("recovered", 0);

    let send = |token: &str, bytes: &[u8]| {
        served.ask("POST", "/v1/manifests", Some(token), "application/c2pa", bytes).status
    };
    let mut manifest = fs::read(creator.home().join(format!("registry/manifests/6f/{ID}.c2pa"))).unwrap();
    assert_eq!(send(&writer, &manifest), 200);
    let at = manifest.windows(10).position(|window| window == b"signed.mp4").unwrap();
    manifest[at] ^= 1;
    assert_eq!((send(&writer, &manifest), send(&writer, b"conformance-no-auth")), (400, 400));

    let bind = |method: &str, value: &str, name: &str| {
        let body = json!({ "bindingValue": value, "manifestId": name }).to_string();
        served.ask(method, "/v1/bindings", Some(&writer), "application/json", body.as_bytes()).status
    };
    for method in ["POST", "PUT"] {
        assert_eq!(bind(method, VALUE, &urn()), 204);
        assert_eq!(bind(method, OTHER_VALUE, &urn()), 403, "not under the signature");
        assert_eq!(bind(method, VALUE, "urn:c2pa:conformance-does-not-exist"), 404);
    }
    let path = format!("/v1/manifests/{}", urn());
    let kept = served.ask("DELETE", &path, Some(&writer), "", b"");
    assert_eq!((kept.status, served.get(&path).status), (403, 200));
    assert!(kept.json()["error"].as_str().unwrap().contains("only ever added"));

    platform.run(["serve", "token", "revoke", "writer"]).succeeds();
    assert_eq!(send(&writer, b"x"), 401, "it ends at once");
    let listed = platform.run(["--json", "serve", "token", "list"]).succeeds();
    assert!(!listed.stdout.contains(&reader) && listed.json()[0]["scopes"] == json!(["fetch:manifests"]));
}

#[test]
fn stamp_publishes_to_a_server() {
    let (platform, creator) = (User::new(), User::new());
    let served = Served::by(&platform, "");
    let writer = token(&platform, "writer", "store:manifests");
    let signed = creator.path("signed.mp4");
    let mut command = creator.command();
    command.env("FILIGRANE_REGISTRY_TOKEN", &writer);
    command.args(["--json", "stamp", "--no-watermark"]).args(served.option().split(' '));
    command.arg(crate::clip::other_footage()).arg("-o").arg(&signed);
    let answer = finish(command).succeeds().json();
    assert_eq!((&answer["registered"], &answer["notes"]), (&json!(true), &json!([])));
    let name = answer["manifest"].as_str().unwrap();
    assert_eq!(served.get(&format!("/v1/manifests/{name}")).status, 200);
    platform.run(["registry", "show", name]).succeeds();
}

#[test]
fn a_withdrawal_goes_through_a_server_on_the_word_of_the_signer_alone() {
    let creator = scene().creator();
    let served = Served::by(&creator, "");
    let writer = token(&creator, "writer", "store:manifests");
    let registry = served.option()[11..].to_owned();
    let name = urn();
    let revoke = ["registry", "--registry", &registry, "revoke", &name, "--reason", "staged"];
    let stranger = User::new();
    let refused = with_token(&stranger, &writer, &revoke);
    assert!(refused.complaint("127.0.0.1").contains("own signer"), "{refused:?}");
    let newsroom = User::new();
    newsroom.verify(&scene().upload(), &served.option()).verdict("recovered", 0);
    assert!(creator.run(revoke).refusal("127.0.0.1").contains("FILIGRANE_REGISTRY_TOKEN"));
    for _ in 0..2 {
        with_token(&creator, &writer, &revoke).succeeds();
    }
    let answer = newsroom.verify(&scene().upload(), &served.option()).verdict("revoked", 3);
    assert_eq!(answer["registry"]["withdrawal"]["reason"], "staged");
    let told = served.get(&format!("/v1/manifests/{name}/revocations")).json();
    assert_eq!(told["revocations"].as_array().unwrap().len(), 1);
}

#[test]
fn a_consent_is_withdrawn_through_a_server_and_the_manifest_stands() {
    let creator = User::new();
    let records = r#"[{"subject": "Ada", "uses": ["voice"], "purpose": "a film"}]"#;
    fs::write(creator.path("consent.json"), records).unwrap();
    let options = "--no-watermark --origin composite --consent consent.json";
    creator.stamp(&small(), &creator.path("a.mp4"), options).succeeds();
    let served = Served::by(&creator, "");
    let writer = token(&creator, "writer", "store:manifests");
    let registry = served.option()[11..].to_owned();
    let answer = creator.verify(&creator.path("a.mp4"), &served.option()).verdict("verified", 0);
    let name = answer["credentials"]["manifest"].as_str().unwrap();
    let revoke = |user: &User, subject: &str| {
        let words = [
            "registry",
            "--registry",
            &registry,
            "revoke",
            name,
            "--consent",
            subject,
            "--reason",
            "no more",
        ];
        with_token(user, &writer, &words)
    };
    assert!(revoke(&User::new(), "Ada").complaint("127.0.0.1").contains("own signer"));
    revoke(&creator, "Alan").refusal("no consent of \"Alan\"");
    for _ in 0..2 {
        revoke(&creator, "Ada").succeeds();
    }
    let told = served.get(&format!("/v1/manifests/{name}/revocations")).json();
    assert_eq!(told["revocations"].as_array().unwrap().len(), 1);
    assert_eq!(told["revocations"][0]["subject"], "Ada");
    let answer = creator.verify(&creator.path("a.mp4"), &served.option()).verdict("verified", 0);
    let withdrawal = &answer["credentials"]["consents"][0]["withdrawal"];
    assert_eq!((&withdrawal["by"], &withdrawal["reason"]), (&json!("signer"), &json!("no more")));
}

#[test]
fn other_machines_are_let_in_with_tokens_or_when_everybody_is() {
    let platform = User::new();
    let refused = platform.run(["serve", "--listen", "0.0.0.0:0"]).refusal("0.0.0.0");
    assert!(refused.contains("serve token new") && refused.contains("--public"), "{refused}");
    let remote = platform.run(["serve", "--registry", "https://registry.example/v1"]);
    assert!(remote.refusal("registry.example").contains("a folder"));
    platform.run(["serve", "--listen", "nonsense"]).refusal("nonsense");
    let served = Served::by(&platform, "");
    let taken = platform.run(["serve", "--listen", &served.address.to_string()]);
    taken.refusal(&served.address.to_string());
}

#[test]
fn a_video_too_many_is_turned_away_until_a_caller_leaves() {
    let creator = scene().creator();
    let served = Served::by(&creator, "--videos 1");
    let mut slow = served.connect();
    let head = format!(
        "POST /v1/matches/byContent HTTP/1.1\r\nHost: {}\r\nContent-Type: video/mp4\r\nContent-Length: 1000\r\n\
         Expect: 100-continue\r\n\r\n",
        served.address
    );
    slow.write_all(head.as_bytes()).unwrap();
    // The server asks for the body once it has made room for it.
    let mut asked = [0; 12];
    slow.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100");
    slow.write_all(b"x").unwrap();
    let ask = || served.ask("POST", "/v1/matches/byContent", None, "video/mp4", b"none");
    let patience = Instant::now();
    let until = |wanted: u16, ask: &dyn Fn() -> Reply| loop {
        let reply = ask();
        if reply.status == wanted {
            return reply;
        }
        assert!(patience.elapsed() < Duration::from_secs(30), "{reply:?}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let refused = until(429, &ask);
    assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    assert_eq!(served.get("/healthz").status, 200, "others are answered meanwhile");
    drop(slow);
    until(400, &ask);
}

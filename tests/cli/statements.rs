//! What a signer states beside origin and mark: it is under the signature, and verify shows it.

use std::fs;

use serde_json::Value;

use crate::clip::small;
use crate::program::User;

fn assertions(user: &User, file: &str) -> Value {
    let document = user.run(["verify", "--format", "crjson", file]).succeeds().json();
    document["manifests"][0]["assertions"].clone()
}

#[test]
fn training_terms_and_disclosures_are_signed_as_asked() {
    let user = User::new();
    let options =
        "--no-watermark --origin generated --training constrained --terms https://example.org/terms";
    user.stamp(&small(), &user.path("a.mp4"), options).succeeds();
    let signed = assertions(&user, "a.mp4");
    let entry = &signed["cawg.training-mining"]["entries"]["cawg.ai_training"];
    assert_eq!(
        (&entry["use"], &entry["constraint_info"]),
        (&"constrained".into(), &"https://example.org/terms".into())
    );
    assert_eq!(signed["c2pa.ai-disclosure"]["modelType"], "c2pa.types.model");
    assert_eq!(signed["org.filigrane.disclosure"]["system"], "filigrane");
    assert!(signed["org.filigrane.aigc"].is_null());
    let china = "--no-watermark --origin composite --disclose china";
    user.stamp(&small(), &user.path("b.mp4"), china).succeeds();
    let signed = assertions(&user, "b.mp4");
    assert_eq!(signed["org.filigrane.aigc"]["AIGC"]["Label"], "1");
    assert!(signed["c2pa.ai-disclosure"].is_null());
    user.stamp(&small(), &user.path("c.mp4"), "--no-watermark --origin camera").succeeds();
    assert!(assertions(&user, "c.mp4")["c2pa.ai-disclosure"].is_null(), "a camera's clip discloses nothing");
    let terms = user.stamp(&small(), &user.path("x.mp4"), "--no-watermark --training constrained");
    terms.refusal("give --terms");
    assert!(!user.path("x.mp4").exists());
}

#[test]
fn consent_is_signed_shown_and_said_to_have_ended() {
    let user = User::new();
    let records = r#"[
        {"subject": "Ada <b>L</b>", "uses": ["likeness", "voice"], "purpose": "a film", "until": "2999-01-31T00:00:00Z"},
        {"subject": "Grace", "uses": ["voice"], "purpose": "a trailer", "until": "2020-01-31T00:00:00Z"}
    ]"#;
    fs::write(user.path("consent.json"), records).unwrap();
    let options = "--no-watermark --origin composite --consent consent.json";
    user.stamp(&small(), &user.path("a.mp4"), options).succeeds();
    let page = user.path("report.html");
    let answer =
        user.verify(&user.path("a.mp4"), &format!("--report {}", page.display())).verdict("verified", 0);
    let consents = &answer["credentials"]["consents"];
    assert_eq!((&consents[0]["ended"], &consents[1]["ended"]), (&false.into(), &true.into()));
    let before = user.verify(&user.path("a.mp4"), "--at 2019-06-01T00:00:00Z").json();
    assert_eq!(before["credentials"]["consents"][1]["ended"], false, "it still held then");
    let html = fs::read_to_string(page).unwrap();
    assert!(
        html.contains("Ada &lt;b&gt;L&lt;/b&gt;: likeness and voice for a film") && !html.contains("<b>L")
    );
    let text = user.run(["verify", "a.mp4"]).succeeds().stdout;
    assert!(text.contains("Grace: voice for a trailer (ended 2020"), "{text}");
    fs::write(user.path("consent.json"), "{}").unwrap();
    user.stamp(&small(), &user.path("x.mp4"), options).refusal("consent.json");
}

#[test]
fn a_consent_is_withdrawn_without_the_manifest_and_on_whose_word_is_told() {
    let user = User::new();
    let records = r#"[{"subject": "Ada", "uses": ["voice"], "purpose": "a film"},
        {"subject": "Grace", "uses": ["likeness"], "purpose": "a film"}]"#;
    fs::write(user.path("consent.json"), records).unwrap();
    let options = "--no-watermark --origin composite --consent consent.json";
    user.stamp(&small(), &user.path("a.mp4"), options).succeeds();
    let registry = user.home().join("registry").display().to_string();
    let before = user.verify(&user.path("a.mp4"), "").verdict("verified", 0);
    assert!(before["credentials"]["consents"][0]["withdrawal"].is_null());
    let urn = before["credentials"]["manifest"].as_str().unwrap();
    let revoke = |who: &User, subject: &str| {
        let words =
            ["registry", "--registry", &registry, "revoke", urn, "--consent", subject, "--reason", "no more"];
        who.run(words)
    };
    revoke(&user, "Alan").refusal("no consent of \"Alan\"");

    // A stranger's word is told and does not count.
    revoke(&User::new(), "Grace").succeeds();
    revoke(&user, "Ada").succeeds();
    revoke(&user, "Ada").succeeds();
    let answer = user.verify(&user.path("a.mp4"), "").verdict("verified", 0);
    let consents = &answer["credentials"]["consents"];
    let by = |which: usize| consents[which]["withdrawal"]["by"].as_str().unwrap();
    assert_eq!((by(0), by(1)), ("signer", "stranger"));
    assert_eq!(consents[0]["withdrawal"]["reason"], "no more");
    let text = user.run(["verify", "a.mp4"]).succeeds().stdout;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("Ada: voice for a film (withdrawn 20"), "{text}");
    assert!(text.contains("by the signer: no more"), "{text}");
    assert!(text.contains("Grace: likeness for a film (no end stated)"), "{text}");
    let listed = user.run(["--json", "registry", "find"]).succeeds().json();
    assert_eq!(listed[0]["revoked"], false, "the manifest stands");
}

#[test]
fn a_model_is_signed_as_ingredient_of_what_it_made_and_follows_the_clip_through_an_edit() {
    let user = User::new();
    let card = r#"{"name": "Dream <b>Machine", "version": "2.1", "type": "pytorch",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "licence": "Apache-2.0",
        "trainingData": "Licensed stock footage; opt-outs honoured.", "link": "https://example.org/card"}"#;
    fs::write(user.path("model.json"), card).unwrap();
    let options = "--no-watermark --origin generated --model model.json";
    user.stamp(&small(), &user.path("a.mp4"), options).succeeds();
    let signed = assertions(&user, "a.mp4");
    let ingredient = &signed["c2pa.ingredient.v3"];
    assert_eq!(ingredient["relationship"], "inputTo", "{signed:#}");
    assert_eq!(ingredient["dataTypes"][0]["type"], "c2pa.types.model.pytorch");
    let created = &signed["c2pa.actions.v2"]["actions"][0];
    assert_eq!(created["action"], "c2pa.created");
    let reference = created["parameters"]["ingredients"][0]["url"].as_str().unwrap();
    assert!(reference.ends_with("c2pa.assertions/c2pa.ingredient.v3"), "{reference}");
    let disclosed = &signed["c2pa.ai-disclosure"];
    assert_eq!(
        (&disclosed["modelType"], &disclosed["modelName"]),
        (&"c2pa.types.model.pytorch".into(), &"Dream <b>Machine 2.1".into())
    );
    assert!(disclosed["modelIdentifier"].as_str().unwrap().starts_with("sha256:9f86d081"));
    assert_eq!(signed["org.filigrane.disclosure"]["systemVersion"], "2.1");

    let page = user.path("report.html");
    let answer =
        user.verify(&user.path("a.mp4"), &format!("--report {}", page.display())).verdict("verified", 0);
    let model = &answer["credentials"]["models"][0];
    assert_eq!((&model["name"], &model["licence"]), (&"Dream <b>Machine".into(), &"Apache-2.0".into()));
    assert_eq!(model["training_data"], "Licensed stock footage; opt-outs honoured.");
    let html = fs::read_to_string(page).unwrap();
    assert!(html.contains("Dream &lt;b&gt;Machine 2.1; licence: Apache-2.0") && !html.contains("<b>Machine"));
    let text = user.run(["verify", "a.mp4"]).succeeds().words();
    assert!(text.contains("trained on: Licensed stock footage"), "{text}");

    user.stamp(&user.path("a.mp4"), &user.path("b.mp4"), "--no-watermark --origin edited").succeeds();
    let answer = user.verify(&user.path("b.mp4"), "").verdict("verified", 0);
    assert_eq!(&answer["credentials"]["models"][0], model, "the source's statement is still shown");
    assert_eq!(answer["verdict"]["origin"], "generated");
}

#[test]
fn models_are_refused_where_nothing_was_generated_and_cards_where_something_is_wrong() {
    let user = User::new();
    fs::write(user.path("model.json"), r#"{"name": "x"}"#).unwrap();
    let output = user.path("x.mp4");
    let camera = user.stamp(&small(), &output, "--no-watermark --origin camera --model model.json");
    camera.refusal("--model goes with --origin generated or composite");
    fs::write(user.path("model.json"), r#"{"name": "x", "type": "gguf"}"#).unwrap();
    let unknown = user.stamp(&small(), &output, "--no-watermark --origin generated --model model.json");
    unknown.refusal("no name in C2PA");
    user.stamp(&small(), &output, "--no-watermark --origin generated --model none.json").refusal("none.json");
    assert!(!output.exists());
}

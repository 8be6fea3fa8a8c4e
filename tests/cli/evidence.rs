//! Which evidence is gathered, and that what was not asked for says so and nothing more.

use serde_json::{Value, json};

use crate::program::User;
use crate::scene::scene;

/// State of a stage that did not run, once it is clear that it says nothing else.
#[track_caller]
fn idle(answer: &Value, stage: &str) -> String {
    let object = answer[stage].as_object().unwrap_or_else(|| panic!("{stage} is missing: {answer:#}"));
    assert_eq!(object.keys().collect::<Vec<_>>(), ["state"], "{stage}: {answer:#}");
    object["state"].as_str().expect("a state").to_owned()
}

#[test]
fn only_credentials_looks_at_no_picture() {
    let answer = scene().creator().verify(&scene().signed, "--only credentials").verdict("verified", 0);
    for stage in ["watermark", "registry", "classifier"] {
        assert_eq!(idle(&answer, stage), "skipped");
    }
    for stage in ["decode_s", "watermark_s", "classifier_s"] {
        assert_eq!(answer["timing"][stage].as_f64(), Some(0.0), "{stage}");
    }
    assert_eq!(answer["media"]["frames"], 75);
}

#[test]
fn only_watermark_leaves_the_manifest_unread() {
    let answer = scene().creator().verify(&scene().signed, "--only watermark").verdict("recovered", 0);
    assert_eq!(
        (idle(&answer, "credentials"), idle(&answer, "classifier")),
        ("skipped".into(), "skipped".into())
    );
    assert_eq!(answer["registry"]["via"], "watermark");
}

#[test]
fn only_fingerprint_goes_by_looks_alone() {
    let answer = scene().creator().verify(&scene().upload(), "--only fingerprint").verdict("recovered", 0);
    assert_eq!(
        (idle(&answer, "credentials"), idle(&answer, "watermark")),
        ("skipped".into(), "skipped".into())
    );
    assert_eq!(answer["registry"]["via"], "fingerprint");
}

#[test]
fn only_classifier_answers_that_none_is_installed() {
    let answer = scene().creator().verify(&scene().signed, "--only classifier").verdict("inconclusive", 1);
    for stage in ["credentials", "watermark", "registry"] {
        assert_eq!(idle(&answer, stage), "skipped");
    }
    assert_eq!(idle(&answer, "classifier"), "unavailable");
}

#[test]
fn several_stages_may_be_named_and_unknown_ones_are_refused() {
    let creator = scene().creator();
    let answer = creator.verify(&scene().signed, "--only credentials,watermark").verdict("verified", 0);
    assert_eq!(answer["watermark"]["state"], "found");
    let refusal = creator.run(["verify", "x.mp4", "--only", "aura"]).refusal("aura");
    assert!(refusal.contains("--only"), "{refusal}");
}

#[test]
fn a_registry_that_is_not_there_is_unavailable_and_said_so() {
    let user = User::new();
    let missing = user.path("no-such-registry");
    let answer =
        user.verify(&scene().upload(), &format!("--registry {}", missing.display())).verdict("marked", 0);
    assert_eq!(idle(&answer, "registry"), "unavailable");
    let errors = answer["errors"].as_array().unwrap();
    assert!(errors.iter().any(|error| error.as_str().unwrap().contains("no-such-registry")), "{errors:?}");
    assert!(!missing.exists());

    let answer = user.verify(&scene().upload(), "--registry https://registry.invalid/").verdict("marked", 0);
    assert_eq!(idle(&answer, "registry"), "unavailable");
    assert_ne!(answer["errors"], json!([]));
}

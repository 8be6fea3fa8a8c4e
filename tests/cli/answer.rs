//! The form of an answer: JSON fields and types, arrays, the report, what goes to which stream.

use serde_json::Value;

use crate::clip::{other_footage, small};
use crate::program::User;
use crate::scene::{scene, urn};

/// A type that the contract gives to a field.
#[derive(Debug, Clone, Copy)]
enum Is {
    Text,
    Whole,
    Number,
    Truth,
    Texts,
    OneOf(&'static [&'static str]),
    Maybe(&'static Is),
}

impl Is {
    fn admits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.as_str().is_some_and(|text| !text.is_empty()),
            Self::Whole => value.is_u64(),
            Self::Number => value.is_f64() || value.is_i64() || value.is_u64(),
            Self::Truth => value.is_boolean(),
            Self::Texts => value.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
            Self::OneOf(names) => value.as_str().is_some_and(|text| names.contains(&text)),
            Self::Maybe(inner) => value.is_null() || inner.admits(value),
        }
    }
}

use Is::{Maybe, Number, OneOf, Text, Texts, Truth, Whole};

const ORIGINS: Is = OneOf(&["generated", "edited", "composite", "camera"]);

/// Every field of the contract, in a document where all stages that this version has did run.
const FIELDS: [(&str, Is); 49] = [
    ("/schema", Whole),
    ("/file", Text),
    ("/sha256", Text),
    ("/bytes", Whole),
    ("/media/container", Text),
    ("/media/video", Maybe(&Text)),
    ("/media/width", Whole),
    ("/media/height", Whole),
    ("/media/fps", Maybe(&Number)),
    ("/media/frames", Maybe(&Whole)),
    ("/media/duration", Maybe(&Number)),
    ("/media/audio", Maybe(&Text)),
    (
        "/verdict/code",
        OneOf(&[
            "verified",
            "signed",
            "recovered",
            "marked",
            "altered",
            "mismatched",
            "revoked",
            "inconclusive",
        ]),
    ),
    ("/verdict/summary", Text),
    ("/verdict/origin", Maybe(&ORIGINS)),
    ("/verdict/confidence", Number),
    ("/credentials/state", OneOf(&["trusted", "valid", "invalid", "absent"])),
    ("/credentials/issuer", Maybe(&Text)),
    ("/credentials/signed_at", Maybe(&Text)),
    ("/credentials/manifest", Maybe(&Text)),
    ("/credentials/codes", Texts),
    ("/watermark/state", OneOf(&["found", "absent"])),
    ("/watermark/payload", Maybe(&Text)),
    ("/watermark/log10_p", Number),
    ("/watermark/start", Maybe(&Number)),
    ("/watermark/end", Maybe(&Number)),
    ("/watermark/geometry/scale_x", Number),
    ("/watermark/geometry/scale_y", Number),
    ("/watermark/geometry/rotation", Number),
    ("/watermark/geometry/shift_x", Number),
    ("/watermark/geometry/shift_y", Number),
    ("/watermark/geometry/mirrored", Truth),
    ("/registry/state", OneOf(&["match", "mismatch", "unknown", "revoked"])),
    ("/registry/manifest", Maybe(&Text)),
    ("/registry/via", Maybe(&OneOf(&["watermark", "fingerprint"]))),
    ("/registry/distance", Maybe(&Whole)),
    ("/classifier/state", OneOf(&["ran", "skipped", "unavailable"])),
    ("/timing/total_s", Number),
    ("/timing/decode_s", Number),
    ("/timing/credentials_s", Number),
    ("/timing/watermark_s", Number),
    ("/timing/classifier_s", Number),
    ("/errors", Texts),
    // Known for the scene, whatever its copies say.
    ("/media/video", OneOf(&["h264"])),
    ("/media/container", OneOf(&["mp4"])),
    ("/media/fps", Number),
    ("/media/duration", Number),
    ("/watermark/payload", Text),
    ("/registry/manifest", Text),
];

#[track_caller]
fn check(answer: &Value) {
    for (pointer, wanted) in FIELDS {
        let value = answer.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is missing: {answer:#}"));
        assert!(wanted.admits(value), "{pointer} should be {wanted:?} and is {value}");
    }
    assert_eq!(answer["schema"], 1);
    let digest = answer["sha256"].as_str().unwrap();
    assert!(
        digest.len() == 64 && digest.bytes().all(|digit| b"0123456789abcdef".contains(&digit)),
        "{digest}"
    );
    let payload = answer["watermark"]["payload"].as_str().unwrap();
    assert!(
        payload.len() == 16 && payload.bytes().all(|digit| b"0123456789abcdef".contains(&digit)),
        "{payload}"
    );
    let confidence = answer["verdict"]["confidence"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&confidence));
    let summary = answer["verdict"]["summary"].as_str().unwrap();
    assert!(!summary.contains('\n') && summary.ends_with('.'), "one plain sentence: {summary}");
}

#[test]
fn every_field_of_the_contract_is_there_with_its_type() {
    let creator = scene().creator();
    let verified = creator.verify(&scene().signed, "").verdict("verified", 0);
    check(&verified);
    let credentials = &verified["credentials"];
    assert!(credentials["issuer"].is_string() && credentials["signed_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(credentials["manifest"], urn());
    assert!(credentials["codes"].as_array().unwrap().contains(&"claimSignature.validated".into()));
    let media = &verified["media"];
    assert_eq!((&media["width"], &media["height"], &media["frames"]), (&640.into(), &360.into(), &75.into()));
    assert_eq!((&media["fps"], &media["duration"]), (&25.0.into(), &3.0.into()));
    assert_eq!(media["audio"], "aac");
    assert_eq!(verified["bytes"].as_u64(), Some(std::fs::metadata(&scene().signed).unwrap().len()));
    check(&creator.verify(&scene().upload(), "").verdict("recovered", 0));
}

#[test]
fn a_stage_without_a_result_keeps_its_fields_as_null_or_says_only_its_state() {
    let answer = User::new().verify(&other_footage(), "").verdict("inconclusive", 1);
    assert_eq!(answer["classifier"], serde_json::json!({"state": "unavailable"}));
    let watermark = answer["watermark"].as_object().unwrap();
    assert!(watermark["payload"].is_null() && watermark["log10_p"].is_number());
    assert_eq!(answer["media"]["audio"], Value::Null);
    assert_eq!(answer["verdict"]["origin"], Value::Null);
}

#[test]
fn several_inputs_give_an_array_and_the_gravest_exit_status() {
    let creator = scene().creator();
    let run = |inputs: &[&std::path::Path]| {
        let mut arguments: Vec<&std::ffi::OsStr> = vec!["verify".as_ref(), "--json".as_ref()];
        arguments.extend(inputs.iter().map(|path| path.as_os_str()));
        creator.run(arguments)
    };
    let missing = creator.path("missing.mp4");
    let answer = run(&[&scene().signed, &small()]);
    assert_eq!(answer.exit(), 1);
    let codes: Vec<_> =
        answer.json().as_array().unwrap().iter().map(|one| one["verdict"]["code"].clone()).collect();
    assert_eq!(codes, ["verified", "inconclusive"]);

    let answer = run(&[&missing, &small()]);
    assert!(answer.complaint("missing.mp4").contains("missing.mp4"));
    let both = answer.json();
    assert_eq!((&both[0]["verdict"], &both[1]["verdict"]["code"]), (&Value::Null, &"inconclusive".into()));
    assert_eq!(both[0]["errors"].as_array().unwrap().len(), 1);
    assert!(run(&[&small()]).json().is_object());
}

#[test]
fn the_terminal_answer_leads_with_the_verdict() {
    let creator = scene().creator();
    let answer = creator.run(["verify".as_ref(), scene().signed.as_os_str()]).succeeds();
    assert_eq!(answer.stdout.lines().next(), Some("✓ Signed by a trusted signer, unchanged"));
    assert!(answer.stdout.contains("signed.mp4"));
    assert!(answer.stdout.contains("What this does not show"));
    assert!(!answer.stdout.contains('\u{1b}'), "colour goes to terminals only");
    assert_eq!(answer.stderr, "");
}

#[test]
fn the_report_needs_nothing_but_itself() {
    let creator = scene().creator();
    let page = creator.path("report.html");
    creator.verify(&scene().upload(), &format!("--report {}", page.display())).verdict("recovered", 0);
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    let lower = html.to_lowercase();
    for foreign in
        ["<script", "<link", "<iframe", "<object", "<embed", "<base", "@import", "srcset", "onload="]
    {
        assert!(!lower.contains(foreign), "{foreign}");
    }
    for (attribute, allowed) in [("src=\"", "data:image/jpeg;base64,"), ("href=\"", "#"), ("url(", "data:")] {
        for (at, _) in lower.match_indices(attribute) {
            let value = &lower[at + attribute.len()..];
            assert!(value.starts_with(allowed), "{attribute}{}", &value[..60]);
        }
    }
    assert!(lower.contains("default-src &#39;none&#39;"), "a content security policy");
    assert!(
        lower.contains("<svg") && lower.matches("data:image/jpeg").count() >= 3,
        "timeline and sample frames"
    );
    assert!(html.contains("Provenance recovered") && html.contains(&urn()));
    assert_eq!(creator.files(), ["report.html"]);
}

#[test]
fn a_report_that_cannot_be_written_or_is_asked_for_two_videos_is_refused() {
    let user = User::new();
    let small = small();
    let page = user.path("no-folder/report.html");
    let arguments = ["verify".as_ref(), small.as_os_str(), "--report".as_ref(), page.as_os_str()];
    user.run(arguments).refusal("report.html");
    let arguments =
        ["verify".as_ref(), small.as_os_str(), small.as_os_str(), "--report".as_ref(), "r.html".as_ref()];
    user.run(arguments).refusal("--report");
    assert!(user.files().is_empty());
}

#[test]
fn quiet_says_nothing_beside_the_answer() {
    let user = User::new();
    let signed = user.path("signed.mp4");
    let stamped = user.stamp(&small(), &signed, "--quiet").succeeds();
    assert_eq!((stamped.stdout.as_str(), stamped.stderr.as_str()), ("", ""));
    let verified = user.run(["verify".as_ref(), "--quiet".as_ref(), signed.as_os_str()]).succeeds();
    assert_eq!(verified.stderr, "");
    assert!(verified.stdout.starts_with('✓'));
}

#[test]
fn progress_and_notes_stay_off_standard_output() {
    let user = User::new();
    let answer = user.stamp(&small(), &user.path("signed.mp4"), "--json").succeeds();
    assert!(answer.json()["manifest"].as_str().unwrap().starts_with("urn:c2pa:"));
    assert!(answer.stderr.contains("made the signing identity"), "said on first use");
}

#[test]
fn every_verb_explains_itself_with_an_example() {
    let user = User::new();
    for verb in ["stamp", "verify", "scan", "worker", "jobs", "identity", "registry"] {
        let help = user.run([verb, "--help"]).succeeds();
        let example =
            help.stdout.split_once("Example").unwrap_or_else(|| panic!("{verb}: {}", help.stdout)).1;
        assert!(example.contains(&format!("filigrane {verb} ")), "{verb}: {example}");
        assert_eq!(help.stderr, "");
    }
    let overview = user.run(["--help"]).succeeds().stdout;
    for word in ["stamp", "verify", "identity", "registry", "FILIGRANE_HOME", "Exit status"] {
        assert!(overview.contains(word), "{word}");
    }
    assert!(user.run(["--version"]).succeeds().stdout.contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn nothing_is_written_outside_the_folder_of_the_programs_own_data() {
    let user = User::new();
    user.stamp(&small(), &user.path("signed.mp4"), "").succeeds();
    user.verify(&user.path("signed.mp4"), "").verdict("verified", 0);
    assert_eq!(user.files(), ["signed.mp4"]);
    let beside: Vec<_> =
        std::fs::read_dir(user.home().parent().unwrap()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(beside.len(), 2, "only `home` and `work`: {beside:?}");
}

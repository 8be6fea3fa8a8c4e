use super::*;
use crate::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn full() -> Report {
    let mut report = Report {
        sha256: Some("ab".repeat(32)),
        bytes: Some(1_234_567),
        media: Some(Media {
            container: "mp4".into(),
            video: Some("h264".into()),
            width: 1280,
            height: 720,
            fps: Some(25.0),
            frames: Some(125),
            duration: Some(5.0),
            audio: Some("aac".into()),
        }),
        credentials: Credentials {
            state: CredentialsState::Trusted,
            issuer: Some("Example News".into()),
            signed_at: Some("2026-11-22T10:00:00Z".into()),
            manifest: Some("urn:c2pa:6f1c0a2b-1122-4344-8555-66778899aabb".into()),
            codes: vec!["claimSignature.validated".into()],
            origin: Some(Origin::Generated),
            ..Credentials::default()
        },
        watermark: Watermark {
            state: WatermarkState::Found,
            payload: Some("6f1c0a2b11224344".into()),
            log10_p: Some(-31.25),
            start: Some(0.0),
            end: Some(5.0),
            geometry: Some(Geometry::default()),
            ..Watermark::default()
        },
        registry: RegistryFinding {
            state: RegistryState::Match,
            manifest: Some("urn:c2pa:6f1c0a2b-1122-4344-8555-66778899aabb".into()),
            via: Some(Via::Watermark),
            distance: Some(12),
            ..RegistryFinding::default()
        },
        classifier: Classifier {
            state: ClassifierState::Ran,
            generated: Some(0.03),
            low: Some(0.01),
            high: Some(0.09),
            model: Some("name@sha256".into()),
            evidence: vec![Clue {
                name: "noise".into(),
                value: 1.75,
                points_to: "camera".into(),
                what: "Noise grows with light.".into(),
            }],
            segments: vec![Segment { start: 0.0, end: 1.0, generated: 0.02 }],
            ..Classifier::default()
        },
        ..Report::new("clip.mp4")
    };
    report.decide();
    report
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// The document of the contract, field for field, in its order; additions may only follow.
#[test]
fn the_json_has_the_contracts_fields_in_the_contracts_order() {
    let text = serde_json::to_string(&full()).expect("serialises");
    let fields = [
        "schema",
        "file",
        "sha256",
        "bytes",
        "media",
        "container",
        "video",
        "width",
        "height",
        "fps",
        "frames",
        "duration",
        "audio",
        "verdict",
        "code",
        "summary",
        "origin",
        "confidence",
        "credentials",
        "state",
        "issuer",
        "signed_at",
        "manifest",
        "codes",
        "watermark",
        "state",
        "payload",
        "log10_p",
        "start",
        "end",
        "geometry",
        "scale_x",
        "scale_y",
        "rotation",
        "shift_x",
        "shift_y",
        "mirrored",
        "registry",
        "state",
        "manifest",
        "via",
        "distance",
        "classifier",
        "state",
        "generated",
        "low",
        "high",
        "abstained",
        "model",
        "evidence",
        "name",
        "value",
        "points_to",
        "what",
        "segments",
        "start",
        "end",
        "generated",
        "timing",
        "total_s",
        "decode_s",
        "credentials_s",
        "watermark_s",
        "classifier_s",
        "errors",
    ];
    let mut at = 0;
    for field in fields {
        let needle = format!("\"{field}\":");
        let found = text[at..].find(&needle);
        assert!(found.is_some(), "{field} is missing after byte {at} of {text}");
        at += found.unwrap_or(0) + needle.len();
    }
    let value: Value = serde_json::from_str(&text).expect("parses");
    assert_eq!(value["schema"], json!(1));
    assert_eq!(value["bytes"], json!(1_234_567));
    assert_eq!(value["verdict"]["code"], json!("verified"));
    assert_eq!(value["watermark"]["state"], json!("found"));
    assert_eq!(value["registry"]["via"], json!("watermark"));
}

#[test]
fn a_stage_that_did_not_run_stands_there_with_its_state_and_nothing_else() {
    let report = Report {
        registry: RegistryFinding { state: RegistryState::Unavailable, ..RegistryFinding::default() },
        ..Report::new("clip.mp4")
    };
    let value = serde_json::to_value(&report).expect("serialises");
    assert_eq!(value["credentials"], json!({"state": "skipped"}));
    assert_eq!(value["watermark"], json!({"state": "skipped"}));
    assert_eq!(value["registry"], json!({"state": "unavailable"}));
    assert_eq!(value["classifier"], json!({"state": "unavailable"}));
}

#[test]
fn a_stage_that_found_nothing_has_every_field_of_the_contract_as_null_or_empty() {
    let report = Report {
        credentials: Credentials { state: CredentialsState::Absent, ..Credentials::default() },
        watermark: Watermark { state: WatermarkState::Absent, log10_p: Some(-0.5), ..Watermark::default() },
        ..Report::new("clip.mp4")
    };
    let value = serde_json::to_value(&report).expect("serialises");
    assert_eq!(value["credentials"]["issuer"], Value::Null);
    assert!(keys(&value["credentials"]).contains(&"manifest"));
    assert_eq!(value["credentials"]["codes"], json!([]));
    for field in ["payload", "start", "end", "geometry"] {
        assert!(keys(&value["watermark"]).contains(&field));
        assert_eq!(value["watermark"][field], Value::Null);
    }
    assert_eq!(value["watermark"]["log10_p"], json!(-0.5));
}

#[test]
fn an_unreadable_input_has_no_verdict_a_reason_and_exit_status_2() {
    let report = Report::unreadable("gone.mp4", "gone.mp4: no such file");
    let value = serde_json::to_value(&report).expect("serialises");
    assert_eq!(value["verdict"], Value::Null);
    assert_eq!(value["media"], Value::Null);
    assert_eq!(value["errors"], json!(["gone.mp4: no such file"]));
    assert_eq!(report.exit_status(), 2);
}

#[test]
fn several_inputs_exit_with_the_gravest_status() {
    let mut plain = Report::new("a");
    plain.decide();
    let mut wrong = full();
    wrong.registry.state = RegistryState::Mismatch;
    wrong.decide();
    assert_eq!(overall_exit_status(&[]), 0);
    assert_eq!(overall_exit_status(&[full()]), 0);
    assert_eq!(overall_exit_status(&[full(), plain.clone()]), 1);
    assert_eq!(overall_exit_status(&[full(), wrong.clone(), plain]), 3);
    assert_eq!(overall_exit_status(&[wrong, Report::unreadable("b", "no")]), 2);
}

#[test]
fn numbers_that_json_lacks_leave_as_null_and_still_parse() {
    let mut report = full();
    report.watermark.log10_p = Some(f64::NEG_INFINITY);
    report.timing.total_s = f64::NAN;
    let text = serde_json::to_string(&report).expect("serialises");
    let back: Report = serde_json::from_str(&text).expect("parses");
    assert_eq!(back.watermark.log10_p, None);
    assert!(back.timing.total_s.is_nan());
}

#[test]
fn a_document_without_the_additions_parses() {
    let back: Watermark = serde_json::from_value(json!({
        "state": "found", "payload": null, "log10_p": -12.0, "start": 0.0, "end": 1.0, "geometry": null
    }))
    .expect("parses");
    assert!(back.timeline.is_empty() && back.payload.is_none() && back.ran());
}

prop_compose! {
    fn number()(thousandths in -5_000_000i32..5_000_000) -> f64 { f64::from(thousandths) / 1024.0 }
}

fn some<S: Strategy>(inner: S) -> impl Strategy<Value = Option<S::Value>> {
    prop::option::of(inner)
}

fn credentials() -> impl Strategy<Value = Credentials> {
    use CredentialsState::*;
    let state = prop::sample::select(vec![Trusted, Valid, Invalid, Absent, Skipped]);
    let strings = prop::collection::vec(any::<String>(), 0..4);
    let origin =
        prop::sample::select(vec![Origin::Generated, Origin::Edited, Origin::Composite, Origin::Camera]);
    (state, some(any::<String>()), some(any::<String>()), strings, some(origin)).prop_map(
        |(state, issuer, manifest, codes, origin)| match state {
            Skipped => Credentials::default(),
            _ => Credentials { state, issuer, manifest, codes, origin, ..Credentials::default() },
        },
    )
}

fn watermark() -> impl Strategy<Value = Watermark> {
    let geometry = (number(), number(), any::<bool>()).prop_map(|(scale_x, rotation, mirrored)| Geometry {
        scale_x,
        rotation,
        mirrored,
        ..Geometry::default()
    });
    let timeline = prop::collection::vec(
        (number(), number(), number()).prop_map(|(start, end, score)| Strength { start, end, score }),
        0..4,
    );
    (any::<u8>(), some(any::<String>()), some(number()), some(geometry), timeline).prop_map(
        |(state, payload, log10_p, geometry, timeline)| match state % 3 {
            0 => Watermark::default(),
            1 => Watermark { state: WatermarkState::Absent, log10_p, timeline, ..Watermark::default() },
            _ => Watermark {
                state: WatermarkState::Found,
                payload,
                log10_p,
                geometry,
                timeline,
                ..Watermark::default()
            },
        },
    )
}

proptest! {
    #[test]
    fn every_report_comes_back_from_its_json_unchanged(
        file in any::<String>(),
        bytes in some(any::<u64>()),
        credentials in credentials(),
        watermark in watermark(),
        errors in prop::collection::vec(any::<String>(), 0..3),
        total_s in number(),
    ) {
        let mut report = Report { bytes, credentials, watermark, errors, ..Report::new(file) };
        report.timing.total_s = total_s;
        report.decide();
        let text = serde_json::to_string(&report).expect("serialises");
        let mut back: Report = serde_json::from_str(&text).expect("parses");
        // serde_json's default parser may be one unit in the last place off.
        if let (Some(mine), Some(theirs)) = (&report.verdict, &mut back.verdict) {
            prop_assert!((mine.confidence - theirs.confidence).abs() < 1e-12);
            theirs.confidence = mine.confidence;
        }
        prop_assert_eq!(back, report);
    }
}

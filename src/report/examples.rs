//! Reports as the stages would give them, one a verdict, for the tests of this crate.

use filigrane_verdict::*;

pub(crate) const MANIFEST: &str = "urn:c2pa:6f1c0a2b-1122-4344-8555-66778899aabb";

/// A report whose evidence leads to `code`.
pub(crate) fn report(code: Code) -> Report {
    let mut report = base();
    match code {
        Code::Verified => report.credentials = credentials(CredentialsState::Trusted),
        Code::Signed => report.credentials = credentials(CredentialsState::Valid),
        Code::Recovered => report.registry = registry(RegistryState::Match),
        Code::Marked => report.registry.state = RegistryState::Unknown,
        Code::Altered => {
            report.credentials = Credentials {
                codes: vec!["claimSignature.validated".into(), "assertion.bmffHash.mismatch".into()],
                explanation: Some(
                    "the content was changed after signing (assertion.bmffHash.mismatch)".into(),
                ),
                ..credentials(CredentialsState::Invalid)
            };
            report.registry = registry(RegistryState::Match);
        }
        Code::Mismatched => report.registry = registry(RegistryState::Mismatch),
        Code::Revoked => report.registry = registry(RegistryState::Revoked),
        Code::LikelyGenerated | Code::LikelyCamera | Code::Inconclusive => {
            report.watermark =
                Watermark { state: WatermarkState::Absent, log10_p: Some(-0.4), ..Watermark::default() };
        }
    }
    match code {
        Code::LikelyGenerated => report.classifier = classifier(0.78, 0.93),
        Code::LikelyCamera => report.classifier = classifier(0.01, 0.09),
        _ => {}
    }
    report.decide();
    assert_eq!(report.verdict.as_ref().map(|verdict| verdict.code), Some(code));
    report
}

/// A report whose classifier saw "Sign 0.", "Sign 1." and so on.
pub(crate) fn with_signs(count: usize) -> Report {
    let mut report = report(Code::LikelyCamera);
    let clue = report.classifier.evidence[0].clone();
    report.classifier.evidence =
        (0..count).map(|index| Clue { what: format!("Sign {index}."), ..clue.clone() }).collect();
    report
}

fn base() -> Report {
    Report {
        sha256: Some("3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8551".into()),
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
        credentials: Credentials { state: CredentialsState::Absent, ..Credentials::default() },
        watermark: watermark(),
        registry: RegistryFinding { state: RegistryState::Unknown, ..RegistryFinding::default() },
        timing: Timing { total_s: 0.81, decode_s: 0.5, watermark_s: 0.2, ..Timing::default() },
        ..Report::new("clip.mp4")
    }
}

fn credentials(state: CredentialsState) -> Credentials {
    let trust = if state == CredentialsState::Trusted { "trusted" } else { "untrusted" };
    Credentials {
        state,
        issuer: Some("Example News".into()),
        signed_at: Some("2026-11-22T10:00:00Z".into()),
        manifest: Some(MANIFEST.into()),
        codes: vec![
            "claimSignature.validated".into(),
            "assertion.bmffHash.match".into(),
            format!("signingCredential.{trust}"),
        ],
        origin: Some(Origin::Generated),
        generator: Some("filigrane 0.1.0".into()),
        actions: vec!["c2pa.created".into(), "c2pa.watermarked.bound".into()],
        ..Credentials::default()
    }
}

fn watermark() -> Watermark {
    let scores = [7.5, 8.25, 3.0, 9.0, 7.75];
    Watermark {
        also: Vec::new(),
        state: WatermarkState::Found,
        payload: Some("6f1c0a2b11224344".into()),
        log10_p: Some(-31.2),
        start: Some(0.0),
        end: Some(5.0),
        geometry: Some(Geometry { scale_x: 0.5, scale_y: 0.5, mirrored: true, ..Geometry::default() }),
        timeline: (0u8..)
            .zip(scores)
            .map(|(at, score)| Strength { start: f64::from(at), end: f64::from(at) + 1.0, score })
            .collect(),
        threshold: Some(5.0),
        audio: AudioMark::default(),
    }
}

fn registry(state: RegistryState) -> RegistryFinding {
    RegistryFinding {
        withdrawal: None,
        state,
        manifest: Some(MANIFEST.into()),
        via: Some(Via::Watermark),
        distance: Some(12),
        signature: Some(ManifestSignature::Trusted),
        origin: Some(Origin::Generated),
        title: Some("Harbour at dawn".into()),
        issuer: Some("Example News".into()),
        registered_at: Some("2026-11-22T10:00:01Z".into()),
        log10_p: None,
    }
}

fn classifier(low: f64, high: f64) -> Classifier {
    Classifier {
        state: ClassifierState::Ran,
        generated: Some((low + high) / 2.0),
        low: Some(low),
        high: Some(high),
        model: Some("filigrane-small@0123abcd".into()),
        evidence: vec![Clue {
            name: "noise-luminance".into(),
            value: 1.7,
            points_to: "camera".into(),
            what: "Noise grows with light as it does in a sensor.".into(),
        }],
        ..Classifier::default()
    }
}

use super::*;

fn every<T: Clone>(fields: &[T]) -> Vec<Option<T>> {
    std::iter::once(None).chain(fields.iter().cloned().map(Some)).collect()
}

fn all_credentials() -> Vec<Credentials> {
    use CredentialsState::*;
    let mut all = Vec::new();
    for state in [Trusted, Valid, Invalid, Absent, Skipped] {
        for origin in every(&[Origin::Camera, Origin::Generated]) {
            for codes in [vec![], vec!["signingCredential.ocsp.revoked".to_owned()]] {
                for manifest in every(&[OWN.to_owned()]) {
                    all.push(Credentials {
                        state,
                        origin,
                        codes: codes.clone(),
                        manifest,
                        ..Default::default()
                    });
                }
            }
        }
    }
    all
}

fn all_watermarks() -> Vec<Watermark> {
    vec![
        Watermark::default(),
        no_mark(),
        mark(None),
        mark(Some(OWN_PAYLOAD)),
        mark(Some(OTHER_PAYLOAD)),
        Watermark { log10_p: None, ..mark(Some(OTHER_PAYLOAD)) },
        Watermark { state: WatermarkState::Absent, ..mark(Some(OTHER_PAYLOAD)) },
    ]
}

fn all_registry_findings() -> Vec<RegistryFinding> {
    use ManifestSignature::{Absent, Invalid, Trusted, Valid};
    use RegistryState::*;
    let mut all = Vec::new();
    for state in [Match, Mismatch, Unknown, Revoked, Unavailable, Skipped] {
        for manifest in every(&[OWN.to_owned(), OTHER.to_owned()]) {
            for via in every(&[Via::Watermark, Via::Fingerprint]) {
                for signature in every(&[Trusted, Valid, Invalid, Absent]) {
                    all.push(RegistryFinding {
                        state,
                        manifest: manifest.clone(),
                        via,
                        signature,
                        origin: Some(Origin::Generated),
                        ..Default::default()
                    });
                }
            }
        }
    }
    all
}

fn all_classifiers() -> Vec<Classifier> {
    vec![
        Classifier::default(),
        Classifier { state: ClassifierState::Skipped, ..Default::default() },
        Classifier { abstained: true, ..estimate(0.8, 0.9) },
        estimate(0.8, 0.9),
        estimate(0.1, 0.2),
        estimate(0.2, 0.8),
    ]
}

/// Every combination of every state, sound or contradictory.
#[test]
fn no_combination_of_evidence_says_more_than_it_may() {
    let mut seen = std::collections::HashSet::new();
    for c in &all_credentials() {
        for w in &all_watermarks() {
            for r in &all_registry_findings() {
                for k in &all_classifiers() {
                    let verdict = policy(c, w, r, k);
                    seen.insert(verdict.code);
                    check(c, w, r, &verdict);
                }
            }
        }
    }
    assert_eq!(seen.len(), Code::ALL.len());
}

fn check(c: &Credentials, w: &Watermark, r: &RegistryFinding, verdict: &Verdict) {
    use CredentialsState::{Absent, Invalid, Skipped, Trusted, Valid};
    let case = || format!("{c:?}\n{w:?}\n{r:?}\n{verdict:?}");
    let status = verdict.code.exit_status();
    let none = matches!(c.state, Absent | Skipped);
    let copied = r.state == RegistryState::Mismatch && r.via != Some(Via::Fingerprint);
    let signature_holds = r.signature.is_some_and(ManifestSignature::holds);
    let found = w.state == WatermarkState::Found;

    if copied || c.state == Invalid {
        assert_eq!(status, 3, "{}", case());
    }
    if r.state == RegistryState::Revoked && none {
        assert_eq!(verdict.code, Code::Revoked, "{}", case());
    }
    match verdict.code {
        Code::Verified => assert!(c.state == Trusted, "{}", case()),
        Code::Signed => {
            assert!(c.state == Valid, "{}", case());
            assert!(verdict.summary.contains("not on the trust list, so anybody could have made the name"));
        }
        Code::Recovered => {
            assert!(none && r.state == RegistryState::Match && signature_holds, "{}", case());
            assert!(r.manifest.is_some() && r.via.is_some(), "{}", case());
            assert!(r.via == Some(Via::Fingerprint) || found, "{}", case());
            assert!(r.via == Some(Via::Watermark) || verdict.confidence <= SOFT_CEILING, "{}", case());
            assert!(r.signature == Some(ManifestSignature::Trusted) || verdict.summary.contains("anybody"));
        }
        Code::Marked => assert!(none && found, "{}", case()),
        Code::Altered => assert!(c.state == Invalid, "{}", case()),
        Code::Mismatched => assert!(copied && c.state != Invalid, "{}", case()),
        Code::Revoked => {
            assert!(r.state == RegistryState::Revoked || c.state == Invalid, "{}", case());
        }
        Code::LikelyCamera => {
            assert!(none && !found, "{}", case());
            assert!(verdict.summary.contains("no signs") && verdict.summary.contains("does not prove"));
        }
        Code::LikelyGenerated => {
            assert!(none && !found && verdict.summary.contains("no proof"), "{}", case());
        }
        Code::Inconclusive => assert!(none && !found && verdict.confidence == 0.0, "{}", case()),
    }
    if !matches!(verdict.code, Code::Verified | Code::Signed | Code::Recovered) {
        assert_eq!(verdict.origin, None, "{}", case());
    }
    assert!((0.0..=CONFIDENCE_CEILING).contains(&verdict.confidence), "{}", case());
    let lower = verdict.summary.to_lowercase();
    for word in ["fake", "authentic", "genuine", "is real", "is true", "trustworthy", "suspicious"] {
        assert!(!lower.contains(word), "{word}: {}", verdict.summary);
    }
    assert!(verdict.summary.ends_with('.') && verdict.summary.matches(". ").count() == 0, "{}", case());
}

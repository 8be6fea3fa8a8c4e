use super::*;
use crate::{ClassifierState, FurtherMark, ManifestSignature};
use proptest::prelude::*;

#[path = "policy_combinations.rs"]
mod combinations;

const OWN: &str = "urn:c2pa:6f1c0a2b-1122-4344-8555-66778899aabb";
const OWN_PAYLOAD: &str = "6f1c0a2b11224344";
const OTHER: &str = "urn:c2pa:00112233-4455-4677-8899-aabbccddeeff";
const OTHER_PAYLOAD: &str = "0011223344554677";

fn credentials(state: CredentialsState) -> Credentials {
    match state {
        CredentialsState::Skipped | CredentialsState::Absent => {
            Credentials { state, ..Credentials::default() }
        }
        _ => Credentials {
            state,
            manifest: Some(OWN.into()),
            issuer: Some("Example".into()),
            ..Credentials::default()
        },
    }
}

fn mark(payload: Option<&str>) -> Watermark {
    Watermark {
        state: WatermarkState::Found,
        payload: payload.map(str::to_owned),
        log10_p: Some(-12.0),
        ..Watermark::default()
    }
}

fn no_mark() -> Watermark {
    Watermark { state: WatermarkState::Absent, ..Watermark::default() }
}

fn registered(state: RegistryState, manifest: &str, via: Via) -> RegistryFinding {
    RegistryFinding {
        state,
        manifest: Some(manifest.into()),
        via: Some(via),
        signature: Some(ManifestSignature::Trusted),
        issuer: Some("Archive".into()),
        origin: Some(Origin::Generated),
        ..RegistryFinding::default()
    }
}

fn nothing_registered() -> RegistryFinding {
    RegistryFinding { state: RegistryState::Unknown, ..RegistryFinding::default() }
}

fn estimate(low: f64, high: f64) -> Classifier {
    Classifier {
        state: ClassifierState::Ran,
        generated: Some((low + high) / 2.0),
        low: Some(low),
        high: Some(high),
        ..Classifier::default()
    }
}

fn decide(c: &Credentials, w: &Watermark, r: &RegistryFinding) -> Verdict {
    policy(c, w, r, &Classifier::default())
}

#[test]
fn each_code_arises_from_the_evidence_the_contract_names() {
    use CredentialsState::*;
    use RegistryState::{Match, Mismatch, Unavailable};
    let by_mark = |state| registered(state, OTHER, Via::Watermark);
    let table: Vec<(&str, Credentials, Watermark, RegistryFinding, Code)> = vec![
        ("trusted", credentials(Trusted), no_mark(), nothing_registered(), Code::Verified),
        (
            "trusted, nothing else asked",
            credentials(Trusted),
            Watermark::default(),
            RegistryFinding::default(),
            Code::Verified,
        ),
        ("untrusted", credentials(Valid), no_mark(), nothing_registered(), Code::Signed),
        ("broken", credentials(Invalid), no_mark(), nothing_registered(), Code::Altered),
        (
            "broken, but recovered by the mark",
            credentials(Invalid),
            mark(Some(OTHER_PAYLOAD)),
            by_mark(Match),
            Code::Altered,
        ),
        (
            "broken, mark of other content",
            credentials(Invalid),
            mark(Some(OTHER_PAYLOAD)),
            by_mark(Mismatch),
            Code::Altered,
        ),
        (
            "stripped, mark fits",
            credentials(Absent),
            mark(Some(OTHER_PAYLOAD)),
            by_mark(Match),
            Code::Recovered,
        ),
        (
            "stripped, likeness fits",
            credentials(Absent),
            no_mark(),
            registered(Match, OTHER, Via::Fingerprint),
            Code::Recovered,
        ),
        (
            "stripped, mark unread, likeness fits",
            credentials(Absent),
            mark(None),
            registered(Match, OTHER, Via::Fingerprint),
            Code::Recovered,
        ),
        (
            "mark of another name, likeness fits",
            credentials(Absent),
            mark(Some(OWN_PAYLOAD)),
            registered(Match, OTHER, Via::Fingerprint),
            Code::Marked,
        ),
        (
            "a match the mark does not name",
            credentials(Absent),
            mark(Some(OWN_PAYLOAD)),
            by_mark(Match),
            Code::Marked,
        ),
        (
            "mark not registered",
            credentials(Absent),
            mark(Some(OTHER_PAYLOAD)),
            nothing_registered(),
            Code::Marked,
        ),
        (
            "mark, no comparison possible",
            credentials(Absent),
            mark(Some(OTHER_PAYLOAD)),
            by_mark(RegistryState::Unknown),
            Code::Marked,
        ),
        (
            "mark, registry silent",
            credentials(Absent),
            mark(Some(OTHER_PAYLOAD)),
            RegistryFinding { state: Unavailable, ..Default::default() },
            Code::Marked,
        ),
        ("mark, bits unread", credentials(Absent), mark(None), nothing_registered(), Code::Marked),
        ("copied mark", credentials(Absent), mark(Some(OTHER_PAYLOAD)), by_mark(Mismatch), Code::Mismatched),
        (
            "copied mark under trusted credentials",
            credentials(Trusted),
            mark(Some(OTHER_PAYLOAD)),
            by_mark(Mismatch),
            Code::Mismatched,
        ),
        (
            "own mark, content does not fit",
            credentials(Trusted),
            mark(Some(OWN_PAYLOAD)),
            registered(Mismatch, OWN, Via::Watermark),
            Code::Mismatched,
        ),
        (
            "withdrawn, by mark",
            credentials(Absent),
            mark(Some(OTHER_PAYLOAD)),
            by_mark(RegistryState::Revoked),
            Code::Revoked,
        ),
        (
            "withdrawn, by likeness",
            credentials(Absent),
            no_mark(),
            registered(RegistryState::Revoked, OTHER, Via::Fingerprint),
            Code::Revoked,
        ),
        (
            "withdrawn and trusted",
            credentials(Trusted),
            mark(Some(OWN_PAYLOAD)),
            registered(RegistryState::Revoked, OWN, Via::Watermark),
            Code::Revoked,
        ),
        (
            "own manifest withdrawn, by likeness",
            credentials(Trusted),
            no_mark(),
            registered(RegistryState::Revoked, OWN, Via::Fingerprint),
            Code::Revoked,
        ),
        (
            "republished after a withdrawal",
            credentials(Trusted),
            no_mark(),
            registered(RegistryState::Revoked, OTHER, Via::Fingerprint),
            Code::Verified,
        ),
        ("nothing", credentials(Absent), no_mark(), nothing_registered(), Code::Inconclusive),
        (
            "likeness that does not fit",
            credentials(Absent),
            no_mark(),
            registered(Mismatch, OTHER, Via::Fingerprint),
            Code::Inconclusive,
        ),
    ];
    for (name, credentials, watermark, registry, code) in table {
        let verdict = decide(&credentials, &watermark, &registry);
        assert_eq!(verdict.code, code, "{name}: {}", verdict.summary);
    }
}

#[test]
fn a_registered_manifest_whose_signature_does_not_hold_or_was_not_checked_recovers_nothing() {
    for signature in [Some(ManifestSignature::Invalid), Some(ManifestSignature::Absent), None] {
        let by_mark =
            RegistryFinding { signature, ..registered(RegistryState::Match, OTHER, Via::Watermark) };
        let by_likeness = RegistryFinding { via: Some(Via::Fingerprint), ..by_mark.clone() };
        let none = credentials(CredentialsState::Absent);
        let verdict = decide(&none, &mark(Some(OTHER_PAYLOAD)), &by_mark);
        assert_eq!((verdict.code, verdict.origin), (Code::Marked, None));
        assert!(verdict.summary.contains("could not be confirmed"));
        assert_eq!(decide(&none, &no_mark(), &by_likeness).code, Code::Inconclusive);
    }
}

#[test]
fn a_certificate_withdrawn_by_its_issuer_revokes_unless_it_is_that_of_a_source() {
    let codes = vec!["signingCredential.ocsp.revoked".to_owned()];
    let broken = Credentials { codes: codes.clone(), ..credentials(CredentialsState::Invalid) };
    assert_eq!(decide(&broken, &no_mark(), &nothing_registered()).code, Code::Revoked);
    let source = Credentials { codes, ..credentials(CredentialsState::Trusted) };
    assert_eq!(decide(&source, &no_mark(), &nothing_registered()).code, Code::Verified);
}

#[test]
fn the_classifier_speaks_only_without_provenance_and_only_off_the_fence() {
    let none = credentials(CredentialsState::Absent);
    let code = |classifier: &Classifier| policy(&none, &no_mark(), &nothing_registered(), classifier).code;
    assert_eq!(code(&estimate(0.7, 0.9)), Code::LikelyGenerated);
    assert_eq!(code(&estimate(0.01, 0.09)), Code::LikelyCamera);
    assert_eq!(code(&estimate(0.4, 0.9)), Code::Inconclusive);
    assert_eq!(code(&estimate(0.5, 0.9)), Code::Inconclusive);
    assert_eq!(code(&estimate(0.9, 0.7)), Code::Inconclusive);
    assert_eq!(code(&estimate(0.7, 1.7)), Code::Inconclusive);
    assert_eq!(code(&estimate(f64::NAN, 0.3)), Code::Inconclusive);
    assert_eq!(code(&Classifier { abstained: true, ..estimate(0.7, 0.9) }), Code::Inconclusive);
    let verdict = policy(&none, &mark(None), &nothing_registered(), &estimate(0.9, 0.99));
    assert_eq!(verdict.code, Code::Marked);
}

#[test]
fn confidence_is_the_stated_probability_and_never_above_its_ceiling() {
    let none = credentials(CredentialsState::Absent);
    let unregistered = nothing_registered();
    let confidence = |log10_p| decide(&none, &Watermark { log10_p, ..mark(None) }, &unregistered).confidence;
    assert_eq!(confidence(Some(-31.0)), CONFIDENCE_CEILING);
    assert_eq!(confidence(Some(f64::NEG_INFINITY)), CONFIDENCE_CEILING);
    assert!((confidence(Some(-2.0)) - 0.99).abs() < 1e-12);
    assert_eq!(confidence(Some(3.0)), 0.0);
    assert_eq!(confidence(None), 0.0);
    let likeness = registered(RegistryState::Match, OTHER, Via::Fingerprint);
    assert_eq!(decide(&none, &no_mark(), &likeness).confidence, SOFT_CEILING);
    let stated = RegistryFinding { log10_p: Some(-0.5), ..likeness };
    assert!((decide(&none, &no_mark(), &stated).confidence - 0.683_772).abs() < 1e-6);
    let generated = policy(&none, &no_mark(), &unregistered, &estimate(0.7, 0.9));
    assert_eq!(generated.confidence, 0.7);
    let camera = policy(&none, &no_mark(), &unregistered, &estimate(0.1, 0.25));
    assert_eq!(camera.confidence, 0.75);
}

#[test]
fn a_camera_claim_over_a_mark_that_says_generated_is_left_open_and_said() {
    let registry = registered(RegistryState::Match, OTHER, Via::Watermark);
    for state in [CredentialsState::Trusted, CredentialsState::Valid] {
        let claim = Credentials { origin: Some(Origin::Camera), ..credentials(state) };
        let verdict = decide(&claim, &mark(Some(OTHER_PAYLOAD)), &registry);
        assert_eq!(verdict.origin, None);
        assert!(verdict.summary.contains("contradicts"), "{}", verdict.summary);
        let edit = Credentials { origin: Some(Origin::Edited), ..claim };
        assert_eq!(decide(&edit, &mark(Some(OTHER_PAYLOAD)), &registry).origin, Some(Origin::Edited));
    }
    // Anybody may register a manifest under the name that the file's own mark carries.
    let own = Credentials { origin: Some(Origin::Camera), ..credentials(CredentialsState::Trusted) };
    let impostor = registered(RegistryState::Match, OWN, Via::Watermark);
    assert_eq!(decide(&own, &mark(Some(OWN_PAYLOAD)), &impostor).origin, Some(Origin::Camera));
}

#[test]
fn sentences_name_what_they_rest_on() {
    let says = |state, watermark: &Watermark, registry: &RegistryFinding| {
        decide(&Credentials { origin: Some(Origin::Generated), ..credentials(state) }, watermark, registry)
            .summary
    };
    let fits = registered(RegistryState::Match, OTHER, Via::Watermark);
    assert_eq!(
        says(CredentialsState::Trusted, &mark(Some(OWN_PAYLOAD)), &nothing_registered()),
        "The file carries intact credentials signed by “Example”, whose certificate is on the trust list; they say \
         that the content was generated by a model; the watermark in the picture names the same manifest."
    );
    assert_eq!(
        says(CredentialsState::Valid, &no_mark(), &nothing_registered()),
        "The file carries intact credentials, which say that the content was generated by a model, but their signer \
         is not on the trust list, so anybody could have made the name in them."
    );
    assert_eq!(
        decide(&credentials(CredentialsState::Absent), &mark(Some(OTHER_PAYLOAD)), &fits).summary,
        "The file carries no credentials, but its watermark leads to a registered manifest that fits this content; \
         that manifest is signed by “Archive”, who is on the trust list; it says that the content was generated by a \
         model."
    );
    assert_eq!(
        says(CredentialsState::Invalid, &mark(Some(OTHER_PAYLOAD)), &fits),
        "The file carries credentials that do not hold: a check of them failed, so nothing they say is relied on; its \
         watermark leads to a registered manifest that fits this content and says that it was generated by a model."
    );
    assert_eq!(
        decide(&credentials(CredentialsState::Absent), &no_mark(), &nothing_registered()).summary,
        "No provenance was found; most videos carry none, so this says nothing for or against it."
    );
    assert_eq!(
        decide(&Credentials::default(), &no_mark(), &nothing_registered()).summary,
        "No provenance was found by the checks that were run; most videos carry none, so this says nothing for or \
         against it."
    );
}

proptest! {
    #[test]
    fn a_name_out_of_a_file_cannot_break_the_sentence(issuer in any::<String>(), trusted in any::<bool>()) {
        let state = if trusted { CredentialsState::Trusted } else { CredentialsState::Valid };
        let named = Credentials { issuer: Some(issuer), ..credentials(state) };
        let summary = decide(&named, &no_mark(), &nothing_registered()).summary;
        prop_assert!(!summary.chars().any(crate::visible::is_deceptive));
        prop_assert!(summary.chars().count() < 400);
    }

    #[test]
    fn the_name_of_an_unknown_signer_stays_out_of_the_sentence(issuer in "[A-Z]{6,40}") {
        let named = Credentials { issuer: Some(issuer.clone()), ..credentials(CredentialsState::Valid) };
        prop_assert!(!decide(&named, &no_mark(), &nothing_registered()).summary.contains(&issuer));
    }

    #[test]
    fn any_numbers_give_a_confidence_between_0_and_the_ceiling(
        log10_p in prop::option::of(any::<f64>()),
        low in prop::option::of(any::<f64>()),
        high in prop::option::of(any::<f64>()),
        found in any::<bool>(),
    ) {
        let state = if found { WatermarkState::Found } else { WatermarkState::Absent };
        let watermark = Watermark { state, log10_p, ..Watermark::default() };
        let classifier = Classifier { state: ClassifierState::Ran, low, high, ..Classifier::default() };
        let registry = RegistryFinding { log10_p, ..registered(RegistryState::Match, OTHER, Via::Fingerprint) };
        for registry in [registry, nothing_registered()] {
            let none = credentials(CredentialsState::Absent);
            let verdict = policy(&none, &watermark, &registry, &classifier);
            prop_assert!((0.0..=CONFIDENCE_CEILING).contains(&verdict.confidence));
        }
    }
}

#[test]
fn a_certificate_that_cannot_be_relied_on_accuses_nobody_and_vouches_for_nothing() {
    let mut late = credentials(CredentialsState::Invalid);
    late.certificate_fault = true;
    late.codes = vec!["claimSignature.validated".into(), "signingCredential.expired".into()];
    late.origin = Some(Origin::Camera);
    let none = Classifier::default();
    let verdict = policy(&late, &no_mark(), &nothing_registered(), &none);
    assert_eq!((verdict.code, verdict.origin), (Code::Inconclusive, None));
    assert!(
        verdict.summary.contains("unchanged") && verdict.summary.contains("out of date"),
        "{}",
        verdict.summary
    );
    let verdict = policy(&late, &mark(Some(OWN_PAYLOAD)), &nothing_registered(), &none);
    assert_eq!(verdict.code, Code::Marked);
    assert!(verdict.summary.contains("out of date"), "{}", verdict.summary);
    let found = registered(RegistryState::Match, OWN, Via::Watermark);
    assert_eq!(policy(&late, &mark(Some(OWN_PAYLOAD)), &found, &none).code, Code::Recovered);
    late.codes = vec!["signingCredential.ocsp.revoked".into()];
    assert_eq!(policy(&late, &no_mark(), &nothing_registered(), &none).code, Code::Revoked);
    late.certificate_fault = false;
    late.codes.clear();
    assert_eq!(policy(&late, &no_mark(), &nothing_registered(), &none).code, Code::Altered);
}

#[test]
fn a_mark_that_the_intact_credentials_do_not_state_is_a_mismatch_unless_something_explains_it() {
    let none = Classifier::default();
    for state in [CredentialsState::Trusted, CredentialsState::Valid] {
        let mut own = credentials(state);
        own.marks = vec![OWN_PAYLOAD.into()];
        let code = |own: &Credentials, payload, registry: &RegistryFinding| {
            policy(own, &mark(Some(payload)), registry, &none).code
        };
        let holds = if state == CredentialsState::Trusted { Code::Verified } else { Code::Signed };
        assert_eq!(code(&own, OWN_PAYLOAD, &nothing_registered()), holds);
        assert_eq!(code(&own, OTHER_PAYLOAD, &nothing_registered()), Code::Mismatched);
        assert_eq!(policy(&own, &mark(None), &nothing_registered(), &none).code, holds);
        let known = registered(RegistryState::Match, OTHER, Via::Watermark);
        assert_eq!(code(&own, OTHER_PAYLOAD, &known), holds, "its registered source explains it");
        let twice = |also: &str| Watermark {
            also: vec![FurtherMark { payload: also.into(), log10_p: Some(-20.0) }],
            ..mark(Some(OTHER_PAYLOAD))
        };
        let before = policy(&own, &twice(OWN_PAYLOAD), &nothing_registered(), &none);
        assert_eq!(before.code, holds, "its own mark is there, over one from before");
        assert!(before.summary.contains("one that was there before"), "{}", before.summary);
        let stray = policy(&own, &twice("0000000000000000"), &nothing_registered(), &none);
        assert_eq!(stray.code, Code::Mismatched, "neither is stated");
        let elsewhere = registered(RegistryState::Mismatch, OTHER, Via::Watermark);
        let copied = policy(&own, &twice(OWN_PAYLOAD), &elsewhere, &none);
        assert_eq!(copied.code, Code::Mismatched, "the earlier mark leads to other content");
        own.marks.push(OTHER_PAYLOAD.into());
        assert_eq!(code(&own, OTHER_PAYLOAD, &nothing_registered()), holds, "a parent's mark");
        own.marks.clear();
        assert_eq!(code(&own, OTHER_PAYLOAD, &nothing_registered()), holds, "no mark stated");
    }
}

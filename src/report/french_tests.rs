//! That a report in French is French: every verdict, and one that has everything a report can have.

use crate::original::{Original, tests::jpeg};
use crate::{Sample, examples, html_in, parts, tree};
use filigrane_verdict::*;
use serde_json::json;

const FR: Language = Language::French;

/// A page without what is no text for people: styles, scripts of data, and the marks of HTML in what is left.
fn readable(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let closing = ["style", "pre"].iter().find(|name| after.starts_with(**name));
        let (tag, behind) = match closing {
            Some(name) => ("", after.split_once(&format!("</{name}>")).map_or("", |(_, behind)| behind)),
            None => after.split_once('>').unwrap_or((after, "")),
        };
        for attribute in [" alt=\"", " aria-label=\"", " title=\"", " placeholder=\""] {
            if let Some((value, _)) = tag.split_once(attribute).and_then(|(_, value)| value.split_once('"')) {
                text.push_str(&format!(" {value} "));
            }
        }
        text.push(' ');
        rest = behind;
    }
    text.push_str(rest);
    text.replace("&#39;", "'").replace("&quot;", "\"").replace("&lt;", "<").replace("&amp;", "&")
}

/// The longest stretches of the English texts that hold at least two words, and are not French as well.
fn english() -> Vec<&'static str> {
    let pieces =
        translations().filter(|(english, french)| english != french).flat_map(|(english, french)| {
            let pieces =
                english.split("{}").map(|piece| piece.trim_matches([' ', ',', '.', ':', ';', '“', '”']));
            pieces.filter(move |piece| piece.len() >= 9 && piece.contains(' ') && !french.contains(piece))
        });
    pieces.collect()
}

/// A report with all that one can have, on credentials or on a registered manifest.
fn full(code: Code) -> Report {
    let mut report = examples::report(code);
    let withdrawal = |by| Withdrawal {
        by,
        reason: "Irrtum".into(),
        at: "2026-11-01T00:00:00Z".into(),
        issuer: Some("Example News".into()),
    };
    report.credentials.edits = vec![
        Edit { action: "c2pa.cropped".into(), start: None, end: None },
        Edit { action: "c2pa.drawing".into(), start: Some(1.0), end: None },
        Edit { action: "c2pa.filtered".into(), start: None, end: Some(2.0) },
    ];
    report.credentials.trusted_by = Some("the list last refreshed of 2026-11-01, overdue for renewal".into());
    let consent = |withdrawal, until: Option<&str>, ended| Consent {
        subject: "Ada".into(),
        uses: vec!["likeness".into(), "voice".into()],
        purpose: "Film".into(),
        until: until.map(str::to_owned),
        ended,
        withdrawal,
    };
    report.credentials.consents = vec![
        consent(None, None, false),
        consent(None, Some("2027-01-01T00:00:00Z"), true),
        consent(Some(withdrawal(WithdrawnBy::Signer)), None, false),
        consent(Some(withdrawal(WithdrawnBy::Trusted)), None, false),
    ];
    report.credentials.models = vec![Model {
        name: "Rêve".into(),
        version: Some("2".into()),
        licence: Some("MIT".into()),
        training_data: Some("Archive".into()),
        sha256: Some("ab".repeat(32)),
        link: Some("https://example.org".into()),
        ..Model::default()
    }];
    report.watermark.audio = AudioMark {
        state: WatermarkState::Found,
        payload: Some("6f1c0a2b11224344".into()),
        log10_p: Some(-12.0),
        registered: Some("urn:c2pa:6f1c0a2b-1122-4344-8555-66778899aabb".into()),
        withdrawn: true,
        ..AudioMark::default()
    };
    report.registry.withdrawal = Some(withdrawal(WithdrawnBy::Stranger));
    report.classifier.evidence.clear();
    report.errors = vec![
        "registry: cannot read: Os".into(),
        "no key frame could be decoded".into(),
        "cannot read the file: the file is empty".into(),
    ];
    report.decide();
    report
}

fn check(page: &str, what: &str, code: Code) {
    let text = readable(page);
    for piece in english() {
        assert!(!text.contains(piece), "{what}: {piece:?} in {text}");
    }
    // The program's own word for the verdict is the same everywhere.
    let text = text.replace(code.as_str(), "");
    for word in ["the", "of", "was", "is", "and", "not", "from", "signed", "holds", "file", "with", "this"] {
        let found = text.split(|c: char| !c.is_alphanumeric() && c != '.').any(|one| one == word);
        assert!(!found, "{what}: {word:?} in {text}");
    }
}

#[test]
fn every_verdict_is_told_in_french_without_a_sentence_or_a_word_of_english() {
    assert!(english().len() > 300, "there is something to look for");
    let samples = [1.0, 2.2].map(|time| Sample { time, jpeg: jpeg(64, 36), caption: String::new() });
    let original = Original::of(jpeg(320, 180));
    for code in Code::ALL {
        for (what, mut report) in [("plain", examples::report(code)), ("full", full(code))] {
            report.classifier.evidence.clear();
            let what = format!("{what} {code}");
            let page = html_in(&report, &samples, original.as_ref(), "2026-11-22T10:00:00Z", "1", FR);
            check(&page, &what, code);
            let parts = parts(&report, &[1.0], FR);
            let all = [&parts.verdict, &parts.layers, &parts.limits, &parts.details, &parts.codes];
            all.into_iter().chain(&parts.timeline).for_each(|part| check(part, &what, code));
            assert_ne!(parts.headline, crate::parts(&report, &[], Language::English).headline);
        }
    }
    let unreadable = Report::unreadable("a.mp4", "no video stream");
    check(&html_in(&unreadable, &[], None, "", "1", FR), "unreadable", Code::Verified);
}

#[test]
fn the_tree_of_manifests_is_french_too() {
    let actions: Vec<_> = [
        "created",
        "opened",
        "placed",
        "removed",
        "edited",
        "edited.metadata",
        "color_adjustments",
        "enhanced",
        "addedText",
        "cropped",
        "trimmed",
        "deleted",
        "changedSpeed",
        "resized",
        "orientation",
        "filtered",
        "drawing",
        "dubbed",
        "translated",
        "transcoded",
        "repackaged",
        "published",
        "redacted",
        "watermarked.bound",
        "else",
    ]
    .map(|name| json!({ "action": format!("c2pa.{name}") }))
    .into();
    let document = json!({ "manifests": [{
        "label": examples::MANIFEST,
        "assertions": {
            "c2pa.actions.v2": { "actions": actions },
            "c2pa.ingredient.v3": { "relationship": "parentOf" },
        },
        "validationResults": { "success": [{ "code": "claimSignature.validated" }], "failure": [{ "code": "odd" }] },
    }, {}]});
    let report = examples::report(Code::Signed);
    let page = tree(&document, &report, FR).unwrap();
    for piece in english() {
        assert!(!readable(&page).contains(piece), "{piece:?}");
    }
}

use super::*;
use crate::examples;
use filigrane_verdict::{Clue, Code, CredentialsState, Withdrawal, WithdrawnBy, is_deceptive};

const JPEG: [u8; 4] = [0xff, 0xd8, 0xff, 0xd9];

const ATTACKS: [&str; 7] = [
    "<script>alert('xss');</script>",
    "\"><script>alert('xss');</script><foo bar=\"",
    "\" onmouseover=\"document.location=\"https://example.com/\" foo=\"",
    "javascript:alert('xss');",
    "</style></title></textarea><img src=x onerror=alert(1)>",
    "--><svg/onload=alert(1)>\u{202e}\u{0}\u{1b}[31m",
    "' onfocus='alert(1)' autofocus='`",
];

fn page(report: &Report) -> String {
    let sample = |time: f64, caption: &str| Sample { time, jpeg: JPEG.to_vec(), caption: caption.into() };
    let samples = [sample(0.5, "start"), sample(4.0, "end")];
    html(report, &samples, "2026-11-22 10:00 UTC", "0.1.0")
}

/// Every text field of a report that may come out of a file or a registry, set to `attack`.
fn poisoned(attack: &str) -> Report {
    let some = || Some(attack.to_owned());
    let mut report = examples::report(Code::LikelyCamera);
    report.file = attack.into();
    report.sha256 = some();
    report.errors = vec![attack.into()];
    report.credentials = examples::report(Code::Signed).credentials;
    report.credentials.issuer = some();
    report.credentials.signed_at = some();
    report.credentials.manifest = some();
    report.credentials.generator = some();
    report.credentials.explanation = some();
    report.credentials.actions = vec![attack.into()];
    report.credentials.codes = vec![attack.into()];
    report.watermark = examples::report(Code::Marked).watermark;
    report.watermark.payload = some();
    report.registry = examples::report(Code::Recovered).registry;
    report.registry.manifest = some();
    report.registry.title = some();
    report.registry.issuer = some();
    report.registry.registered_at = some();
    report.registry.withdrawal = Some(Withdrawal {
        by: WithdrawnBy::Stranger,
        reason: attack.into(),
        at: attack.into(),
        issuer: some(),
    });
    report.classifier.model = some();
    report.classifier.evidence =
        vec![Clue { name: attack.into(), value: 1.0, points_to: attack.into(), what: attack.into() }];
    if let Some(media) = &mut report.media {
        media.container = attack.into();
        media.video = some();
        media.audio = some();
    }
    report.decide();
    report
}

/// The tags of a page with their attributes; fails when a quote or angle bracket is out of place.
fn tags(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((_, from)) = rest.split_once('<') {
        let mut quoted = false;
        let end = from.find(|character| {
            quoted ^= character == '"';
            assert!(quoted || character != '<', "a tag in a tag: {}", &from[..from.len().min(80)]);
            character == '>' && !quoted
        });
        let end = end.expect("every tag is closed");
        found.push(&from[..end]);
        rest = &from[end..];
    }
    found
}

#[test]
fn strings_of_an_attacker_add_no_tag_and_no_attribute() {
    for state in [CredentialsState::Trusted, CredentialsState::Valid, CredentialsState::Invalid] {
        let mut harmless = poisoned("harmless");
        harmless.credentials.state = state;
        harmless.decide();
        let expected: Vec<String> = names(&page(&harmless));
        for attack in ATTACKS {
            let mut report = poisoned(attack);
            report.credentials.state = state;
            report.decide();
            let sample = Sample { time: 0.5, jpeg: JPEG.to_vec(), caption: attack.into() };
            let other = Sample { time: 4.0, jpeg: JPEG.to_vec(), caption: "end".into() };
            let page = html(&report, &[sample, other], attack, attack);
            assert_eq!(names(&page), expected, "{attack}");
            assert!(!page.chars().any(|character| character != '\n' && is_deceptive(character)));
        }
    }
}

/// Each tag with the names of its attributes, values left out.
fn names(page: &str) -> Vec<String> {
    tags(page).iter().map(|tag| tag.split('"').step_by(2).collect::<Vec<_>>().concat()).collect()
}

#[test]
fn the_page_asks_the_network_for_nothing_and_runs_nothing() {
    for code in Code::ALL {
        let page = page(&examples::report(code));
        for tag in tags(&page) {
            let name = tag.split([' ', '\n']).next().unwrap_or_default();
            assert!(
                !["script", "link", "iframe", "object", "embed", "form", "base"].contains(&name),
                "{tag}"
            );
            for attribute in [" src=\"", " href=\"", " srcset=\"", " xlink:href=\"", " action=\""] {
                if let Some((_, value)) = tag.split_once(attribute) {
                    assert!(value.starts_with("data:image/jpeg;base64,") || value.starts_with('#'), "{tag}");
                }
            }
            assert!(!tag.contains(" style=\"") && !tag.contains(" on"), "{tag}");
        }
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
        let schemes = page.matches("http://").count() + page.matches("https://").count();
        assert_eq!(schemes, page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count());
    }
}

#[test]
fn the_policy_allows_this_style_sheet_and_pictures_in_the_page_only() {
    let page = page(&examples::report(Code::Verified));
    let (_, style) = page.split_once("<style>").expect("a style sheet");
    let (style, _) = style.split_once("</style>").expect("closed");
    let digest = STANDARD.encode(Sha256::digest(style.as_bytes()));
    assert!(page.contains(&format!(
        "content=\"default-src &#39;none&#39;; style-src &#39;sha256-{digest}&#39;; img-src data:; \
         base-uri &#39;none&#39;; form-action &#39;none&#39;\""
    )));
}

#[test]
fn every_verdict_has_its_sentence_its_layers_apart_and_its_limits() {
    for code in Code::ALL {
        let report = examples::report(code);
        let page = page(&report);
        for part in ["Cryptographic fact", "Soft match", "Statistical estimate", "What this does not show"] {
            assert_eq!(page.matches(part).count(), 1, "{code}: {part}");
        }
        assert!(page.contains("<html lang=\"en\">") && page.contains("<main>"));
        assert_eq!(page.matches("<h1").count(), 1);
        let summary = report.verdict.map(|verdict| verdict.summary).unwrap_or_default();
        assert!(page.contains(&summary.replace('\'', "&#39;")), "{code}");
    }
}

#[test]
fn elements_are_closed_in_the_order_they_were_opened() {
    for code in Code::ALL {
        let page = page(&examples::report(code));
        let mut open: Vec<&str> = Vec::new();
        for tag in tags(&page).into_iter().filter(|tag| !tag.ends_with('/') && !tag.starts_with('!')) {
            let name = tag.split([' ', '\n']).next().unwrap_or_default();
            match name.strip_prefix('/') {
                Some(closed) => assert_eq!(open.pop(), Some(closed), "{code}"),
                None if ["meta", "img"].contains(&name) => {}
                None => open.push(name),
            }
        }
        assert!(open.is_empty(), "{code}: {open:?}");
    }
}

#[test]
fn frames_have_alternative_text_and_what_is_no_jpeg_is_not_shown() {
    let report = examples::report(Code::Verified);
    let text = Sample { time: 1.0, jpeg: b"<svg onload=alert(1)>".to_vec(), caption: "no picture".into() };
    let picture = Sample { time: 2.0, jpeg: JPEG.to_vec(), caption: "harbour".into() };
    let page = html(&report, &[text, picture], "", "0.1.0");
    assert_eq!(page.matches("<img").count(), 1);
    assert!(page.contains("<img alt=\"Frame at 2.0 s. harbour\" src=\"data:image/jpeg;base64,/9j/2Q==\">"));
    assert!(page.contains("No picture"));
}

#[test]
fn an_unreadable_file_gives_a_page_with_the_reason() {
    let page = page(&Report::unreadable("gone.mp4", "gone.mp4: ends after 12 bytes"));
    assert!(page.contains("Could not be read") && page.contains("gone.mp4: ends after 12 bytes"));
    assert!(!page.contains("Cryptographic fact"));
}

#[test]
fn a_huge_report_gives_a_bounded_page() {
    let mut report = poisoned(&"A".repeat(10_000));
    report.credentials.codes = vec!["x".repeat(10_000); 5_000];
    report.errors = vec!["é".repeat(10_000); 100];
    assert!(page(&report).len() < 1 << 20);
}

#[test]
fn the_registered_picture_stands_beside_a_frame_in_a_page_that_still_needs_nothing_else() {
    let sample = |time: f64| Sample { time, jpeg: JPEG.to_vec(), caption: String::new() };
    let original = Original::of(crate::original::tests::jpeg(320, 180)).unwrap();
    let page = |code, samples: &[Sample]| {
        html_in(&examples::report(code), samples, Some(&original), "", "0.1.0", Language::English)
    };
    let matched = page(Code::Recovered, &[sample(0.5), sample(2.0)]);
    let (_, pair) = matched.split_once("class=\"pair\"").expect("a pair");
    let pair = pair.split("</section>").next().unwrap_or_default();
    assert_eq!(pair.matches("src=\"data:image/jpeg;base64,").count(), 2);
    assert!(pair.contains("2.0 s") && pair.contains("Harbour at dawn"), "{pair}");
    for none in [page(Code::Verified, &[sample(2.0)]), page(Code::Recovered, &[])] {
        assert!(!none.contains("class=\"pair\""));
    }
}

#[test]
fn three_signs_are_in_sight_and_the_others_in_a_fold() {
    let report = examples::with_signs(5);
    let page = page(&report);
    let fold = page.find("Further signs: 2").expect("a fold");
    assert!(page.find("Sign 2.").is_some_and(|place| place < fold));
    assert!(page.find("Sign 3.").is_some_and(|place| place > fold));
}

#[test]
fn a_chance_of_a_false_alarm_is_stated_of_a_mark_that_was_found_alone() {
    let stated = |code| page(&examples::report(code)).contains("Chance of a false alarm");
    assert!(stated(Code::Marked) && !stated(Code::Inconclusive));
}

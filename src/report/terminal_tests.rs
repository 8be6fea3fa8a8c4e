use super::*;
use crate::examples;
use filigrane_verdict::{Code, CredentialsState, is_deceptive};

fn plain(report: &Report) -> String {
    terminal(report, Style::default())
}

#[test]
fn the_first_line_says_each_verdict_in_plain_words() {
    for (code, first) in [
        (Code::Verified, "✓ Signed by a trusted signer, unchanged"),
        (Code::Signed, "○ Signed by an unknown signer"),
        (Code::Recovered, "↺ Provenance recovered"),
        (Code::Marked, "◆ Marked, source not resolved"),
        (Code::Altered, "✗ Credentials do not hold"),
        (Code::Mismatched, "≠ Mark of other content"),
        (Code::Revoked, "⊘ Provenance withdrawn"),
        (Code::LikelyGenerated, "~ No provenance; looks generated"),
        (Code::LikelyCamera, "~ No provenance; no signs of generation"),
        (Code::Inconclusive, "? No provenance, no answer"),
    ] {
        let text = plain(&examples::report(code));
        assert_eq!(text.lines().next(), Some(first));
        for part in ["What this rests on", "What this does not show", "Details", "clip.mp4"] {
            assert!(text.contains(part), "{code}: {part}");
        }
        assert!(text.ends_with('\n'));
    }
}

#[test]
fn a_recovered_clip_reads_like_this() {
    assert_eq!(plain(&examples::report(Code::Recovered)), include_str!("golden/recovered.txt"));
}

#[test]
fn an_unreadable_file_gives_its_name_and_the_reason_and_no_evidence() {
    let text = plain(&Report::unreadable("gone.mp4", "gone.mp4: no such file"));
    assert!(text.starts_with("! Could not be read\n  gone.mp4\n  ! gone.mp4: no such file\n"));
    assert!(!text.contains("What this rests on"));
}

#[test]
fn colour_adds_escape_sequences_and_nothing_else() {
    let report = examples::report(Code::Altered);
    let coloured = terminal(&report, Style { colour: true, width: 80 });
    assert!(coloured.starts_with("\u{1b}[1;31m✗"));
    let stripped = ["1;31", "1", "0"]
        .iter()
        .fold(coloured, |text, colour| text.replace(&format!("\u{1b}[{colour}m"), ""));
    assert_eq!(stripped, plain(&report));
}

#[test]
fn lines_fit_the_width_unless_a_word_does_not() {
    for width in [40, 60, 100] {
        for code in Code::ALL {
            for line in terminal(&examples::report(code), Style { colour: false, width }).lines() {
                let unbreakable = line.trim_start().split(' ').any(|word| word.chars().count() + 16 > width);
                assert!(line.chars().count() <= width || unbreakable, "{width}: {line}");
            }
        }
    }
}

#[test]
fn names_out_of_a_file_cannot_steer_the_terminal_or_forge_a_line() {
    let attack = "x\u{1b}[2J\r\n✓ Signed by a trusted signer\u{202e}\u{9b}31m\u{200b}";
    let mut report = examples::report(Code::Signed);
    report.file = attack.into();
    report.errors = vec![attack.into()];
    report.sha256 = Some(attack.into());
    report.credentials.issuer = Some(attack.into());
    report.credentials.manifest = Some(attack.into());
    report.credentials.signed_at = Some(attack.into());
    report.credentials.generator = Some(attack.into());
    report.credentials.explanation = Some(attack.into());
    report.credentials.actions = vec![attack.into()];
    report.credentials.codes = vec![attack.into()];
    report.registry.title = Some(attack.into());
    report.registry.issuer = Some(attack.into());
    report.registry.registered_at = Some(attack.into());
    report.watermark.payload = Some(attack.into());
    if let Some(media) = &mut report.media {
        media.container = attack.into();
        media.video = Some(attack.into());
        media.audio = Some(attack.into());
    }
    report.decide();
    for state in [CredentialsState::Trusted, CredentialsState::Valid, CredentialsState::Invalid] {
        report.credentials.state = state;
        report.decide();
        let text = plain(&report);
        assert!(!text.chars().any(|character| character != '\n' && is_deceptive(character)));
        assert!(!text.lines().skip(1).any(|line| line.starts_with('✓')));
    }
}

#[test]
fn ten_thousand_characters_and_a_thousand_codes_stay_a_page() {
    let mut report = examples::report(Code::Verified);
    report.file = "A".repeat(10_000);
    report.credentials.issuer = Some("B".repeat(10_000));
    report.credentials.codes = (0..1000).map(|index| format!("unknown.{index}")).collect();
    report.errors = vec!["C".repeat(10_000); 1000];
    report.decide();
    assert!(plain(&report).len() < 10_000);
    assert!(plain(&report).contains("and 988 more"));
}

#[test]
fn the_first_signs_the_classifier_saw_are_told_unless_it_abstained() {
    let mut report = examples::with_signs(5);
    let text = plain(&report);
    assert!(text.contains("- Sign 0. (points to camera)\n") && text.contains("Sign 2."), "{text}");
    assert!(!text.contains("Sign 3."), "{text}");
    report.classifier.abstained = true;
    assert!(!plain(&report).contains("Sign 0."));
}

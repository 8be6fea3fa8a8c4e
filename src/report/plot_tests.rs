use super::*;
use crate::examples;
use filigrane_verdict::{Code, Edit, Segment};

fn svg(report: &Report, samples: &[f64]) -> String {
    timeline(report, samples, 1024).expect("the length is known")
}

fn elements<'a>(svg: &'a str, class: &str) -> Vec<&'a str> {
    let needle = format!("class=\"{class}\"");
    svg.split('<').filter(|element| element.contains(&needle)).collect()
}

fn number(element: &str, name: &str) -> f64 {
    let (_, rest) = element.split_once(&format!(" {name}=\"")).expect(name);
    rest.split('"').next().expect("quoted").parse().expect("a number")
}

#[test]
fn bars_stand_at_their_times_and_as_high_as_their_scores() {
    let drawn = svg(&examples::report(Code::Verified), &[]);
    let strong = elements(&drawn, "bar strong");
    let weak = elements(&drawn, "bar weak");
    assert_eq!((strong.len(), weak.len()), (4, 1));
    // 5 s over 1024 units less two margins of 12: 200 units a second.
    assert_eq!(number(strong[0], "x"), 12.0);
    assert_eq!(number(strong[1], "x"), 212.0);
    assert_eq!(number(weak[0], "x"), 412.0);
    assert_eq!(number(strong[0], "width"), 199.0);
    // Strongest 9, so the top is 9.45; 100 units high.
    assert!((number(weak[0], "height") - 3.0 / 9.45 * 100.0).abs() < 0.06);
    for bar in strong.iter().chain(&weak) {
        assert!((number(bar, "y") + number(bar, "height") - STRENGTH_BOTTOM).abs() < 0.11);
    }
    let threshold = elements(&drawn, "threshold");
    assert!((number(threshold[0], "y1") - (130.0 - 5.0 / 9.45 * 100.0)).abs() < 0.06);
}

#[test]
fn spans_cover_what_was_marked_and_what_was_signed() {
    let mut report = examples::report(Code::Verified);
    report.watermark.start = Some(1.0);
    report.watermark.end = Some(3.0);
    let drawn = svg(&report, &[]);
    let span = elements(&drawn, "span");
    assert_eq!((number(span[0], "x"), number(span[0], "width")), (212.0, 400.0));
    let cover = elements(&drawn, "cover");
    assert_eq!((number(cover[0], "x"), number(cover[0], "width")), (12.0, 1000.0));
    let broken = svg(&examples::report(Code::Altered), &[]);
    assert_eq!((elements(&broken, "broken").len(), elements(&broken, "cover").len()), (1, 0));
    let none = svg(&examples::report(Code::Inconclusive), &[]);
    assert!(elements(&none, "span").is_empty() && elements(&none, "cover").is_empty());
}

#[test]
fn ticks_point_at_the_sample_times() {
    let drawn = svg(&examples::report(Code::Verified), &[0.0, 2.5, f64::NAN, 99.0]);
    let ticks = elements(&drawn, "tick");
    assert_eq!(ticks.len(), 3);
    assert!(ticks[1].contains("d=\"M512.0 252.0L"));
    assert!(ticks[2].contains("d=\"M1012.0 252.0L"));
}

#[test]
fn the_words_for_screen_readers_say_what_is_drawn() {
    let drawn = svg(&examples::report(Code::Verified), &[]);
    assert!(drawn.contains(
        "aria-label=\"Evidence over 5.0 s. Watermark strength lies above the detection threshold in 4 of 5 \
         stretches. Marked from 0.0 s to 5.0 s. Credentials cover the whole file.\""
    ));
}

#[test]
fn a_day_of_stretches_and_numbers_without_sense_stay_small_and_finite() {
    let mut report = examples::report(Code::Verified);
    let stretch = |at: u32| Strength { start: f64::from(at), end: f64::from(at) + 1.0, score: 1.0 };
    report.watermark.timeline = (0..86_400).map(stretch).collect();
    report.watermark.timeline.push(Strength { start: f64::NAN, end: 1.0, score: f64::INFINITY });
    report.watermark.timeline[40_000].score = 9.0;
    report.watermark.threshold = Some(f64::NAN);
    report.watermark.start = Some(f64::NEG_INFINITY);
    report.media = None;
    let drawn = svg(&report, &[f64::INFINITY]);
    assert!(drawn.len() < 60_000);
    assert!(!drawn.contains("NaN") && !drawn.contains("inf"));
    assert!(elements(&drawn, "bar weak").len() <= MOST_BARS);
    assert!(drawn.contains("strongest 9.0"));
}

#[test]
fn without_a_length_there_is_nothing_to_draw() {
    assert_eq!(timeline(&Report::new("a"), &[1.0], 800), None);
}

#[test]
fn the_estimate_has_a_lane_of_its_own_where_there_is_one() {
    let mut report = examples::report(Code::LikelyGenerated);
    assert!(!timeline(&report, &[], 800).unwrap().contains("estimate"));
    let segment = |start: f64, generated: f64| Segment { start, end: start + 1.0, generated };
    report.classifier.segments = vec![segment(0.0, 0.9), segment(1.0, f64::NAN), segment(2.0, 7.0)];
    let drawn = timeline(&report, &[], 800).unwrap();
    assert_eq!(drawn.matches("class=\"estimate\"").count(), 3);
    assert!(drawn.contains("fill-opacity=\"0.9\"") && !drawn.contains("NaN"), "{drawn}");
}

#[test]
fn edits_have_a_lane_where_the_signer_states_some_and_its_estimate_moves_down() {
    let mut report = examples::report(Code::Verified);
    let edit = |action: &str, start, end| Edit { action: action.into(), start, end };
    report.credentials.edits = vec![
        edit("c2pa.cropped", None, None),
        edit("c2pa.drawing", Some(1.0), Some(3.0)),
        edit("c2pa.filtered", Some(f64::NAN), Some(f64::INFINITY)),
    ];
    report.classifier.segments = vec![Segment { start: 0.0, end: 1.0, generated: 0.5 }];
    let drawn = svg(&report, &[0.0]);
    let whole = elements(&drawn, "edit whole");
    assert_eq!((number(whole[0], "x"), number(whole[0], "width")), (12.0, 1000.0));
    let part = elements(&drawn, "edit");
    assert_eq!((number(part[0], "x"), number(part[0], "width")), (212.0, 400.0));
    assert_eq!(number(part[0], "y"), LANES_TOP);
    assert_eq!(number(elements(&drawn, "estimate")[0], "y"), LANES_TOP + LANE);
    assert!(drawn.contains("Edits, as stated: Cropped, Something was drawn (1.0 s to 3.0 s)"), "{drawn}");
    assert!(
        drawn.contains("Edits, as the signer states them: Cropped, ") && !drawn.contains("NaN"),
        "{drawn}"
    );
    report.credentials.edits = vec![edit(&"x".repeat(10_000), None, None); 5000];
    assert!(svg(&report, &[]).len() < 20_000);
    report.credentials.state = filigrane_verdict::CredentialsState::Invalid;
    assert!(!svg(&report, &[]).contains("edit"));
}

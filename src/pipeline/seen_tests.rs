use filigrane_frame::Interval;
use filigrane_watermark::{Dihedral, Geometry, Segment, Sighting};

use super::*;

pub(crate) fn seen() -> Seen {
    let span = Interval { start: 0.0, end: 4.0 };
    let geometry = Geometry {
        matrix: [0.01, 0.0, 0.0, 0.01],
        dihedral: Dihedral::ALL[5],
        centre: (0.5, 0.25),
        origin: (320.0, 180.0),
    };
    let timeline = vec![Segment { span, deviations: 9.0 }; 4];
    let mut seen = Seen::unopened(Media { container: "mp4".to_owned(), width: 640, ..Media::default() });
    seen.finding = Some(Finding {
        log10_p: -40.0,
        sighting: Some(Sighting { geometry, span, timeline }),
        payload: Some(Payload(7)),
    });
    seen.also = vec![(Payload(8), -12.0)];
    seen.audio = Some(AudioFinding { log10_p: -3.0, span: None, payload: None, speed: 0.0 });
    seen.pdq = vec![PdqHash { time: 1.0, quality: 90, hash: "0f".repeat(32) }];
    seen.code = Some([3; 32]);
    seen.errors = vec!["torn".to_owned()];
    seen
}

#[test]
fn what_decoders_and_detectors_give_is_believed() {
    let believed = seen().believable().expect("honest");
    assert_eq!(believed.finding.expect("a finding").payload, Some(Payload(7)));
    assert_eq!(believed.errors, ["torn"]);
}

#[test]
fn what_none_of_them_gives_is_refused() {
    type Change = fn(&mut Seen);
    let changes: [(&str, Change); 12] = [
        ("a chance over one", |seen| seen.finding.as_mut().expect("one").log10_p = 0.5),
        ("no chance", |seen| seen.finding.as_mut().expect("one").log10_p = f64::NAN),
        ("bits without a mark", |seen| seen.finding.as_mut().expect("one").sighting = None),
        ("a wild geometry", |seen| {
            let finding = seen.finding.as_mut().expect("one");
            finding.sighting.as_mut().expect("one").geometry.matrix[1] = f64::INFINITY;
        }),
        ("a time of no video", |seen| {
            seen.finding.as_mut().expect("one").sighting.as_mut().expect("one").span.end = f64::NAN;
        }),
        ("an endless timeline", |seen| {
            let timeline = &mut seen.finding.as_mut().expect("one").sighting.as_mut().expect("one").timeline;
            *timeline = vec![timeline[0]; 100_000];
        }),
        ("many marks", |seen| seen.also = vec![(Payload(1), -20.0); 10_000]),
        ("a sure sound", |seen| seen.audio.as_mut().expect("one").log10_p = f64::NAN),
        ("no hash", |seen| seen.pdq[0].hash = "<script>".to_owned()),
        ("a long name", |seen| seen.media.container = "x".repeat(100_000)),
        ("a wild rate", |seen| seen.media.fps = Some(f64::INFINITY)),
        ("a wild time", |seen| seen.decode = f64::NAN),
    ];
    for (name, change) in changes {
        let mut seen = seen();
        change(&mut seen);
        assert!(seen.believable().is_none(), "{name}");
    }
}

#[test]
fn lines_are_cut_in_number_and_length() {
    let lines = believable_lines(vec!["é".repeat(5000); 1000]);
    assert_eq!(lines.len(), MOST_LINES);
    assert!(lines.iter().all(|line| line.chars().count() == LONGEST_LINE + 1));
}

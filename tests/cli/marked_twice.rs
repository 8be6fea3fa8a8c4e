//! Footage that carried somebody's mark before it was stamped: whoever stamps it now does not know, and whoever verifies
//! it does not have the earlier record.

use crate::clip::{fractal, once, published};
use crate::program::User;

const BEFORE: &str = "aaaa0a2b-1122-4344-8555-66778899aabb";
const NOW: &str = "bbbb0a2b-99f7-4c1e-9d34-0123456789ab";

/// The fractal with a strong mark and no metadata, as a platform hands it on.
fn footage() -> std::path::PathBuf {
    once("marked-before.mp4", |path| {
        let first = User::new();
        let stamped = first.path("first.mp4");
        first
            .stamp(&fractal(), &stamped, &format!("--id {BEFORE} --origin generated --strength 2 --crf 16"))
            .succeeds();
        published(&stamped, "-c copy", path);
    })
}

#[test]
fn a_mark_from_before_is_told_beside_the_stated_one_and_is_no_mismatch() {
    let second = User::new();
    let signed = second.path("signed.mp4");
    // Weaker than what is there already, so that the detector reads the other one.
    second
        .stamp(&footage(), &signed, &format!("--id {NOW} --origin edited --strength 1.2 --crf 16"))
        .succeeds();
    let stranger = User::new();
    let answer = stranger.verify(&signed, "").verdict("signed", 0);
    let watermark = &answer["watermark"];
    assert_eq!(watermark["payload"], "aaaa0a2b11224344", "{watermark:#}");
    assert_eq!(watermark["also"][0]["payload"], "bbbb0a2b99f74c1e", "{watermark:#}");
    assert!(watermark["also"][0]["log10_p"].as_f64().unwrap() <= -9.0);
    let summary = answer["verdict"]["summary"].as_str().unwrap();
    assert!(summary.contains("one that was there before"), "{summary}");
    let page = stranger.path("report.html");
    let text = stranger.run(["verify", signed.to_str().unwrap(), "--report", page.to_str().unwrap()]);
    assert!(text.succeeds().words().contains("bbbb0a2b99f74c1e, which the credentials state, is there too"));
    assert!(std::fs::read_to_string(page).unwrap().contains("Payload beside it"));
    second.verify(&signed, "").verdict("verified", 0);
}

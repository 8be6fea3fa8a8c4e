//! A detector in a folder judges videos that nothing is known of.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::clip::fixture;
use crate::program::User;
use crate::scene::scene;

/// Two scenes of one size: one noisy as a sensor is in the dark, one drawn without any noise.
fn noisy() -> PathBuf {
    fixture(
        "noisy.mp4",
        "-f lavfi -i testsrc2=size=320x240:rate=25:duration=2 -vf noise=alls=40:allf=t -c:v libx264 -crf 12",
    )
}

fn smooth() -> PathBuf {
    fixture("smooth.mp4", "-f lavfi -i testsrc2=size=320x240:rate=25:duration=2 -c:v libx264 -crf 12")
}

/// A detector that goes by the noise of flat places alone: little of it is called generated.
fn detector(user: &User) -> PathBuf {
    let folder = user.path("detector");
    fs::create_dir(&folder).expect("a folder");
    let trees = json!({
        "version": 1, "names": ["noise_flat_level"], "base": 0.0,
        "trees": [{
            "feature": [0, -1, -1], "threshold": [0.0, 0.0, 0.0], "left": [1, 0, 0], "right": [2, 0, 0],
            "missing_left": [true, false, false], "value": [0.0, 3.0, -3.0],
        }],
    });
    let fusion = json!({
        "version": 1, "experts": ["statistics"], "weights": [1.0], "bias": 0.0,
        "camera_at_most": 0.2, "generated_at_least": 0.8, "interval": [[0.0, 0.0, 0.1], [1.0, 0.9, 1.0]],
    });
    for (name, text) in [
        ("card.toml", "name = \"by noise\"\n".to_owned()),
        ("statistics.json", trees.to_string()),
        ("fusion.json", fusion.to_string()),
    ] {
        fs::write(folder.join(name), text).expect("written");
    }
    folder
}

fn options(folder: &Path) -> String {
    format!("--detectors {}", folder.display())
}

#[test]
fn a_detector_judges_what_nothing_is_known_of_and_says_what_it_saw() {
    let user = User::new();
    let options = options(&detector(&user));
    let answer = user.verify(&smooth(), &options).verdict("likely-generated", 1);
    let classifier = &answer["classifier"];
    assert_eq!((&classifier["state"], &classifier["abstained"]), (&"ran".into(), &false.into()));
    assert!(classifier["generated"].as_f64().is_some_and(|share| share > 0.8), "{classifier:#}");
    assert!(
        classifier["model"].as_str().is_some_and(|name| name.starts_with("by noise@") && name.len() == 73)
    );
    let clue = &classifier["evidence"][0];
    assert_eq!((&clue["name"], &clue["points_to"]), (&"noise_flat_level".into(), &"generated".into()));
    assert!(clue["what"].as_str().is_some_and(|sentence| sentence.len() > 20), "{clue:#}");
    let segments = classifier["segments"].as_array().expect("segments");
    assert_eq!(segments.len(), 2, "one a second: {segments:?}");
    assert!(answer["timing"]["classifier_s"].as_f64().is_some_and(|seconds| seconds > 0.0));
    user.verify(&noisy(), &options).verdict("likely-camera", 1);
}

#[test]
fn the_jail_and_the_program_itself_see_the_same() {
    let user = User::new();
    let options = options(&detector(&user));
    let [inside, outside] = ["required", "off"].map(|jail| {
        user.verify(&noisy(), &format!("{options} --only classifier --jail {jail}")).json()["classifier"]
            .clone()
    });
    assert_eq!(inside["state"], "ran");
    assert_eq!(inside, outside);
}

#[test]
fn provenance_outranks_the_detector() {
    let creator = scene().creator();
    let options = options(&detector(&creator));
    let answer = creator.verify(&scene().signed, &options).verdict("verified", 0);
    assert_eq!(answer["classifier"]["state"], "ran");
    let answer =
        creator.run(["scan", scene().signed.to_str().expect("text"), "--quiet", "--detectors", "detector"]);
    assert_eq!(answer.json()["classifier"]["state"], "skipped", "a scan ends where provenance is found");
}

#[test]
fn what_cannot_be_judged_says_why() {
    let user = User::new();
    let options = options(&detector(&user));
    let short = fixture("five.mp4", "-f lavfi -i testsrc2=size=320x240:rate=25 -frames:v 5 -c:v libx264");
    let still = fixture("still.mp4", "-f lavfi -i color=gray:size=320x240:rate=25:duration=2 -c:v libx264");
    for (clip, reason) in [(short, "5 "), (still, "")] {
        let answer = user.verify(&clip, &format!("{options} --only classifier")).verdict("inconclusive", 1);
        let classifier = &answer["classifier"];
        assert_eq!((&classifier["state"], &classifier["abstained"]), (&"ran".into(), &true.into()));
        let why = classifier["reason"].as_str().unwrap_or_default();
        assert!(why.len() > 20 && why.contains(reason), "{classifier:#}");
        assert!(classifier["generated"].is_null());
    }
}

#[test]
fn a_detector_that_is_missing_or_damaged_is_named_with_its_digest_and_the_others_answer() {
    let creator = scene().creator();
    let folder = detector(&creator);
    let with = options(&folder);
    fs::write(folder.join("statistics.json"), "{\"version\": 9}").expect("written");
    let answer = creator.verify(&scene().signed, &with).verdict("verified", 0);
    let error = answer["errors"][0].as_str().expect("an error").to_owned();
    assert!(error.starts_with("classifier: ") && error.contains("statistics.json, sha256 "), "{error}");
    assert_eq!(answer["watermark"]["state"], "found");
    assert_eq!(answer["classifier"]["state"], "unavailable");
    fs::remove_file(folder.join("fusion.json")).expect("removed");
    let answer = creator.verify(&scene().signed, &with).verdict("verified", 0);
    assert!(answer["errors"][0].as_str().is_some_and(|error| error.contains("fusion.json")), "{answer:#}");
}

#[test]
fn the_detector_inside_the_program_answers_or_abstains_and_shows_where_it_looked() {
    let user = User::new();
    let answer = user.verify(&noisy(), "--detectors builtin --only classifier").json();
    let classifier = &answer["classifier"];
    assert_eq!(classifier["state"], "ran", "{answer:#}");
    let number = |name: &str| classifier[name].as_f64().expect("a number");
    let (low, middle, high) = (number("low"), number("generated"), number("high"));
    assert!(0.0 <= low && low <= middle && middle <= high && high <= 1.0, "{classifier:#}");
    assert!(classifier["model"].as_str().is_some_and(|name| name.starts_with("traces@")), "{classifier:#}");
    let places = classifier["places"].as_array().expect("places");
    assert!(!places.is_empty());
    for place in places {
        let extent = |name: &str| place[name].as_u64().expect("a whole number");
        assert!(extent("x") + extent("side") <= 320 && extent("y") + extent("side") <= 240, "{place}");
        let cells = place["generated"].as_array().expect("cells");
        assert!(
            cells.len() == 16
                && cells.iter().all(|cell| cell.as_f64().is_some_and(|p| (0.0..=1.0).contains(&p)))
        );
    }
    let none = user.verify(&noisy(), "--detectors none --only classifier").json();
    assert_eq!(none["classifier"]["state"], "unavailable");
}

//! The mark in the sound: written beside that of the picture, and what is said when the two part.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::clip::{self, ffmpeg, fixture, published};
use crate::program::User;

const ID: &str = "6f1c0a2b-1122-4344-8555-66778899aabb";
const PAYLOAD: &str = "6f1c0a2b11224344";
const OTHER_ID: &str = "0123abcd-4567-489a-8bcd-ef0123456789";
const OTHER_PAYLOAD: &str = "0123abcd4567489a";

/// Eight seconds of moving texture with noise that swells.
fn talking() -> PathBuf {
    fixture(
        "talking.mp4",
        "-f lavfi -i mandelbrot=size=320x180:rate=25 -f lavfi -i anoisesrc=c=pink:a=0.4:seed=5:r=48000 -t 8 \
         -af tremolo=f=3:d=0.7 -vf noise=alls=24:all_seed=7,format=yuv420p -c:v libx264 -crf 16 -preset veryfast \
         -c:a aac -b:a 128k -ac 2",
    )
}

/// The same, stamped under a name.
fn stamped(user: &User, name: &str, id: &str, options: &str) -> (PathBuf, Value) {
    let output = user.path(name);
    let answer = user.stamp(&talking(), &output, &format!("--id {id} --json {options}")).succeeds().json();
    (output, answer)
}

fn audio(answer: &Value) -> &Value {
    &answer["watermark"]["audio"]
}

fn summary(answer: &Value) -> &str {
    answer["verdict"]["summary"].as_str().expect("a sentence")
}

#[test]
fn picture_and_sound_of_a_stamped_clip_carry_the_same_payload_in_time() {
    let user = User::new();
    let (output, answer) = stamped(&user, "signed.mp4", ID, "");
    assert_eq!(answer["notes"], serde_json::json!([]));
    assert!(answer["audio_snr"].as_f64().is_some_and(|snr| snr > 14.0), "{answer:#}");
    assert!(answer["audio_nmr"].as_f64().is_some_and(|ratio| ratio < 0.0), "{answer:#}");
    let answer = user.verify(&output, "").verdict("verified", 0);
    assert_eq!(answer["watermark"]["payload"], PAYLOAD);
    let sound = audio(&answer);
    assert_eq!((&sound["state"], &sound["payload"]), (&"found".into(), &PAYLOAD.into()));
    assert!(sound["log10_p"].as_f64().is_some_and(|log10_p| log10_p <= -9.0), "{sound:#}");
    assert!(sound["start"].as_f64() < Some(0.1) && sound["end"].as_f64() > Some(7.0), "{sound:#}");
    assert!(!summary(&answer).contains("sound"), "{}", summary(&answer));

    let time = |path: &Path, selector, field: &str| -> f64 {
        clip::stream(path, selector)[field].as_str().expect("a number").parse().expect("a number")
    };
    for selector in ["v:0", "a:0"] {
        for field in ["start_time", "duration"] {
            let moved = (time(&output, selector, field) - time(&talking(), selector, field)).abs();
            assert!(moved < 1024.0 / 48_000.0, "{field} of {selector} moved by {moved} s");
        }
    }
    let rate: u32 = clip::stream(&output, "a:0")["bit_rate"].as_str().unwrap().parse().unwrap();
    assert!(rate > 150_000, "{rate} bits a second");
}

#[test]
fn sound_swapped_between_two_stamped_clips_is_said_not_to_belong_to_the_picture() {
    let user = User::new();
    let (one, _) = stamped(&user, "one.mp4", ID, "");
    let (other, _) = stamped(&user, "other.mp4", OTHER_ID, "");
    let swapped = user.path("swapped.mp4");
    let second =
        format!("-i {} -i {} -map 0:v -map 1:a -map_metadata -1 -c copy", one.display(), other.display());
    ffmpeg(&second, &swapped);
    let answer = user.verify(&swapped, "").verdict("recovered", 0);
    assert_eq!(
        (&answer["watermark"]["payload"], &audio(&answer)["payload"]),
        (&PAYLOAD.into(), &OTHER_PAYLOAD.into())
    );
    let words = summary(&answer);
    assert!(
        words.contains("picture and sound do not belong together")
            && words.contains(PAYLOAD)
            && words.contains(&format!("{OTHER_PAYLOAD} (registered as urn:c2pa:{OTHER_ID})")),
        "{words}"
    );
    let text = user.run(["verify".as_ref(), swapped.as_os_str()]).succeeds().stdout;
    assert!(text.contains(&format!("The sound carries the mark {OTHER_PAYLOAD}")), "{text}");
}

#[test]
fn lifted_sound_under_another_picture_is_recognised_and_the_picture_stays_unknown() {
    let user = User::new();
    let (signed, _) = stamped(&user, "signed.mp4", ID, "");
    let lifted = user.path("lifted.mp4");
    let arguments = format!(
        "-f lavfi -i testsrc2=size=320x240:rate=25:duration=8 -i {} -map 0:v -map 1:a -map_metadata -1 \
         -c:v libx264 -preset veryfast -c:a aac -b:a 64k -shortest",
        signed.display()
    );
    ffmpeg(&arguments, &lifted);
    let answer = user.verify(&lifted, "").verdict("inconclusive", 1);
    assert_eq!(
        (&answer["watermark"]["state"], &audio(&answer)["state"]),
        (&"absent".into(), &"found".into())
    );
    let clause =
        format!("its sound carries the mark {PAYLOAD} (registered as urn:c2pa:{ID}), its picture does not");
    assert!(summary(&answer).contains(&clause), "{}", summary(&answer));
    let answer = User::new().verify(&lifted, "").verdict("inconclusive", 1);
    assert!(
        summary(&answer).contains(&format!("the mark {PAYLOAD}, its picture does not")),
        "{}",
        summary(&answer)
    );
}

#[test]
fn sound_is_copied_untouched_when_it_is_not_to_be_marked() {
    let user = User::new();
    let (output, answer) = stamped(&user, "plain.mp4", ID, "--no-audio-watermark --no-credentials");
    assert_eq!(answer["audio_snr"], Value::Null);
    let packets = |path: &Path| {
        clip::column(path, "-select_streams a:0 -show_packets -show_data_hash md5", "packets", "data_hash")
    };
    assert_eq!(packets(&output), packets(&talking()));
    let answer = user.verify(&output, "").verdict("marked", 0);
    assert_eq!(audio(&answer)["state"], "absent");
}

#[test]
fn silent_short_and_missing_sound_is_said_and_stops_nothing() {
    let user = User::new();
    let video = "-f lavfi -i testsrc2=size=320x180:rate=25 -vf noise=alls=24:allf=t,format=yuv420p -c:v libx264 -preset veryfast";
    let silent = fixture("silent.mp4", &format!("-f lavfi -i anullsrc=r=48000 {video} -c:a aac -t 5"));
    let output = user.path("silent.mp4");
    let answer = user.stamp(&silent, &output, "--no-credentials --json").succeeds().json();
    let notes = answer["notes"].to_string();
    assert!(notes.contains("0.0 s of it are loud enough"), "{notes}");
    let answer = user.verify(&output, "").verdict("marked", 0);
    assert_eq!(audio(&answer)["state"], "absent");

    let short = fixture("short.mp4", &format!("-f lavfi -i sine {video} -c:a aac -t 2"));
    let output = user.path("short.mp4");
    let answer = user.stamp(&short, &output, "--no-credentials --json").succeeds().json();
    let notes = answer["notes"].to_string();
    assert!(notes.contains("carries no mark: 2.0 s are too short"), "{notes}");

    let mute = fixture("mute.mp4", &format!("{video} -t 2"));
    let output = user.path("mute.mp4");
    let answer = user.stamp(&mute, &output, "--no-credentials --json").succeeds().json();
    assert_eq!(answer["notes"], serde_json::json!([]));
    let answer = user.verify(&output, "").verdict("marked", 0);
    assert_eq!(*audio(&answer), serde_json::json!({"state": "skipped"}));
}

#[test]
fn damaged_sound_leaves_the_verdict_on_the_picture_as_it_is() {
    let user = User::new();
    let (signed, _) = stamped(&user, "signed.mp4", ID, "--no-credentials");
    let torn = user.path("torn.mp4");
    // A tenth of the packets of sound, overwritten here and there.
    published(&signed, "-c copy -bsf:a noise=amount=2000", &torn);
    let answer = user.verify(&torn, "").verdict("marked", 0);
    assert_eq!(answer["watermark"]["payload"], PAYLOAD);
    assert_ne!(audio(&answer)["state"], "skipped");
}

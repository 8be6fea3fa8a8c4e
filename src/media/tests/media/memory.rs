//! Memory against the length of the video. The work runs in a process of its own, whose peak is then read.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::clips::Clips;
use crate::sound::halved;
use filigrane_media::VideoCodec;

const INPUT: &str = "MEDIA_TEST_INPUT";
const MARK: &str = "peak kB:";

/// Does the work when `peak_of` starts it; else there is nothing to do.
#[test]
fn transcode_one_file() {
    let Some(input) = env::var_os(INPUT) else { return };
    let input = Path::new(&input);
    halved(input, &input.with_extension("out.mp4"), VideoCodec::H264);
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    println!("{MARK}{}", peak.trim().trim_end_matches(" kB"));
}

fn peak_of(input: &Path) -> u64 {
    let output = Command::new(env::current_exe().expect("this program"))
        .args(["memory::transcode_one_file", "--exact", "--nocapture"])
        .env(INPUT, input)
        .output()
        .expect("runs");
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, peak) = words.split_once(MARK).unwrap_or_else(|| panic!("no peak in {words}"));
    peak.lines().next().and_then(|number| number.trim().parse().ok()).expect("a number")
}

#[test]
fn four_times_the_length_takes_no_more_memory() {
    let clips = Clips::new();
    let peaks = [8, 32].map(|seconds| {
        let source = format!(
            "-f lavfi -i testsrc2=size=320x240:rate=25:duration={seconds} -f lavfi -i sine=duration={seconds} -c:v libx264 -preset ultrafast -c:a aac"
        );
        peak_of(&clips.make(&format!("{seconds}.mp4"), &source))
    });
    assert!(peaks[1] < peaks[0] + 4096, "{peaks:?} kB");
}

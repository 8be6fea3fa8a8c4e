//! Small clips made with FFmpeg's own programs, and what those programs say of a file.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::process::Command;

use filigrane_frame::Limits;
use filigrane_media::{Cancel, EncodeOptions, Error, TranscodeError, Transcoded, VideoCodec, transcode};
use serde_json::Value;
use tempfile::TempDir;

pub struct Clips(TempDir);

impl Clips {
    pub fn new() -> Self {
        Self(TempDir::new().expect("a folder for clips"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `ffmpeg ARGUMENTS NAME` in the folder; arguments are separated by spaces.
    pub fn make(&self, name: &str, arguments: &str) -> PathBuf {
        let arguments = arguments.split_whitespace();
        let output = Command::new("ffmpeg")
            .current_dir(self.0.path())
            .args(["-nostdin", "-v", "error", "-y"])
            .args(arguments)
            .arg(name)
            .output()
            .expect("the ffmpeg program");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        self.path(name)
    }

    /// The usual clip: one second of 320x240 at 25 pictures a second.
    pub fn plain(&self, name: &str, options: &str) -> PathBuf {
        self.make(name, &format!("-f lavfi -i testsrc2=size=320x240:rate=25:duration=1 {options}"))
    }

    pub fn text(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("writable");
        path
    }
}

pub const FAST: &str = "ultrafast";

pub fn options(codec: VideoCodec) -> EncodeOptions {
    let preset = (codec != VideoCodec::Ffv1).then(|| FAST.to_owned());
    EncodeOptions { preset, ..EncodeOptions::new(codec) }
}

pub fn recode(input: &Path, output: &Path, codec: VideoCodec) -> Transcoded {
    try_recode(input, output, codec).expect("transcodes")
}

pub fn try_recode(input: &Path, output: &Path, codec: VideoCodec) -> Result<Transcoded, Error> {
    let mut nothing = |_: &mut filigrane_media::Picture| Ok::<(), Infallible>(());
    match transcode(input, output, &options(codec), &Limits::default(), &Cancel::default(), &mut nothing) {
        Ok(done) => Ok(done),
        Err(TranscodeError::Media(error)) => Err(error),
        Err(TranscodeError::Step(never)) => match never {},
    }
}

/// `ffprobe ARGUMENTS FILE` as JSON.
pub fn ffprobe(path: &Path, arguments: &str) -> Value {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json"])
        .args(arguments.split_whitespace())
        .arg(path)
        .output()
        .expect("the ffprobe program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

pub fn stream(path: &Path, selector: &str) -> Value {
    ffprobe(path, &format!("-select_streams {selector} -show_streams"))["streams"][0].clone()
}

fn strings(values: &Value, key: &str) -> Vec<String> {
    let values = values.as_array().expect("an array");
    values.iter().map(|value| value[key].as_str().unwrap_or("none").to_owned()).collect()
}

/// Presentation times of all decoded pictures, as ffprobe writes them.
pub fn times(path: &Path) -> Vec<String> {
    let all =
        ffprobe(path, "-select_streams v:0 -show_frames -show_entries frame=best_effort_timestamp_time");
    strings(&all["frames"], "best_effort_timestamp_time")
}

/// Times and hashes of all packets of a stream.
pub fn packets(path: &Path, selector: &str) -> (Vec<String>, Vec<String>) {
    let all = ffprobe(path, &format!("-select_streams {selector} -show_packets -show_data_hash md5"));
    (strings(&all["packets"], "pts_time"), strings(&all["packets"], "data_hash"))
}

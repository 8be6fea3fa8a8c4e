//! Transcodes a video without changing it: `cargo run -p filigrane-media --example transcode -- IN OUT [CODEC] [PRESET]`

use std::convert::Infallible;
use std::path::Path;
use std::process::ExitCode;

use filigrane_frame::Limits;
use filigrane_media::{Cancel, EncodeOptions, VideoCodec, muxer_for, transcode};

#[allow(clippy::print_stdout, clippy::print_stderr)]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: transcode IN OUT [CODEC] [PRESET]");
        return ExitCode::from(2);
    };
    let run = || -> Result<_, Box<dyn std::error::Error>> {
        let codec = match rest.first() {
            Some(name) => name.parse::<VideoCodec>()?,
            None => muxer_for(Path::new(output))?.default_codec(),
        };
        let options = EncodeOptions { preset: rest.get(1).cloned(), ..EncodeOptions::new(codec) };
        let (input, output) = (Path::new(input), Path::new(output));
        Ok(transcode::<Infallible>(
            input,
            output,
            &options,
            &Limits::default(),
            &Cancel::default(),
            &mut |_| Ok(()),
        )?)
    };
    match run() {
        Ok(done) => {
            let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
            println!("{done:#?}\n{peak}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

//! Prints what a video says of itself, decodes all of it, and prints what came out and the peak memory.
//! `cargo run -p filigrane-media --example decode -- FILE…`

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use filigrane_frame::Limits;
use filigrane_media::{Cancel, Decoder, Error, probe};

fn decode(path: &Path) -> Result<String, Error> {
    let limits = Limits::default();
    let info = probe(path, &limits)?;
    let mut decoder = Decoder::open(path, &limits, &Cancel::default())?;
    let (mut pictures, mut last, mut sum) = (0u64, 0.0, 0u64);
    while let Some(picture) = decoder.next_picture()? {
        let luma = picture.luma();
        sum += u64::from(luma.row(luma.layout().height / 2)[0]);
        (pictures, last) = (pictures + 1, picture.time());
    }
    Ok(format!(
        "{} {} {}x{} {} {:.3} fps, {pictures} pictures to {last:.3} s, sum {sum}, damage {:?}",
        info.container,
        info.video,
        info.width,
        info.height,
        info.pixel_format,
        info.fps,
        decoder.damage()
    ))
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned()
}

#[allow(clippy::print_stdout)]
fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for path in std::env::args_os().skip(1) {
        let start = Instant::now();
        let answer = match decode(Path::new(&path)) {
            Ok(words) => words,
            Err(error) => {
                code = ExitCode::from(2);
                format!("error {:?}: {error}", error.kind())
            }
        };
        println!("{}: {answer} [{:.2?}, {}]", path.to_string_lossy(), start.elapsed(), peak_memory());
    }
    code
}

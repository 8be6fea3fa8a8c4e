//! What marking costs a picture, without decoding and coding.
//!
//! `cargo run --release --example embedding -- CLIP...` prints milliseconds on one core for the pictures of each clip, and beside
//! them those of decoding it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use filigrane::frame::Limits;
use filigrane::media::{Cancel, Decoder};
use filigrane::watermark::{Embedder, Key, Payload, Strength};

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "| clip | size | pictures | marking: least, median, ms | decoding: median, ms |\n|---|---|---|---|---|"
    );
    for clip in std::env::args().skip(1) {
        let path = Path::new(&clip);
        let mut decoder = Decoder::open(path, &Limits::default(), &Cancel::default())?;
        let (mut marking, mut decoding) = (Vec::new(), Vec::new());
        let mut embedder: Option<Embedder> = None;
        let mut size = (0, 0);
        loop {
            let start = Instant::now();
            let Some(mut picture) = decoder.next_picture()? else { break };
            decoding.push(milliseconds(start));
            size = (picture.width() as usize, picture.height() as usize);
            let embedder = match &mut embedder {
                Some(embedder) => embedder,
                none => {
                    let payload = Payload::from_uuid(&[7; 16]);
                    none.insert(Embedder::new(&Key::public(), payload, size.0, size.1, Strength::default())?)
                }
            };
            let start = Instant::now();
            embedder.mark(&mut picture.luma_mut())?;
            marking.push(milliseconds(start));
        }
        marking.sort_by(f64::total_cmp);
        decoding.sort_by(f64::total_cmp);
        let middle = |sorted: &[f64]| sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
        println!(
            "| {} | {}x{} | {} | {:.2}, {:.2} | {:.2} |",
            path.file_stem().unwrap_or_default().to_string_lossy(),
            size.0,
            size.1,
            marking.len(),
            marking.first().copied().unwrap_or(f64::NAN),
            middle(&marking),
            middle(&decoding)
        );
    }
    Ok(())
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

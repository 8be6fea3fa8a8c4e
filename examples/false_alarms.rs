//! How often keys that did not mark a clip are said to have: the stated false-alarm rate against what is counted.
//!
//! `cargo run --release --example false_alarms -- CLIP...`; `KEYS=850` searches each clip with so many keys at all
//! geometries, `FIXED=20000` looks with so many at one hypothesis fixed beforehand, `PICTURES=72` takes so many in.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own")]

use std::path::Path;
use std::process::ExitCode;

use filigrane::frame::Limits;
use filigrane::media::{Cancel, Decoder};
use filigrane::watermark::{Detector, Key};

/// Levels, as powers of ten, at which the tail is counted.
const LEVELS: [i32; 4] = [1, 2, 3, 4];

fn main() -> ExitCode {
    let clips: Vec<String> = std::env::args().skip(1).collect();
    if clips.is_empty() {
        eprintln!("usage: false_alarms CLIP... (unmarked video files)");
        return ExitCode::from(2);
    }
    match count(&clips) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("false_alarms: {error}");
            ExitCode::from(2)
        }
    }
}

fn count(clips: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let searched = keys(number("KEYS", 850)?, 9);
    let fixed = keys(number("FIXED", 20_000)?, 10);
    let pictures = number("PICTURES", 72)?;
    let (mut searches, mut looks) = (Vec::new(), Vec::new());
    println!(
        "| clip | pictures | keys | false alarms | least log10 p, all geometries |\n|---|---|---|---|---|"
    );
    for clip in clips {
        let mut decoder = Decoder::open(Path::new(clip), &Limits::default(), &Cancel::default())?;
        let (mut search, mut look) = (Detector::new(&searched), Detector::new(&fixed));
        let mut seen = 0;
        while seen < pictures
            && let Some(picture) = decoder.next_picture()?
        {
            search.push(picture.luma(), picture.time());
            look.push(picture.luma(), picture.time());
            seen += 1;
        }
        looks.extend(look.fixed_chances());
        let findings = search.finish();
        let alarms = findings.iter().filter(|finding| finding.sighting.is_some()).count();
        let here: Vec<f64> = findings.iter().map(|finding| finding.log10_p).collect();
        let least = here.iter().copied().fold(0.0, f64::min);
        let name = Path::new(clip).file_stem().unwrap_or_default().to_string_lossy();
        println!("| {name} | {seen} | {} | {alarms} | {least:.2} |", here.len());
        searches.extend(here);
    }
    println!(
        "\n| stated | searched, at most | counted of {} | fixed, at most | fixed, normal law | counted of {} |",
        searches.len(),
        looks.len()
    );
    println!("|---|---|---|---|---|---|");
    for level in LEVELS {
        let chance = 10f64.powi(-level);
        let at_most = |trials: usize| trials as f64 * chance;
        let counted = |chances: &[f64]| chances.iter().filter(|&&log10| log10 <= -f64::from(level)).count();
        let normal =
            normal_tail((2.0 * f64::from(level) * std::f64::consts::LN_10).sqrt()) * looks.len() as f64;
        println!(
            "| 1e-{level} | {:.1} | {} | {:.1} | {normal:.1} | {} |",
            at_most(searches.len()),
            counted(&searches),
            at_most(looks.len()),
            counted(&looks)
        );
    }
    Ok(())
}

/// So many keys that no user has.
fn keys(count: usize, family: u8) -> Vec<Key> {
    (0..count as u64)
        .map(|number| {
            let mut bytes = [family; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            Key::new(bytes)
        })
        .collect()
}

fn number(name: &str, usual: usize) -> Result<usize, String> {
    match std::env::var(name) {
        Ok(text) => text.parse().map_err(|_| format!("{name} must be a number, not \"{text}\"")),
        Err(_) => Ok(usual),
    }
}

/// Chance that a normal variable exceeds `deviations`, by Simpson's rule over twelve deviations.
fn normal_tail(deviations: f64) -> f64 {
    const STEPS: usize = 2400;
    let step = 12.0 / STEPS as f64;
    let density = |x: f64| (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let weight = |index: usize| {
        if index == 0 || index == STEPS {
            1.0
        } else if index % 2 == 1 {
            4.0
        } else {
            2.0
        }
    };
    (0..=STEPS).map(|index| weight(index) * density(deviations + index as f64 * step)).sum::<f64>() * step
        / 3.0
}

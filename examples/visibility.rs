//! How visible a change of a clip is: what is left of it when weighed by the eye's sensitivity, and how it flickers.
//!
//! `cargo run --release --example visibility -- ORIGINAL CHANGED...` prints a line for each changed file. Luma alone, from
//! three picture heights, by the contrast sensitivity of Mannos and Sakrison (1974); `flicker` is the root mean square of
//! what the change itself changes by from one picture to the next, levels of 255, weighed and not.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own")]

use std::path::Path;
use std::process::ExitCode;

use filigrane::frame::{Limits, LumaRef, Plane};
use filigrane::media::{Cancel, Decoder, Error};
use filigrane_signal::{Spectrum, spectrum};

/// Viewing distance, picture heights: that of ITU-R BT.500 for high definition.
const DISTANCE: f64 = 3.0;

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let [original, changed @ ..] = files.as_slice() else {
        eprintln!("usage: visibility ORIGINAL CHANGED...");
        return ExitCode::from(2);
    };
    println!("| file | PSNR, dB | weighed PSNR, dB | flicker | weighed flicker |\n|---|---|---|---|---|");
    for file in changed {
        match compare(Path::new(original), Path::new(file)) {
            Ok(Some([psnr, weighed, flicker, weighed_flicker])) => {
                let name = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
                println!("| {name} | {psnr:.2} | {weighed:.2} | {flicker:.3} | {weighed_flicker:.3} |");
            }
            Ok(None) => {
                eprintln!("visibility: {file}: not as many pictures of one size as {original}, two at least");
                return ExitCode::from(2);
            }
            Err(error) => {
                eprintln!("visibility: {error}");
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::SUCCESS
}

/// PSNR, weighed PSNR, flicker, weighed flicker over all pictures.
fn compare(original: &Path, changed: &Path) -> Result<Option<[f64; 4]>, Error> {
    let open = |path| Decoder::open(path, &Limits::default(), &Cancel::default());
    let (mut original, mut changed) = (open(original)?, open(changed)?);
    let (mut errors, mut steps) = (Mean::default(), Mean::default());
    let mut last: Option<Plane<f32>> = None;
    loop {
        let (before, after) = match (original.next_picture()?, changed.next_picture()?) {
            (Some(before), Some(after)) => (levels(before.luma()), levels(after.luma())),
            (None, None) => break,
            _ => return Ok(None),
        };
        let size = (before.width(), before.height());
        if size != (after.width(), after.height()) {
            return Ok(None);
        }
        let error = Plane::from_fn(size.0, size.1, |x, y| after.row(y)[x] - before.row(y)[x]);
        errors.add(&error);
        if let Some(last) = last {
            steps.add(&Plane::from_fn(size.0, size.1, |x, y| error.row(y)[x] - last.row(y)[x]));
        }
        last = Some(error);
    }
    let decibels = |square: f64| 10.0 * (255.0 * 255.0 / square.max(1e-9)).log10();
    Ok((steps.count > 0).then(|| {
        let (errors, steps) = (errors.of_one(), steps.of_one());
        [decibels(errors.0), decibels(errors.1), steps.0.sqrt(), steps.1.sqrt()]
    }))
}

fn levels(luma: LumaRef<'_>) -> Plane<f32> {
    let layout = luma.layout();
    let mut plane = Plane::new(layout.width, layout.height);
    for y in 0..layout.height {
        luma.read_row(y, plane.row_mut(y));
    }
    plane
}

/// Mean squares, plain and weighed.
#[derive(Default)]
struct Mean {
    plain: f64,
    weighed: f64,
    count: u64,
}

impl Mean {
    fn add(&mut self, error: &Plane<f32>) {
        let samples = (error.width() * error.height()) as f64;
        self.plain += error.samples().iter().map(|value| f64::from(value * value)).sum::<f64>() / samples;
        self.weighed += weighed_power(&spectrum(error, error.width(), error.height())) / samples / samples;
        self.count += 1;
    }

    fn of_one(&self) -> (f64, f64) {
        (self.plain / self.count as f64, self.weighed / self.count as f64)
    }
}

/// Power of a spectrum after the eye's contrast sensitivity, 1 at its peak.
fn weighed_power(spectrum: &Spectrum) -> f64 {
    let (width, height) = (spectrum.width() as f64, spectrum.height() as f64);
    let pixels_a_degree = height.min(width) * DISTANCE * 1f64.to_radians().tan();
    let mut power = 0.0;
    for y in 0..spectrum.height() {
        let row = if y > spectrum.height() / 2 { height - y as f64 } else { y as f64 } / height;
        for (x, value) in spectrum.half().row(y).iter().enumerate() {
            let twice = if x == 0 || 2 * x == spectrum.width() { 1.0 } else { 2.0 };
            let frequency = (x as f64 / width).hypot(row) * pixels_a_degree;
            power += twice * f64::from(value.norm_sqr()) * sensitivity(frequency).powi(2);
        }
    }
    power
}

/// Contrast sensitivity at so many cycles a degree over that at its peak; flat below the peak, for nobody holds still.
fn sensitivity(frequency: f64) -> f64 {
    const PEAK: f64 = 7.9;
    let curve = |f: f64| 2.6 * (0.0192 + 0.114 * f) * (-(0.114 * f).powf(1.1)).exp();
    curve(frequency.max(PEAK)) / curve(PEAK)
}

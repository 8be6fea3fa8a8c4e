//! Writes what the observer sees of clips, for training:
//! `cargo run --release -p filigrane-detect --example observe -- OUT.bin FILE`, or `--list LIST.tsv` with lines
//! `FILE<TAB>OUT`, or `--names`. A clip that can't be judged gives a file without bursts, and a line that says why.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use filigrane_detect::{NAMES, Observation, Observer};
use filigrane_frame::Limits;
use filigrane_media::{Cancel, Decoder};

type Failure = Box<dyn std::error::Error>;

fn observe(path: &Path) -> Result<Observation, Failure> {
    let mut decoder = Decoder::open(path, &Limits::default(), &Cancel::default())?;
    let mut observer = Observer::default();
    while let Some(picture) = decoder.next_picture()? {
        observer.push(picture.luma(), picture.time());
    }
    Ok(observer.finish())
}

#[allow(clippy::print_stderr)]
fn write(input: &Path, output: &Path) -> Result<(), Failure> {
    let mut observation = observe(input)?;
    if let Err(reason) = observation.assessable() {
        eprintln!("{}: {reason}", input.display());
        observation = observation.without_bursts();
    }
    let mut bytes = Vec::new();
    observation.write_to(&mut bytes)?;
    // Whole or not at all: a run that was cut short is taken up where it ended.
    let partial = output.with_extension("partial");
    fs::write(&partial, bytes)?;
    Ok(fs::rename(partial, output)?)
}

#[allow(clippy::print_stdout, clippy::print_stderr)]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let pairs: Vec<(String, String)> = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--names"] => {
            NAMES.iter().for_each(|name| println!("{name}"));
            return ExitCode::SUCCESS;
        }
        ["--list", list] => match fs::read_to_string(list) {
            Ok(text) => text
                .lines()
                .filter_map(|line| line.split_once('\t'))
                .map(|(input, output)| (input.to_owned(), output.to_owned()))
                .collect(),
            Err(error) => {
                eprintln!("{list}: {error}");
                return ExitCode::from(2);
            }
        },
        [output, input] => vec![(input.to_owned(), output.to_owned())],
        _ => {
            eprintln!("usage: observe OUT.bin FILE | observe --list LIST.tsv | observe --names");
            return ExitCode::from(2);
        }
    };
    let mut code = ExitCode::SUCCESS;
    for (input, output) in pairs {
        if let Err(error) = write(Path::new(&input), Path::new(&output)) {
            eprintln!("{input}: {error}");
            code = ExitCode::from(2);
        }
    }
    code
}

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use filigrane::pipeline::{Demand, Depth};

use crate::cli::detector::Detectors;

#[derive(Args)]
pub struct Scan {
    /// Files, folders, patterns in quotes, @LIST with one name or URL a line (- for standard input), or a URL of an
    /// object store with all objects beneath: s3://BUCKET/PREFIX, gs://…, az://…, file:///… (credentials as the stores' own tools
    /// take them from the environment)
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<OsString>,
    /// Where the answers go, one JSON object a line [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Files looked at at once [default: one for each processor]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024), value_name = "NUMBER")]
    pub jobs: Option<u16>,
    /// Go on with an output that an earlier scan left: what it answered is not looked at again
    #[arg(long, requires = "output")]
    pub resume: bool,
    /// When all is answered, write the lines of the output as a table, too: Apache Parquet, a row each
    #[arg(long, requires = "output", value_name = "FILE")]
    pub parquet: Option<PathBuf>,
    /// Submit the files to this fleet's workers, who must see them at the same places: postgres://USER@HOST/NAME (password
    /// in PGPASSWORD) or sqlite:PATH
    #[arg(long, value_name = "URL", conflicts_with = "jobs")]
    pub database: Option<String>,
    /// Wait for the answers of the fleet and write them as they come, each once for every file
    #[arg(long, requires = "database")]
    pub wait: bool,
    /// On whose behalf: what one has submitted is new for another
    #[arg(long, requires = "database", default_value = "default", value_name = "NAME")]
    pub tenant: String,
    /// Which files of a fleet go first: 1 before 2 before 3 before 4
    #[arg(long, requires = "database", default_value = "2", value_parser = clap::value_parser!(u8).range(1..=4), value_name = "1-4")]
    pub priority: u8,
    /// Most files that may wait in the fleet's database; more are held back here
    #[arg(long, requires = "database", default_value = "100000", value_parser = clap::value_parser!(u64).range(1..), value_name = "NUMBER")]
    pub backlog: u64,
    #[command(flatten)]
    pub looking: Looking,
}

/// How each file of many is looked at. A worker takes only files that were submitted with settings like its own.
#[derive(Args)]
pub struct Looking {
    /// How deep to look where nothing is found before: credentials, key-frames, window or whole
    #[arg(long, value_enum, default_value = "whole", value_name = "TIER")]
    pub depth: Tier,
    /// Longest time for one file, seconds [default: 120, and one for each 50 kB; in a fleet 300]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=86400), value_name = "SECONDS")]
    pub timeout: Option<u64>,
    /// Folder or URL of the registry to look in [default: the one in the program's own data]
    #[arg(long, value_name = "REGISTRY")]
    pub registry: Option<String>,
    /// Certificates (PEM) whose signatures are trusted for this call, beside those you trust already
    #[arg(long, value_name = "PEM")]
    pub trust: Vec<PathBuf>,
    /// Look for marks made with this key, too: a file with 64 hexadecimal digits
    #[arg(long, value_name = "FILE")]
    pub watermark_key: Vec<PathBuf>,
    /// Which detector estimates whether the pictures were generated: `builtin`, `none`, or a folder with card.toml,
    /// statistics.json, fusion.json and a network for each expert
    #[arg(long, value_name = "DIR", env = "FILIGRANE_DETECTORS", default_value = "builtin")]
    pub detectors: Detectors,
    /// Read each file in a process that can open, call and start nothing: required, best-effort, or off
    #[arg(long, default_value = "required", value_name = "HOW")]
    pub jail: Demand,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tier {
    Credentials,
    KeyFrames,
    Window,
    Whole,
}

impl From<Tier> for Depth {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Credentials => Self::Credentials,
            Tier::KeyFrames => Self::KeyFrames,
            Tier::Window => Self::Window,
            Tier::Whole => Self::Whole,
        }
    }
}

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use filigrane::pipeline::Demand;
use filigrane::service::Scope;

use crate::cli::detector::Detectors;

#[derive(Args)]
pub struct Serve {
    #[command(subcommand)]
    pub verb: Option<ServeVerb>,
    /// Address and port to listen on; from other machines, callers need tokens
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub listen: String,
    /// Folder or URL (postgres://…?objects=URL) of the registry to serve [default: the one in the program's own data]
    #[arg(long, value_name = "REGISTRY")]
    pub registry: Option<String>,
    /// Let everybody read who can reach the address; publishing takes a token in any case
    #[arg(long)]
    pub public: bool,
    /// Serve the registry alone, without the page
    #[arg(long)]
    pub registry_only: bool,
    /// Who signs reports [default: the identity "default", made on first use]
    #[arg(long, value_name = "NAME")]
    pub identity: Option<String>,
    /// Who may sign videos that are sent to the page, by whoever has the scope `stamp` [default: who signs reports]
    #[arg(long, value_name = "NAME")]
    pub stamp_as: Vec<String>,
    /// Certificates (PEM) whose signatures are trusted, beside those you trust already
    #[arg(long, value_name = "PEM")]
    pub trust: Vec<PathBuf>,
    /// Which detector estimates whether the pictures were generated: `builtin`, `none`, or a folder with card.toml,
    /// statistics.json, fusion.json and a network for each expert
    #[arg(long, value_name = "DIR", env = "FILIGRANE_DETECTORS", default_value = "builtin")]
    pub detectors: Detectors,
    /// Hosts that videos may be fetched from, such as media.example.org [default: none]
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub fetch_from: Vec<String>,
    /// Let those hosts lie within the own network
    #[arg(long, requires = "fetch_from")]
    pub fetch_private: bool,
    /// Check each video in a process that can open, call and start nothing: required, best-effort, or off
    #[arg(long, default_value = "required", value_name = "HOW")]
    pub jail: Demand,
    /// Videos of the page worked on at once
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64), value_name = "NUMBER")]
    pub workers: u8,
    /// Videos of the page received at once; further ones are told when to come again
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024), value_name = "NUMBER")]
    pub uploads: u16,
    /// Most videos of the page that wait for their turn
    #[arg(long, default_value_t = 512, value_name = "NUMBER")]
    pub backlog: u64,
    /// Largest video taken by the page, MiB
    #[arg(long, default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..), value_name = "MIB")]
    pub largest_upload: u32,
    /// Room for the videos of the page, GiB
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..), value_name = "GIB")]
    pub keep: u32,
    /// Remove videos from the page so many days after they came, with their answers and notes [default: never]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=36_500), value_name = "DAYS")]
    pub keep_days: Option<u32>,
    /// Most requests of one caller to the page in a minute
    #[arg(long, default_value_t = 1200, value_parser = clap::value_parser!(u32).range(1..), value_name = "NUMBER")]
    pub rate: u32,
    /// How the log on standard error looks: text, or json for one object a line
    #[arg(long, value_enum, default_value_t = LogForm::Text, value_name = "FORM")]
    pub log: LogForm,
    /// Most videos for look-ups received or looked at at once; further ones are turned away
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64), value_name = "NUMBER")]
    pub videos: u8,
    /// Largest video taken for a look-up, MiB
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..), value_name = "MIB")]
    pub largest_video: u32,
}

/// How a log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogForm {
    Text,
    Json,
}

#[derive(Subcommand)]
pub enum ServeVerb {
    /// Who may read from other machines, and who may publish
    #[command(
        after_help = "Example:\n  filigrane serve token new agency --scope store:manifests,store:bindings"
    )]
    Token {
        #[command(subcommand)]
        verb: TokenVerb,
    },
}

#[derive(Subcommand)]
pub enum TokenVerb {
    /// Makes a token and shows it, once
    New {
        /// Whose it is: letters, digits, '.', '_' and '-'
        name: String,
        /// What it is good for: check, read, stamp, metrics; fetch:manifests, store:manifests, store:bindings
        #[arg(long, value_delimiter = ',', required = true, value_name = "SCOPES")]
        scope: Vec<Scope>,
        /// When it runs out, such as 2026-12-31T00:00:00Z [default: never]
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        /// How much it may send to the page in a day, MiB [default: as much as there is room for]
        #[arg(long, value_name = "MIB")]
        quota: Option<u64>,
    },
    /// Lists the tokens, without their secrets
    List,
    /// Ends a token at once
    Revoke { name: String },
}

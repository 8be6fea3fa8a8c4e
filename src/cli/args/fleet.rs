use clap::{Args, Subcommand};
use filigrane::fleet::State;

use super::Looking;

#[derive(Args)]
pub struct Work {
    /// The fleet's database: postgres://USER@HOST/NAME (password in PGPASSWORD) or sqlite:PATH
    #[arg(long, value_name = "URL", env = "FILIGRANE_DATABASE")]
    pub database: String,
    /// Files looked at at once [default: one for each processor]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024), value_name = "NUMBER")]
    pub jobs: Option<u16>,
    /// How long files may still take when the worker is to stop (SIGTERM, Ctrl-C); then they are given back, which costs them
    /// none of their three tries
    #[arg(long, default_value = "25", value_parser = clap::value_parser!(u64).range(..=86400), value_name = "SECONDS")]
    pub grace: u64,
    /// What is allowed beside the time for a file: for look-ups, the database, half of it for clocks that differ. A file whose
    /// worker died is tried by another after twice the timeout and three times this
    #[arg(long, default_value = "30", value_parser = clap::value_parser!(u64).range(1..=3600), value_name = "SECONDS")]
    pub slack: u64,
    #[command(flatten)]
    pub looking: Looking,
}

#[derive(Args)]
pub struct Jobs {
    /// The fleet's database: postgres://USER@HOST/NAME (password in PGPASSWORD) or sqlite:PATH
    #[arg(long, value_name = "URL", env = "FILIGRANE_DATABASE", global = true)]
    pub database: Option<String>,
    #[command(subcommand)]
    pub verb: JobsVerb,
}

#[derive(Subcommand)]
pub enum JobsVerb {
    /// Makes the tables of a new database, or brings those of an older version up to date
    Migrate,
    /// Lists jobs by their numbers
    List {
        /// Only those that are waiting, running, retrying, done, dead or cancelled
        #[arg(long, value_delimiter = ',', value_name = "STATES")]
        state: Vec<State>,
        /// Only those after this number: the last of the page before
        #[arg(long, value_name = "NUMBER")]
        after: Option<i64>,
        /// At most so many
        #[arg(long, default_value = "100", value_parser = clap::value_parser!(u32).range(1..=1000), value_name = "NUMBER")]
        limit: u32,
    },
    /// Has jobs tried again that are dead, cancelled or wait for their next try
    Retry {
        #[command(flatten)]
        which: Which,
    },
    /// Forgets jobs and their results: what they were about can be submitted anew
    Drop {
        #[command(flatten)]
        which: Which,
    },
    /// How much there is to do, and how fast it is done
    Stats,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// Their numbers
    #[arg(value_name = "NUMBER")]
    pub numbers: Vec<i64>,
    /// All dead ones
    #[arg(long)]
    pub dead: bool,
}

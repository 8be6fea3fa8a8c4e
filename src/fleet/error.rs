use filigrane_frame::ErrorKind;

/// Why a call of the fleet failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is none that a fleet could have.
    #[error("{address}: {detail}; a database is postgres://USER@HOST/NAME or sqlite:PATH")]
    Address {
        /// As it was given, without its password.
        address: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The database does not answer.
    #[error("{place}: the database can't be reached: {detail}")]
    Unreachable {
        /// Which one, without its password.
        place: String,
        /// What was said.
        detail: String,
    },
    /// The database has no tables for a fleet, or older ones.
    #[error("{place}: not set up for this version: run `filigrane jobs migrate --database {place}` once")]
    Unprepared {
        /// Which one.
        place: String,
    },
    /// The database was set up by a newer version.
    #[error("{place}: its tables are of version {version}, newer than this program")]
    Newer {
        /// Which one.
        place: String,
        /// Version of its tables.
        version: i64,
    },
    /// The database refused, or broke off.
    #[error("{place}: {detail}")]
    Database {
        /// Which one.
        place: String,
        /// What was said.
        detail: String,
    },
    /// A task says something impossible.
    #[error("no task: {0}")]
    Task(String),
    /// As many tasks wait as may.
    #[error("{waiting} tasks wait, of at most {most}: try again in {seconds} seconds")]
    Busy {
        /// How many wait.
        waiting: u64,
        /// How many may.
        most: u64,
        /// Seconds until there may be room, as fast as tasks were finished lately.
        seconds: u64,
    },
    /// There is no such job.
    #[error("there is no job {0}")]
    Missing(i64),
    /// The job's state does not allow it.
    #[error("job {id} is {state}: {detail}")]
    State {
        /// Which job.
        id: i64,
        /// Its state.
        state: crate::State,
        /// What is possible instead.
        detail: &'static str,
    },
    /// This machine's clock and the database's differ by more than the pace allows.
    #[error(
        "{place}: the clocks of this machine and the database are {seconds:.1} s apart, of at most {most:.1} s: set them \
         by NTP, or allow more by a larger slack"
    )]
    Clocks {
        /// Which database.
        place: String,
        /// How far apart, seconds.
        seconds: f64,
        /// How far they may be.
        most: f64,
    },
    /// A defect in this program.
    #[error("defect: {0}")]
    Internal(String),
}

impl Error {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Address { .. } | Self::Task(_) | Self::Missing(_) | Self::State { .. } => {
                ErrorKind::Parameter
            }
            Self::Unprepared { .. } | Self::Newer { .. } => ErrorKind::Unsupported,
            Self::Unreachable { .. } | Self::Database { .. } | Self::Clocks { .. } => ErrorKind::Io,
            Self::Busy { .. } => ErrorKind::Limit,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }
}

use filigrane_frame::ErrorKind;

/// Why a detector can't be used. What is wrong with a clip is a finding, see [`NotAssessable`](crate::NotAssessable).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A model's document does not follow its format, or contradicts itself.
    #[error("{model}: {detail}")]
    Malformed {
        /// Which document.
        model: &'static str,
        /// What is wrong, and where.
        detail: String,
    },
    /// A model's document is of another version of the format.
    #[error("{model} is of version {version}; this program reads version 1")]
    Version {
        /// Which document.
        model: &'static str,
        /// Its version.
        version: u64,
    },
    /// A model is larger than any that is read.
    #[error("{model}: {found} {what}; at most {most} are read")]
    Limit {
        /// Which model.
        model: String,
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much there may be.
        most: usize,
    },
    /// The fusion weighs an expert that is not there.
    #[error("the fusion weighs an expert {0:?} that is not there")]
    Missing(String),
    /// A network gives something else than one finite logit for each crop.
    #[error("network {name}: {detail}")]
    Logits {
        /// Name of the network.
        name: String,
        /// What it gave.
        detail: String,
    },
    /// The engine refused the network, or failed while it ran.
    #[error(transparent)]
    Engine(#[from] filigrane_infer::Error),
}

impl Error {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Malformed { .. } | Self::Logits { .. } => ErrorKind::Malformed,
            Self::Version { .. } => ErrorKind::Unsupported,
            Self::Limit { .. } => ErrorKind::Limit,
            Self::Missing(_) => ErrorKind::Parameter,
            Self::Engine(error) => error.kind(),
        }
    }
}

use std::path::PathBuf;

use filigrane_frame::ErrorKind;

/// Why a network could not be opened or run.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A library that was named is not there, or is not ONNX Runtime of a version that fits.
    #[error("{}: not usable as ONNX Runtime: {detail}", path.display())]
    Library {
        /// The library.
        path: PathBuf,
        /// What the loader said.
        detail: String,
    },
    /// The engine can't run on the device that was asked for.
    #[error("can't run on {device}: {detail}")]
    Provider {
        /// The device.
        device: &'static str,
        /// What is missing.
        detail: String,
    },
    /// A configuration describes a network that can't be built.
    #[error("{network}: {detail}")]
    Network {
        /// The network.
        network: String,
        /// What is impossible.
        detail: String,
        /// Malformed, or Unsupported when another version might.
        kind: ErrorKind,
    },
    /// A file of weights does not follow its format, or lies about itself.
    #[error("{}: {detail}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the tensor at fault.
        detail: String,
    },
    /// A tensor that the network needs is missing, or has another shape or type.
    #[error("{}: tensor {tensor}: {detail}", path.display())]
    Weight {
        /// The file or folder of the weights.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A bound was reached.
    #[error("{}: {detail}", path.display())]
    Limit {
        /// The file or folder.
        path: PathBuf,
        /// The bound.
        detail: String,
    },
    /// What was given to a session is not what it takes.
    #[error("{session}: input {input}: {detail}")]
    Input {
        /// Name of the session.
        session: String,
        /// Name of the input.
        input: String,
        /// What is wrong with it.
        detail: String,
    },
    /// An element type or shape is not what the caller expects.
    #[error("a tensor of {found} where {expected} is expected")]
    Type {
        /// What it is.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// A file could not be read.
    #[error("can't read {}: {detail}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The engine refused a graph: an operator is missing, or a shape impossible.
    #[error("{session}: {engine} refuses the graph: {detail}")]
    Graph {
        /// Name of the session.
        session: String,
        /// The engine.
        engine: String,
        /// What it said, cut to a line.
        detail: String,
    },
    /// The engine failed while it ran.
    #[error("{session}: {engine} failed: {detail}")]
    Run {
        /// Name of the session.
        session: String,
        /// The engine.
        engine: String,
        /// What it said, cut to a line.
        detail: String,
    },
}

impl Error {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Library { .. } | Self::Provider { .. } | Self::Input { .. } | Self::Type { .. } => {
                ErrorKind::Parameter
            }
            Self::Network { kind, .. } => *kind,
            Self::Malformed { .. } | Self::Weight { .. } => ErrorKind::Malformed,
            Self::Limit { .. } => ErrorKind::Limit,
            Self::Io { .. } => ErrorKind::Io,
            Self::Graph { .. } => ErrorKind::Unsupported,
            Self::Run { .. } => ErrorKind::Internal,
        }
    }
}

/// The first line of what an engine or a library said, cut to a length that fits a terminal.
pub(crate) fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let line: String = text
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ");
    let cut: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    if cut.len() < line.len() { format!("{cut}…") } else { cut }
}

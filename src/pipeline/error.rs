use std::io;
use std::path::PathBuf;

use filigrane_frame::ErrorKind;
use filigrane_registry::Urn;

/// Why a video could not be stamped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Decoding or encoding failed.
    #[error(transparent)]
    Media(#[from] filigrane_media::Error),
    /// The model could not be opened, or made no clip.
    #[error(transparent)]
    Generate(#[from] filigrane_generate::Error),
    /// The mark cannot be written.
    #[error(transparent)]
    Watermark(#[from] filigrane_watermark::Error),
    /// Signing failed.
    #[error(transparent)]
    Provenance(#[from] filigrane_provenance::Error),
    /// The manifest could not be registered.
    #[error(transparent)]
    Registry(#[from] filigrane_registry::Error),
    /// What a process in a jail met.
    #[error("{text}")]
    Told {
        /// In its words.
        text: String,
        /// What sort of failure it was.
        kind: ErrorKind,
    },
    /// A process in a jail gave no answer.
    #[error(transparent)]
    Jail(filigrane_jail::Fate),
    /// Output and input are one file.
    #[error("output and input are the same file: the input is never changed, choose another output")]
    SameFile,
    /// The output is already there.
    #[error("{} already exists: choose another name, or replace it with --force", .0.display())]
    Exists(PathBuf),
    /// The output's folder is missing or not writable.
    #[error("cannot write into {}: {source}", folder.display())]
    Folder {
        /// Where the output should go.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The manifest states no such consent.
    #[error("{urn} states no consent of {subject:?}: write the subject as `verify` shows it")]
    NoConsent {
        /// Name of the manifest.
        urn: String,
        /// Whose consent was to be withdrawn.
        subject: String,
    },
    /// The file has no manifest to publish.
    #[error("no manifest whose signature holds: sign it first with `filigrane stamp`")]
    Unsigned,
    /// A stream that is packaged already is to be marked.
    #[error(
        "a stream in several files can only be signed as it is: the mark goes into the pictures before they are \
         encoded and packaged. Stamp the video, package it, then sign the segments with --no-watermark"
    )]
    Packaged,
    /// One file of a stream is named twice.
    #[error("{} is named twice", .0.display())]
    Twice(PathBuf),
    /// Nothing is looked up by this.
    #[error("{0}")]
    Binding(String),
    /// A withdrawal by somebody who has no say.
    #[error("{0} can be withdrawn here by its own signer alone: sign with the key that signed the manifest")]
    NotTheSigner(Urn),
    /// Nothing would be done.
    #[error("neither watermark nor credentials are wanted: nothing to do")]
    Nothing,
    /// Signing without a new encoding needs the container to stay.
    #[error(
        "without a watermark the video is not encoded again, so {from} cannot become {to}: keep the extension"
    )]
    OtherContainer {
        /// Container of the input.
        from: String,
        /// Extension of the output.
        to: String,
    },
}

impl Error {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Media(error) => error.kind(),
            Self::Generate(error) => error.kind(),
            Self::Watermark(error) => error.kind(),
            Self::Provenance(error) => error.kind(),
            Self::Registry(error) => error.kind(),
            Self::Told { kind, .. } => *kind,
            Self::Jail(fate) => fate.kind(),
            Self::SameFile
            | Self::Exists(_)
            | Self::Packaged
            | Self::Twice(_)
            | Self::Binding(_)
            | Self::Nothing
            | Self::NoConsent { .. }
            | Self::OtherContainer { .. } => ErrorKind::Parameter,
            Self::Unsigned | Self::NotTheSigner(_) => ErrorKind::Trust,
            Self::Folder { .. } | Self::Io { .. } => ErrorKind::Io,
        }
    }
}

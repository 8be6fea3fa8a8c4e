use std::fmt;
use std::path::Path;

use crate::{Error, VideoCodec};

/// A container that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Container {
    /// MPEG-4 part 14 (`.mp4`, `.m4v`).
    Mp4,
    /// QuickTime (`.mov`).
    Mov,
    /// Matroska (`.mkv`).
    Matroska,
    /// WebM (`.webm`): VP9 and AV1 alone.
    Webm,
    /// AVI (`.avi`): one fixed frame rate.
    Avi,
}

const BY_EXTENSION: [(&str, Container); 6] = [
    ("mp4", Container::Mp4),
    ("m4v", Container::Mp4),
    ("mov", Container::Mov),
    ("mkv", Container::Matroska),
    ("webm", Container::Webm),
    ("avi", Container::Avi),
];

/// The container that the extension of a path asks for.
///
/// # Errors
/// [`Error::Parameter`] for any other extension, or none.
pub fn muxer_for(path: &Path) -> Result<Container, Error> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let known = BY_EXTENSION.iter().find(|(name, _)| Some(*name) == extension.as_deref());
    known.map(|(_, container)| *container).ok_or_else(|| {
        let names: Vec<String> = BY_EXTENSION.iter().map(|(name, _)| format!(".{name}")).collect();
        let problem = match extension {
            Some(extension) => format!("cannot write .{extension} files"),
            None => "the output has no file extension to choose a container by".to_owned(),
        };
        Error::Parameter(format!("{problem}; use one of {}", names.join(", ")))
    })
}

impl Container {
    /// FFmpeg's short name of the muxer.
    pub(crate) fn muxer(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::Matroska => "matroska",
            Self::Webm => "webm",
            Self::Avi => "avi",
        }
    }

    /// A usual video codec for it.
    pub fn default_codec(self) -> VideoCodec {
        match self {
            Self::Webm => VideoCodec::Vp9,
            Self::Mp4 | Self::Mov | Self::Matroska | Self::Avi => VideoCodec::H264,
        }
    }

    /// Whether files can be attached, as cover pictures are in Matroska.
    pub(crate) fn has_attachments(self) -> bool {
        self == Self::Matroska
    }

    /// Whether the container keeps a turn of the picture. FFmpeg 5.1 writes it into MP4 and QuickTime alone.
    pub(crate) fn keeps_rotation(self) -> bool {
        matches!(self, Self::Mp4 | Self::Mov)
    }

    /// Whether each packet has a time stamp of its own, rather than a place in a fixed frame rate.
    pub(crate) fn keeps_times(self) -> bool {
        self != Self::Avi
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.muxer())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_chooses_the_container_in_any_case() {
        assert_eq!(muxer_for(Path::new("a/b.MP4")).expect("known"), Container::Mp4);
        assert_eq!(muxer_for(Path::new("b.tar.mkv")).expect("known"), Container::Matroska);
    }

    #[test]
    fn an_unknown_extension_is_answered_with_the_known_ones() {
        let error = muxer_for(Path::new("clip.wmv")).expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "cannot write .wmv files; use one of .mp4, .m4v, .mov, .mkv, .webm, .avi"
        );
        assert!(muxer_for(Path::new("clip")).expect_err("none").to_string().contains("no file extension"));
    }
}

use filigrane_frame::ErrorKind;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::seen::believable_line;

/// The sorts of failure in the order in which they are told.
const KINDS: [ErrorKind; 9] = [
    ErrorKind::Internal,
    ErrorKind::Malformed,
    ErrorKind::Unsupported,
    ErrorKind::Limit,
    ErrorKind::Parameter,
    ErrorKind::Key,
    ErrorKind::Trust,
    ErrorKind::Io,
    ErrorKind::Cancelled,
];

/// An error as the process that met it tells it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Failing {
    kind: u8,
    text: String,
}

impl From<Error> for Failing {
    fn from(error: Error) -> Self {
        let kind = KINDS.iter().position(|kind| *kind == error.kind()).unwrap_or_default();
        Self { kind: kind as u8, text: error.to_string() }
    }
}

impl Failing {
    /// The same error here. A sort that is not known counts as a defect.
    pub fn told(self) -> Error {
        let kind = KINDS.get(usize::from(self.kind)).copied().unwrap_or(ErrorKind::Internal);
        Error::Told { text: believable_line(self.text), kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_its_words_and_its_sort() {
        for error in [Error::Nothing, Error::SameFile, filigrane_media::Error::Cancelled.into()] {
            let (text, kind) = (error.to_string(), error.kind());
            let told = Failing::from(error).told();
            assert_eq!((told.to_string(), told.kind()), (text, kind));
        }
        let nonsense = Failing { kind: 200, text: "a".repeat(5000) }.told();
        assert_eq!(nonsense.kind(), ErrorKind::Internal);
        assert!(nonsense.to_string().chars().count() < 1100);
    }
}

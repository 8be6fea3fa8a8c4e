use std::fmt::Display;
use std::path::Path;

use filigrane_fingerprint::VideoCode;
use filigrane_frame::Limits;
use filigrane_media::{Cancel, Decoder, Error, SignatureSampler};

/// The ISCC Video-Code of a file: of the file that is signed (IEP-0020), not of the pictures that went into its encoder.
///
/// # Errors
/// Those of decoding.
pub(crate) fn of_file(path: &Path, limits: &Limits, cancel: &Cancel) -> Result<Option<VideoCode>, Error> {
    of_pictures(Decoder::open(path, limits, cancel)?)
}

/// The same of all pictures that come.
///
/// # Errors
/// Those of decoding.
pub(crate) fn of_pictures(mut decoder: Decoder) -> Result<Option<VideoCode>, Error> {
    let mut signatures = SignatureSampler::new(decoder.info());
    while let Some(picture) = decoder.next_picture()? {
        signatures.push(&picture);
    }
    of(signatures)
}

/// The code of the pictures that a sampler saw.
///
/// # Errors
/// Those of [`SignatureSampler::finish`].
pub(crate) fn of(signatures: SignatureSampler) -> Result<Option<VideoCode>, Error> {
    Ok(VideoCode::of(&signatures.finish()?))
}

/// The code, and a note where there is none.
pub(crate) fn or_note<E: Display>(
    code: Result<Option<VideoCode>, E>,
    notes: &mut Vec<String>,
) -> Option<VideoCode> {
    code.unwrap_or_else(|error| {
        notes.push(format!("no ISCC Video-Code: {error}"));
        None
    })
}

use std::path::{Path, PathBuf};

use filigrane_frame::Limits;
use filigrane_media::{Cancel, EncodeOptions};
use filigrane_provenance::{Assertion, Claim, Identity, ModelCard, Origin};
use filigrane_registry::Registry;
use filigrane_verdict::Jail;
use filigrane_watermark::{Key, Payload};
use uuid::Uuid;

use crate::delivery::{Delivery, check_container, title};
use crate::error::Error;
use crate::file::{check_output, settle};
use crate::fit::Force;
use crate::mark::Marking;
use crate::pictures::Pictures;
use crate::progress::Progress;
use crate::ward::Ward;
use crate::workshop::Workshop;

/// How to stamp one video.
pub struct Stamp<'a> {
    /// Names the manifest; its first 64 bits are the watermark's payload.
    pub id: Uuid,
    /// Strength of the watermark; `None` leaves the pictures, and the encoding, as they are.
    pub watermark: Option<Force>,
    /// Whose mark it is.
    pub key: Key,
    /// Whether the watermark goes into the sound too; without, sound is copied as it is.
    pub audio: bool,
    /// Who signs; `None` writes no credentials.
    pub identity: Option<&'a Identity>,
    /// Where the manifest is published; `None` publishes nothing.
    pub registry: Option<&'a Registry>,
    /// What the signer says of the content's making.
    pub origin: Option<Origin>,
    /// The time-stamping authority asked, in place of the identity's own.
    pub timestamp: Option<String>,
    /// The models that the content was made with.
    pub models: Vec<ModelCard>,
    /// What the signer states beyond that.
    pub statements: Vec<Assertion>,
    /// How the marked pictures are encoded.
    pub encode: EncodeOptions,
    /// Replace an existing output.
    pub force: bool,
    /// Version of this program, for the manifest.
    pub version: &'a str,
    /// Bounds on the input.
    pub limits: Limits,
    /// Where the input is read; `None` for this process.
    pub ward: Option<&'a Ward>,
    /// Stops the work.
    pub cancel: Cancel,
}

/// What [`stamp`] did.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamped {
    /// The file written.
    pub output: PathBuf,
    /// The manifest's name; `None` without credentials.
    pub manifest: Option<String>,
    /// The manifest's own file, where the container cannot hold it.
    pub sidecar: Option<PathBuf>,
    /// The 64 bits in the picture; `None` without a watermark.
    pub payload: Option<Payload>,
    /// Luma PSNR of the mark before encoding, dB.
    pub luma_psnr: Option<f64>,
    /// Power of the sound over that of the mark in it, dB; `None` when no sound was marked.
    pub audio_snr: Option<f64>,
    /// Power of the mark in the sound over what the sound hides, dB, on average.
    pub audio_nmr: Option<f64>,
    /// Whether the manifest was published.
    pub registered: bool,
    /// Pictures written.
    pub frames: u64,
    /// What the user should know: streams left out, damage met, parents without credentials.
    pub notes: Vec<String>,
    /// How far the processes that read the input were jailed.
    pub jail: Jail,
}

/// Whether a result may be written to `output`, before any work is done; [`stamp`] asks it too.
///
/// # Errors
/// An unknown extension, an output that is the input, that exists unasked (or the file for its manifest does), or
/// whose folder cannot be written.
pub fn check(input: &Path, output: &Path, signed: bool, force: bool) -> Result<(), Error> {
    check_container(output, signed, force)?;
    check_output(Some(input), output, force)
}

/// Marks `input` and signs it into `output`, which appears under its name only when all is done.
///
/// # Errors
/// Any of [`Error`]; `input` is never touched and nothing is left at `output`.
pub fn stamp(
    input: &Path,
    output: &Path,
    how: &Stamp<'_>,
    progress: &dyn Progress,
) -> Result<Stamped, Error> {
    if how.watermark.is_none() && how.identity.is_none() {
        return Err(Error::Nothing);
    }
    check(input, output, how.identity.is_some(), how.force)?;
    let payload = Payload::from_uuid(how.id.as_bytes());
    let workshop = Workshop::open(input, how.ward, &how.limits, &how.cancel)?;
    let (finished, mut pictures) = match how.watermark {
        Some(force) => {
            let marking = Marking::new(payload, force, &how.key, how.audio, &how.encode, output);
            let (file, pictures) = workshop.mark(output, marking, progress)?;
            (Some(file), pictures)
        }
        None => (None, examine(&workshop, input, output, progress)?),
    };
    let mut notes = std::mem::take(&mut pictures.notes);
    if let (Some(file), Some(_)) = (&finished, how.identity) {
        pictures.code = workshop.code(file, &mut notes)?;
    }
    let mut stamped = Stamped {
        output: output.to_owned(),
        manifest: None,
        sidecar: None,
        payload: how.watermark.map(|_| payload),
        luma_psnr: pictures.luma_psnr,
        audio_snr: pictures.audio_snr,
        audio_nmr: pictures.audio_nmr,
        registered: false,
        frames: pictures.frames,
        notes: Vec::new(),
        jail: Jail::default(),
    };
    match how.identity {
        Some(identity) => {
            let mut claim = Claim::new(how.id, title(output), how.version);
            claim.origin = how.origin;
            claim.timestamp.clone_from(&how.timestamp);
            claim.models.clone_from(&how.models);
            claim.assertions.clone_from(&how.statements);
            claim.parent = finished.as_ref().map(|_| input.to_owned());
            claim.heritage = Some(workshop.heritage()?);
            claim.watermarked = how.watermark.is_some();
            claim.bindings = pictures.bindings(stamped.payload);
            claim.thumbnail = pictures.thumbnail.take();
            let delivery =
                Delivery { output, identity, registry: how.registry, force: how.force, limits: &how.limits };
            let delivered = delivery.carry_out(finished.as_deref().unwrap_or(input), &claim, &pictures)?;
            notes.extend(delivered.notes);
            stamped.manifest = Some(delivered.manifest);
            stamped.sidecar = delivered.sidecar;
            stamped.registered = delivered.registered;
        }
        None => {
            if let Some(finished) = finished {
                settle(finished, output, how.force)?;
            }
        }
    }
    stamped.notes = notes;
    stamped.jail = workshop.jail();
    Ok(stamped)
}

/// Looks at the pictures of a file whose bytes stay as they are.
fn examine(
    workshop: &Workshop<'_>,
    input: &Path,
    output: &Path,
    progress: &dyn Progress,
) -> Result<Pictures, Error> {
    let to = output.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if input.extension().is_some_and(|from| from.eq_ignore_ascii_case(&to)) {
        return workshop.examine(progress);
    }
    Err(Error::OtherContainer { from: workshop.look()?.0, to })
}

use std::path::{Path, PathBuf};

use filigrane_fingerprint::{Fingerprint, Sampler};
use filigrane_frame::Limits;
use filigrane_media::{
    Cancel, Decoder, EncodeOptions, Picture, SignatureSampler, SoundFormat, TranscodeError, probe, transcode,
    transcode_with_sound,
};
use filigrane_provenance::{Assertion, Claim, Identity, ModelCard, Origin};
use filigrane_registry::Registry;
use filigrane_watermark::{Embedder, Key, Payload, Strength};
use uuid::Uuid;

use crate::binding::thinned;
use crate::delivery::{Delivery, check_container, title};
use crate::error::Error;
use crate::file::{beside, check_output, settle};
use crate::fit::{Force, fit};
use crate::pictures::Pictures;
use crate::progress::Progress;
use crate::sound::{Marked, marking};
use crate::video_code;

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
    let mut pictures = match how.watermark {
        Some(force) => mark(input, output, payload, force, how, progress)?,
        None => examine(input, output, how, progress)?,
    };
    let mut notes = std::mem::take(&mut pictures.notes);
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
    };
    let finished = pictures.file.take();
    match how.identity {
        Some(identity) => {
            let mut claim = Claim::new(how.id, title(output), how.version);
            claim.origin = how.origin;
            claim.timestamp.clone_from(&how.timestamp);
            claim.models.clone_from(&how.models);
            claim.assertions.clone_from(&how.statements);
            claim.parent = finished.as_ref().map(|_| input.to_owned());
            claim.watermarked = how.watermark.is_some();
            claim.bindings = pictures.bindings(stamped.payload);
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
    Ok(stamped)
}

/// Encodes the marked pictures into a temporary file.
fn mark(
    input: &Path,
    output: &Path,
    payload: Payload,
    force: Force,
    how: &Stamp<'_>,
    progress: &dyn Progress,
) -> Result<Pictures, Error> {
    let of = probe(input, &how.limits)?.frames;
    let fitted = fit(input, force, payload, &how.key, &how.limits, &how.cancel)?;
    let file = beside(output, "marked")?;
    let mut sampler = Sampler::default();
    let mut embedder: Option<Embedder> = None;
    let mut frames = 0;
    let mut each = |picture: &mut Picture| {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let embedder = match &mut embedder {
            Some(embedder) => embedder,
            none => none.insert(fitted.embedder(&how.key, payload, width, height)?),
        };
        embedder.mark(&mut picture.luma_mut())?;
        sampler.push(picture.luma(), picture.time());
        frames += 1;
        progress.step("marking", frames, of);
        Ok::<_, Error>(())
    };
    let marked = Marked::default();
    let (options, limits, cancel) = (&how.encode, &how.limits, &how.cancel);
    let written = if how.audio {
        let mut sounds =
            |format: &SoundFormat| marking(format, payload, &how.key, sound_strength(force), &marked);
        transcode_with_sound(input, &file, options, limits, cancel, &mut each, &mut sounds)
    } else {
        transcode(input, &file, options, limits, cancel, &mut each)
    };
    let written = written.map_err(|error| match error {
        TranscodeError::Media(error) => Error::Media(error),
        TranscodeError::Step(error) => error,
    })?;
    let mut notes: Vec<String> = fitted.note.into_iter().chain(written.dropped_streams).collect();
    notes.extend(written.losses);
    notes.extend(written.sound);
    notes.extend(marked.notes());
    notes.extend(written.damage);
    let code = match how.identity {
        Some(_) => video_code::or_note(video_code::of_file(&file, limits, cancel), &mut notes),
        None => None,
    };
    Ok(Pictures {
        file: Some(file),
        fingerprint: sampler.finish().map(|samples| thinned(&Fingerprint::of(&samples))),
        code,
        frames: written.frames,
        luma_psnr: embedder.and_then(|embedder| embedder.luma_psnr()),
        audio_snr: marked.snr(),
        audio_nmr: marked.noise_to_mask(),
        notes,
        ..Pictures::of(&written.info)
    })
}

/// The sound has no rehearsal: its masking model is its measure.
fn sound_strength(force: Force) -> Strength {
    match force {
        Force::Fixed(strength) => strength,
        Force::Fitted => Strength::default(),
    }
}

/// Looks at the pictures of a file whose bytes stay as they are.
fn examine(input: &Path, output: &Path, how: &Stamp<'_>, progress: &dyn Progress) -> Result<Pictures, Error> {
    let decoder = Decoder::open(input, &how.limits, &how.cancel)?;
    let to = output.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let kept = input.extension().is_some_and(|from| from.eq_ignore_ascii_case(&to));
    if !kept {
        return Err(Error::OtherContainer { from: decoder.info().container.clone(), to });
    }
    watch(decoder, progress)
}

/// Looks at pictures that stay as they are.
pub(crate) fn watch(mut decoder: Decoder, progress: &dyn Progress) -> Result<Pictures, Error> {
    let info = decoder.info().clone();
    let mut sampler = Sampler::default();
    let mut signatures = SignatureSampler::new(&info);
    let mut frames = 0;
    while let Some(picture) = decoder.next_picture()? {
        sampler.push(picture.luma(), picture.time());
        signatures.push(&picture);
        frames += 1;
        progress.step("reading", frames, info.frames);
    }
    let mut notes = decoder.damage().to_vec();
    Ok(Pictures {
        fingerprint: sampler.finish().map(|samples| thinned(&Fingerprint::of(&samples))),
        code: video_code::or_note(video_code::of(signatures), &mut notes),
        frames,
        notes,
        ..Pictures::of(&info)
    })
}

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use filigrane_fingerprint::{Fingerprint, Sampler, VideoCode};
use filigrane_frame::Limits;
use filigrane_media::{
    Cancel, Container, Decoder, EncodeOptions, MediaInfo, Picture, SignatureSampler, SoundFormat,
    TranscodeError, muxer_for, probe, transcode, transcode_with_sound,
};
use filigrane_provenance::{Assertion, Claim, Identity, ModelCard, Origin, Signed, sign};
use filigrane_registry::{Entry, Registry};
use filigrane_watermark::{Embedder, Key, Payload, Strength};
use tempfile::TempPath;
use uuid::Uuid;

use crate::binding::{of_code, of_fingerprint, of_payload, thinned};
use crate::error::Error;
use crate::file::{beside, check_output, settle};
use crate::fit::{Force, fit};
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

/// The pictures as they go out, and what was learnt on the way.
pub(crate) struct Pictures {
    file: Option<TempPath>,
    info: MediaInfo,
    pub fingerprint: Option<Fingerprint>,
    pub code: Option<VideoCode>,
    pub frames: u64,
    luma_psnr: Option<f64>,
    audio_snr: Option<f64>,
    audio_nmr: Option<f64>,
    pub notes: Vec<String>,
}

impl Pictures {
    /// What a registry keeps of them under this manifest.
    pub fn entry(&self, signed: &Signed, title: String, identity: &Identity) -> Result<Entry, Error> {
        let fingerprint = self.fingerprint.as_ref();
        Ok(Entry {
            urn: signed.urn.parse()?,
            manifest: Some(signed.manifest.clone()),
            fingerprint: fingerprint.map(Fingerprint::to_bytes).unwrap_or_default(),
            keys: fingerprint.map(Fingerprint::keys).unwrap_or_default(),
            code: self.code.as_ref().map(VideoCode::body),
            width: self.info.width,
            height: self.info.height,
            duration: self.info.duration.unwrap_or(0.0),
            title,
            issuer: Some(identity.issuer().to_owned()),
        })
    }
}

/// Whether a result may be written to `output`, before any work is done; [`stamp`] asks it too.
///
/// # Errors
/// An unknown extension, an output that is the input, that exists unasked (or the file for its manifest does), or
/// whose folder cannot be written.
pub fn check(input: &Path, output: &Path, signed: bool, force: bool) -> Result<(), Error> {
    let container = muxer_for(output)?;
    check_output(input, output, force)?;
    let beside = sidecar(output);
    let wanted = signed && matches!(container, Container::Matroska | Container::Webm);
    if wanted && !force && beside.symlink_metadata().is_ok() {
        return Err(Error::Exists(beside));
    }
    Ok(())
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
    let mut finished = pictures.file.take();
    let mut entry = None;
    if let Some(identity) = how.identity {
        let mut claim = Claim::new(how.id, title(output), how.version);
        claim.origin = how.origin;
        claim.timestamp.clone_from(&how.timestamp);
        claim.models.clone_from(&how.models);
        claim.assertions.clone_from(&how.statements);
        claim.parent = finished.as_ref().map(|_| input.to_owned());
        claim.watermarked = how.watermark.is_some();
        claim.bindings = how
            .watermark
            .map(|_| of_payload(payload))
            .into_iter()
            .chain(pictures.fingerprint.as_ref().map(of_fingerprint))
            .chain(pictures.code.as_ref().map(of_code))
            .collect();
        let source = finished.as_deref().unwrap_or(input);
        let signed_file = vacant(beside(output, "signed")?)?;
        let signed = sign(source, &signed_file, &claim, identity, &how.limits)?;
        finished = Some(signed_file);
        if how.registry.is_some() {
            entry = Some(pictures.entry(&signed, title(output), identity)?);
        }
        if signed.sidecar {
            stamped.sidecar = Some(write_sidecar(output, &signed.manifest, how.force)?);
        }
        notes.extend(signed.notes);
        stamped.manifest = Some(signed.urn);
    }
    if let Some(finished) = finished {
        let settled = settle(finished, output, how.force);
        if let (Err(_), Some(sidecar)) = (&settled, &stamped.sidecar) {
            // A manifest without its video would only confuse; that it cannot be removed changes nothing.
            let _ = fs::remove_file(sidecar);
        }
        settled?;
    }
    // Last: a record of a file that never came to be would stay for ever. A file without its record can be published
    // again.
    if let (Some(registry), Some(entry)) = (how.registry, entry) {
        stamped.registered = register(registry, &entry, output, &mut notes);
    }
    stamped.notes = notes;
    Ok(stamped)
}

/// Whether the registry took the entry; else a note says why not.
pub(crate) fn register(registry: &Registry, entry: &Entry, output: &Path, notes: &mut Vec<String>) -> bool {
    match registry.publish(entry) {
        Ok(_) => true,
        Err(error) => {
            notes.push(format!(
                "{} is signed, but could not be registered ({error}): `filigrane registry publish` does it later",
                output.display()
            ));
            false
        }
    }
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
        info: written.info,
        fingerprint: sampler.finish().map(|samples| thinned(&Fingerprint::of(&samples))),
        code,
        frames: written.frames,
        luma_psnr: embedder.and_then(|embedder| embedder.luma_psnr()),
        audio_snr: marked.snr(),
        audio_nmr: marked.noise_to_mask(),
        notes,
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
        file: None,
        fingerprint: sampler.finish().map(|samples| thinned(&Fingerprint::of(&samples))),
        code: video_code::or_note(video_code::of(signatures), &mut notes),
        frames,
        luma_psnr: None,
        audio_snr: None,
        audio_nmr: None,
        notes,
        info,
    })
}

/// Frees the name of a temporary file for a writer that insists on creating it; still removed when dropped.
fn vacant(path: TempPath) -> Result<TempPath, Error> {
    fs::remove_file(&path).map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
    Ok(path)
}

fn write_sidecar(output: &Path, manifest: &[u8], force: bool) -> Result<PathBuf, Error> {
    let path = sidecar(output);
    let file = beside(&path, "manifest")?;
    let io = |source| Error::Io { path: path.clone(), source };
    fs::OpenOptions::new()
        .write(true)
        .open(&file)
        .and_then(|mut file| file.write_all(manifest))
        .map_err(io)?;
    settle(file, &path, force)?;
    Ok(path)
}

fn sidecar(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".c2pa");
    PathBuf::from(name)
}

pub(crate) fn title(output: &Path) -> String {
    output.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

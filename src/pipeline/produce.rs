use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use filigrane_fingerprint::{Fingerprint, Sampler};
use filigrane_frame::Limits;
use filigrane_generate::{Error as GenerateError, Generator, Plan, Request, RunError, RunLog, Stage};
use filigrane_media::{Cancel, EncodeOptions, Error as MediaError, Film, FilmForm, Picture, RgbImage};
use filigrane_provenance::{Assertion, Claim, Identity, Making, ModelCard, Origin};
use filigrane_registry::Registry;
use filigrane_watermark::{Embedder, Key, Payload, Strength};
use serde_json::{Value, json};
use tempfile::TempPath;
use uuid::Uuid;

use crate::binding::thinned;
use crate::delivery::{Delivery, check_container, title};
use crate::error::Error;
use crate::file::{beside, check_output};
use crate::pictures::Pictures;
use crate::progress::Progress;
use crate::thumbnail::Thumbnail;
use crate::video_code;

/// How a clip is marked and signed at its birth. Nothing here leaves the mark or the signature out.
pub struct Produce<'a> {
    /// Names the manifest; its first 64 bits are the watermark's payload.
    pub id: Uuid,
    /// How strongly the pictures are marked.
    pub strength: Strength,
    /// Whose mark it is.
    pub key: Key,
    /// Who signs.
    pub identity: &'a Identity,
    /// Where the manifest is published.
    pub registry: Option<&'a Registry>,
    /// The time-stamping authority asked, in place of the identity's own.
    pub timestamp: Option<String>,
    /// The model, as the manifest states it.
    pub model: ModelCard,
    /// What the signer states beyond that.
    pub statements: Vec<Assertion>,
    /// The file of the first picture; its own credentials are carried along.
    pub image: Option<PathBuf>,
    /// Puts the words of the prompt into the manifest; without, only their digest is there.
    pub tell_prompt: bool,
    /// Size of the clip where it is not that of the model's pictures: they are scaled by a fixed filter.
    pub size: Option<(u32, u32)>,
    /// How the marked pictures are encoded.
    pub encode: EncodeOptions,
    /// Replace an existing output.
    pub force: bool,
    /// Version of this program, for the manifest.
    pub version: &'a str,
    /// Bounds on size and on the first picture's credentials.
    pub limits: Limits,
    /// Stops the work.
    pub cancel: Cancel,
}

/// What [`produce`] did.
#[derive(Debug, Clone)]
pub struct Produced {
    /// The file written.
    pub output: PathBuf,
    /// The manifest's name.
    pub manifest: String,
    /// The manifest's own file, where the container cannot hold it.
    pub sidecar: Option<PathBuf>,
    /// The 64 bits in the picture.
    pub payload: Payload,
    /// Luma PSNR of the mark before encoding, dB.
    pub luma_psnr: Option<f64>,
    /// Whether the manifest was published.
    pub registered: bool,
    /// Pictures written.
    pub frames: u64,
    /// Size of the pictures written.
    pub size: (u32, u32),
    /// Everything that the run was told and took.
    pub log: RunLog,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// Makes a clip with a model, marks each picture before it is encoded, and signs the result into `output`, which appears
/// under its name only when all is done. No unmarked picture leaves memory.
///
/// # Errors
/// Any of [`Error`]; nothing is left at `output`.
pub fn produce(
    generator: &mut Generator,
    request: &Request,
    output: &Path,
    how: &Produce<'_>,
    progress: &dyn Progress,
) -> Result<Produced, Error> {
    check_container(output, true, how.force)?;
    check_output(how.image.as_deref(), output, how.force)?;
    let plan = Plan::new(generator.model(), request)?;
    let size = how.size.unwrap_or((plan.size.width, plan.size.height));
    let payload = Payload::from_uuid(how.id.as_bytes());
    let seconds = f64::from(plan.frames) / plan.frame_rate;
    let mut scribe = Scribe::start(output, size, plan.frame_rate, seconds, payload, how)?;
    let mut watch = |step: &filigrane_generate::Progress| {
        if step.stage != Stage::Decode {
            progress.step(words(step.stage), step.done.into(), Some(step.total.into()));
        }
        if how.cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut take = |picture: filigrane_generate::Picture| {
        scribe.write(&picture, how)?;
        progress.step("marking", scribe.frames, Some(plan.frames.into()));
        Ok::<_, Error>(())
    };
    let log = generator.run(request, &mut watch, &mut take).map_err(|error| match error {
        RunError::Generate(GenerateError::Cancelled) => Error::Media(MediaError::Cancelled),
        RunError::Generate(error) => Error::Generate(error),
        RunError::Sink(error) => error,
    })?;
    let mut pictures = scribe.finish(how)?;
    let mut notes = std::mem::take(&mut pictures.notes);
    if !log.unknown_words.is_empty() {
        notes.insert(0, format!("the model does not know these words: {}", log.unknown_words.join(", ")));
    }
    let mut claim = Claim::new(how.id, title(output), how.version);
    claim.origin = Some(Origin::Generated);
    claim.timestamp.clone_from(&how.timestamp);
    claim.models = vec![how.model.clone()];
    claim.assertions.clone_from(&how.statements);
    claim.watermarked = true;
    claim.bindings = pictures.bindings(Some(payload));
    claim.thumbnail = pictures.thumbnail.take();
    claim.making = Some(Making {
        agent: "filigrane".to_owned(),
        version: how.version.to_owned(),
        settings: settings(&log, size, how.tell_prompt),
        inputs: how.image.iter().cloned().collect(),
    });
    let delivery = Delivery {
        output,
        identity: how.identity,
        registry: how.registry,
        force: how.force,
        limits: &how.limits,
    };
    let file = pictures.file.as_deref().ok_or(Error::Nothing)?;
    let delivered = delivery.carry_out(file, &claim, &pictures)?;
    notes.extend(delivered.notes);
    Ok(Produced {
        output: output.to_owned(),
        manifest: delivered.manifest,
        sidecar: delivered.sidecar,
        payload,
        luma_psnr: pictures.luma_psnr,
        registered: delivered.registered,
        frames: pictures.frames,
        size,
        log,
        notes,
    })
}

fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Text => "reading the prompt",
        Stage::Image => "looking at the first picture",
        Stage::Denoise => "denoising",
        Stage::Decode => "drawing",
    }
}

/// What the manifest says that the model was told.
fn settings(log: &RunLog, size: (u32, u32), tell_prompt: bool) -> Value {
    let plan = &log.plan;
    let mut settings = json!({
        "pipeline": log.pipeline,
        "seed": plan.seed,
        "steps": plan.steps,
        "guidance": plan.guidance,
        "scheduler": log.scheduler,
        "frames": plan.frames,
        "frameRate": plan.frame_rate,
        "drawnSize": plan.size.to_string(),
        "size": format!("{}x{}", size.0, size.1),
        "promptSha256": log.prompt_sha256,
    });
    if tell_prompt {
        settings["prompt"] = json!(log.prompt);
        if !log.negative_prompt.is_empty() {
            settings["negativePrompt"] = json!(log.negative_prompt);
        }
    }
    if !log.adapters.is_empty() {
        settings["adapters"] = json!(log.adapters);
    }
    if let Some(bits) = log.bits {
        settings["bits"] = json!(bits);
    }
    if let Some(digest) = &log.image_sha256 {
        settings["imageSha256"] = json!(digest);
    }
    settings
}

/// Takes pictures as they come, marks them and writes them into a temporary file.
struct Scribe {
    film: Film,
    embedder: Embedder,
    sampler: Sampler,
    thumbnail: Thumbnail,
    file: TempPath,
    size: (u32, u32),
    frames: u64,
}

impl Scribe {
    fn start(
        output: &Path,
        size: (u32, u32),
        rate: f64,
        seconds: f64,
        payload: Payload,
        how: &Produce<'_>,
    ) -> Result<Self, Error> {
        let (width, height) = size;
        // First of all: what cannot carry the mark is not worth drawing.
        let embedder = Embedder::new(&how.key, payload, width as usize, height as usize, how.strength)?;
        let file = beside(output, "marked")?;
        let form = FilmForm { width, height, rate: fraction(rate) };
        let film = Film::create(&file, form, &how.encode, &how.limits)?;
        let (sampler, thumbnail) = (Sampler::default(), Thumbnail::of(Some(seconds)));
        Ok(Self { film, embedder, sampler, thumbnail, file, size, frames: 0 })
    }

    fn write(&mut self, picture: &filigrane_generate::Picture, how: &Produce<'_>) -> Result<(), Error> {
        if how.cancel.is_cancelled() {
            return Err(MediaError::Cancelled.into());
        }
        let image = RgbImage::new(picture.size.width, picture.size.height, picture.to_rgb8())?;
        let mut marked: Picture = self.film.picture(&image)?;
        self.embedder.mark(&mut marked.luma_mut())?;
        self.sampler.push(marked.luma(), marked.time());
        self.thumbnail.push(&marked);
        self.film.write(marked)?;
        self.frames += 1;
        Ok(())
    }

    fn finish(self, how: &Produce<'_>) -> Result<Pictures, Error> {
        let filmed = self.film.finish()?;
        let mut notes = Vec::new();
        let code = video_code::of_file(&self.file, &how.limits, &how.cancel);
        Ok(Pictures {
            width: self.size.0,
            height: self.size.1,
            duration: filmed.duration,
            fingerprint: self.sampler.finish().map(|samples| thinned(&Fingerprint::of(&samples))),
            code: video_code::or_note(code, &mut notes),
            thumbnail: self.thumbnail.finish(),
            frames: filmed.frames,
            luma_psnr: self.embedder.luma_psnr(),
            audio_snr: None,
            audio_nmr: None,
            notes,
            file: Some(self.file),
        })
    }
}

/// A rate as players like it: whole, over 1001 as in television, or in thousandths.
fn fraction(rate: f64) -> (u32, u32) {
    let near = |value: f64| (value - value.round()).abs() < 1e-3;
    if near(rate) {
        (rate.round() as u32, 1)
    } else if near(rate * 1.001) {
        ((rate * 1.001).round() as u32 * 1000, 1001)
    } else {
        ((rate * 1000.0).round() as u32, 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_become_the_fractions_that_players_know() {
        for (rate, fractions) in
            [(8.0, (8, 1)), (23.976, (24_000, 1001)), (29.97, (30_000, 1001)), (12.5, (12_500, 1000))]
        {
            assert_eq!(fraction(rate), fractions, "{rate}");
        }
    }
}

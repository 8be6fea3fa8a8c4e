use std::path::Path;
use std::time::Instant;

use filigrane::frame::Limits;
use filigrane::generate::{
    Defaults, Error as GenerateError, FirstFrame, Generator, Plan, Request, RunOptions, Size,
};
use filigrane::media::{Cancel, EncodeOptions, muxer_for, still};
use filigrane::pipeline::{self, Produce, Produced, produce};
use filigrane::provenance::{Assertion, Disclosed, Identity, ModelCard, Origin};
use filigrane::verdict::visible;
use filigrane::watermark::{Key, Strength};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::cli::args::{self, Common};
use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::key::read_key;
use crate::cli::model::{self, Opened};
use crate::cli::output::{NAME, kept, print, print_json, say};
use crate::cli::progress::Bar;

/// Smallest side that the embedded model's clips are scaled to: the mark needs room.
const SMALLEST: u32 = 256;
/// Largest.
const LARGEST: u32 = 1024;

#[derive(Serialize)]
struct Answer<'a> {
    schema: u32,
    output: String,
    manifest: &'a str,
    sidecar: Option<String>,
    payload: String,
    luma_psnr: Option<f64>,
    registered: bool,
    frames: u64,
    width: u32,
    height: u32,
    model: &'a ModelCard,
    seconds: f64,
    log: &'a filigrane::generate::RunLog,
    notes: &'a [String],
}

pub fn run(wanted: &args::Generate, common: &Common, cancel: &Cancel) -> Result<u8, Failure> {
    let start = Instant::now();
    refuse(wanted)?;
    let encode = encoding(wanted)?;
    let key = wanted.watermark_key.as_deref().map_or_else(|| Ok(Key::public()), read_key)?;
    let strength = wanted.strength.map_or_else(|| Ok(Strength::default()), Strength::new)?;
    if let Some(id) = wanted.id.filter(|id| id.get_version_num() != 4) {
        return Err(Failure::Usage(format!(
            "--id {id}: the name of a manifest is a version 4 (random) UUID"
        )));
    }
    let home = Home::of(common)?;
    let opened = model::open(&wanted.model, &home)?;
    let mut generator =
        Generator::open(model::engine(wanted.runtime.as_deref(), &home)?, opened.files(), options(wanted))?;
    let (request, size) = request(wanted, &opened, generator.model().defaults())?;
    // Before anything is made for a wish that can't be fulfilled.
    Plan::new(generator.model(), &request)?;
    let card = opened.card(generator.model(), cancel)?;
    let registry = home.registry(wanted.registry.as_deref())?;
    let identity = home.identity(wanted.identity.as_deref())?;
    let id = wanted.id.unwrap_or_else(Uuid::new_v4);
    let how = Produce {
        id,
        strength,
        key,
        identity: &identity,
        registry: Some(&registry),
        timestamp: wanted.timestamp.clone(),
        statements: statements(wanted, &identity, id, &card)?,
        model: card,
        image: wanted.image.clone(),
        tell_prompt: wanted.prompt_in_manifest,
        size,
        encode,
        force: wanted.force,
        version: env!("CARGO_PKG_VERSION"),
        limits: Limits::default(),
        cancel: cancel.clone(),
    };
    let bar = Bar::new(common.quiet);
    let made = produce(&mut generator, &request, &wanted.output, &how, &bar)?;
    drop(bar);
    if !common.quiet {
        say(&format!("{} on {}", made.log.engine, made.log.provider));
        made.notes.iter().for_each(|note| say(&format!("note: {note}")));
    }
    if common.json {
        print_json(&Answer {
            schema: 1,
            output: made.output.display().to_string(),
            manifest: &made.manifest,
            sidecar: made.sidecar.as_ref().map(|path| path.display().to_string()),
            payload: made.payload.to_string(),
            luma_psnr: made.luma_psnr,
            registered: made.registered,
            frames: made.frames,
            width: made.size.0,
            height: made.size.1,
            model: &how.model,
            seconds: start.elapsed().as_secs_f64(),
            log: &made.log,
            notes: &made.notes,
        });
    } else if !common.quiet {
        print(&describe(&made, &how.model));
    }
    Ok(0)
}

fn options(wanted: &args::Generate) -> RunOptions {
    RunOptions {
        device: wanted.device,
        threads: wanted.threads,
        bits: wanted.bits,
        adapters: wanted.lora.clone(),
        tile: wanted.tile,
        ..RunOptions::default()
    }
}

/// What this verb has no way to do.
fn refuse(wanted: &args::Generate) -> Result<(), Failure> {
    for (asked, option, why) in [
        (
            wanted.no_watermark,
            "--no-watermark",
            "is marked before anything else can read it, so that it can always be told",
        ),
        (
            wanted.no_credentials,
            "--no-credentials",
            "is signed at its birth, so that its mark leads to who made it",
        ),
    ] {
        if asked {
            return Err(Failure::Usage(format!("{option} is not possible here: a generated clip {why}")));
        }
    }
    Ok(())
}

fn encoding(wanted: &args::Generate) -> Result<EncodeOptions, Failure> {
    let container = muxer_for(&wanted.output)
        .map_err(|error| Failure::from(pipeline::Error::from(error)).about(&wanted.output))?;
    let mut encode = EncodeOptions::new(wanted.codec.unwrap_or_else(|| container.default_codec()));
    encode.crf = wanted.crf;
    encode.preset.clone_from(&wanted.preset);
    encode.validate().map_err(pipeline::Error::from)?;
    Ok(encode)
}

/// What the model is asked for, and the size its pictures are scaled to where that is another.
fn request(
    wanted: &args::Generate,
    opened: &Opened,
    defaults: &Defaults,
) -> Result<(Request, Option<(u32, u32)>), Failure> {
    let (drawn, scaled) = match opened.is_builtin() {
        true => (None, Some(scaled_size(wanted.size, defaults)?)),
        false => (wanted.size, None),
    };
    let size = drawn.unwrap_or(Size { width: defaults.width, height: defaults.height });
    let image = wanted.image.as_deref().map(|path| first_frame(path, size)).transpose()?;
    let request = Request {
        prompt: wanted.prompt.clone(),
        negative_prompt: wanted.negative.clone().unwrap_or_default(),
        image,
        seed: wanted.seed.unwrap_or_default(),
        frames: wanted.frames,
        size: drawn,
        steps: wanted.steps,
        guidance: wanted.guidance,
        frame_rate: wanted.fps,
        ..Request::default()
    };
    Ok((request, scaled))
}

/// The embedded model draws small pictures of one size, which are scaled up by a whole number.
fn scaled_size(wanted: Option<Size>, defaults: &Defaults) -> Result<(u32, u32), Failure> {
    let (width, height) = (defaults.width, defaults.height);
    let least = SMALLEST.div_ceil(width.max(1));
    let most = (LARGEST / width.max(1)).max(least);
    let Some(size) = wanted else { return Ok((width * least, height * least)) };
    let factor = (f64::from(size.width) / f64::from(width.max(1))).round() as u32;
    let factor = factor.clamp(least, most);
    let nearest = Size { width: width * factor, height: height * factor };
    if nearest == size {
        return Ok((size.width, size.height));
    }
    Err(Failure::Usage(format!(
        "the embedded model cannot make {size}: it draws {width}x{height}, scaled up {least} to {most} times; the nearest \
         is {nearest}"
    )))
}

fn first_frame(path: &Path, size: Size) -> Result<FirstFrame, Failure> {
    let image = still(path, size.width, size.height, &Limits::default())
        .map_err(|error| Failure::from(pipeline::Error::from(error)).about(path))?;
    Ok(FirstFrame { size, rgb: image.data })
}

/// What the signer states beside origin and marks.
fn statements(
    wanted: &args::Generate,
    identity: &Identity,
    id: Uuid,
    card: &ModelCard,
) -> Result<Vec<Assertion>, Failure> {
    let now = OffsetDateTime::now_utc().truncate_to_second().format(&Rfc3339).unwrap_or_default();
    let about = Disclosed {
        provider: identity.issuer(),
        system: None,
        model: Some(card),
        generator: concat!("filigrane ", env!("CARGO_PKG_VERSION")),
        id,
        origin: Origin::Generated,
        time: &now,
    };
    let mut statements = Vec::new();
    if let Some(training) = wanted.training {
        statements.push(training.assertion(wanted.terms.as_deref())?);
    }
    for disclosure in &wanted.disclose {
        statements.extend(disclosure.assertion(&about)?);
    }
    Ok(statements)
}

fn describe(made: &Produced, card: &ModelCard) -> String {
    let shown = |path: &Path| visible(&path.display().to_string(), NAME);
    let (width, height) = made.size;
    let mut lines = vec![format!(
        "{}: {} pictures of {width}x{height}, made by {} with seed {}",
        shown(&made.output),
        made.frames,
        visible(&card.title(), NAME),
        made.log.plan.seed
    )];
    let quality = made.luma_psnr.map(|psnr| format!(", {psnr:.1} dB before encoding")).unwrap_or_default();
    lines.push(format!("  watermark  {}{quality}", made.payload));
    lines.push(format!("  manifest   {}", made.manifest));
    lines.extend(kept(made.sidecar.as_deref(), made.registered));
    lines.join("\n")
}

impl From<GenerateError> for Failure {
    fn from(error: GenerateError) -> Self {
        pipeline::Error::from(error).into()
    }
}

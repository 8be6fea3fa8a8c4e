use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use filigrane::frame::Limits;
use filigrane::media::{Cancel, EncodeOptions, VideoCodec, muxer_for};
use filigrane::pipeline::{self, Force, Stamp, Stamped, Ward};
use filigrane::provenance::{Assertion, Consent, Disclosed, Identity, ModelCard, Origin, Track};
use filigrane::verdict::{Jail, visible};
use filigrane::watermark::{Key, Strength};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::cli::args::{self, Common};
use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::jail;
use crate::cli::key::read_key;
use crate::cli::output::{NAME, kept, print, print_json, say};
use crate::cli::progress::Bar;

/// Most that is read of a file with statements, bytes; what is cut off there is no JSON.
const LARGEST_TEXT: u64 = 1 << 20;

#[derive(Serialize)]
struct Answer<'a> {
    schema: u32,
    output: String,
    manifest: Option<&'a str>,
    sidecar: Option<String>,
    payload: Option<String>,
    luma_psnr: Option<f64>,
    audio_snr: Option<f64>,
    audio_nmr: Option<f64>,
    registered: bool,
    frames: u64,
    notes: &'a [String],
    jail: &'a Jail,
}

pub fn run(wanted: &args::Stamp, common: &Common, cancel: &Cancel) -> Result<u8, Failure> {
    let about = |failure: Failure| failure.about(&wanted.input);
    let force = match wanted.strength {
        Some(factor) => Force::Fixed(Strength::new(factor)?),
        None => Force::Fitted,
    };
    let key = wanted.watermark_key.as_deref().map_or_else(|| Ok(Key::public()), read_key)?;
    let signed = !wanted.no_credentials;
    let stream = wanted.stream.tracks(&wanted.input)?;
    let ward = jail::ward(wanted.jail.demand);
    let encode = match &stream {
        Some(tracks) => {
            check_stream(wanted, tracks, ward.as_ref(), cancel).map_err(about)?;
            EncodeOptions::new(VideoCodec::H264)
        }
        None => {
            let encode = encoding(wanted)?;
            // Before anything is made for a file that is not there or no video.
            pipeline::check_video(&wanted.input, ward.as_ref(), &Limits::default(), cancel)
                .map_err(|error| about(error.into()))?;
            pipeline::check(&wanted.input, &wanted.output, signed, wanted.force)
                .map_err(|error| about(error.into()))?;
            encode
        }
    };
    let models = models(wanted)?;
    let home = Home::of(common)?;
    if signed && let Some(id) = wanted.id.filter(|id| id.get_version_num() != 4) {
        return Err(Failure::Usage(format!(
            "--id {id}: the name of a manifest is a version 4 (random) UUID"
        )));
    }
    let registry = if signed { Some(home.registry(wanted.registry.as_deref())?) } else { None };
    let identity = if signed { Some(home.identity(wanted.identity.as_deref())?) } else { None };
    let bar = Bar::new(common.quiet);
    let id = wanted.id.unwrap_or_else(Uuid::new_v4);
    let statements = match &identity {
        Some(identity) => statements(wanted, identity, id, models.first())?,
        None => Vec::new(),
    };
    let how = Stamp {
        id,
        watermark: (!wanted.no_watermark).then_some(force),
        key,
        audio: !wanted.no_audio_watermark,
        identity: identity.as_ref(),
        registry: registry.as_ref(),
        origin: wanted.origin,
        timestamp: wanted.timestamp.clone(),
        models,
        statements,
        encode,
        force: wanted.force,
        version: env!("CARGO_PKG_VERSION"),
        limits: Limits::default(),
        ward: ward.as_ref(),
        cancel: cancel.clone(),
    };
    let stamped = match &stream {
        Some(tracks) => pipeline::stamp_stream(tracks, &wanted.output, &how, &bar),
        None => pipeline::stamp(&wanted.input, &wanted.output, &how, &bar),
    };
    let stamped = stamped.map_err(|error| about(error.into()))?;
    drop(bar);
    if !common.quiet {
        stamped.notes.iter().for_each(|note| say(&format!("note: {note}")));
    }
    if common.json {
        print_json(&Answer {
            schema: 1,
            output: stamped.output.display().to_string(),
            manifest: stamped.manifest.as_deref(),
            sidecar: stamped.sidecar.as_ref().map(|path| path.display().to_string()),
            payload: stamped.payload.map(|payload| payload.to_string()),
            luma_psnr: stamped.luma_psnr,
            audio_snr: stamped.audio_snr,
            audio_nmr: stamped.audio_nmr,
            registered: stamped.registered,
            frames: stamped.frames,
            notes: &stamped.notes,
            jail: &stamped.jail,
        });
    } else if !common.quiet {
        print(&describe(&stamped));
    }
    Ok(0)
}

/// The cards of the models that the content was made with.
fn models(wanted: &args::Stamp) -> Result<Vec<ModelCard>, Failure> {
    if !wanted.model.is_empty() && !matches!(wanted.origin, Some(Origin::Generated | Origin::Composite)) {
        return Err(Failure::Usage("--model goes with --origin generated or composite alone".to_owned()));
    }
    let card =
        |path: &PathBuf| ModelCard::from_json(&read(path)?).map_err(|error| Failure::from(error).about(path));
    wanted.model.iter().map(card).collect()
}

/// The text of a small file that the user named.
fn read(path: &Path) -> Result<String, Failure> {
    let io = |source| Failure::Io { path: path.to_owned(), source };
    let mut text = String::new();
    fs::File::open(path).and_then(|file| file.take(LARGEST_TEXT).read_to_string(&mut text)).map_err(io)?;
    Ok(text)
}

fn encoding(wanted: &args::Stamp) -> Result<EncodeOptions, Failure> {
    let container = muxer_for(&wanted.output)
        .map_err(|error| Failure::from(pipeline::Error::from(error)).about(&wanted.output))?;
    let mut encode = EncodeOptions::new(wanted.codec.unwrap_or_else(|| container.default_codec()));
    encode.crf = wanted.crf;
    encode.preset.clone_from(&wanted.preset);
    encode.validate().map_err(pipeline::Error::from)?;
    Ok(encode)
}

/// Refuses wishes that a stream in several files cannot fulfil, before anything is made.
fn check_stream(
    wanted: &args::Stamp,
    tracks: &[Track],
    ward: Option<&Ward>,
    cancel: &Cancel,
) -> Result<(), Failure> {
    if !wanted.no_watermark {
        return Err(pipeline::Error::Packaged.into());
    }
    if wanted.force {
        let why = "--force replaces no folder: give --output a new one";
        return Err(Failure::Usage(why.to_owned()));
    }
    Ok(pipeline::check_stream(tracks, &wanted.output, ward, &Limits::default(), cancel)?)
}

/// What the signer states beside origin and marks.
fn statements(
    wanted: &args::Stamp,
    identity: &Identity,
    id: Uuid,
    model: Option<&ModelCard>,
) -> Result<Vec<Assertion>, Failure> {
    let mut statements = Vec::new();
    if let Some(training) = wanted.training {
        statements.push(training.assertion(wanted.terms.as_deref())?);
    }
    if let Some(path) = &wanted.consent {
        let text = read(path)?;
        let records = Consent::from_json(&text).map_err(|error| Failure::from(error).about(path))?;
        statements.push(Consent::assertion(&records));
    }
    if let Some(origin) = wanted.origin {
        let now = OffsetDateTime::now_utc().truncate_to_second().format(&Rfc3339).unwrap_or_default();
        let about = Disclosed {
            provider: identity.issuer(),
            system: wanted.system.as_deref(),
            model,
            generator: concat!("filigrane ", env!("CARGO_PKG_VERSION")),
            id,
            origin,
            time: &now,
        };
        for disclosure in &wanted.disclose {
            statements.extend(disclosure.assertion(&about)?);
        }
    }
    Ok(statements)
}

fn describe(stamped: &Stamped) -> String {
    let shown = |path: &Path| visible(&path.display().to_string(), NAME);
    let mut lines = vec![format!("{}: {} pictures", shown(&stamped.output), stamped.frames)];
    if let Some(payload) = stamped.payload {
        let quality =
            stamped.luma_psnr.map(|psnr| format!(", {psnr:.1} dB before encoding")).unwrap_or_default();
        lines.push(format!("  watermark  {payload}{quality}"));
        if let Some(snr) = stamped.audio_snr {
            lines.push(format!("  in sound   the same, {snr:.1} dB under it"));
        }
    }
    if let Some(manifest) = &stamped.manifest {
        lines.push(format!("  manifest   {manifest}"));
    }
    lines.extend(kept(stamped.sidecar.as_deref(), stamped.registered));
    lines.join("\n")
}

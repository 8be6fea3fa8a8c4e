use std::path::Path;
use std::time::Instant;

use filigrane_fingerprint::{PdqFrame, PdqSampler, Sampler, Samples, VideoCode};
use filigrane_frame::{Digest, Limits};
use filigrane_media::{Cancel, Decoder, MediaInfo, Shown, SignatureSampler, probe_parts};
use filigrane_provenance::{self as provenance, CredentialState, Track, TrustAnchors, Voucher};
use filigrane_registry::{Error as RegistryError, Registry, Urn};
use filigrane_verdict::{
    AudioMark, ClassifierState, Consent, Credentials, CredentialsState, Fingerprints, FurtherMark, Media,
    Model, NearCode, Origin, PdqHash, RegistryFinding, RegistryState, Report, Strength, Watermark,
    WatermarkState,
};
use filigrane_watermark::audio::AudioFinding;
use filigrane_watermark::{Detector, FALSE_ALARM, Finding, Key, Payload, SEGMENT_DEVIATIONS};
use time::OffsetDateTime;

use crate::binding;
use crate::fingerprints::with_near_code;
use crate::input::Input;
use crate::lookup::{Answer, by_fingerprint, by_watermark, registered};
use crate::place::stated;
use crate::progress::Progress;
use crate::sound::Listening;
use crate::video_code;
use crate::withdraw::consent_withdrawal;

/// Longest side of a still, pixels.
const STILL_SIDE: u32 = 480;
/// Most registered manifests told that have a near code.
const MOST_NEAR: usize = 8;
/// Most marks that a file's manifests state which are asked for.
const MOST_STATED: usize = 16;

/// Which evidence is gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stages {
    /// The manifest in or beside the file.
    pub credentials: bool,
    /// The mark in the pictures.
    pub watermark: bool,
    /// The search among registered clips.
    pub fingerprint: bool,
    /// The statistical detector.
    pub classifier: bool,
}

/// The registry that marks and fingerprints are looked up in.
pub enum Shelf<'a> {
    /// One that can be asked.
    Open(&'a Registry),
    /// Nothing was ever registered here.
    Empty,
    /// One that should be there and is not, with the reason.
    Unavailable(String),
}

/// How videos are verified.
pub struct Verifier<'a> {
    /// Which evidence is gathered.
    pub stages: Stages,
    /// Where marks and fingerprints are looked up.
    pub shelf: Shelf<'a>,
    /// Whose signatures are trusted.
    pub trust: &'a TrustAnchors,
    /// The time whose certificates count, seconds since 1970; `None` for now.
    pub at: Option<i64>,
    /// Whose marks are looked for, each at the stated false-alarm rate.
    pub keys: &'a [Key],
    /// Stills kept for a report.
    pub stills: usize,
    /// Bounds on the input.
    pub limits: Limits,
    /// Stops the work.
    pub cancel: Cancel,
}

/// One picture of the video.
#[derive(Debug, Clone, PartialEq)]
pub struct Still {
    /// Presentation time, seconds.
    pub time: f64,
    /// JPEG file.
    pub jpeg: Vec<u8>,
}

/// The answer for one video.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// Evidence and verdict.
    pub report: Report,
    /// Pictures from the whole length of the video.
    pub stills: Vec<Still>,
}

/// What decoding yielded.
pub(crate) struct Seen {
    info: MediaInfo,
    frames: u64,
    pub finding: Option<Finding>,
    /// Marks found beside that one, with log10 of their chance.
    also: Vec<(Payload, f64)>,
    pub audio: Option<AudioFinding>,
    pub samples: Option<Samples>,
    pdq: Vec<PdqFrame>,
    pub code: Option<VideoCode>,
    stills: Vec<Still>,
    decode: f64,
    watermark: f64,
    errors: Vec<String>,
}

impl Verifier<'_> {
    /// Gathers the evidence about one file. Never fails: what cannot be read is said in the report.
    pub fn verify(&self, path: &Path, name: &str, progress: &dyn Progress) -> Verified {
        self.answer(Input::File(path), name, progress)
    }

    /// The same about a stream in several files, such as DASH and HLS have: one answer for all of them, which must be there
    /// where it is to be `whole`.
    pub fn verify_stream(
        &self,
        tracks: &[Track],
        whole: bool,
        name: &str,
        progress: &dyn Progress,
    ) -> Verified {
        self.answer(Input::Stream(tracks, whole), name, progress)
    }

    fn answer(&self, input: Input<'_>, name: &str, progress: &dyn Progress) -> Verified {
        let start = Instant::now();
        let mut report = Report::new(name);
        if !self.stages.classifier {
            report.classifier.state = ClassifierState::Skipped;
        }
        let mut stills = Vec::new();
        match input.digest(&self.cancel) {
            Ok((digest, bytes)) => {
                report.sha256 = Some(digest.to_string());
                report.bytes = Some(bytes);
                stills = self.gather(input, &mut report, progress);
            }
            Err(error) => report.errors.push(format!("cannot read the file: {error}")),
        }
        report.timing.total_s = start.elapsed().as_secs_f64();
        Verified { report, stills }
    }

    fn gather(&self, input: Input<'_>, report: &mut Report, progress: &dyn Progress) -> Vec<Still> {
        let mut bound = None;
        if self.stages.credentials {
            let start = Instant::now();
            match input.credentials(self.trust, self.at, &self.limits) {
                Ok(read) => {
                    bound = binding::code(&read.bindings);
                    let signer = read.signer;
                    report.credentials = credentials(read, self.at);
                    if let Err(error) = self.ask_for_consents(&mut report.credentials, signer) {
                        report.errors.push(format!("registry: {error}"));
                    }
                }
                // It is the beginning of a stream, or what was named as one is none: nothing can be said of it.
                Err(error @ provenance::Error::Part { .. }) => {
                    let text = error.to_string();
                    let own = text.strip_prefix(&report.file).and_then(|text| text.strip_prefix(": "));
                    report.errors.push(own.unwrap_or(&text).to_owned());
                    return Vec::new();
                }
                Err(error) => report.errors.push(format!("credentials: {error}")),
            }
            report.timing.credentials_s = start.elapsed().as_secs_f64();
        }
        let claimed = stated_marks(&report.credentials);
        let mut seen = match self.look(input, &claimed, progress) {
            Ok(seen) => seen,
            Err(error) => {
                report.errors.push(error.to_string());
                // Credentials speak for themselves even when no picture can be decoded.
                if matches!(report.credentials.state, CredentialsState::Absent | CredentialsState::Skipped) {
                    return Vec::new();
                }
                if !self.cancel.is_cancelled() {
                    report.decide();
                }
                return Vec::new();
            }
        };
        report.errors.append(&mut seen.errors);
        report.timing.decode_s = seen.decode;
        let start = Instant::now();
        let answer = match &self.shelf {
            Shelf::Open(registry) => self.ask(registry, &seen),
            Shelf::Empty => Ok(Some(Answer::unknown())),
            Shelf::Unavailable(reason) => {
                report.errors.push(format!("registry: {reason}"));
                Ok(None)
            }
        };
        let looked_up = self.stages.watermark || self.stages.fingerprint;
        let answer = answer.unwrap_or_else(|error| {
            report.errors.push(format!("registry: {error}"));
            None
        });
        let (original, view) = answer.as_ref().map_or((None, None), |answer| (answer.original, answer.view));
        if looked_up {
            let unavailable =
                RegistryFinding { state: RegistryState::Unavailable, ..RegistryFinding::default() };
            report.registry = answer.map_or(unavailable, |answer| answer.finding);
        }
        report.fingerprints = Fingerprints {
            pdq: seen.pdq.iter().map(pdq_hash).collect(),
            iscc: seen.code.as_ref().map(VideoCode::to_string),
            iscc_signed: seen
                .code
                .as_ref()
                .zip(bound.filter(|_| report.credentials.intact()))
                .map(|(code, bound)| code.distance(&bound)),
            iscc_near: self.near(seen.code.as_ref()).unwrap_or_else(|error| {
                report.errors.push(format!("registry: {error}"));
                Vec::new()
            }),
        };
        report.timing.registry_s = start.elapsed().as_secs_f64();
        if let Some(finding) = seen.finding {
            let picture = (seen.info.width as usize, seen.info.height as usize);
            report.watermark = watermark(&finding, |geometry| stated(geometry, picture, original, view));
            report.watermark.also = seen.also.iter().map(further).collect();
            report.watermark.audio = audio_mark(seen.audio.as_ref());
            let payload = seen.audio.and_then(|audio| audio.payload);
            if let (Some(payload), Shelf::Open(registry)) = (payload, &self.shelf)
                && finding.payload != Some(payload)
            {
                match registered(registry, payload, self.trust, &self.limits) {
                    Ok(Some((name, withdrawn))) => {
                        report.watermark.audio.registered = Some(name);
                        report.watermark.audio.withdrawn = withdrawn;
                    }
                    Ok(None) => {}
                    Err(error) => report.errors.push(format!("registry: {error}")),
                }
            }
            report.timing.watermark_s = seen.watermark;
        }
        report.media = Some(media(&seen.info, seen.frames));
        report.decide();
        seen.stills
    }

    /// Decodes the video once for all stages that look at pictures.
    pub(crate) fn look(
        &self,
        input: Input<'_>,
        stated: &[Payload],
        progress: &dyn Progress,
    ) -> Result<Seen, filigrane_media::Error> {
        let files = input.pictured(&self.limits)?;
        let pictures_wanted = self.stages.watermark || self.stages.fingerprint || self.stills > 0;
        if !pictures_wanted {
            let info = probe_parts(&files, &self.limits)?;
            let frames = info.frames.unwrap_or(0);
            return Ok(Seen {
                info,
                frames,
                finding: None,
                also: Vec::new(),
                audio: None,
                samples: None,
                pdq: Vec::new(),
                code: None,
                stills: Vec::new(),
                decode: 0.0,
                watermark: 0.0,
                errors: Vec::new(),
            });
        }
        let start = Instant::now();
        let listens = self.stages.watermark;
        let open = if listens { Decoder::open_parts_with_sound } else { Decoder::open_parts };
        let mut decoder = open(&files, &self.limits, &self.cancel)?;
        let mut listening = Listening::new(self.keys);
        let info = decoder.info().clone();
        let mut detector = self.stages.watermark.then(|| Detector::new(self.keys));
        let mut sampler = Sampler::default();
        let mut pdq = self.stages.fingerprint.then(PdqSampler::default);
        let mut signatures = self.stages.fingerprint.then(|| SignatureSampler::new(&info));
        let mut stills: Vec<Still> = Vec::new();
        let interval = info.duration.map_or(2.0, |duration| duration / self.stills.max(1) as f64);
        let (mut frames, mut watermark) = (0, 0.0);
        let mut errors = Vec::new();
        loop {
            let picture = match decoder.next_shown() {
                Ok(Some(Shown::Picture(picture))) => picture,
                Ok(Some(Shown::Sound(sound))) => {
                    let before = Instant::now();
                    listening.push(&sound);
                    watermark += before.elapsed().as_secs_f64();
                    continue;
                }
                Ok(None) => break,
                Err(error) if frames > 0 && !self.cancel.is_cancelled() => {
                    errors.push(error.to_string());
                    break;
                }
                Err(error) => return Err(error),
            };
            let time = picture.time();
            if let Some(detector) = &mut detector {
                let before = Instant::now();
                detector.push(picture.luma(), time);
                watermark += before.elapsed().as_secs_f64();
            }
            sampler.push(picture.luma(), time);
            if let Some(pdq) = &mut pdq {
                pdq.push(picture.luma(), time);
            }
            if let Some(signatures) = &mut signatures {
                signatures.push(&picture);
            }
            let due = (stills.len() as f64 + 0.5) * interval;
            if stills.len() < self.stills && (time >= due || frames == 0 && info.duration.is_none()) {
                match picture.to_rgb(STILL_SIDE, STILL_SIDE).and_then(|image| image.to_jpeg()) {
                    Ok(jpeg) => stills.push(Still { time, jpeg }),
                    Err(error) => errors.push(format!("still at {time:.2} s: {error}")),
                }
            }
            frames += 1;
            progress.step("reading", frames, info.frames);
        }
        errors.extend(decoder.damage().iter().cloned());
        let decode = (start.elapsed().as_secs_f64() - watermark).max(0.0);
        let before = Instant::now();
        let finding = detector.as_ref().and_then(|detector| strongest(detector.finish()));
        let also = match (&detector, &finding) {
            (Some(detector), Some(finding)) => beside(detector, finding, stated),
            _ => Vec::new(),
        };
        let audio = listening.finish();
        watermark += before.elapsed().as_secs_f64();
        Ok(Seen {
            info,
            frames,
            finding,
            also,
            audio,
            samples: sampler.finish(),
            pdq: pdq.map(PdqSampler::finish).unwrap_or_default(),
            // Pictures too small for it, or an FFmpeg without the filter, are no fault of the file.
            code: signatures.and_then(|signatures| video_code::of(signatures).ok().flatten()),
            stills,
            decode,
            watermark,
            errors,
        })
    }

    /// Whether the consents that a file's manifest states were withdrawn in the registry.
    fn ask_for_consents(
        &self,
        credentials: &mut Credentials,
        signer: Option<Digest>,
    ) -> Result<(), RegistryError> {
        let (Shelf::Open(registry), Some(name)) = (&self.shelf, &credentials.manifest) else { return Ok(()) };
        // A manifest of another name form is in no registry of ours.
        if credentials.consents.is_empty() || name.parse::<Urn>().is_err() {
            return Ok(());
        }
        let Some(record) = registry.by_urn(name)? else { return Ok(()) };
        for consent in &mut credentials.consents {
            consent.withdrawal = consent_withdrawal(&record, &consent.subject, signer, self.trust);
        }
        Ok(())
    }

    /// Registered manifests whose code is near.
    fn near(&self, code: Option<&VideoCode>) -> Result<Vec<NearCode>, RegistryError> {
        let (Shelf::Open(registry), Some(code)) = (&self.shelf, code) else { return Ok(Vec::new()) };
        let near = with_near_code(registry, code, MOST_NEAR)?;
        let said = near
            .into_iter()
            .map(|neighbour| NearCode { manifest: neighbour.urn.to_string(), distance: neighbour.distance });
        Ok(said.collect())
    }

    /// Asks the registry: by the mark when its bits were read, else by likeness.
    fn ask(&self, registry: &Registry, seen: &Seen) -> Result<Option<Answer>, RegistryError> {
        let Some(samples) = &seen.samples else { return Ok(Some(Answer::unknown())) };
        if let Some(finding) = &seen.finding
            && let (Some(payload), Some(sighting)) = (finding.payload, &finding.sighting)
        {
            return by_watermark(registry, payload, sighting, samples, self.trust, &self.limits).map(Some);
        }
        if self.stages.fingerprint {
            let code = seen.code.as_ref();
            return by_fingerprint(registry, samples, code, self.trust, &self.limits).map(Some);
        }
        Ok(Some(Answer::unknown()))
    }
}

/// The marks that intact credentials say the pictures carry.
fn stated_marks(credentials: &Credentials) -> Vec<Payload> {
    let stated = credentials.marks.iter().filter(|_| credentials.intact());
    stated.filter_map(|mark| mark.parse().ok()).take(MOST_STATED).collect()
}

/// The marks beside the one that was found: those of the stated ones that are there, and one that can be read when the part
/// of the first is taken off.
fn beside(detector: &Detector, finding: &Finding, stated: &[Payload]) -> Vec<(Payload, f64)> {
    if finding.sighting.is_none() {
        return Vec::new();
    }
    let others: Vec<Payload> =
        stated.iter().copied().filter(|payload| finding.payload != Some(*payload)).collect();
    let chances = detector.stated(&others, finding.payload);
    let mut found: Vec<_> =
        others.into_iter().zip(chances).filter(|(_, chance)| *chance <= FALSE_ALARM.log10()).collect();
    let another = finding.payload.and_then(|payload| detector.another(payload));
    found.extend(another.filter(|(payload, _)| found.iter().all(|(known, _)| known != payload)));
    found
}

fn further((payload, log10_p): &(Payload, f64)) -> FurtherMark {
    FurtherMark { payload: payload.to_string(), log10_p: Some(*log10_p) }
}

/// The finding of the key that shows best: with bits, then without.
fn strongest(findings: Vec<Finding>) -> Option<Finding> {
    findings.into_iter().min_by(|one, other| {
        let rank = |finding: &Finding| (finding.payload.is_none(), finding.log10_p);
        let (one, other) = (rank(one), rank(other));
        one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
    })
}

fn credentials(read: provenance::Credentials, at: Option<i64>) -> Credentials {
    // Without a mark of its own, a manifest says nothing of which one belongs here.
    let own = binding::payload(&read.bindings);
    let earlier = read.earlier_bindings.iter().filter_map(|one| binding::payload(std::slice::from_ref(one)));
    let marks = own.into_iter().flat_map(|own| std::iter::once(own).chain(earlier.clone()));
    Credentials {
        state: match read.state {
            CredentialState::Trusted => CredentialsState::Trusted,
            CredentialState::Valid => CredentialsState::Valid,
            CredentialState::Invalid => CredentialsState::Invalid,
            CredentialState::Absent => CredentialsState::Absent,
        },
        issuer: read.issuer,
        signed_at: read.signed_at,
        manifest: read.manifest,
        codes: read.codes,
        time_stamped: read.time_stamped,
        trusted_by: read.trusted_by.map(|voucher| trusted_by(&voucher, at)),
        certificate_fault: read.certificate_fault,
        marks: marks.map(|payload| payload.to_string()).collect(),
        origin: read.origin.map(origin),
        generator: read.generator,
        actions: read.actions.into_iter().map(|action| action.action).collect(),
        consents: read.consents.into_iter().map(|one| consent(one, at)).collect(),
        models: read.models.into_iter().map(model).collect(),
        explanation: read.explanation,
    }
}

/// Whose word it is that a signer is trusted on, and whether that is out of date.
fn trusted_by(voucher: &Voucher, at: Option<i64>) -> String {
    match voucher {
        Voucher::Own => "own".to_owned(),
        Voucher::List(list) if list.overdue(at.unwrap_or_else(now)) => format!("{list}, overdue for renewal"),
        Voucher::List(list) => list.to_string(),
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// A consent as it stood at a time, seconds since 1970; `None` for now.
fn consent(consent: provenance::Consent, at: Option<i64>) -> Consent {
    Consent {
        ended: consent.ended(at.unwrap_or_else(now)),
        subject: consent.subject,
        uses: consent.uses.into_iter().map(|one| one.as_str().to_owned()).collect(),
        purpose: consent.purpose,
        until: consent.until,
        withdrawal: None,
    }
}

fn model(card: provenance::ModelCard) -> Model {
    Model {
        kind: card.asset_type(),
        name: card.name,
        version: card.version,
        sha256: card.sha256,
        licence: card.licence,
        training_data: card.training_data,
        link: card.link,
    }
}

pub(crate) fn origin(origin: provenance::Origin) -> Origin {
    match origin {
        provenance::Origin::Generated => Origin::Generated,
        provenance::Origin::Edited => Origin::Edited,
        provenance::Origin::Composite => Origin::Composite,
        provenance::Origin::Camera => Origin::Camera,
    }
}

fn watermark(
    finding: &Finding,
    stated: impl Fn(&filigrane_watermark::Geometry) -> filigrane_verdict::Geometry,
) -> Watermark {
    let mut watermark =
        Watermark { state: WatermarkState::Absent, log10_p: Some(finding.log10_p), ..Watermark::default() };
    if let Some(sighting) = &finding.sighting {
        watermark.state = WatermarkState::Found;
        watermark.payload = finding.payload.map(|payload| payload.to_string());
        watermark.start = Some(sighting.span.start);
        watermark.end = Some(sighting.span.end);
        watermark.geometry = Some(stated(&sighting.geometry));
        watermark.threshold = Some(SEGMENT_DEVIATIONS);
        watermark.timeline = sighting
            .timeline
            .iter()
            .map(|segment| Strength {
                start: segment.span.start,
                end: segment.span.end,
                score: segment.deviations,
            })
            .collect();
    }
    watermark
}

fn audio_mark(finding: Option<&AudioFinding>) -> AudioMark {
    let Some(finding) = finding else { return AudioMark::default() };
    let state = if finding.span.is_some() { WatermarkState::Found } else { WatermarkState::Absent };
    AudioMark {
        state,
        payload: finding.payload.map(|payload| payload.to_string()),
        log10_p: Some(finding.log10_p),
        start: finding.span.map(|span| span.start.max(0.0)),
        end: finding.span.map(|span| span.end),
        ..AudioMark::default()
    }
}

fn pdq_hash(frame: &PdqFrame) -> PdqHash {
    PdqHash { time: frame.time, quality: frame.quality, hash: frame.hash.to_string() }
}

fn media(info: &MediaInfo, frames: u64) -> Media {
    Media {
        container: info.container.clone(),
        video: Some(info.video.clone()),
        width: info.width,
        height: info.height,
        fps: (info.fps.is_finite() && info.fps > 0.0).then_some(info.fps),
        frames: Some(frames),
        duration: info.duration,
        audio: info.audio.clone(),
    }
}

use std::path::Path;
use std::time::Instant;

use filigrane_fingerprint::VideoCode;
use filigrane_frame::{Digest, Limits};
use filigrane_media::Cancel;
use filigrane_provenance::{Track, TrustAnchors};
use filigrane_registry::{Error as RegistryError, Registry, Urn};
use filigrane_verdict::{
    AudioMark, ClassifierState, Credentials, CredentialsState, Depth, Fingerprints, FurtherMark, Media,
    NearCode, RegistryFinding, RegistryState, Report, Strength, Watermark, WatermarkState,
};
use filigrane_watermark::audio::AudioFinding;
use filigrane_watermark::{Finding, Key, Payload, SEGMENT_DEVIATIONS};
use serde::{Deserialize, Serialize};

use crate::course::{Course, Outcome, outcome};
use crate::examiner::Examiner;
use crate::fingerprints::with_near_code;
use crate::hands::Hands;
use crate::input::Input;
use crate::lookup::{Answer, by_fingerprint, by_watermark, registered};
use crate::place::stated;
use crate::progress::Progress;
use crate::reading::Reading;
use crate::seen::Seen;
use crate::still::Still;
use crate::ward::Ward;
use crate::withdraw::consent_withdrawal;

/// Most registered manifests told that have a near code.
const MOST_NEAR: usize = 8;
/// Most marks that a file's manifests state which are asked for.
const MOST_STATED: usize = 16;

/// Which evidence is gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The statistical layer; `None` where there is none.
    pub examiner: Option<&'a Examiner>,
    /// In which order evidence is gathered, and how much of it.
    pub course: Course,
    /// Where hostile bytes are read; `None` for this process.
    pub ward: Option<&'a Ward>,
    /// Stops the work.
    pub cancel: Cancel,
}

/// The answer for one video.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// Evidence and verdict.
    pub report: Report,
    /// Pictures from the whole length of the video.
    pub stills: Vec<Still>,
}

/// What the credentials leave for the stages after them.
#[derive(Default)]
struct Carried {
    /// The code under the signature.
    code: Option<VideoCode>,
    /// The marks that they state.
    marks: Vec<Payload>,
    /// The manifest was withdrawn: only what the pictures show says whether that is about this content.
    withdrawn: bool,
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
        match input.open(&self.limits, &self.cancel, self.ward) {
            Ok(opened) => {
                report.sha256 = Some(opened.digest.to_string());
                report.bytes = Some(opened.bytes);
                let mut hands = Hands::of(self, &opened);
                stills = self.gather(&mut hands, &mut report, progress);
                report.jail = hands.jail();
            }
            Err(error) => report.errors.push(format!("cannot read the file: {error}")),
        }
        report.timing.total_s = start.elapsed().as_secs_f64();
        Verified { report, stills }
    }

    fn gather(&self, hands: &mut Hands<'_>, report: &mut Report, progress: &dyn Progress) -> Vec<Still> {
        let mut carried = Carried::default();
        if self.stages.credentials {
            let start = Instant::now();
            match hands.read() {
                Ok(Reading::Read(read)) => {
                    carried.code = read.code();
                    let signer = read.signer();
                    report.credentials = read.credentials;
                    match self.ask_about_manifest(&mut report.credentials, signer) {
                        Ok(withdrawn) => carried.withdrawn = withdrawn,
                        Err(error) => report.errors.push(format!("registry: {error}")),
                    }
                }
                // Nothing can be said of it: it is the beginning of a stream, say.
                Ok(Reading::Refused(why)) => {
                    report.errors.push(why);
                    return Vec::new();
                }
                Ok(Reading::Failed(why)) => report.errors.push(format!("credentials: {why}")),
                Err(fate) => report.errors.push(format!("credentials: {fate}")),
            }
            report.timing.credentials_s = start.elapsed().as_secs_f64();
        }
        carried.marks = stated_marks(&report.credentials);
        match self.course {
            Course::Thorough => self.look(hands, Depth::Whole, report, &carried, progress),
            Course::Tiered(deepest) => self.descend(hands, deepest, report, &carried, progress),
        }
    }

    /// Looks from tier to tier until one answers.
    fn descend(
        &self,
        hands: &mut Hands<'_>,
        deepest: Depth,
        report: &mut Report,
        carried: &Carried,
        progress: &dyn Progress,
    ) -> Vec<Still> {
        let credentials = &report.credentials;
        let fault = credentials.state == CredentialsState::Invalid && !credentials.certificate_fault;
        // A withdrawal comes to light by what the pictures show.
        let settled = (credentials.intact() || fault) && !carried.withdrawn;
        let mut depth = if settled { Depth::Credentials } else { Depth::KeyFrames.min(deepest) };
        loop {
            let mut attempt = report.clone();
            attempt.depth = depth;
            let stills = self.look(hands, depth, &mut attempt, carried, progress);
            let next = match (depth, outcome(&attempt)) {
                (Depth::Credentials | Depth::Whole, _) | (_, Outcome::Answer | Outcome::Unreadable) => None,
                (_, Outcome::Grave) => Some(Depth::Whole),
                (Depth::KeyFrames, Outcome::Nothing) => Some(Depth::Window).filter(|next| *next <= deepest),
                (Depth::Window, Outcome::Nothing) => Some(Depth::Whole).filter(|next| *next <= deepest),
            };
            let Some(next) = next.filter(|_| !self.cancel.is_cancelled()) else {
                *report = attempt;
                return stills;
            };
            report.timing = attempt.timing;
            depth = next;
        }
    }

    /// Looks at the pictures as deep as is said, asks the registry about what they show, and decides.
    fn look(
        &self,
        hands: &mut Hands<'_>,
        depth: Depth,
        report: &mut Report,
        carried: &Carried,
        progress: &dyn Progress,
    ) -> Vec<Still> {
        let looked = hands.look(depth, &carried.marks, progress);
        let looked = looked.unwrap_or_else(|fate| Err(fate.to_string()));
        let mut seen = match looked {
            Ok(seen) => seen,
            Err(why) => {
                report.errors.push(why);
                // Credentials speak for themselves even when no picture can be decoded.
                let spoken =
                    !matches!(report.credentials.state, CredentialsState::Absent | CredentialsState::Skipped);
                if spoken && !self.cancel.is_cancelled() {
                    report.decide();
                }
                return Vec::new();
            }
        };
        report.errors.append(&mut seen.errors);
        report.timing.decode_s += seen.decode;
        report.timing.watermark_s += seen.watermark;
        report.timing.classifier_s += seen.classifier;
        if depth > Depth::Credentials {
            self.conclude(&mut seen, report, carried);
        }
        report.media = Some(seen.media.clone());
        report.decide();
        self.classify(&seen, depth, report);
        report.decide();
        seen.stills
    }

    /// Whether the classifier may be asked about what a look as deep as that shows: of tiers, the last alone.
    pub(crate) fn observes(&self, depth: Depth) -> bool {
        let last = match self.course {
            Course::Thorough => true,
            Course::Tiered(deepest) => depth >= deepest,
        };
        self.stages.classifier && self.examiner.is_some() && last && depth >= Depth::Window
    }

    /// Says what the pictures look like to the classifier. In tiers that is the last: where anything tells of provenance, an
    /// estimate adds cost and no answer.
    fn classify(&self, seen: &Seen, depth: Depth, report: &mut Report) {
        let Some(examiner) = self.examiner.filter(|_| self.stages.classifier) else { return };
        let needed = match self.course {
            Course::Thorough => self.observes(depth),
            Course::Tiered(_) => self.observes(depth) && outcome(report) == Outcome::Nothing,
        };
        let Some(observation) = seen.observation.as_ref().filter(|_| needed) else {
            report.classifier.state = ClassifierState::Skipped;
            return;
        };
        let start = Instant::now();
        match examiner.examine(observation, bits_a_sample(report.bytes, &seen.media)) {
            Ok(mut classifier) => {
                // A line of many is not looked at beside its pictures.
                if self.course != Course::Thorough {
                    classifier.places.clear();
                }
                report.classifier = classifier;
            }
            Err(why) => report.errors.push(format!("classifier: {why}")),
        }
        report.timing.classifier_s += start.elapsed().as_secs_f64();
    }

    /// Says what was seen, and what the registry knows of it.
    fn conclude(&self, seen: &mut Seen, report: &mut Report, carried: &Carried) {
        let start = Instant::now();
        let answer = match &self.shelf {
            Shelf::Open(registry) => self.ask(registry, seen),
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
        let code = seen.code();
        report.fingerprints = Fingerprints {
            pdq: std::mem::take(&mut seen.pdq),
            iscc: code.as_ref().map(VideoCode::to_string),
            iscc_signed: code
                .as_ref()
                .zip(carried.code.filter(|_| report.credentials.intact()))
                .map(|(code, bound)| code.distance(&bound)),
            iscc_near: self.near(code.as_ref()).unwrap_or_else(|error| {
                report.errors.push(format!("registry: {error}"));
                Vec::new()
            }),
        };
        report.timing.registry_s += start.elapsed().as_secs_f64();
        let Some(finding) = &seen.finding else { return };
        let picture = (seen.media.width as usize, seen.media.height as usize);
        report.watermark = watermark(finding, |geometry| stated(geometry, picture, original, view));
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
    }

    /// Whether a file's manifest was withdrawn in the registry; says of the consents that it states whether these were.
    fn ask_about_manifest(
        &self,
        credentials: &mut Credentials,
        signer: Option<Digest>,
    ) -> Result<bool, RegistryError> {
        let (Shelf::Open(registry), Some(name)) = (&self.shelf, &credentials.manifest) else {
            return Ok(false);
        };
        let tiered = matches!(self.course, Course::Tiered(_));
        // A manifest of another name form is in no registry of ours.
        if (credentials.consents.is_empty() && !tiered) || name.parse::<Urn>().is_err() {
            return Ok(false);
        }
        let Some(record) = registry.by_urn(name)? else { return Ok(false) };
        for consent in &mut credentials.consents {
            consent.withdrawal = consent_withdrawal(&record, &consent.subject, signer, self.trust);
        }
        Ok(record.revocations.iter().any(|revocation| revocation.subject.is_none()))
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
            let code = seen.code();
            return by_fingerprint(registry, samples, code.as_ref(), self.trust, &self.limits).map(Some);
        }
        Ok(Some(Answer::unknown()))
    }
}

/// What a file spends on a sample of luma; sound is counted with it.
fn bits_a_sample(bytes: Option<u64>, media: &Media) -> Option<f64> {
    let samples = media.frames? as f64 * f64::from(media.width) * f64::from(media.height);
    (samples > 0.0).then_some(bytes? as f64 * 8.0 / samples)
}

/// The marks that intact credentials say the pictures carry.
fn stated_marks(credentials: &Credentials) -> Vec<Payload> {
    let stated = credentials.marks.iter().filter(|_| credentials.intact());
    stated.filter_map(|mark| mark.parse().ok()).take(MOST_STATED).collect()
}

fn further((payload, log10_p): &(Payload, f64)) -> FurtherMark {
    FurtherMark { payload: payload.to_string(), log10_p: Some(*log10_p) }
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

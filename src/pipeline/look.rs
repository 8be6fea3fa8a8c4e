use std::time::Instant;

use filigrane_detect::Observer;
use filigrane_fingerprint::{PdqFrame, PdqSampler, Sampler};
use filigrane_frame::Limits;
use filigrane_media::{
    Cancel, Decoder, Error, MediaInfo, Part, Picture, Shown, SignatureSampler, probe_parts,
};
use filigrane_verdict::{Depth, Media, PdqHash};
use filigrane_watermark::{Detector, FALSE_ALARM, Finding, Key, Payload};

use crate::progress::Progress;
use crate::seen::Seen;
use crate::sound::Listening;
use crate::still::Still;
use crate::verify::Stages;
use crate::video_code;

/// Longest side of a still, pixels.
const STILL_SIDE: u32 = 480;
/// Seconds of the window.
const WINDOW: f64 = 8.0;
/// Most key frames looked at: marks add up over few, and a file may consist of them.
const MOST_KEY_FRAMES: u64 = 64;

/// Decodes a video for all stages that look at pictures.
pub(crate) struct Look<'a> {
    pub stages: Stages,
    pub keys: &'a [Key],
    pub stills: usize,
    pub limits: &'a Limits,
    pub cancel: &'a Cancel,
}

impl Look<'_> {
    /// What these files, which are one stream, show as deep as is asked; which marks they `stated` is asked beside.
    ///
    /// # Errors
    /// Those of decoding.
    pub fn see(
        &self,
        parts: &[Part],
        depth: Depth,
        stated: &[Payload],
        progress: &dyn Progress,
    ) -> Result<Seen, Error> {
        let stages = self.stages;
        let pictures_wanted = stages.watermark || stages.fingerprint || stages.classifier || self.stills > 0;
        if depth == Depth::Credentials || !pictures_wanted {
            let info = probe_parts(parts, self.limits)?;
            let frames = info.frames.unwrap_or(0);
            return Ok(Seen::unopened(media(&info, frames)));
        }
        if depth == Depth::KeyFrames { self.glance(parts) } else { self.gaze(parts, depth, stated, progress) }
    }

    /// Key frames, and the cheapest guesses at where a mark lies.
    fn glance(&self, parts: &[Part]) -> Result<Seen, Error> {
        let start = Instant::now();
        let mut decoder = Decoder::open_key_pictures(parts, self.limits, self.cancel)?;
        let info = decoder.info().clone();
        let mut detector = self.stages.watermark.then(|| Detector::new(self.keys));
        let mut sampler = Sampler::default();
        let (mut frames, mut watermark) = (0, 0.0);
        while frames < MOST_KEY_FRAMES {
            let picture = match decoder.next_picture() {
                Ok(Some(picture)) => picture,
                // Streams without such pictures are nothing unusual.
                Ok(None) | Err(Error::Malformed(_)) => break,
                Err(error) => return Err(error),
            };
            if let Some(detector) = &mut detector {
                watermark += timed(|| detector.push(picture.luma(), picture.time()));
            }
            sampler.push(picture.luma(), picture.time());
            frames += 1;
        }
        let decode = (start.elapsed().as_secs_f64() - watermark).max(0.0);
        let mut seen = Seen::unopened(media(&info, info.frames.unwrap_or(0)));
        let before = Instant::now();
        seen.finding = detector.and_then(|detector| strongest(detector.glance()));
        seen.watermark = watermark + before.elapsed().as_secs_f64();
        seen.samples = sampler.finish();
        seen.decode = decode;
        if frames == 0 {
            seen.errors.push("no key frame could be decoded".to_owned());
        }
        Ok(seen)
    }

    /// All pictures and sound, of the whole or of a window.
    fn gaze(
        &self,
        parts: &[Part],
        depth: Depth,
        stated: &[Payload],
        progress: &dyn Progress,
    ) -> Result<Seen, Error> {
        let start = Instant::now();
        let open = if self.stages.watermark { Decoder::open_parts_with_sound } else { Decoder::open_parts };
        let mut decoder = open(parts, self.limits, self.cancel)?;
        let info = decoder.info().clone();
        let mut end = f64::INFINITY;
        if depth == Depth::Window {
            let middle = (info.duration.unwrap_or(0.0) - WINDOW).max(0.0) / 2.0;
            decoder.begin_at(middle);
            end = middle + WINDOW;
        }
        let mut listening = Listening::new(self.keys);
        let mut watching = Watching::new(self, &info);
        loop {
            let picture = match decoder.next_shown() {
                Ok(Some(Shown::Picture(picture))) => picture,
                Ok(Some(Shown::Sound(sound))) => {
                    watching.watermark += timed(|| listening.push(&sound));
                    continue;
                }
                Ok(None) => break,
                Err(error) if watching.frames > 0 && !self.cancel.is_cancelled() => {
                    watching.errors.push(error.to_string());
                    break;
                }
                Err(error) => return Err(error),
            };
            if picture.time() > end && watching.frames > 0 {
                break;
            }
            watching.push(&picture);
            progress.step("reading", watching.frames, info.frames);
        }
        watching.errors.extend(decoder.damage().iter().cloned());
        let spent = watching.watermark + watching.classifier;
        let decode = (start.elapsed().as_secs_f64() - spent).max(0.0);
        let whole = depth == Depth::Whole;
        let frames = if whole { watching.frames } else { info.frames.unwrap_or(0) };
        let mut seen = Seen::unopened(media(&info, frames));
        watching.finish(&mut seen, stated, whole);
        let before = Instant::now();
        seen.audio = listening.finish();
        seen.watermark += before.elapsed().as_secs_f64();
        seen.decode = decode;
        Ok(seen)
    }
}

/// All that takes in pictures one by one.
struct Watching {
    detector: Option<Detector>,
    sampler: Sampler,
    pdq: Option<PdqSampler>,
    signatures: Option<SignatureSampler>,
    observer: Option<Observer>,
    stills: Vec<Still>,
    wanted: usize,
    /// Seconds from one still to the next, where the length is known.
    interval: Option<f64>,
    frames: u64,
    watermark: f64,
    classifier: f64,
    errors: Vec<String>,
}

impl Watching {
    fn new(look: &Look<'_>, info: &MediaInfo) -> Self {
        Self {
            detector: look.stages.watermark.then(|| Detector::new(look.keys)),
            sampler: Sampler::default(),
            pdq: look.stages.fingerprint.then(PdqSampler::default),
            signatures: look.stages.fingerprint.then(|| SignatureSampler::new(info)),
            observer: look.stages.classifier.then(Observer::default),
            stills: Vec::new(),
            wanted: look.stills,
            interval: info.duration.map(|duration| duration / look.stills.max(1) as f64),
            frames: 0,
            watermark: 0.0,
            classifier: 0.0,
            errors: Vec::new(),
        }
    }

    fn push(&mut self, picture: &Picture) {
        let time = picture.time();
        if let Some(detector) = &mut self.detector {
            self.watermark += timed(|| detector.push(picture.luma(), time));
        }
        if let Some(observer) = &mut self.observer {
            self.classifier += timed(|| observer.push(picture.luma(), time));
        }
        self.sampler.push(picture.luma(), time);
        if let Some(pdq) = &mut self.pdq {
            pdq.push(picture.luma(), time);
        }
        if let Some(signatures) = &mut self.signatures {
            signatures.push(picture);
        }
        let due = (self.stills.len() as f64 + 0.5) * self.interval.unwrap_or(2.0);
        let first = self.frames == 0 && self.interval.is_none();
        if self.stills.len() < self.wanted && (time >= due || first) {
            match picture.to_rgb(STILL_SIDE, STILL_SIDE).and_then(|image| image.to_jpeg()) {
                Ok(jpeg) => self.stills.push(Still { time, jpeg }),
                Err(error) => self.errors.push(format!("still at {time:.2} s: {error}")),
            }
        }
        self.frames += 1;
    }

    /// What is found; a code of a clip is one of its `whole`.
    fn finish(self, seen: &mut Seen, stated: &[Payload], whole: bool) {
        let before = Instant::now();
        seen.finding = self.detector.as_ref().and_then(|detector| strongest(detector.finish()));
        if let (Some(detector), Some(finding)) = (&self.detector, &seen.finding) {
            seen.also = beside(detector, finding, stated);
        }
        seen.watermark = self.watermark + before.elapsed().as_secs_f64();
        let before = Instant::now();
        seen.observation = self.observer.map(Observer::finish);
        seen.classifier = self.classifier + before.elapsed().as_secs_f64();
        seen.samples = self.sampler.finish();
        seen.pdq = self.pdq.map(PdqSampler::finish).unwrap_or_default().iter().map(pdq_hash).collect();
        // Pictures too small for it, or an FFmpeg without the filter, are no fault of the file.
        let signatures = self.signatures.filter(|_| whole);
        seen.set_code(signatures.and_then(|signatures| video_code::of(signatures).ok().flatten()));
        seen.stills = self.stills;
        seen.errors = self.errors;
    }
}

/// Seconds that some work takes.
fn timed(work: impl FnOnce()) -> f64 {
    let before = Instant::now();
    work();
    before.elapsed().as_secs_f64()
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

/// The finding of the key that shows best: with bits, then without.
fn strongest(findings: Vec<Finding>) -> Option<Finding> {
    findings.into_iter().min_by(|one, other| {
        let rank = |finding: &Finding| (finding.payload.is_none(), finding.log10_p);
        let (one, other) = (rank(one), rank(other));
        one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
    })
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

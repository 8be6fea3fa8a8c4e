use std::cell::RefCell;
use std::rc::Rc;

use filigrane_frame::Interval;
use filigrane_media::{Sound, SoundFormat, SoundStep};
use filigrane_watermark::audio::{AudioDetector, AudioEmbedder, AudioFinding, AudioQuality};
use filigrane_watermark::{FALSE_ALARM, Key, Payload, Strength};

/// Shortest sound that is marked, seconds: less than this holds hardly more than one period of the pattern.
const SHORTEST: f64 = 4.0;
/// Seconds of sound, loud enough to carry a mark, under which the mark can hardly be read.
const HARDLY: f64 = 3.0;
/// Seconds by which sound may begin after the end of what came before and still belong to it.
const TOGETHER: f64 = 1.0;

/// What was done to each marked track, told when it is through.
#[derive(Clone, Default)]
pub(crate) struct Marked(Rc<RefCell<Vec<(usize, AudioQuality)>>>);

impl Marked {
    /// What the user should know of the marked tracks.
    pub(crate) fn notes(&self) -> Vec<String> {
        let hardly = |(stream, quality): &(usize, AudioQuality)| {
            (quality.carrying < HARDLY).then(|| {
                format!(
                    "audio stream {stream}: {:.1} s of it are loud enough to carry the mark, which may not be read",
                    quality.carrying
                )
            })
        };
        self.0.borrow().iter().filter_map(hardly).collect()
    }

    /// Noise-to-mask ratio of the track where it is highest, decibels; none when no sound was changed.
    pub(crate) fn noise_to_mask(&self) -> Option<f64> {
        self.0.borrow().iter().filter_map(|(_, quality)| quality.noise_to_mask).max_by(f64::total_cmp)
    }

    /// Signal-to-mark ratio of the loudest change, decibels; none when no sound was changed.
    pub(crate) fn snr(&self) -> Option<f64> {
        self.0.borrow().iter().filter_map(|(_, quality)| quality.snr).min_by(f64::total_cmp)
    }
}

struct Marking {
    stream: usize,
    embedder: AudioEmbedder,
    marked: Marked,
}

impl SoundStep for Marking {
    fn push(&mut self, block: &[Vec<f32>]) -> Vec<Vec<f32>> {
        self.embedder.push(block)
    }

    fn finish(&mut self) -> Vec<Vec<f32>> {
        let rest = self.embedder.finish();
        self.marked.0.borrow_mut().push((self.stream, self.embedder.quality()));
        rest
    }
}

/// The step that marks one track, or why it stays as it is.
pub(crate) fn marking(
    format: &SoundFormat,
    payload: Payload,
    key: &Key,
    strength: Strength,
    marked: &Marked,
) -> Result<Box<dyn SoundStep>, String> {
    if let Some(seconds) = format.seconds.filter(|seconds| *seconds < SHORTEST) {
        return Err(format!("{seconds:.1} s are too short, {SHORTEST} s or more are needed"));
    }
    let low = format.low_frequency.filter(|_| format.channels > 1);
    let embedder = AudioEmbedder::new(key, payload, format.rate, format.channels, low, strength);
    let embedder = embedder.map_err(|error| error.to_string())?;
    Ok(Box::new(Marking { stream: format.stream, embedder, marked: marked.clone() }))
}

/// Looks for the mark in all tracks of a file.
pub(crate) struct Listening<'a> {
    keys: &'a [Key],
    tracks: Vec<Track>,
}

struct Track {
    stream: usize,
    rate: u32,
    channels: usize,
    start: f64,
    seconds: f64,
    /// One a key.
    detectors: Vec<AudioDetector>,
}

impl Track {
    fn push(&mut self, sound: &Sound, seconds: f64) {
        self.seconds += seconds;
        for detector in &mut self.detectors {
            detector.push(&sound.samples);
        }
    }
}

/// Most stretches of one kind of sound that are judged by themselves.
const MOST_TRACKS: usize = 16;

impl<'a> Listening<'a> {
    /// For the marks of these keys.
    pub(crate) fn new(keys: &'a [Key]) -> Self {
        Self { keys, tracks: Vec::new() }
    }

    /// Takes in a stretch; one that does not go on where its stream stopped, or in another form, is a track of its own.
    pub(crate) fn push(&mut self, sound: &Sound) {
        let seconds = sound.samples.first().map_or(0, Vec::len) as f64 / f64::from(sound.rate.max(1));
        let goes_on = |track: &&mut Track| {
            track.stream == sound.stream
                && (track.rate, track.channels) == (sound.rate, sound.samples.len())
                && (sound.time - track.start - track.seconds).abs() < TOGETHER
        };
        if let Some(track) = self.tracks.iter_mut().rev().find(goes_on) {
            track.push(sound, seconds);
            return;
        }
        if self.tracks.len() >= MOST_TRACKS {
            return;
        }
        let detectors: Result<Vec<_>, _> =
            self.keys.iter().map(|key| AudioDetector::new(key, sound.rate, sound.low_frequency)).collect();
        let Ok(detectors) = detectors else { return };
        let (stream, rate, channels) = (sound.stream, sound.rate, sound.samples.len());
        let mut track = Track { stream, rate, channels, start: sound.time, seconds: 0.0, detectors };
        track.push(sound, seconds);
        self.tracks.push(track);
    }

    /// The best answer of all tracks, each of which counts as a further chance of a false alarm; none without sound.
    pub(crate) fn finish(self) -> Option<AudioFinding> {
        let chances = (self.tracks.len() as f64).log10();
        let answer = |(start, detector): (f64, AudioDetector)| {
            let mut finding = detector.finish();
            finding.log10_p = (finding.log10_p + chances).min(0.0);
            if finding.log10_p > FALSE_ALARM.log10() {
                (finding.span, finding.payload) = (None, None);
            }
            finding.span =
                finding.span.map(|span| Interval { start: span.start + start, end: span.end + start });
            finding
        };
        let rank = |finding: &AudioFinding| (finding.payload.is_none(), finding.log10_p);
        let each = |track: Track| track.detectors.into_iter().map(move |detector| (track.start, detector));
        self.tracks.into_iter().flat_map(each).map(answer).min_by(|one, other| {
            let (one, other) = (rank(one), rank(other));
            one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
        })
    }
}

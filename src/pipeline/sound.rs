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
    strength: Strength,
    marked: &Marked,
) -> Result<Box<dyn SoundStep>, String> {
    if let Some(seconds) = format.seconds.filter(|seconds| *seconds < SHORTEST) {
        return Err(format!("{seconds:.1} s are too short, {SHORTEST} s or more are needed"));
    }
    let low = format.low_frequency.filter(|_| format.channels > 1);
    let embedder = AudioEmbedder::new(&Key::public(), payload, format.rate, format.channels, low, strength);
    let embedder = embedder.map_err(|error| error.to_string())?;
    Ok(Box::new(Marking { stream: format.stream, embedder, marked: marked.clone() }))
}

/// Looks for the mark in all tracks of a file.
pub(crate) struct Listening {
    tracks: Vec<Track>,
}

struct Track {
    stream: usize,
    rate: u32,
    channels: usize,
    start: f64,
    detector: AudioDetector,
}

/// Most stretches of one kind of sound that are judged by themselves.
const MOST_TRACKS: usize = 16;

impl Listening {
    pub(crate) fn new() -> Self {
        Self { tracks: Vec::new() }
    }

    /// Takes in a stretch; one that does not go on where its stream stopped, or in another form, is a track of its own.
    pub(crate) fn push(&mut self, sound: &Sound) {
        let goes_on = |track: &&mut Track| {
            let end = track.start + track.detector.seconds();
            track.stream == sound.stream
                && (track.rate, track.channels) == (sound.rate, sound.samples.len())
                && (sound.time - end).abs() < TOGETHER
        };
        if let Some(track) = self.tracks.iter_mut().rev().find(goes_on) {
            track.detector.push(&sound.samples);
            return;
        }
        if self.tracks.len() >= MOST_TRACKS {
            return;
        }
        let Ok(mut detector) = AudioDetector::new(&Key::public(), sound.rate, sound.low_frequency) else {
            return;
        };
        detector.push(&sound.samples);
        let (stream, rate, channels) = (sound.stream, sound.rate, sound.samples.len());
        self.tracks.push(Track { stream, rate, channels, start: sound.time, detector });
    }

    /// The best answer of all tracks, each of which counts as a further chance of a false alarm; none without sound.
    pub(crate) fn finish(self) -> Option<AudioFinding> {
        let chances = (self.tracks.len() as f64).log10();
        let answer = |track: Track| {
            let mut finding = track.detector.finish();
            finding.log10_p = (finding.log10_p + chances).min(0.0);
            if finding.log10_p > FALSE_ALARM.log10() {
                (finding.span, finding.payload) = (None, None);
            }
            finding.span = finding
                .span
                .map(|span| Interval { start: span.start + track.start, end: span.end + track.start });
            finding
        };
        let rank = |finding: &AudioFinding| (finding.payload.is_none(), finding.log10_p);
        self.tracks.into_iter().map(answer).min_by(|one, other| {
            let (one, other) = (rank(one), rank(other));
            one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
        })
    }
}

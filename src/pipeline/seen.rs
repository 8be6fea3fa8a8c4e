use filigrane_detect::Observation;
use filigrane_fingerprint::{Samples, VideoCode};
use filigrane_verdict::{Media, PdqHash};
use filigrane_watermark::audio::AudioFinding;
use filigrane_watermark::{Finding, Payload};
use serde::{Deserialize, Serialize};

use crate::still::Still;

/// Most lines of errors taken from a reader of hostile bytes, and the longest of them.
const MOST_LINES: usize = 64;
const LONGEST_LINE: usize = 1000;
/// Most stretches of a timeline, PDQ hashes (one a second of a day) and stills.
const MOST_STRETCHES: usize = 256;
const MOST_HASHES: usize = 24 * 3600;
const MOST_STILLS: usize = 64;

/// What decoding yielded: all that leaves the process that decodes.
#[derive(Serialize, Deserialize)]
pub(crate) struct Seen {
    /// What the container says, and how many pictures there were.
    pub media: Media,
    pub finding: Option<Finding>,
    /// Marks found beside that one, with log10 of their chance.
    pub also: Vec<(Payload, f64)>,
    pub audio: Option<AudioFinding>,
    #[serde(with = "kept")]
    pub samples: Option<Samples>,
    /// What the classifier looks at.
    #[serde(with = "observed")]
    pub observation: Option<Observation>,
    pub pdq: Vec<PdqHash>,
    /// The body of the ISCC Video-Code.
    code: Option<[u8; 32]>,
    pub stills: Vec<Still>,
    /// Seconds spent.
    pub decode: f64,
    pub watermark: f64,
    pub classifier: f64,
    pub errors: Vec<String>,
}

impl Seen {
    /// Of a video whose pictures were not looked at.
    pub fn unopened(media: Media) -> Self {
        Self {
            media,
            finding: None,
            also: Vec::new(),
            audio: None,
            samples: None,
            observation: None,
            pdq: Vec::new(),
            code: None,
            stills: Vec::new(),
            decode: 0.0,
            watermark: 0.0,
            classifier: 0.0,
            errors: Vec::new(),
        }
    }

    pub fn set_code(&mut self, code: Option<VideoCode>) {
        self.code = code.map(|code| code.body());
    }

    pub fn code(&self) -> Option<VideoCode> {
        self.code.map(VideoCode::from_body)
    }

    /// The same where it may have been made up: `None` unless each number lies where a decoder and a detector have theirs, and
    /// there is no more of anything than these give.
    pub fn believable(mut self) -> Option<Self> {
        let chance = |log10_p: f64| log10_p <= 0.0;
        let time = |time: f64| time.is_finite() && time.abs() < 1e9;
        let media = &self.media;
        let texts = [Some(&media.container), media.video.as_ref(), media.audio.as_ref()];
        let named = texts.into_iter().flatten().all(|text| text.len() <= LONGEST_LINE);
        let timed = [media.fps, media.duration].into_iter().flatten().all(time);
        let found = self.finding.as_ref().is_none_or(|finding| {
            let sighted = finding.sighting.as_ref().is_none_or(|sighting| {
                let (geometry, timeline) = (&sighting.geometry, &sighting.timeline);
                let numbers = [geometry.centre, geometry.origin].into_iter().flat_map(|(x, y)| [x, y]);
                let mut numbers = numbers.chain(geometry.matrix);
                numbers.all(|number| number.is_finite() && number.abs() < 1e9)
                    && time(sighting.span.start)
                    && time(sighting.span.end)
                    && timeline.len() <= MOST_STRETCHES
                    && timeline.iter().all(|one| time(one.span.start) && time(one.span.end))
            });
            chance(finding.log10_p) && sighted && (finding.payload.is_none() || finding.sighting.is_some())
        });
        let beside =
            self.also.len() <= MOST_STRETCHES && self.also.iter().all(|(_, log10_p)| chance(*log10_p));
        let heard = self.audio.is_none_or(|audio| {
            let span = audio.span.is_none_or(|span| time(span.start) && time(span.end));
            chance(audio.log10_p) && span
        });
        let hashes = self.pdq.len() <= MOST_HASHES
            && self.pdq.iter().all(|hash| {
                let digits =
                    hash.hash.len() == 64 && hash.hash.bytes().all(|digit| digit.is_ascii_hexdigit());
                time(hash.time) && digits
            });
        let stills = self.stills.len() <= MOST_STILLS && self.stills.iter().all(|still| time(still.time));
        let spent = [self.decode, self.watermark, self.classifier].into_iter().all(time);
        self.errors = believable_lines(self.errors);
        (named && timed && found && beside && heard && hashes && stills && spent).then_some(self)
    }
}

/// Lines from a process that may have been taken over, cut to what an honest one says.
pub(crate) fn believable_lines(mut lines: Vec<String>) -> Vec<String> {
    lines.truncate(MOST_LINES);
    lines.into_iter().map(believable_line).collect()
}

pub(crate) fn believable_line(line: String) -> String {
    match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// The pictures kept of a clip, as one byte string.
mod kept {
    use super::{Deserialize, Samples};
    use serde::de::Error as _;
    use serde::{Deserializer, Serialize as _, Serializer};
    use serde_bytes::ByteBuf;

    pub fn serialize<S: Serializer>(samples: &Option<Samples>, serializer: S) -> Result<S::Ok, S::Error> {
        samples.as_ref().map(|samples| ByteBuf::from(samples.to_bytes())).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Samples>, D::Error> {
        let bytes = Option::<ByteBuf>::deserialize(deserializer)?;
        let read =
            bytes.map(|bytes| Samples::from_bytes(&bytes).ok_or_else(|| D::Error::custom("no pictures")));
        read.transpose()
    }
}

/// What was observed of a clip, as one byte string.
mod observed {
    use super::{Deserialize, Observation};
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserializer, Serialize as _, Serializer};
    use serde_bytes::ByteBuf;

    pub fn serialize<S: Serializer>(value: &Option<Observation>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        if let Some(observation) = value {
            observation.write_to(&mut bytes).map_err(S::Error::custom)?;
        }
        value.as_ref().map(|_| ByteBuf::from(bytes)).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Observation>, D::Error> {
        let bytes = Option::<ByteBuf>::deserialize(deserializer)?;
        let read = bytes
            .map(|bytes| Observation::from_bytes(&bytes).ok_or_else(|| D::Error::custom("no observation")));
        read.transpose()
    }
}

#[cfg(test)]
#[path = "seen_tests.rs"]
pub(crate) mod tests;

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// A video codec that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VideoCodec {
    /// H.264 / AVC, by x264.
    H264,
    /// H.265 / HEVC, by x265.
    Hevc,
    /// VP9, by libvpx.
    Vp9,
    /// AV1, by libaom: slower than SVT-AV1, but it takes odd sizes, 4:2:2, 4:4:4 and gray, gives the same bytes each
    /// time, and does not write to standard error.
    Av1,
    /// FFV1 version 3: lossless.
    Ffv1,
}

/// How to encode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodeOptions {
    /// The codec.
    pub codec: VideoCodec,
    /// Quality on the codec's own scale, smaller is better; `None` for a visually transparent default.
    pub crf: Option<u32>,
    /// Speed against size: x264's names (`ultrafast` … `placebo`; `None` for `medium`), or for VP9 and
    /// AV1 also `0` (slowest) to `8`.
    pub preset: Option<String>,
    /// Threads of the encoder; `None` for as many as the machine has. The same number gives the same bytes.
    pub threads: Option<u32>,
    /// How many the machine has, for an encoder that can't see it: x265 in a jail, where it would work with one.
    pub cores: Option<u32>,
}

const PRESETS: [&str; 10] = [
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
    "placebo",
];
/// libvpx's `cpu-used` for each of the names above.
const VP9_SPEEDS: [&str; 10] = ["8", "8", "7", "7", "6", "4", "3", "2", "1", "0"];
/// libaom's. Its fast mode is the usual one here: five times as fast as speed 6 for a fifth more bytes.
const AV1_SPEEDS: [&str; 10] = ["8", "8", "8", "7", "7", "7", "6", "5", "3", "1"];
const NUMBERS: [&str; 9] = ["0", "1", "2", "3", "4", "5", "6", "7", "8"];
const DEFAULT_PRESET: &str = "medium";

const CODECS: [(&str, VideoCodec); 5] = [
    ("h264", VideoCodec::H264),
    ("hevc", VideoCodec::Hevc),
    ("vp9", VideoCodec::Vp9),
    ("av1", VideoCodec::Av1),
    ("ffv1", VideoCodec::Ffv1),
];

impl VideoCodec {
    /// Short lowercase name.
    pub fn name(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::Hevc => "hevc",
            Self::Vp9 => "vp9",
            Self::Av1 => "av1",
            Self::Ffv1 => "ffv1",
        }
    }

    /// Quality scale: best, worst and default; `None` for a lossless codec.
    ///
    /// The defaults are visually transparent: 18 is x264's customary value for that, 20 is its match on x265's scale,
    /// 24 and 20 are near the same picture quality on the 0 to 63 scales of libvpx and libaom.
    pub fn quality(self) -> Option<(u32, u32, u32)> {
        match self {
            Self::H264 => Some((0, 51, 18)),
            Self::Hevc => Some((0, 51, 20)),
            Self::Vp9 => Some((0, 63, 24)),
            Self::Av1 => Some((0, 63, 20)),
            Self::Ffv1 => None,
        }
    }

    pub(crate) fn encoder(self) -> &'static str {
        match self {
            Self::H264 => "libx264",
            Self::Hevc => "libx265",
            Self::Vp9 => "libvpx-vp9",
            Self::Av1 => "libaom-av1",
            Self::Ffv1 => "ffv1",
        }
    }
}

impl FromStr for VideoCodec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        CODECS.iter().find(|(name, _)| *name == text).map(|(_, codec)| *codec).ok_or_else(|| {
            Error::Parameter(format!("unknown video codec \"{text}\"; use h264, hevc, vp9, av1 or ffv1"))
        })
    }
}

impl fmt::Display for VideoCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl EncodeOptions {
    /// The defaults for a codec.
    pub fn new(codec: VideoCodec) -> Self {
        Self { codec, crf: None, preset: None, threads: None, cores: None }
    }

    /// Whether the codec takes this quality and this preset.
    ///
    /// # Errors
    /// [`Error::Parameter`], with the range or the names.
    pub fn validate(&self) -> Result<(), Error> {
        self.crf_or_default()?;
        self.speed().map(drop)
    }

    fn crf_or_default(&self) -> Result<Option<u32>, Error> {
        let codec = self.codec;
        match (codec.quality(), self.crf) {
            (Some((best, worst, _)), Some(crf)) if !(best..=worst).contains(&crf) => {
                Err(Error::Parameter(format!("{codec} takes a CRF of {best} to {worst}, not {crf}")))
            }
            (Some((_, _, default)), crf) => Ok(Some(crf.unwrap_or(default))),
            (None, Some(_)) => Err(Error::Parameter(format!("{codec} is lossless and takes no CRF"))),
            (None, None) => Ok(None),
        }
    }

    /// The encoder's own word for the preset; empty where it has none.
    fn speed(&self) -> Result<&str, Error> {
        let codec = self.codec;
        let speeds = match codec {
            VideoCodec::H264 | VideoCodec::Hevc => &PRESETS,
            VideoCodec::Vp9 => &VP9_SPEEDS,
            VideoCodec::Av1 => &AV1_SPEEDS,
            VideoCodec::Ffv1 if self.preset.is_none() => return Ok(""),
            VideoCodec::Ffv1 => return Err(Error::Parameter("ffv1 has no presets".to_owned())),
        };
        let by_number = matches!(codec, VideoCodec::Vp9 | VideoCodec::Av1);
        let name = self.preset.as_deref().unwrap_or(DEFAULT_PRESET);
        let named = PRESETS.iter().zip(speeds).find(|(preset, _)| **preset == name).map(|(_, speed)| *speed);
        named.or_else(|| NUMBERS.into_iter().find(|number| by_number && *number == name)).ok_or_else(|| {
            Error::Parameter(format!(
                "{codec} has no preset \"{name}\"; use {}{}",
                PRESETS.join(", "),
                if by_number { ", or 0 (slowest) to 8" } else { "" }
            ))
        })
    }

    /// Options of the encoder, by FFmpeg's names, but for what depends on the video.
    pub(crate) fn encoder_options(&self) -> Result<Vec<(String, String)>, Error> {
        let crf = self.crf_or_default()?.map(|crf| crf.to_string()).unwrap_or_default();
        let speed = self.speed()?;
        // Above these speeds both libraries have a mode of their own, which looks at no later pictures.
        let realtime = match self.codec {
            VideoCodec::Vp9 => speed >= "6",
            _ => speed >= "7",
        };
        let pairs: &[(&str, &str)] = match self.codec {
            VideoCodec::H264 | VideoCodec::Hevc => &[("preset", speed), ("crf", &crf)],
            VideoCodec::Vp9 => &[
                ("crf", &crf),
                ("b", "0"),
                ("deadline", if realtime { "realtime" } else { "good" }),
                ("cpu-used", speed),
                ("row-mt", "1"),
                ("tile-columns", "2"),
            ],
            VideoCodec::Av1 => &[
                ("crf", &crf),
                ("b", "0"),
                ("usage", if realtime { "realtime" } else { "good" }),
                ("cpu-used", speed),
                ("row-mt", "1"),
                ("tiles", "2x1"),
            ],
            VideoCodec::Ffv1 => {
                &[("level", "3"), ("slicecrc", "1"), ("g", "1"), ("coder", "range_def"), ("context", "1")]
            }
        };
        Ok(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(codec: VideoCodec, crf: Option<u32>, preset: Option<&str>) -> EncodeOptions {
        EncodeOptions { crf, preset: preset.map(str::to_owned), ..EncodeOptions::new(codec) }
    }

    #[test]
    fn names_parse_back() {
        for (name, codec) in CODECS {
            assert_eq!(name.parse::<VideoCodec>().expect("known"), codec);
            assert_eq!(codec.to_string(), name);
        }
        assert!("mpeg2".parse::<VideoCodec>().expect_err("unknown").to_string().contains("h264, hevc"));
    }

    #[test]
    fn quality_outside_the_scale_is_refused_with_the_scale() {
        let error = options(VideoCodec::H264, Some(52), None).validate().expect_err("too large");
        assert_eq!(error.to_string(), "h264 takes a CRF of 0 to 51, not 52");
        assert!(options(VideoCodec::Av1, Some(63), None).validate().is_ok());
        assert!(options(VideoCodec::Ffv1, Some(1), None).validate().is_err());
    }

    #[test]
    fn presets_are_checked_against_the_codec() {
        assert!(options(VideoCodec::H264, None, Some("veryslow")).validate().is_ok());
        assert!(options(VideoCodec::Vp9, None, Some("veryslow")).validate().is_ok());
        assert!(options(VideoCodec::Vp9, None, Some("8")).validate().is_ok());
        for wrong in [options(VideoCodec::H264, None, Some("8")), options(VideoCodec::Av1, None, Some("9"))] {
            assert!(
                wrong.validate().expect_err("no such preset").to_string().contains("ultrafast, superfast")
            );
        }
    }
}

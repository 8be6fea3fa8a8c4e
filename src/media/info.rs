use std::path::Path;

use filigrane_frame::Limits;

use crate::ffi::{Demuxer, Medium, Ratio, StreamFacts};
use crate::parts::Part;
use crate::sniff;
use crate::source::{Source, is_believable};
use crate::{Cancel, Error};

/// Everything known of a video without decoding the whole file.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaInfo {
    /// Short name of the container: "mp4", "mov", "matroska", "webm", "avi", "mpegts", "gif", …
    pub container: String,
    /// Short name of the video codec: "h264", "hevc", "vp9", "av1", …
    pub video: String,
    /// Samples a row, as coded: neither turned nor stretched.
    pub width: u32,
    /// Rows, as coded.
    pub height: u32,
    /// Pictures a second on average; 0 when unknown.
    pub fps: f64,
    /// Number of pictures, when the container declares it.
    pub frames: Option<u64>,
    /// Seconds, when declared and believable for the size of the file; finite.
    pub duration: Option<f64>,
    /// Short name of the first audio codec.
    pub audio: Option<String>,
    /// FFmpeg's name of the pixel format, such as "yuv420p10le"; empty when unknown.
    pub pixel_format: String,
    /// Bits a luma sample; 0 when unknown.
    pub bits: u32,
    /// Degrees clockwise that a player turns the picture: 0 to 359.
    pub rotation: i32,
    /// Width to height of one sample; (1, 1) when square or unknown.
    pub sample_aspect: (u32, u32),
    /// "limited" or "full".
    pub colour_range: Option<String>,
    /// Such as "bt709".
    pub colour_primaries: Option<String>,
    /// Such as "smpte2084".
    pub colour_transfer: Option<String>,
    /// Such as "bt2020nc".
    pub colour_matrix: Option<String>,
    /// Number of streams of all sorts.
    pub streams: u32,
    /// What the container says of the whole file ("encoder", "creation_time", …): at most 64 pairs, cut to 256
    /// characters.
    pub tags: Vec<(String, String)>,
}

/// What a file says of itself. Decodes a few pictures at most.
///
/// # Errors
/// See [`Decoder::open`](crate::Decoder::open).
pub fn probe(path: &Path, limits: &Limits) -> Result<MediaInfo, Error> {
    probe_parts(&[path.into()], limits)
}

/// The same of several files that are one stream, such as an initialisation segment and its media segments, in order.
///
/// # Errors
/// See [`Decoder::open`](crate::Decoder::open).
pub fn probe_parts(parts: &[Part], limits: &Limits) -> Result<MediaInfo, Error> {
    Source::open(parts, limits, &Cancel::default()).map(|source| source.info)
}

/// Faster than this, a declared frame rate is the tick of a clock rather than a rate of pictures.
const FASTEST: f64 = 1000.0;

/// The frame rate a container declares, if it is believable.
pub(crate) fn believable_rate(video: &StreamFacts) -> Option<Ratio> {
    let believable = |rate: &Ratio| rate.positive().is_some_and(|rate| rate <= FASTEST);
    [video.average_rate, video.base_rate].into_iter().find(believable)
}

impl MediaInfo {
    pub(crate) fn gather(
        demuxer: &Demuxer,
        streams: &[StreamFacts],
        video: &StreamFacts,
        head: &[u8],
        bytes: u64,
    ) -> Self {
        let shape = video.pixel.and_then(|pixel| pixel.shape());
        let tags = demuxer.tags();
        let declared = video.tag("NUMBER_OF_FRAMES").and_then(|count| count.parse().ok());
        let aspect = video.sample_aspect;
        let square = aspect.positive().is_none();
        let part = |part: i32| if square { 1 } else { part.unsigned_abs() };
        let duration = demuxer.duration().or_else(|| declared_seconds(video));
        Self {
            container: container_name(&demuxer.format(), &tags, head),
            video: video.codec.clone(),
            width: video.width,
            height: video.height,
            fps: believable_rate(video).and_then(Ratio::positive).unwrap_or(0.0),
            frames: u64::try_from(video.frames).ok().filter(|count| *count > 0).or(declared),
            duration: duration.filter(|seconds| is_believable(*seconds, bytes)),
            audio: streams
                .iter()
                .find(|stream| stream.medium == Medium::Audio)
                .map(|stream| stream.codec.clone()),
            pixel_format: video.pixel.map(|pixel| pixel.name()).unwrap_or_default(),
            bits: shape.map_or(0, |shape| shape.bits),
            rotation: video.rotation,
            sample_aspect: (part(aspect.num), part(aspect.den)),
            colour_range: video.colour.range_name(),
            colour_primaries: video.colour.primaries_name(),
            colour_transfer: video.colour.transfer_name(),
            colour_matrix: video.colour.matrix_name(),
            streams: u32::try_from(streams.len()).unwrap_or(u32::MAX),
            tags: tags.into_iter().take(64).map(|(key, value)| (cut(key), cut(value))).collect(),
        }
    }
}

fn cut(text: String) -> String {
    if text.chars().count() <= 256 { text } else { text.chars().take(256).collect() }
}

/// Seconds the container gives for the video stream itself: a field in MP4, a tag in Matroska.
pub(crate) fn declared_seconds(video: &StreamFacts) -> Option<f64> {
    let field = video.duration.map(|ticks| video.time_base.seconds(ticks));
    field.or_else(|| {
        let mut parts = video.tag("DURATION")?.trim().split(':');
        let hours: f64 = parts.next()?.parse().ok()?;
        let minutes: f64 = parts.next()?.parse().ok()?;
        let seconds: f64 = parts.next()?.parse().ok()?;
        Some(hours * 3600.0 + minutes * 60.0 + seconds)
            .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
    })
}

fn container_name(format: &str, tags: &[(String, String)], head: &[u8]) -> String {
    let brand = tags.iter().find(|(key, _)| key == "major_brand").map(|(_, value)| value.as_str());
    let name = match format.split(',').next().unwrap_or_default() {
        "mov" => match brand {
            None | Some("qt  ") => "mov",
            Some(brand) if brand.starts_with("3g") => "3gp",
            Some(_) => "mp4",
        },
        "matroska" if sniff::is_webm(head) => "webm",
        "yuv4mpegpipe" => "y4m",
        "mpeg" => "mpegps",
        "asf_o" => "asf",
        "live_flv" => "flv",
        other => other,
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_get_short_names_from_demuxer_brand_and_document_type() {
        let brand = |brand: &str| vec![("major_brand".to_owned(), brand.to_owned())];
        let mov = "mov,mp4,m4a,3gp,3g2,mj2";
        assert_eq!(container_name(mov, &brand("isom"), b""), "mp4");
        assert_eq!(container_name(mov, &brand("qt  "), b""), "mov");
        assert_eq!(container_name(mov, &[], b""), "mov");
        assert_eq!(container_name("matroska,webm", &[], b"\x1aE\xdf\xa3\x42\x82\x84webm"), "webm");
        assert_eq!(container_name("matroska,webm", &[], b"\x1aE\xdf\xa3\x42\x82\x88matroska"), "matroska");
    }
}

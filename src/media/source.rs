use std::sync::Arc;

use filigrane_frame::Limits;

use crate::ffi::{Code, Demuxer, Medium, OpenFailure, StreamFacts};
use crate::info::{MediaInfo, declared_seconds};
use crate::outline::check_outline;
use crate::parts::{Part, Parts};
use crate::sniff;
use crate::watch::Watch;
use crate::{Cancel, Error};

/// An open input whose video stream is chosen.
pub(crate) struct Source {
    pub(crate) demuxer: Demuxer,
    pub(crate) streams: Vec<StreamFacts>,
    pub(crate) video: StreamFacts,
    pub(crate) info: MediaInfo,
    /// Seconds the container gives for the video stream alone.
    pub(crate) declared: Option<f64>,
}

/// Whether a file of this size may last so long. Fragmented files often declare nonsense: over an hour, at fewer than
/// 100 bytes a second, is taken for that. The times of the pictures themselves are bounded either way.
pub(crate) fn is_believable(seconds: f64, bytes: u64) -> bool {
    seconds.is_finite() && (seconds <= 3600.0 || bytes as f64 >= seconds * 100.0)
}

impl Source {
    /// Opens one file, or several that are one stream.
    pub(crate) fn open(parts: &[Part], limits: &Limits, cancel: &Cancel) -> Result<Self, Error> {
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        check_outline(parts, limits, cancel)?;
        let mut parts = Parts::open(parts)?;
        let bytes = parts.len();
        let head = parts.head().map_err(Error::read)?;
        if let Some(words) = sniff::look(&head) {
            return Err(Error::Unsupported(format!("not a video but {words}")));
        }
        let watch = Arc::new(Watch::new(cancel, limits.stall_seconds));
        let demuxer = match Demuxer::open(parts, limits.pixels, limits.streams, &watch) {
            Ok(demuxer) => demuxer,
            Err(failure) => {
                watch.verdict()?;
                return Err(failed(failure, limits));
            }
        };
        watch.verdict()?;
        let streams = demuxer.streams();
        let video = choose_video(&streams)?.clone();
        let info = MediaInfo::gather(&demuxer, &streams, &video, &head, bytes);
        check(&info, limits)?;
        let declared = declared_seconds(&video).filter(|seconds| is_believable(*seconds, bytes));
        Ok(Self { demuxer, streams, video, info, declared })
    }
}

fn failed(failure: OpenFailure, limits: &Limits) -> Error {
    match failure {
        OpenFailure::Streams(found) => {
            Error::Limit(format!("{found} streams are over the limit of {}", limits.streams))
        }
        OpenFailure::Code(code) if code == Code::NO_MEMORY => {
            Error::Malformed("its header asks for more memory than any real video needs".to_owned())
        }
        OpenFailure::Code(_) => {
            Error::Malformed("not a video that FFmpeg recognises, or its header is damaged".to_owned())
        }
    }
}

/// The stream a player would show: no cover picture, the default one first, then the largest.
fn choose_video(streams: &[StreamFacts]) -> Result<&StreamFacts, Error> {
    let moving = |stream: &&StreamFacts| {
        stream.medium == Medium::Video && !stream.is_cover && !stream.is_thumbnails && !stream.is_internal
    };
    let rank = |stream: &&StreamFacts| {
        let pixels = u64::from(stream.width) * u64::from(stream.height);
        (stream.has_decoder, pixels > 0, stream.is_default, pixels, std::cmp::Reverse(stream.index))
    };
    match streams.iter().filter(moving).max_by_key(rank) {
        Some(stream) if stream.has_decoder => Ok(stream),
        Some(stream) => Err(Error::Unsupported(format!(
            "this FFmpeg has no decoder for the video codec {}",
            stream.codec
        ))),
        None => Err(no_video(streams)),
    }
}

fn no_video(streams: &[StreamFacts]) -> Error {
    if streams.is_empty() {
        return Error::Malformed("no video stream: the container is empty".to_owned());
    }
    let mut audio: Vec<&str> = streams
        .iter()
        .filter(|stream| stream.medium == Medium::Audio)
        .map(|stream| stream.codec.as_str())
        .collect();
    audio.dedup();
    audio.truncate(4);
    let cover = if streams.iter().any(|stream| stream.is_cover) { " and a cover picture" } else { "" };
    Error::Unsupported(if audio.is_empty() {
        "no video stream".to_owned()
    } else {
        format!("no video stream (only audio: {}{cover})", audio.join(", "))
    })
}

fn check(info: &MediaInfo, limits: &Limits) -> Result<(), Error> {
    let (width, height) = (info.width, info.height);
    if width == 0 || height == 0 {
        return Err(Error::Malformed("the size of its pictures cannot be read".to_owned()));
    }
    check_size(width, height, limits)?;
    if let Some(seconds) = info.duration.filter(|seconds| *seconds > limits.seconds) {
        return Err(Error::Limit(format!("{seconds:.0} s are over the limit of {} s", limits.seconds)));
    }
    Ok(())
}

/// `Err` when a picture of this size is over the limit.
pub(crate) fn check_size(width: u32, height: u32, limits: &Limits) -> Result<(), Error> {
    if u64::from(width) * u64::from(height) > limits.pixels {
        return Err(Error::Limit(format!(
            "{width}x{height} pictures are over the limit of {} pixels",
            limits.pixels
        )));
    }
    Ok(())
}

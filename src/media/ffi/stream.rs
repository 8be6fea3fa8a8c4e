use std::ptr;

use super::text::{pairs, text};
use super::{Colour, Pixel, Ratio, c, number};

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    Video,
    Audio,
    Subtitle,
    Attachment,
    Data,
}

impl Medium {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Subtitle => "subtitle",
            Self::Attachment => "attachment",
            Self::Data => "data",
        }
    }
}

/// What a container says of one of its streams.
#[derive(Debug, Clone)]
pub(crate) struct StreamFacts {
    pub(crate) index: usize,
    pub(crate) medium: Medium,
    pub(crate) codec: String,
    pub(crate) has_decoder: bool,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixel: Option<Pixel>,
    pub(crate) colour: Colour,
    pub(crate) sample_aspect: Ratio,
    pub(crate) field_order: i32,
    /// Bits a sample of sound; 0 when unknown.
    pub(crate) sample_bits: u32,
    /// Bits a second; 0 when unknown.
    pub(crate) bit_rate: i64,
    pub(crate) average_rate: Ratio,
    pub(crate) base_rate: Ratio,
    pub(crate) time_base: Ratio,
    /// Ticks.
    pub(crate) duration: Option<i64>,
    /// As declared; 0 when not.
    pub(crate) frames: i64,
    /// Degrees clockwise, 0 to 359, that a player turns the picture.
    pub(crate) rotation: i32,
    pub(crate) is_default: bool,
    /// Cover art: one still picture, no video.
    pub(crate) is_cover: bool,
    pub(crate) is_thumbnails: bool,
    /// The demuxer reads it for itself (chapter titles) and hands out none of it.
    pub(crate) is_internal: bool,
    /// The old stream's own time code track, which muxers make anew from metadata.
    pub(crate) is_time_code: bool,
    pub(crate) has_dolby_vision: bool,
    pub(crate) tags: Vec<(String, String)>,
}

impl StreamFacts {
    /// The value of a tag, whatever the case of its name.
    pub(crate) fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// For messages: "audio stream 2 (aac, eng)".
    pub(crate) fn words(&self) -> String {
        let language = self.tag("language").filter(|language| *language != "und");
        let what = if self.is_cover { "cover picture" } else { self.medium.name() };
        match language {
            Some(language) => format!("{what} stream {} ({}, {language})", self.index, self.codec),
            None => format!("{what} stream {} ({})", self.index, self.codec),
        }
    }

    /// # Safety
    /// `stream` is a stream of a live format context.
    pub(super) unsafe fn read(stream: *const c::AVStream) -> Self {
        // SAFETY: the caller vouches for the stream; FFmpeg keeps its parameters beside it.
        unsafe {
            let raw = &*stream;
            let parameters = raw.codecpar;
            let codec_id = (*parameters).codec_id;
            let tag = (*parameters).codec_tag.to_le_bytes();
            let flag = |bit| raw.disposition & bit != 0;
            Self {
                index: usize::try_from(raw.index).unwrap_or(0),
                medium: match (*parameters).codec_type {
                    c::AVMediaType::AVMEDIA_TYPE_VIDEO => Medium::Video,
                    c::AVMediaType::AVMEDIA_TYPE_AUDIO => Medium::Audio,
                    c::AVMediaType::AVMEDIA_TYPE_SUBTITLE => Medium::Subtitle,
                    c::AVMediaType::AVMEDIA_TYPE_ATTACHMENT => Medium::Attachment,
                    _ => Medium::Data,
                },
                codec: match codec_id {
                    c::AVCodecID::AV_CODEC_ID_NONE => "unknown".to_owned(),
                    known => text(c::avcodec_get_name(known)),
                },
                has_decoder: !c::avcodec_find_decoder(codec_id).is_null(),
                width: u32::try_from((*parameters).width).unwrap_or(0),
                height: u32::try_from((*parameters).height).unwrap_or(0),
                pixel: Pixel::from_number((*parameters).format),
                colour: Colour {
                    range: number!((*parameters).color_range),
                    primaries: number!((*parameters).color_primaries),
                    transfer: number!((*parameters).color_trc),
                    matrix: number!((*parameters).color_space),
                    chroma_location: number!((*parameters).chroma_location),
                },
                sample_aspect: if raw.sample_aspect_ratio.num > 0 {
                    raw.sample_aspect_ratio.into()
                } else {
                    (*parameters).sample_aspect_ratio.into()
                },
                field_order: number!((*parameters).field_order),
                sample_bits: [(*parameters).bits_per_raw_sample, (*parameters).bits_per_coded_sample]
                    .into_iter()
                    .find_map(|bits| u32::try_from(bits).ok().filter(|bits| *bits > 0))
                    .unwrap_or(0),
                bit_rate: (*parameters).bit_rate,
                average_rate: raw.avg_frame_rate.into(),
                base_rate: raw.r_frame_rate.into(),
                time_base: raw.time_base.into(),
                duration: (raw.duration != c::AV_NOPTS_VALUE && raw.duration > 0).then_some(raw.duration),
                frames: raw.nb_frames,
                rotation: rotation(stream),
                is_default: flag(c::AV_DISPOSITION_DEFAULT),
                is_cover: flag(c::AV_DISPOSITION_ATTACHED_PIC),
                is_thumbnails: flag(c::AV_DISPOSITION_TIMED_THUMBNAILS),
                is_internal: number!(raw.discard) >= c::AVDiscard::AVDISCARD_ALL as i32,
                is_time_code: tag == *b"tmcd",
                has_dolby_vision: side_data(stream, c::AVPacketSideDataType::AV_PKT_DATA_DOVI_CONF).is_some(),
                tags: pairs(raw.metadata),
            }
        }
    }
}

/// # Safety
/// `stream` is a stream of a live format context, which must outlive the answer.
pub(super) unsafe fn side_data<'a>(
    stream: *const c::AVStream,
    kind: c::AVPacketSideDataType,
) -> Option<&'a [u8]> {
    let mut size = 0;
    // SAFETY: the caller vouches for the stream.
    let data = unsafe { c::av_stream_get_side_data(stream, kind, &raw mut size) };
    // SAFETY: FFmpeg keeps `size` bytes there.
    (!data.is_null()).then(|| unsafe { std::slice::from_raw_parts(data, size) })
}

/// # Safety
/// `stream` is a stream of a live format context.
unsafe fn rotation(stream: *const c::AVStream) -> i32 {
    // SAFETY: the caller vouches for the stream.
    let data = unsafe { side_data(stream, c::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX) };
    let mut matrix = [0i32; 9];
    let Some(data) = data.filter(|data| data.len() >= 36) else { return 0 };
    for (value, bytes) in matrix.iter_mut().zip(data.as_chunks::<4>().0) {
        *value = i32::from_ne_bytes(*bytes);
    }
    // SAFETY: nine numbers, as the function wants.
    let anticlockwise = unsafe { c::av_display_rotation_get(matrix.as_ptr()) };
    if anticlockwise.is_finite() { (-anticlockwise.round() as i32).rem_euclid(360) } else { 0 }
}

/// Gives `to` the side data of `from` that still holds after its pictures were coded anew (`coded_anew`), or all.
///
/// # Safety
/// Both are streams of live format contexts.
pub(super) unsafe fn copy_side_data(from: *const c::AVStream, to: *mut c::AVStream, coded_anew: bool) {
    use c::AVPacketSideDataType::*;
    let holds = [
        AV_PKT_DATA_DISPLAYMATRIX,
        AV_PKT_DATA_STEREO3D,
        AV_PKT_DATA_SPHERICAL,
        AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
        AV_PKT_DATA_CONTENT_LIGHT_LEVEL,
        AV_PKT_DATA_ICC_PROFILE,
    ];
    // SAFETY: the caller vouches for both streams; the array has as many elements as stated.
    unsafe {
        for index in 0..usize::try_from((*from).nb_side_data).unwrap_or(0) {
            let item = &*(*from).side_data.add(index);
            if coded_anew && !holds.contains(&item.type_) {
                continue;
            }
            add_side_data(to, item.type_, std::slice::from_raw_parts(item.data, item.size));
        }
    }
}

/// # Safety
/// `stream` is a stream of a live format context.
pub(super) unsafe fn add_side_data(stream: *mut c::AVStream, kind: c::AVPacketSideDataType, data: &[u8]) {
    // SAFETY: the caller vouches for the stream; the fresh block is as long as the data.
    unsafe {
        let place = c::av_stream_new_side_data(stream, kind, data.len());
        if !place.is_null() {
            ptr::copy_nonoverlapping(data.as_ptr(), place, data.len());
        }
    }
}

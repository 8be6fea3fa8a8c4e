use std::ffi::CString;
use std::ptr::{self, NonNull};

use super::demux::Options;
use super::{Code, Colour, Packet, Pixel, Ratio, VideoFrame, c, init, set_number};

/// What an encoder has to know before its first picture.
#[derive(Debug, Clone)]
pub(crate) struct EncoderSettings {
    /// FFmpeg's name of the encoder.
    pub(crate) encoder: &'static str,
    pub(crate) pixel: Pixel,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) time_base: Ratio,
    pub(crate) frame_rate: Ratio,
    pub(crate) sample_aspect: Ratio,
    pub(crate) colour: Colour,
    /// FFmpeg's number; 0 unknown.
    pub(crate) field_order: i32,
    pub(crate) interlaced: bool,
    /// Parameter sets go into the container's header.
    pub(crate) global_header: bool,
    /// Pictures come out in the order they went in.
    pub(crate) no_reordering: bool,
    /// 0 for as many as the machine has.
    pub(crate) threads: u32,
    pub(crate) options: Vec<(String, String)>,
}

/// An open video encoder.
pub(crate) struct VideoEncoder(NonNull<c::AVCodecContext>);

// SAFETY: the context is owned and used through `&mut self` alone.
unsafe impl Send for VideoEncoder {}

pub(super) fn find(name: &str) -> Option<NonNull<c::AVCodec>> {
    init();
    let name = CString::new(name).ok()?;
    // SAFETY: looks up a static table.
    NonNull::new(unsafe { c::avcodec_find_encoder_by_name(name.as_ptr()) }.cast_mut())
}

impl VideoEncoder {
    /// The pixel formats an encoder takes; `None` when this FFmpeg lacks the encoder.
    pub(crate) fn pixels(name: &str) -> Option<Vec<Pixel>> {
        let codec = find(name)?;
        let mut pixels = Vec::new();
        // SAFETY: a static list that ends with NONE.
        unsafe {
            let mut next = codec.as_ref().pix_fmts;
            while !next.is_null() && *next != c::AVPixelFormat::AV_PIX_FMT_NONE {
                pixels.extend(Pixel::from_number(*next as i32));
                next = next.add(1);
            }
        }
        Some(pixels)
    }

    pub(crate) fn codec_id(name: &str) -> Option<c::AVCodecID> {
        // SAFETY: a static table.
        find(name).map(|codec| unsafe { codec.as_ref() }.id)
    }

    pub(crate) fn open(settings: &EncoderSettings) -> Result<Self, Code> {
        let codec = find(settings.encoder).ok_or(Code::INVALID)?.as_ptr();
        let mut options = Options::new(&settings.options)?;
        // SAFETY: the context is owned from its allocation on; all fields set are plain numbers.
        unsafe {
            let encoder = NonNull::new(c::avcodec_alloc_context3(codec)).map(Self).ok_or(Code::NO_MEMORY)?;
            let raw = encoder.raw();
            (*raw).width = i32::try_from(settings.width).map_err(|_| Code::INVALID)?;
            (*raw).height = i32::try_from(settings.height).map_err(|_| Code::INVALID)?;
            (*raw).pix_fmt = settings.pixel.raw();
            (*raw).time_base = settings.time_base.into();
            (*raw).framerate = settings.frame_rate.into();
            (*raw).sample_aspect_ratio = settings.sample_aspect.into();
            set_number!((*raw).color_range, settings.colour.range);
            set_number!((*raw).color_primaries, settings.colour.primaries);
            set_number!((*raw).color_trc, settings.colour.transfer);
            set_number!((*raw).colorspace, settings.colour.matrix);
            set_number!((*raw).chroma_sample_location, settings.colour.chroma_location);
            set_number!((*raw).field_order, settings.field_order);
            (*raw).thread_count = i32::try_from(settings.threads).unwrap_or(0);
            let mut flags = c::AV_CODEC_FLAG_BITEXACT;
            if settings.global_header {
                flags |= c::AV_CODEC_FLAG_GLOBAL_HEADER;
            }
            if settings.interlaced {
                flags |= c::AV_CODEC_FLAG_INTERLACED_DCT;
            }
            (*raw).flags |= flags as i32;
            if settings.no_reordering {
                (*raw).max_b_frames = 0;
            }
            Code::check(c::avcodec_open2(raw, codec, &mut options.0))?;
            Ok(encoder)
        }
    }

    pub(super) fn raw(&self) -> *mut c::AVCodecContext {
        self.0.as_ptr()
    }

    pub(crate) fn time_base(&self) -> Ratio {
        // SAFETY: owned and open.
        unsafe { (*self.raw()).time_base }.into()
    }

    /// Hands over a picture, or the end of the video (`None`).
    pub(crate) fn send(&mut self, frame: Option<&VideoFrame>) -> Result<(), Code> {
        let frame = frame.map_or(ptr::null_mut(), VideoFrame::raw);
        // SAFETY: owned and open; the frame is alive.
        Code::check(unsafe { c::avcodec_send_frame(self.raw(), frame) }).map(drop)
    }

    /// The next packet; `AGAIN` asks for a picture, `END` comes after the last.
    pub(crate) fn receive(&mut self, packet: &mut Packet) -> Result<(), Code> {
        packet.clear();
        // SAFETY: owned and open; the packet is owned.
        Code::check(unsafe { c::avcodec_receive_packet(self.raw(), packet.raw()) }).map(drop)
    }
}

impl Drop for VideoEncoder {
    fn drop(&mut self) {
        let mut raw = self.raw();
        // SAFETY: owned, and not used again.
        unsafe { c::avcodec_free_context(&mut raw) }
    }
}

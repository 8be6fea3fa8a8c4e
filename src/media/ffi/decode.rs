use std::ptr::{self, NonNull};

use super::{Code, Demuxer, Packet, VideoEncoder, VideoFrame, c};

/// A decoder for one video stream.
pub(crate) struct VideoDecoder(NonNull<c::AVCodecContext>);

// SAFETY: the context is owned and used through `&mut self` alone.
unsafe impl Send for VideoDecoder {}

impl VideoDecoder {
    /// Opens a decoder that refuses pictures of more than `pixels`, and passes over all but key pictures where these alone
    /// are wanted.
    pub(crate) fn open(
        demuxer: &Demuxer,
        stream: usize,
        pixels: u64,
        threads: u32,
        keys_only: bool,
    ) -> Result<Self, Code> {
        let stream = demuxer.stream(stream).ok_or(Code::INVALID)?;
        // SAFETY: the stream is one of an open demuxer; the context is owned from its allocation on.
        unsafe {
            let codec = c::avcodec_find_decoder((*(*stream).codecpar).codec_id);
            let decoder = NonNull::new(c::avcodec_alloc_context3(codec)).map(Self).ok_or(Code::NO_MEMORY)?;
            let raw = decoder.0.as_ptr();
            Code::check(c::avcodec_parameters_to_context(raw, (*stream).codecpar))?;
            (*raw).pkt_timebase = (*stream).time_base;
            (*raw).max_pixels = i64::try_from(pixels).unwrap_or(i64::MAX);
            (*raw).thread_type = c::FF_THREAD_FRAME;
            (*raw).thread_count = i32::try_from(threads).unwrap_or(1);
            if keys_only {
                (*raw).skip_frame = c::AVDiscard::AVDISCARD_NONKEY;
            }
            Code::check(c::avcodec_open2(raw, codec, ptr::null_mut()))?;
            Ok(decoder)
        }
    }

    /// Opens a decoder for what an encoder puts out.
    pub(crate) fn of(encoder: &VideoEncoder) -> Result<Self, Code> {
        // SAFETY: the encoder is open; parameters and context are owned from their allocation on and the parameters
        // freed on every path.
        unsafe {
            let mut parameters = c::avcodec_parameters_alloc();
            if parameters.is_null() {
                return Err(Code::NO_MEMORY);
            }
            let opened = (|| {
                Code::check(c::avcodec_parameters_from_context(parameters, encoder.raw()))?;
                let codec = c::avcodec_find_decoder((*parameters).codec_id);
                let decoder =
                    NonNull::new(c::avcodec_alloc_context3(codec)).map(Self).ok_or(Code::NO_MEMORY)?;
                let raw = decoder.0.as_ptr();
                Code::check(c::avcodec_parameters_to_context(raw, parameters))?;
                Code::check(c::avcodec_open2(raw, codec, ptr::null_mut()))?;
                Ok(decoder)
            })();
            c::avcodec_parameters_free(&mut parameters);
            opened
        }
    }

    /// Hands over a packet, or the end of the stream (`None`).
    pub(crate) fn send(&mut self, packet: Option<&Packet>) -> Result<(), Code> {
        let packet = packet.map_or(ptr::null_mut(), Packet::raw);
        // SAFETY: owned and open; the packet is alive.
        Code::check(unsafe { c::avcodec_send_packet(self.0.as_ptr(), packet) }).map(drop)
    }

    /// The next picture; `AGAIN` asks for a packet, `END` comes after the last.
    pub(crate) fn receive(&mut self) -> Result<VideoFrame, Code> {
        let frame = VideoFrame::new()?;
        // SAFETY: owned and open; the frame is owned.
        Code::check(unsafe { c::avcodec_receive_frame(self.0.as_ptr(), frame.raw()) })?;
        Ok(frame)
    }
}

impl Drop for VideoDecoder {
    fn drop(&mut self) {
        let mut raw = self.0.as_ptr();
        // SAFETY: owned, and not used again.
        unsafe { c::avcodec_free_context(&mut raw) }
    }
}

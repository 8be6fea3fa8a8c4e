use std::ptr::{self, NonNull};

use super::encode::find;
use super::{Code, Demuxer, Packet, Ratio, c, number, set_number};

/// A decoder for one audio stream.
pub(crate) struct SoundDecoder(NonNull<c::AVCodecContext>);

// SAFETY: the context is owned and used through `&mut self` alone.
unsafe impl Send for SoundDecoder {}

/// How samples are laid out, and their rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SoundShape {
    /// Samples a second of each channel.
    pub(crate) rate: u32,
    pub(crate) channels: usize,
    /// The channel for effects below 120 Hz.
    pub(crate) low_frequency: Option<usize>,
}

/// A stretch of decoded sound.
pub(crate) struct SoundFrame(NonNull<c::AVFrame>);

impl SoundDecoder {
    pub(crate) fn open(demuxer: &Demuxer, stream: usize) -> Result<Self, Code> {
        let stream = demuxer.stream(stream).ok_or(Code::INVALID)?;
        // SAFETY: the stream is one of an open demuxer; the context is owned from its allocation on.
        unsafe {
            let codec = c::avcodec_find_decoder((*(*stream).codecpar).codec_id);
            let decoder = NonNull::new(c::avcodec_alloc_context3(codec)).map(Self).ok_or(Code::NO_MEMORY)?;
            let raw = decoder.0.as_ptr();
            Code::check(c::avcodec_parameters_to_context(raw, (*stream).codecpar))?;
            (*raw).pkt_timebase = (*stream).time_base;
            (*raw).thread_count = 1;
            Code::check(c::avcodec_open2(raw, codec, ptr::null_mut()))?;
            Ok(decoder)
        }
    }

    /// Hands over a packet, or the end of the stream (`None`).
    pub(crate) fn send(&mut self, packet: Option<&Packet>) -> Result<(), Code> {
        let packet = packet.map_or(ptr::null_mut(), Packet::raw);
        // SAFETY: owned and open; the packet is alive.
        Code::check(unsafe { c::avcodec_send_packet(self.0.as_ptr(), packet) }).map(drop)
    }

    /// The next stretch; `AGAIN` asks for a packet, `END` comes after the last.
    pub(crate) fn receive(&mut self) -> Result<SoundFrame, Code> {
        let frame = SoundFrame::new()?;
        // SAFETY: owned and open; the frame is owned.
        Code::check(unsafe { c::avcodec_receive_frame(self.0.as_ptr(), frame.raw()) })?;
        Ok(frame)
    }
}

impl Drop for SoundDecoder {
    fn drop(&mut self) {
        let mut raw = self.0.as_ptr();
        // SAFETY: owned, and not used again.
        unsafe { c::avcodec_free_context(&mut raw) }
    }
}

impl SoundFrame {
    fn new() -> Result<Self, Code> {
        // SAFETY: returns an owned frame or null.
        NonNull::new(unsafe { c::av_frame_alloc() }).map(Self).ok_or(Code::NO_MEMORY)
    }

    fn raw(&self) -> *mut c::AVFrame {
        self.0.as_ptr()
    }

    fn fields(&self) -> &c::AVFrame {
        // SAFETY: owned and valid for as long as self.
        unsafe { self.0.as_ref() }
    }

    pub(crate) fn pts(&self) -> Option<i64> {
        let ticks = self.fields().best_effort_timestamp;
        (ticks != c::AV_NOPTS_VALUE).then_some(ticks)
    }

    pub(crate) fn shape(&self) -> SoundShape {
        let fields = self.fields();
        // SAFETY: the layout is that of a live frame; looks up a static order of channels.
        let low = unsafe {
            c::av_channel_layout_index_from_channel(&fields.ch_layout, c::AVChannel::AV_CHAN_LOW_FREQUENCY)
        };
        SoundShape {
            rate: u32::try_from(fields.sample_rate).unwrap_or(0),
            channels: usize::try_from(fields.ch_layout.nb_channels).unwrap_or(0),
            low_frequency: usize::try_from(low).ok(),
        }
    }

    /// The samples of each channel, full scale at 1; `None` for a format that is none of FFmpeg's plain ones.
    pub(crate) fn samples(&self) -> Option<Vec<Vec<f32>>> {
        let fields = self.fields();
        let count = usize::try_from(fields.nb_samples).ok()?;
        let channels = self.shape().channels;
        let (width, planar, read) = reader(fields.format)?;
        if fields.extended_data.is_null() || channels == 0 {
            return None;
        }
        let mut samples = Vec::with_capacity(channels);
        for channel in 0..channels {
            let (plane, first, step) = if planar { (channel, 0, 1) } else { (0, channel, channels) };
            // SAFETY: planar frames have a plane for each channel, the others one for all; FFmpeg allocated
            // `count` samples of `width` bytes for each channel that a plane holds.
            let bytes = unsafe {
                let data = *fields.extended_data.add(plane);
                if data.is_null() {
                    return None;
                }
                std::slice::from_raw_parts(data, count * width * step)
            };
            samples.push(bytes.chunks_exact(width).skip(first).step_by(step).map(read).collect());
        }
        Some(samples)
    }
}

impl Drop for SoundFrame {
    fn drop(&mut self) {
        let mut raw = self.raw();
        // SAFETY: owned, and not used again.
        unsafe { c::av_frame_free(&mut raw) }
    }
}

type Read = fn(&[u8]) -> f32;
type Write = fn(f32, &mut [u8]);

/// Bytes of a sample, whether each channel has a plane of its own, and how a sample is read.
fn reader(format: i32) -> Option<(usize, bool, Read)> {
    use c::AVSampleFormat::*;
    let is = |one: c::AVSampleFormat| one as i32 == format;
    let (width, read): (usize, Read) = if is(AV_SAMPLE_FMT_U8) || is(AV_SAMPLE_FMT_U8P) {
        (1, |b| (f32::from(b[0]) - 128.0) / 128.0)
    } else if is(AV_SAMPLE_FMT_S16) || is(AV_SAMPLE_FMT_S16P) {
        (2, |b| f32::from(i16::from_ne_bytes([b[0], b[1]])) / 32768.0)
    } else if is(AV_SAMPLE_FMT_S32) || is(AV_SAMPLE_FMT_S32P) {
        (4, |b| i32::from_ne_bytes([b[0], b[1], b[2], b[3]]) as f32 / 2147483648.0)
    } else if is(AV_SAMPLE_FMT_FLT) || is(AV_SAMPLE_FMT_FLTP) {
        (4, |b| f32::from_ne_bytes([b[0], b[1], b[2], b[3]]))
    } else if is(AV_SAMPLE_FMT_DBL) || is(AV_SAMPLE_FMT_DBLP) {
        (8, |b| f64::from_ne_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
    } else if is(AV_SAMPLE_FMT_S64) || is(AV_SAMPLE_FMT_S64P) {
        (8, |b| i64::from_ne_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32 / 9.223_372e18)
    } else {
        return None;
    };
    let planar = [
        AV_SAMPLE_FMT_U8P,
        AV_SAMPLE_FMT_S16P,
        AV_SAMPLE_FMT_S32P,
        AV_SAMPLE_FMT_FLTP,
        AV_SAMPLE_FMT_DBLP,
        AV_SAMPLE_FMT_S64P,
    ];
    Some((width, planar.into_iter().any(is), read))
}

/// The same for writing; formats with 64-bit integers are not asked for.
fn writer(format: i32) -> Option<(usize, bool, Write)> {
    use c::AVSampleFormat::*;
    let is = |one: c::AVSampleFormat| one as i32 == format;
    let (width, write): (usize, Write) = if is(AV_SAMPLE_FMT_U8) || is(AV_SAMPLE_FMT_U8P) {
        (1, |value, b| b[0] = (value * 128.0 + 128.0).round().clamp(0.0, 255.0) as u8)
    } else if is(AV_SAMPLE_FMT_S16) || is(AV_SAMPLE_FMT_S16P) {
        (2, |value, b| b.copy_from_slice(&((value * 32768.0).round() as i16).to_ne_bytes()))
    } else if is(AV_SAMPLE_FMT_S32) || is(AV_SAMPLE_FMT_S32P) {
        (4, |value, b| b.copy_from_slice(&((f64::from(value) * 2147483648.0).round() as i32).to_ne_bytes()))
    } else if is(AV_SAMPLE_FMT_FLT) || is(AV_SAMPLE_FMT_FLTP) {
        (4, |value, b| b.copy_from_slice(&value.to_ne_bytes()))
    } else if is(AV_SAMPLE_FMT_DBL) || is(AV_SAMPLE_FMT_DBLP) {
        (8, |value, b| b.copy_from_slice(&f64::from(value).to_ne_bytes()))
    } else {
        return None;
    };
    let (_, planar, _) = reader(format)?;
    Some((width, planar, write))
}

/// An open audio encoder.
pub(crate) struct SoundEncoder(NonNull<c::AVCodecContext>);

// SAFETY: the context is owned and used through `&mut self` alone.
unsafe impl Send for SoundEncoder {}

impl SoundEncoder {
    /// Opens the encoder of this name for sound with the shape and layout of `first`. `bits` is the depth of lossless
    /// samples, `bit_rate` is for lossy ones, bits a second.
    pub(crate) fn open(
        name: &str,
        first: &SoundFrame,
        bits: u32,
        bit_rate: Option<i64>,
        global_header: bool,
    ) -> Result<Self, Code> {
        let codec = find(name).ok_or(Code::INVALID)?.as_ptr();
        let fields = first.fields();
        let format = best_format(codec, bits).ok_or(Code::INVALID)?;
        // SAFETY: the codec is static, the frame live; the context is owned from its allocation on.
        unsafe {
            let encoder = NonNull::new(c::avcodec_alloc_context3(codec)).map(Self).ok_or(Code::NO_MEMORY)?;
            let raw = encoder.raw();
            let order = number!(fields.ch_layout.order);
            if order == c::AVChannelOrder::AV_CHANNEL_ORDER_UNSPEC as i32 {
                c::av_channel_layout_default(&raw mut (*raw).ch_layout, fields.ch_layout.nb_channels);
            } else {
                Code::check(c::av_channel_layout_copy(&raw mut (*raw).ch_layout, &fields.ch_layout))?;
            }
            (*raw).sample_rate = fields.sample_rate;
            set_number!((*raw).sample_fmt, format);
            (*raw).time_base = Ratio { num: 1, den: fields.sample_rate }.into();
            (*raw).bits_per_raw_sample = if bits > 16 { 24 } else { 0 };
            (*raw).thread_count = 1;
            if let Some(bit_rate) = bit_rate {
                (*raw).bit_rate = bit_rate;
            }
            (*raw).flags |= c::AV_CODEC_FLAG_BITEXACT as i32;
            if global_header {
                (*raw).flags |= c::AV_CODEC_FLAG_GLOBAL_HEADER as i32;
            }
            Code::check(c::avcodec_open2(raw, codec, ptr::null_mut()))?;
            Ok(encoder)
        }
    }

    pub(crate) fn codec_id(name: &str) -> Option<c::AVCodecID> {
        // SAFETY: a static table.
        find(name).map(|codec| unsafe { codec.as_ref() }.id)
    }

    pub(super) fn raw(&self) -> *mut c::AVCodecContext {
        self.0.as_ptr()
    }

    pub(crate) fn time_base(&self) -> Ratio {
        // SAFETY: owned and open.
        unsafe { (*self.raw()).time_base }.into()
    }

    /// Samples of a channel that one frame takes; `None` when any number will do.
    pub(crate) fn frame_size(&self) -> Option<usize> {
        // SAFETY: owned and open.
        usize::try_from(unsafe { (*self.raw()).frame_size }).ok().filter(|size| *size > 0)
    }

    /// Hands over samples that begin at `pts`, or the end of the sound (`None`).
    pub(crate) fn send(&mut self, samples: Option<(&[&[f32]], i64)>) -> Result<(), Code> {
        let Some((samples, pts)) = samples else {
            // SAFETY: owned and open; null is the documented way to end.
            return Code::check(unsafe { c::avcodec_send_frame(self.raw(), ptr::null_mut()) }).map(drop);
        };
        let frame = SoundFrame::new()?;
        // SAFETY: the context is open and the frame fresh; its buffers are allocated before they are filled, with
        // `count` samples of `width` bytes for each channel a plane holds.
        unsafe {
            let (raw, target) = (self.raw(), frame.raw());
            let count = samples.first().map_or(0, |samples| samples.len());
            (*target).nb_samples = i32::try_from(count).map_err(|_| Code::INVALID)?;
            (*target).format = number!((*raw).sample_fmt);
            (*target).sample_rate = (*raw).sample_rate;
            (*target).pts = pts;
            Code::check(c::av_channel_layout_copy(&raw mut (*target).ch_layout, &(*raw).ch_layout))?;
            Code::check(c::av_frame_get_buffer(target, 0))?;
            let channels = usize::try_from((*raw).ch_layout.nb_channels).unwrap_or(0);
            let (width, planar, write) = writer((*target).format).ok_or(Code::INVALID)?;
            if samples.len() != channels || samples.iter().any(|channel| channel.len() != count) {
                return Err(Code::INVALID);
            }
            for (channel, values) in samples.iter().enumerate() {
                let (plane, first, step) = if planar { (channel, 0, 1) } else { (0, channel, channels) };
                let bytes =
                    std::slice::from_raw_parts_mut(*(*target).extended_data.add(plane), count * width * step);
                for (place, value) in bytes.chunks_exact_mut(width).skip(first).step_by(step).zip(*values) {
                    write(*value, place);
                }
            }
            Code::check(c::avcodec_send_frame(raw, target)).map(drop)
        }
    }

    /// The next packet; `AGAIN` asks for samples, `END` comes after the last.
    pub(crate) fn receive(&mut self, packet: &mut Packet) -> Result<(), Code> {
        packet.clear();
        // SAFETY: owned and open; the packet is owned.
        Code::check(unsafe { c::avcodec_receive_packet(self.raw(), packet.raw()) }).map(drop)
    }
}

impl Drop for SoundEncoder {
    fn drop(&mut self) {
        let mut raw = self.raw();
        // SAFETY: owned, and not used again.
        unsafe { c::avcodec_free_context(&mut raw) }
    }
}

/// Of the sample formats that an encoder takes, the one that keeps `bits` best.
fn best_format(codec: *const c::AVCodec, bits: u32) -> Option<i32> {
    use c::AVSampleFormat::*;
    let mut formats = Vec::new();
    // SAFETY: a static codec, and a static list that ends with NONE.
    unsafe {
        let mut next = (*codec).sample_fmts;
        while !next.is_null() && *next != AV_SAMPLE_FMT_NONE {
            formats.push(*next as i32);
            next = next.add(1);
        }
    }
    let float = vec![AV_SAMPLE_FMT_FLTP, AV_SAMPLE_FMT_FLT, AV_SAMPLE_FMT_DBL, AV_SAMPLE_FMT_DBLP];
    let wide = vec![AV_SAMPLE_FMT_S32, AV_SAMPLE_FMT_S32P];
    let narrow = vec![AV_SAMPLE_FMT_S16, AV_SAMPLE_FMT_S16P, AV_SAMPLE_FMT_U8, AV_SAMPLE_FMT_U8P];
    let order = if bits > 16 { [float, wide, narrow] } else { [float, narrow, wide] };
    order.concat().into_iter().map(|format| format as i32).find(|format| formats.contains(format))
}

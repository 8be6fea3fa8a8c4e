use std::ffi::CString;
use std::io::{self, Seek, SeekFrom, Write};
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError};

use ffmpeg_next::format::context::StreamIo;

use super::demux::Options;
use super::stream::{add_side_data, copy_side_data};
use super::{Code, Demuxer, Extra, Packet, Ratio, SoundEncoder, VideoEncoder, VideoFrame, c, init};

/// A container open for writing.
pub(crate) struct Muxer {
    raw: NonNull<c::AVFormatContext>,
    fault: Fault,
    // After `raw` is freed in `drop`, the fields go: FFmpeg writes through this one.
    _io: StreamIo,
}

// SAFETY: the context is owned, used through `&mut self` alone, and has no ties to a thread.
unsafe impl Send for Muxer {}

type Fault = Arc<Mutex<Option<io::Error>>>;

/// Keeps the first failure of the file itself, which FFmpeg reduces to a number.
struct Guarded<W> {
    inner: W,
    fault: Fault,
}

impl<W> Guarded<W> {
    fn keep<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
            kind.into()
        })
    }
}

impl<W: Write> Write for Guarded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.inner.write(bytes);
        self.keep(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.inner.flush();
        self.keep(result)
    }
}

impl<W: Seek> Seek for Guarded<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let result = self.inner.seek(to);
        self.keep(result)
    }
}

/// Swallows what a trial header writes.
struct Nowhere(u64);

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Nowhere {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if let SeekFrom::Start(place) = to {
            self.0 = place;
        }
        Ok(self.0)
    }
}

/// Whether a container (FFmpeg's short name) has a place for a codec.
pub(crate) fn container_holds(format: &str, codec: c::AVCodecID) -> bool {
    init();
    let Ok(format) = CString::new(format) else { return false };
    // SAFETY: looks up static tables.
    unsafe {
        let format = c::av_guess_format(format.as_ptr(), ptr::null(), ptr::null());
        !format.is_null() && c::avformat_query_codec(format, codec, c::FF_COMPLIANCE_EXPERIMENTAL) == 1
    }
}

impl Muxer {
    /// Starts a container of the format with this short name; nothing is written before `write_header`.
    pub(crate) fn create<W: Write + Seek + Send + 'static>(format: &str, to: W) -> Result<Self, Code> {
        init();
        let format = CString::new(format).map_err(|_| Code::INVALID)?;
        let fault = Fault::default();
        let guarded = Guarded { inner: to, fault: Arc::clone(&fault) };
        let mut io =
            StreamIo::from_write_seek_with_capacity(guarded, 256 << 10).map_err(|_| Code::NO_MEMORY)?;
        let mut raw = ptr::null_mut();
        // SAFETY: the context is owned from here on, and the I/O outlives it.
        unsafe {
            let format = format.as_ptr();
            Code::check(c::avformat_alloc_output_context2(&mut raw, ptr::null(), format, ptr::null()))?;
            let raw = NonNull::new(raw).ok_or(Code::NO_MEMORY)?;
            (*raw.as_ptr()).pb = io.as_mut_ptr();
            (*raw.as_ptr()).flags |= c::AVFMT_FLAG_CUSTOM_IO | c::AVFMT_FLAG_BITEXACT;
            (*raw.as_ptr()).strict_std_compliance = c::FF_COMPLIANCE_EXPERIMENTAL;
            Ok(Self { raw, fault, _io: io })
        }
    }

    /// Whether this container takes the packets of a stream as they are; tried out on a header that goes nowhere.
    pub(crate) fn would_take(format: &str, from: &Demuxer, index: usize) -> bool {
        let attempt = || {
            let mut trial = Self::create(format, Nowhere(0))?;
            trial.add_copy(from, index)?;
            trial.write_header(&[])
        };
        attempt().is_ok()
    }

    fn raw(&self) -> *mut c::AVFormatContext {
        self.raw.as_ptr()
    }

    /// What the system said, when writing failed.
    pub(crate) fn take_fault(&self) -> Option<io::Error> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether parameter sets belong into the header.
    pub(crate) fn wants_global_header(&self) -> bool {
        // SAFETY: the context is open and has a format.
        unsafe { (*(*self.raw()).oformat).flags & c::AVFMT_GLOBALHEADER != 0 }
    }

    fn new_stream(&mut self) -> Result<(*mut c::AVStream, usize), Code> {
        // SAFETY: owned context; the answer belongs to it.
        let stream = unsafe { c::avformat_new_stream(self.raw(), ptr::null()) };
        if stream.is_null() {
            return Err(Code::NO_MEMORY);
        }
        // SAFETY: not null.
        Ok((stream, usize::try_from(unsafe { (*stream).index }).unwrap_or(0)))
    }

    /// Adds a stream that takes the packets of `from`'s stream `index` as they are.
    pub(crate) fn add_copy(&mut self, from: &Demuxer, index: usize) -> Result<usize, Code> {
        let source = from.stream(index).ok_or(Code::INVALID)?;
        let (target, place) = self.new_stream()?;
        // SAFETY: both streams belong to live contexts.
        unsafe {
            Code::check(c::avcodec_parameters_copy((*target).codecpar, (*source).codecpar))?;
            let parameters = (*target).codecpar;
            let tables = (*(*self.raw()).oformat).codec_tag;
            let mut other = 0;
            // The old container's four-letter code stays only where the new container means the same by it.
            let keeps = tables.is_null()
                || c::av_codec_get_id(tables, (*parameters).codec_tag) == (*parameters).codec_id
                || c::av_codec_get_tag2(tables, (*parameters).codec_id, &raw mut other) == 0;
            if !keeps {
                (*parameters).codec_tag = 0;
            }
            (*target).time_base = (*source).time_base;
            (*target).avg_frame_rate = (*source).avg_frame_rate;
            (*target).r_frame_rate = (*source).r_frame_rate;
            (*target).sample_aspect_ratio = (*source).sample_aspect_ratio;
            (*target).disposition = (*source).disposition;
            Code::check(c::av_dict_copy(&raw mut (*target).metadata, (*source).metadata, 0))?;
            copy_side_data(source, target, false);
        }
        Ok(place)
    }

    /// Adds a file attachment, for containers that have them.
    pub(crate) fn add_attachment(
        &mut self,
        from: &Demuxer,
        index: usize,
        data: &[u8],
        file_name: &str,
        mime_type: &str,
    ) -> Result<(), Code> {
        let source = from.stream(index).ok_or(Code::INVALID)?;
        let size = i32::try_from(data.len()).map_err(|_| Code::INVALID)?;
        let (target, place) = self.new_stream()?;
        // SAFETY: both streams belong to live contexts; the block is as long as the data and its padding.
        unsafe {
            let parameters = (*target).codecpar;
            (*parameters).codec_type = c::AVMediaType::AVMEDIA_TYPE_ATTACHMENT;
            (*parameters).codec_id = (*(*source).codecpar).codec_id;
            let block = c::av_mallocz(data.len() + c::AV_INPUT_BUFFER_PADDING_SIZE as usize).cast::<u8>();
            if block.is_null() {
                return Err(Code::NO_MEMORY);
            }
            ptr::copy_nonoverlapping(data.as_ptr(), block, data.len());
            (*parameters).extradata = block;
            (*parameters).extradata_size = size;
            Code::check(c::av_dict_copy(&raw mut (*target).metadata, (*source).metadata, 0))?;
        }
        self.default_tag(place, "filename", file_name)?;
        self.default_tag(place, "mimetype", mime_type)
    }

    fn default_tag(&mut self, stream: usize, key: &str, value: &str) -> Result<(), Code> {
        self.set_stream_tags(stream, &[(key, value)], c::AV_DICT_DONT_OVERWRITE)
    }

    fn set_stream_tags(&mut self, stream: usize, tags: &[(&str, &str)], flags: i32) -> Result<(), Code> {
        // SAFETY: the index comes from `new_stream`.
        unsafe { set_tags(&raw mut (**(*self.raw()).streams.add(stream)).metadata, tags, flags) }
    }

    /// Adds the stream that `encoder` fills, described as `from`'s stream `index` but for `tags`; `first` is its first
    /// picture, for light levels that only pictures carry.
    pub(crate) fn add_encoded(
        &mut self,
        encoder: &VideoEncoder,
        from: &Demuxer,
        index: usize,
        tags: &[(&str, &str)],
        first: &VideoFrame,
        four_letters: Option<[u8; 4]>,
    ) -> Result<usize, Code> {
        use c::AVPacketSideDataType::*;
        let source = from.stream(index).ok_or(Code::INVALID)?;
        let (target, place) = self.new_stream()?;
        // SAFETY: both streams belong to live contexts, and the encoder is open.
        unsafe {
            Code::check(c::avcodec_parameters_from_context((*target).codecpar, encoder.raw()))?;
            (*target).time_base = (*encoder.raw()).time_base;
            (*target).avg_frame_rate = (*source).avg_frame_rate;
            (*target).r_frame_rate = (*source).r_frame_rate;
            (*target).sample_aspect_ratio = (*encoder.raw()).sample_aspect_ratio;
            (*target).disposition = (*source).disposition;
            if let Some(tag) = four_letters {
                (*(*target).codecpar).codec_tag = u32::from_le_bytes(tag);
            }
            copy_side_data(source, target, true);
            for (extra, kind) in [
                (Extra::MasteringDisplay, AV_PKT_DATA_MASTERING_DISPLAY_METADATA),
                (Extra::ContentLight, AV_PKT_DATA_CONTENT_LIGHT_LEVEL),
            ] {
                let absent = c::av_stream_get_side_data(target, kind, ptr::null_mut()).is_null();
                if let Some(data) = first.extra(extra).filter(|_| absent) {
                    add_side_data(target, kind, data);
                }
            }
        }
        self.set_stream_tags(place, tags, 0)?;
        Ok(place)
    }

    /// Adds the stream that `encoder` fills with pictures that come from no file.
    pub(crate) fn add_made(
        &mut self,
        encoder: &VideoEncoder,
        rate: Ratio,
        four_letters: Option<[u8; 4]>,
    ) -> Result<usize, Code> {
        let (target, place) = self.new_stream()?;
        // SAFETY: the stream belongs to a live context, and the encoder is open.
        unsafe {
            Code::check(c::avcodec_parameters_from_context((*target).codecpar, encoder.raw()))?;
            (*target).time_base = (*encoder.raw()).time_base;
            (*target).avg_frame_rate = rate.into();
            (*target).r_frame_rate = rate.into();
            if let Some(tag) = four_letters {
                (*(*target).codecpar).codec_tag = u32::from_le_bytes(tag);
            }
        }
        Ok(place)
    }

    /// Adds the stream that `encoder` fills, described as `from`'s stream `index` but for `tags`.
    pub(crate) fn add_sound(
        &mut self,
        encoder: &SoundEncoder,
        from: &Demuxer,
        index: usize,
        tags: &[(&str, &str)],
    ) -> Result<usize, Code> {
        let source = from.stream(index).ok_or(Code::INVALID)?;
        let (target, place) = self.new_stream()?;
        // SAFETY: both streams belong to live contexts, and the encoder is open.
        unsafe {
            Code::check(c::avcodec_parameters_from_context((*target).codecpar, encoder.raw()))?;
            (*target).time_base = (*encoder.raw()).time_base;
            (*target).disposition = (*source).disposition;
        }
        self.set_stream_tags(place, tags, 0)?;
        Ok(place)
    }

    /// Whether this container takes what an encoder gives; tried out on a header that goes nowhere.
    pub(crate) fn would_hold(format: &str, encoder: &SoundEncoder, from: &Demuxer, index: usize) -> bool {
        let attempt = || {
            let mut trial = Self::create(format, Nowhere(0))?;
            trial.add_sound(encoder, from, index, &[])?;
            trial.write_header(&[])
        };
        attempt().is_ok()
    }

    /// Sets what describes the whole file.
    pub(crate) fn set_tags(&mut self, tags: &[(&str, &str)]) -> Result<(), Code> {
        // SAFETY: owned context.
        unsafe { set_tags(&raw mut (*self.raw()).metadata, tags, 0) }
    }

    /// Copies the chapters, moved later by `shift` microseconds.
    pub(crate) fn copy_chapters(&mut self, from: &Demuxer, shift: i64) -> Result<(), Code> {
        // SAFETY: both contexts are live; array and chapters are allocated as `avformat_free_context` frees them.
        unsafe {
            let count = usize::try_from((*from.raw()).nb_chapters).unwrap_or(0);
            if count == 0 {
                return Ok(());
            }
            let list = c::av_calloc(count, size_of::<*mut c::AVChapter>()).cast::<*mut c::AVChapter>();
            if list.is_null() {
                return Err(Code::NO_MEMORY);
            }
            (*self.raw()).chapters = list;
            for index in 0..count {
                let old = *(*from.raw()).chapters.add(index);
                let new = c::av_mallocz(size_of::<c::AVChapter>()).cast::<c::AVChapter>();
                if new.is_null() {
                    return Err(Code::NO_MEMORY);
                }
                *list.add(index) = new;
                (*self.raw()).nb_chapters += 1;
                let moved = Ratio::MICROSECOND.convert(shift, (*old).time_base.into());
                (*new).id = (*old).id;
                (*new).time_base = (*old).time_base;
                (*new).start = (*old).start.saturating_add(moved).max(0);
                (*new).end = (*old).end.saturating_add(moved).max((*new).start);
                Code::check(c::av_dict_copy(&raw mut (*new).metadata, (*old).metadata, 0))?;
            }
        }
        Ok(())
    }

    /// Fixes the streams and starts the file; after this, `time_base` is what packets must use.
    pub(crate) fn write_header(&mut self, options: &[(&str, &str)]) -> Result<(), Code> {
        let mut options = Options::new(options)?;
        // SAFETY: owned context with its I/O in place.
        Code::check(unsafe { c::avformat_write_header(self.raw(), &mut options.0) }).map(drop)
    }

    pub(crate) fn time_base(&self, stream: usize) -> Ratio {
        // SAFETY: callers pass indices that `add_*` gave them.
        unsafe { (**(*self.raw()).streams.add(stream)).time_base }.into()
    }

    /// Queues a packet and writes those whose turn it is; the packet is empty afterwards.
    pub(crate) fn write(&mut self, packet: &mut Packet) -> Result<(), Code> {
        // SAFETY: owned context, owned packet.
        Code::check(unsafe { c::av_interleaved_write_frame(self.raw(), packet.raw()) }).map(drop)
    }

    /// Writes all queued packets.
    pub(crate) fn flush(&mut self) -> Result<(), Code> {
        // SAFETY: a null packet is the documented way to flush.
        Code::check(unsafe { c::av_interleaved_write_frame(self.raw(), ptr::null_mut()) }).map(drop)
    }

    /// Ends the file.
    pub(crate) fn finish(&mut self) -> Result<(), Code> {
        // SAFETY: owned context, header written.
        unsafe {
            Code::check(c::av_write_trailer(self.raw()))?;
            c::avio_flush((*self.raw()).pb);
        }
        Ok(())
    }
}

/// # Safety
/// `dictionary` is that of a live structure.
unsafe fn set_tags(
    dictionary: *mut *mut c::AVDictionary,
    tags: &[(&str, &str)],
    flags: i32,
) -> Result<(), Code> {
    for (key, value) in tags {
        let (Ok(key), Ok(value)) = (CString::new(*key), CString::new(*value)) else { continue };
        // SAFETY: strings are copied; the caller vouches for the dictionary.
        Code::check(unsafe { c::av_dict_set(dictionary, key.as_ptr(), value.as_ptr(), flags) })?;
    }
    Ok(())
}

impl Drop for Muxer {
    fn drop(&mut self) {
        // SAFETY: owned; custom I/O is left alone and dropped with the fields.
        unsafe { c::avformat_free_context(self.raw()) }
    }
}

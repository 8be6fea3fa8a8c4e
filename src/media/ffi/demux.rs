use std::ffi::{CString, c_int, c_void};
use std::io::{self, Read, Seek, SeekFrom};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use ffmpeg_next::format::context::StreamIo;

use super::stream::side_data;
use super::text::{pairs, text};
use super::{Code, Packet, Ratio, StreamFacts, c, init};
use crate::parts::Parts;
use crate::watch::Watch;

/// Containers that hold their media themselves. Left out on purpose: play lists and scripts that name other files
/// (hls, dash, concat, image2, sdp, …), devices, and still pictures.
const CONTAINERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,ivf,h264,hevc,av1,obu,m4v,\
    vc1,vc1test,h263,h261,mjpeg,gif,apng,flv,live_flv,ogg,asf,asf_o,mxf,gxf,lxf,yuv4mpegpipe,nut,dv,rm,wtv,dirac,\
    cavsvideo,nsv,smjpeg,4xm,bink,roq,swf";

/// Most bytes read to find out what the streams are.
const PROBE_BYTES: &str = "10000000";

/// A container open for reading.
pub(crate) struct Demuxer {
    raw: NonNull<c::AVFormatContext>,
    watch: Arc<Watch>,
    // After `raw` is closed in `drop`, the fields go: FFmpeg reads through this one.
    _io: StreamIo,
}

// SAFETY: the context is owned, used through `&mut self` alone, and has no ties to a thread.
unsafe impl Send for Demuxer {}

/// Why a container could not be opened.
pub(crate) enum OpenFailure {
    Code(Code),
    Streams(u32),
}

impl From<Code> for OpenFailure {
    fn from(code: Code) -> Self {
        Self::Code(code)
    }
}

struct GuardedFile {
    file: Parts,
    watch: Arc<Watch>,
}

impl GuardedFile {
    fn guarded<T>(&mut self, act: impl FnOnce(&mut Parts) -> io::Result<T>) -> io::Result<T> {
        if self.watch.must_stop() {
            return Err(io::Error::other("stopped"));
        }
        act(&mut self.file).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.watch.fault(error);
            }
        })
    }
}

impl Read for GuardedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.guarded(|file| file.read(buffer))
    }
}

impl Seek for GuardedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if self.watch.must_stop() {
            return Err(io::Error::other("stopped"));
        }
        // A damaged file makes demuxers ask for impossible places; that is no fault of the disk.
        self.file.seek(to)
    }
}

unsafe extern "C" fn must_stop(watch: *mut c_void) -> c_int {
    // SAFETY: `Demuxer` keeps the watch alive for as long as its context.
    c_int::from(unsafe { &*watch.cast::<Watch>() }.must_stop())
}

/// A dictionary that frees itself.
pub(super) struct Options(pub(super) *mut c::AVDictionary);

impl Options {
    pub(super) fn new<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> Result<Self, Code> {
        let mut options = Self(ptr::null_mut());
        for (key, value) in pairs {
            let key = CString::new(key.as_ref()).map_err(|_| Code::INVALID)?;
            let value = CString::new(value.as_ref()).map_err(|_| Code::INVALID)?;
            // SAFETY: strings are copied; the dictionary is owned.
            Code::check(unsafe { c::av_dict_set(&mut options.0, key.as_ptr(), value.as_ptr(), 0) })?;
        }
        Ok(options)
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: owned.
        unsafe { c::av_dict_free(&mut self.0) }
    }
}

impl Demuxer {
    /// Opens a container and finds its streams, decoding a few pictures of at most `pixels` where it must.
    pub(crate) fn open(
        file: Parts,
        pixels: u64,
        streams: u32,
        watch: &Arc<Watch>,
    ) -> Result<Self, OpenFailure> {
        init();
        let source = GuardedFile { file, watch: Arc::clone(watch) };
        let mut io =
            StreamIo::from_read_seek_with_capacity(source, 256 << 10).map_err(|_| Code::NO_MEMORY)?;
        let mut options = Options::new(&[
            ("format_whitelist", CONTAINERS),
            ("protocol_whitelist", ""),
            ("probesize", PROBE_BYTES),
        ])?;
        // SAFETY: returns an owned context or null.
        let mut raw = unsafe { c::avformat_alloc_context() };
        if raw.is_null() {
            return Err(Code::NO_MEMORY.into());
        }
        // SAFETY: the context is fresh; the watch and the I/O outlive it; on failure the function frees the context.
        unsafe {
            (*raw).interrupt_callback = c::AVIOInterruptCB {
                callback: Some(must_stop),
                opaque: Arc::as_ptr(watch).cast_mut().cast(),
            };
            (*raw).pb = io.as_mut_ptr();
            (*raw).flags |= c::AVFMT_FLAG_CUSTOM_IO;
            Code::check(c::avformat_open_input(&mut raw, ptr::null(), ptr::null(), &mut options.0))?;
        }
        let raw = NonNull::new(raw).ok_or(Code::NO_MEMORY)?;
        let demuxer = Self { raw, watch: Arc::clone(watch), _io: io };
        let found = demuxer.fields().nb_streams;
        if found > streams {
            return Err(OpenFailure::Streams(found));
        }
        demuxer.find_streams(pixels)?;
        let found = demuxer.fields().nb_streams;
        if found > streams {
            return Err(OpenFailure::Streams(found));
        }
        Ok(demuxer)
    }

    fn find_streams(&self, pixels: u64) -> Result<(), Code> {
        let bound = [("max_pixels", pixels.min(i32::MAX as u64).to_string())];
        let owned =
            (0..self.fields().nb_streams).map(|_| Options::new(&bound)).collect::<Result<Vec<_>, _>>()?;
        let mut each: Vec<*mut c::AVDictionary> =
            owned.into_iter().map(|mut one| std::mem::replace(&mut one.0, ptr::null_mut())).collect();
        // SAFETY: one dictionary for each stream there is now; FFmpeg replaces them in place.
        let result = unsafe { c::avformat_find_stream_info(self.raw.as_ptr(), each.as_mut_ptr()) };
        each.into_iter().map(Options).for_each(drop);
        Code::check(result).map(drop)
    }

    pub(super) fn raw(&self) -> *mut c::AVFormatContext {
        self.raw.as_ptr()
    }

    fn fields(&self) -> &c::AVFormatContext {
        // SAFETY: owned and open.
        unsafe { self.raw.as_ref() }
    }

    pub(crate) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    pub(super) fn stream(&self, index: usize) -> Option<*mut c::AVStream> {
        let count = usize::try_from(self.fields().nb_streams).unwrap_or(0);
        // SAFETY: within the array.
        (index < count).then(|| unsafe { *self.fields().streams.add(index) })
    }

    pub(crate) fn streams(&self) -> Vec<StreamFacts> {
        // SAFETY: streams of this open context.
        (0..)
            .map_while(|index| self.stream(index))
            .map(|stream| unsafe { StreamFacts::read(stream) })
            .collect()
    }

    /// FFmpeg's name for the container, such as "mov,mp4,m4a,3gp,3g2,mj2".
    pub(crate) fn format(&self) -> String {
        // SAFETY: an open context has a format.
        text(unsafe { (*self.fields().iformat).name })
    }

    /// Whether time stamps may jump and start anywhere, as in broadcast streams.
    pub(crate) fn may_jump(&self) -> bool {
        // SAFETY: an open context has a format.
        unsafe { (*self.fields().iformat).flags & c::AVFMT_TS_DISCONT != 0 }
    }

    pub(crate) fn tags(&self) -> Vec<(String, String)> {
        pairs(self.fields().metadata)
    }

    /// Microseconds.
    pub(crate) fn start(&self) -> Option<i64> {
        Some(self.fields().start_time).filter(|start| *start != c::AV_NOPTS_VALUE)
    }

    /// Seconds, when the container says so or its time stamps do; not when guessed from the bit rate.
    pub(crate) fn duration(&self) -> Option<f64> {
        let fields = self.fields();
        let guessed =
            fields.duration_estimation_method == c::AVDurationEstimationMethod::AVFMT_DURATION_FROM_BITRATE;
        (fields.duration > 0 && !guessed).then(|| Ratio::MICROSECOND.seconds(fields.duration))
    }

    /// The cover picture that a stream consists of, coded.
    pub(crate) fn cover(&self, index: usize) -> Option<&[u8]> {
        // SAFETY: a stream of this open context, which keeps the picture until it is closed.
        unsafe {
            let picture = &(*self.stream(index)?).attached_pic;
            let size = usize::try_from(picture.size).ok()?;
            (!picture.data.is_null()).then(|| std::slice::from_raw_parts(picture.data, size))
        }
    }

    /// Side data of a whole stream: mastering display and content light level, as FFmpeg's structures.
    pub(crate) fn light(&self, index: usize) -> [Option<Vec<u8>>; 2] {
        use c::AVPacketSideDataType::*;
        [AV_PKT_DATA_MASTERING_DISPLAY_METADATA, AV_PKT_DATA_CONTENT_LIGHT_LEVEL].map(|kind| {
            // SAFETY: a stream of this open context; the bytes are copied at once.
            self.stream(index).and_then(|stream| unsafe { side_data(stream, kind) }).map(<[u8]>::to_vec)
        })
    }

    /// Skips the packets of all streams but those that are `kept`.
    pub(crate) fn keep_only(&mut self, kept: impl Fn(usize) -> bool) {
        for index in 0.. {
            let Some(stream) = self.stream(index) else { return };
            if !kept(index) {
                // SAFETY: a stream of this open context.
                unsafe { (*stream).discard = c::AVDiscard::AVDISCARD_ALL };
            }
        }
    }

    /// Lets the demuxer pass over packets of this stream that need others, where it can tell.
    pub(crate) fn keep_keys(&mut self, index: usize) {
        if let Some(stream) = self.stream(index) {
            // SAFETY: a stream of this open context.
            unsafe { (*stream).discard = c::AVDiscard::AVDISCARD_NONKEY };
        }
    }

    /// Goes to the last place before this time, in ticks of the stream, from which it can be decoded.
    pub(crate) fn seek(&mut self, stream: usize, ticks: i64) -> Result<(), Code> {
        let stream = i32::try_from(stream).map_err(|_| Code::INVALID)?;
        // SAFETY: an open context; the function checks the stream's number.
        Code::check(unsafe { c::av_seek_frame(self.raw(), stream, ticks, c::AVSEEK_FLAG_BACKWARD) }).map(drop)
    }

    /// Reads the next packet of any stream.
    pub(crate) fn read(&mut self, packet: &mut Packet) -> Result<(), Code> {
        packet.clear();
        // SAFETY: open context, owned empty packet.
        Code::check(unsafe { c::av_read_frame(self.raw(), packet.raw()) }).map(drop)
    }
}

impl Drop for Demuxer {
    fn drop(&mut self) {
        let mut raw = self.raw();
        // SAFETY: owned; custom I/O is left alone and dropped with the fields.
        unsafe { c::avformat_close_input(&mut raw) }
    }
}

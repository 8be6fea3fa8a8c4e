use std::ptr::NonNull;

use super::{Code, Colour, Pixel, Ratio, c, number, set_number};

/// A picture in memory.
pub(crate) struct VideoFrame(NonNull<c::AVFrame>);

// SAFETY: the frame is owned, and its reference-counted buffers use atomic counts.
unsafe impl Send for VideoFrame {}

/// Data that travels with a picture, of those kinds this crate looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra {
    MasteringDisplay,
    ContentLight,
    DynamicHdr,
    DolbyVision,
    Captions,
}

impl Extra {
    fn kind(self) -> c::AVFrameSideDataType {
        use c::AVFrameSideDataType::*;
        match self {
            Self::MasteringDisplay => AV_FRAME_DATA_MASTERING_DISPLAY_METADATA,
            Self::ContentLight => AV_FRAME_DATA_CONTENT_LIGHT_LEVEL,
            Self::DynamicHdr => AV_FRAME_DATA_DYNAMIC_HDR_PLUS,
            Self::DolbyVision => AV_FRAME_DATA_DOVI_RPU_BUFFER,
            Self::Captions => AV_FRAME_DATA_A53_CC,
        }
    }
}

impl VideoFrame {
    pub(crate) fn new() -> Result<Self, Code> {
        // SAFETY: returns an owned frame or null.
        NonNull::new(unsafe { c::av_frame_alloc() }).map(Self).ok_or(Code::NO_MEMORY)
    }

    /// A picture with uninitialised samples.
    pub(crate) fn with_size(pixel: Pixel, width: u32, height: u32) -> Result<Self, Code> {
        let mut frame = Self::new()?;
        let fields = frame.fields_mut();
        fields.format = pixel.number();
        fields.width = i32::try_from(width).map_err(|_| Code::INVALID)?;
        fields.height = i32::try_from(height).map_err(|_| Code::INVALID)?;
        // SAFETY: owned, with size and format set.
        Code::check(unsafe { c::av_frame_get_buffer(frame.raw(), 0) })?;
        Ok(frame)
    }

    pub(super) fn raw(&self) -> *mut c::AVFrame {
        self.0.as_ptr()
    }

    pub(super) fn fields(&self) -> &c::AVFrame {
        // SAFETY: owned and valid for as long as self.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn fields_mut(&mut self) -> &mut c::AVFrame {
        // SAFETY: owned and valid for as long as self.
        unsafe { self.0.as_mut() }
    }

    pub(crate) fn width(&self) -> u32 {
        u32::try_from(self.fields().width).unwrap_or(0)
    }

    pub(crate) fn height(&self) -> u32 {
        u32::try_from(self.fields().height).unwrap_or(0)
    }

    pub(crate) fn pixel(&self) -> Option<Pixel> {
        Pixel::from_number(self.fields().format)
    }

    /// Gives the same samples another name; only for formats of the same layout.
    pub(crate) fn rename(&mut self, pixel: Pixel) {
        self.fields_mut().format = pixel.number();
    }

    /// Whether the very name of its format says full range.
    pub(crate) fn is_full_by_format(&self) -> bool {
        self.pixel().is_some_and(|pixel| pixel.without_range().is_some())
    }

    pub(crate) fn colour(&self) -> Colour {
        let raw = self.raw();
        // SAFETY: owned; the fields are C integers.
        unsafe {
            Colour {
                range: number!((*raw).color_range),
                primaries: number!((*raw).color_primaries),
                transfer: number!((*raw).color_trc),
                matrix: number!((*raw).colorspace),
                chroma_location: number!((*raw).chroma_location),
            }
        }
    }

    pub(crate) fn set_colour(&mut self, colour: Colour) {
        let raw = self.raw();
        // SAFETY: owned; the fields are C integers.
        unsafe {
            set_number!((*raw).color_range, colour.range);
            set_number!((*raw).color_primaries, colour.primaries);
            set_number!((*raw).color_trc, colour.transfer);
            set_number!((*raw).colorspace, colour.matrix);
            set_number!((*raw).chroma_location, colour.chroma_location);
        }
    }

    pub(crate) fn sample_aspect(&self) -> Ratio {
        self.fields().sample_aspect_ratio.into()
    }

    pub(crate) fn set_sample_aspect(&mut self, aspect: Ratio) {
        self.fields_mut().sample_aspect_ratio = aspect.into();
    }

    pub(crate) fn best_pts(&self) -> Option<i64> {
        let ticks = self.fields().best_effort_timestamp;
        (ticks != c::AV_NOPTS_VALUE).then_some(ticks)
    }

    pub(crate) fn pts(&self) -> i64 {
        self.fields().pts
    }

    pub(crate) fn set_pts(&mut self, ticks: i64) {
        self.fields_mut().pts = ticks;
    }

    /// Length in ticks of its stream; 0 when unknown.
    pub(crate) fn duration(&self) -> i64 {
        self.fields().pkt_duration
    }

    pub(crate) fn set_duration(&mut self, ticks: i64) {
        self.fields_mut().pkt_duration = ticks;
    }

    pub(crate) fn is_key(&self) -> bool {
        self.fields().key_frame != 0
    }

    pub(crate) fn is_interlaced(&self) -> bool {
        self.fields().interlaced_frame != 0
    }

    /// Whether the decoder had to guess parts of it.
    pub(crate) fn is_concealed(&self) -> bool {
        let fields = self.fields();
        fields.decode_error_flags != 0 || fields.flags & c::AV_FRAME_FLAG_CORRUPT != 0
    }

    /// Lets the encoder choose the picture type itself.
    pub(crate) fn forget_type(&mut self) {
        self.fields_mut().pict_type = c::AVPictureType::AV_PICTURE_TYPE_NONE;
    }

    pub(crate) fn extra(&self, extra: Extra) -> Option<&[u8]> {
        // SAFETY: owned; the answer is null or lives as long as the frame.
        let found = unsafe { c::av_frame_get_side_data(self.raw(), extra.kind()).as_ref() }?;
        // SAFETY: FFmpeg keeps `size` bytes at `data`.
        (!found.data.is_null()).then(|| unsafe { std::slice::from_raw_parts(found.data, found.size) })
    }

    /// Time, colour and side data of `other`, but not its samples.
    pub(crate) fn take_properties(&mut self, other: &Self) -> Result<(), Code> {
        // SAFETY: both owned.
        Code::check(unsafe { c::av_frame_copy_props(self.raw(), other.raw()) }).map(drop)
    }

    /// Makes sure that no one else reads the samples while they change.
    pub(crate) fn make_writable(&mut self) -> Result<(), Code> {
        // SAFETY: owned.
        Code::check(unsafe { c::av_frame_make_writable(self.raw()) }).map(drop)
    }

    /// Rows from the top down: some decoders hand out upside-down buffers with negative strides.
    pub(crate) fn is_top_down(&self) -> bool {
        self.fields().linesize[0] > 0
    }

    /// A copy in fresh memory, top row first.
    pub(crate) fn copied(&self) -> Result<Self, Code> {
        let mut copy = Self::with_size(self.pixel().ok_or(Code::INVALID)?, self.width(), self.height())?;
        // SAFETY: both owned, of the same size and format.
        Code::check(unsafe { c::av_frame_copy(copy.raw(), self.raw()) })?;
        copy.take_properties(self)?;
        Ok(copy)
    }

    /// The same picture once more; its samples are shared until one of the two is changed.
    pub(crate) fn shared(&self) -> Result<Self, Code> {
        // SAFETY: owned; returns an owned frame or null.
        NonNull::new(unsafe { c::av_frame_clone(self.raw()) }).map(Self).ok_or(Code::NO_MEMORY)
    }

    /// Bytes from one row of plane 0 to the next.
    pub(crate) fn stride(&self) -> usize {
        usize::try_from(self.fields().linesize[0]).unwrap_or(0)
    }

    fn plane_bytes(&self, row_bytes: usize) -> Option<usize> {
        let rows = usize::try_from(self.height()).ok()?.checked_sub(1)?;
        let stride = self.stride();
        (stride >= row_bytes && !self.fields().data[0].is_null()).then_some(stride * rows + row_bytes)
    }

    /// Plane 0 from its first row to its last, `row_bytes` of it in the last; empty when there is none.
    pub(crate) fn plane(&self, row_bytes: usize) -> &[u8] {
        match self.plane_bytes(row_bytes) {
            // SAFETY: FFmpeg allocated `height` rows of `stride` bytes, and `row_bytes` are within the stride.
            Some(bytes) => unsafe { std::slice::from_raw_parts(self.fields().data[0], bytes) },
            None => &[],
        }
    }

    /// The same, to change. Call after `make_writable`.
    pub(crate) fn plane_mut(&mut self, row_bytes: usize) -> &mut [u8] {
        match self.plane_bytes(row_bytes) {
            // SAFETY: as above, and the frame is borrowed exclusively.
            Some(bytes) => unsafe { std::slice::from_raw_parts_mut(self.fields().data[0], bytes) },
            None => &mut [],
        }
    }
}

impl Drop for VideoFrame {
    fn drop(&mut self) {
        let mut raw = self.raw();
        // SAFETY: owned, and not used again.
        unsafe { c::av_frame_free(&mut raw) }
    }
}

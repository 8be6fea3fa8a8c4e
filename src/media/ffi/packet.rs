use std::ptr::NonNull;

use super::{Code, Ratio, c};

/// A coded packet.
pub(crate) struct Packet(NonNull<c::AVPacket>);

// SAFETY: the packet is owned, and its reference-counted data uses atomic counts.
unsafe impl Send for Packet {}

fn known(ticks: i64) -> Option<i64> {
    (ticks != c::AV_NOPTS_VALUE).then_some(ticks)
}

impl Packet {
    pub(crate) fn new() -> Result<Self, Code> {
        // SAFETY: returns an owned packet or null.
        NonNull::new(unsafe { c::av_packet_alloc() }).map(Self).ok_or(Code::NO_MEMORY)
    }

    pub(super) fn raw(&self) -> *mut c::AVPacket {
        self.0.as_ptr()
    }

    fn fields(&self) -> &c::AVPacket {
        // SAFETY: owned and valid for as long as self.
        unsafe { self.0.as_ref() }
    }

    fn fields_mut(&mut self) -> &mut c::AVPacket {
        // SAFETY: owned and valid for as long as self.
        unsafe { self.0.as_mut() }
    }

    /// Lets go of the data, ready to be filled again.
    pub(crate) fn clear(&mut self) {
        // SAFETY: owned.
        unsafe { c::av_packet_unref(self.raw()) }
    }

    pub(crate) fn stream(&self) -> usize {
        usize::try_from(self.fields().stream_index).unwrap_or(usize::MAX)
    }

    pub(crate) fn set_stream(&mut self, index: usize) {
        self.fields_mut().stream_index = i32::try_from(index).unwrap_or(-1);
        self.fields_mut().pos = -1;
    }

    pub(crate) fn pts(&self) -> Option<i64> {
        known(self.fields().pts)
    }

    pub(crate) fn dts(&self) -> Option<i64> {
        known(self.fields().dts)
    }

    pub(crate) fn set_times(&mut self, pts: i64, dts: i64) {
        let fields = self.fields_mut();
        (fields.pts, fields.dts) = (pts, dts);
    }

    /// Length in ticks; 0 when unknown.
    pub(crate) fn duration(&self) -> i64 {
        self.fields().duration
    }

    pub(crate) fn set_duration(&mut self, ticks: i64) {
        self.fields_mut().duration = ticks;
    }

    pub(crate) fn size(&self) -> usize {
        usize::try_from(self.fields().size).unwrap_or(0)
    }

    pub(crate) fn data(&self) -> &[u8] {
        let fields = self.fields();
        if fields.data.is_null() {
            return &[];
        }
        // SAFETY: FFmpeg keeps `size` bytes at `data`.
        unsafe { std::slice::from_raw_parts(fields.data, self.size()) }
    }

    /// Whether the demuxer could not read all of it.
    pub(crate) fn is_torn(&self) -> bool {
        self.fields().flags & c::AV_PKT_FLAG_CORRUPT != 0
    }

    /// Whether it can be decoded without others.
    pub(crate) fn is_key(&self) -> bool {
        self.fields().flags & c::AV_PKT_FLAG_KEY != 0
    }

    /// Whether its content needs a key that the file does not have.
    pub(crate) fn is_encrypted(&self) -> bool {
        let kind = c::AVPacketSideDataType::AV_PKT_DATA_ENCRYPTION_INFO;
        // SAFETY: owned; a null size is allowed.
        !unsafe { c::av_packet_get_side_data(self.raw(), kind, std::ptr::null_mut()) }.is_null()
    }

    /// Moves both time stamps later by `ticks`.
    pub(crate) fn shift(&mut self, ticks: i64) {
        let fields = self.fields_mut();
        for time in [&mut fields.pts, &mut fields.dts] {
            if known(*time).is_some() {
                *time = time.saturating_add(ticks);
            }
        }
    }

    pub(crate) fn rescale(&mut self, from: Ratio, to: Ratio) {
        // SAFETY: owned; arithmetic on its time stamps.
        unsafe { c::av_packet_rescale_ts(self.raw(), from.into(), to.into()) }
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        let mut raw = self.raw();
        // SAFETY: owned, and not used again.
        unsafe { c::av_packet_free(&mut raw) }
    }
}

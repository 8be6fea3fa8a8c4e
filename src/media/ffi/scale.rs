use std::ptr;

use super::{Code, Colour, Pixel, VideoFrame, c};

/// What to make of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Conversion {
    pub(crate) pixel: Pixel,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Tags of the result; matrix and range also say how its samples are computed.
    pub(crate) colour: Colour,
}

/// Converts pictures between sizes, pixel formats, matrices and ranges; keeps its tables between like pictures.
pub(crate) struct Scaler {
    raw: *mut c::SwsContext,
    made_for: Option<(Pixel, u32, u32, Colour, Conversion)>,
}

// SAFETY: the context is owned and has no ties to a thread.
unsafe impl Send for Scaler {}

impl Scaler {
    pub(crate) fn new() -> Self {
        Self { raw: ptr::null_mut(), made_for: None }
    }

    /// `source` in the form asked for, with its time and side data. Red-green-blue sources count as full range.
    pub(crate) fn convert(&mut self, source: &VideoFrame, to: Conversion) -> Result<VideoFrame, Code> {
        self.prepare(source, to)?;
        let mut target = VideoFrame::with_size(to.pixel, to.width, to.height)?;
        target.take_properties(source)?;
        target.set_colour(to.colour);
        // SAFETY: the context was made for exactly these two sizes and formats.
        let rows = unsafe {
            c::sws_scale(
                self.raw,
                source.fields().data.as_ptr().cast(),
                source.fields().linesize.as_ptr(),
                0,
                source.fields().height,
                target.fields().data.as_ptr(),
                target.fields().linesize.as_ptr(),
            )
        };
        Code::check(rows)?;
        Ok(target)
    }

    fn prepare(&mut self, source: &VideoFrame, to: Conversion) -> Result<(), Code> {
        let from = source.pixel().ok_or(Code::INVALID)?;
        let key = (from, source.width(), source.height(), source.colour(), to);
        if self.made_for == Some(key) {
            return Ok(());
        }
        self.release();
        let flags = c::SWS_BICUBIC | c::SWS_ACCURATE_RND | c::SWS_FULL_CHR_H_INT | c::SWS_BITEXACT;
        let width = i32::try_from(to.width).map_err(|_| Code::INVALID)?;
        let height = i32::try_from(to.height).map_err(|_| Code::INVALID)?;
        let from_shape = from.shape().ok_or(Code::INVALID)?;
        let to_shape = to.pixel.shape().ok_or(Code::INVALID)?;
        let full = |rgb, colour: Colour| i32::from(rgb || colour.range == Colour::FULL);
        // SAFETY: plain numbers; the coefficient tables are static; the context is owned.
        unsafe {
            self.raw = c::sws_getContext(
                source.fields().width,
                source.fields().height,
                from.raw(),
                width,
                height,
                to.pixel.raw(),
                flags,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
            );
            if self.raw.is_null() {
                return Err(Code::INVALID);
            }
            // Fails only between formats that have no matrix or range to set.
            c::sws_setColorspaceDetails(
                self.raw,
                c::sws_getCoefficients(source.colour().matrix_for(source.height())),
                full(from_shape.rgb || source.is_full_by_format(), source.colour()),
                c::sws_getCoefficients(to.colour.matrix_for(to.height)),
                full(to_shape.rgb, to.colour),
                0,
                1 << 16,
                1 << 16,
            );
        }
        self.made_for = Some(key);
        Ok(())
    }

    fn release(&mut self) {
        self.made_for = None;
        // SAFETY: owned or null, and set to null at once.
        unsafe { c::sws_freeContext(self.raw) };
        self.raw = ptr::null_mut();
    }
}

impl Drop for Scaler {
    fn drop(&mut self) {
        self.release();
    }
}

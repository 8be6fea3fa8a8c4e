use std::ffi::{CStr, c_int};
use std::fmt;

use super::c;

/// An FFmpeg error number (negative).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(c_int);

impl Code {
    pub(crate) const AGAIN: Self = Self(c::AVERROR(c::EAGAIN));
    pub(crate) const END: Self = Self(c::AVERROR_EOF);
    pub(crate) const NO_MEMORY: Self = Self(c::AVERROR(c::ENOMEM));
    pub(crate) const NO_FILTER: Self = Self(c::AVERROR_FILTER_NOT_FOUND);
    pub(crate) const INVALID: Self = Self(c::AVERROR(c::EINVAL));

    /// `Err` for a negative return value.
    pub(crate) fn check(value: c_int) -> Result<c_int, Self> {
        if value < 0 { Err(Self(value)) } else { Ok(value) }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 128];
        // SAFETY: the buffer is as long as stated, and the function ends it with a zero byte.
        let words = unsafe {
            c::av_strerror(self.0, text.as_mut_ptr(), text.len() - 1);
            CStr::from_ptr(text.as_ptr())
        };
        f.write_str(&words.to_string_lossy())
    }
}

//! The edge to FFmpeg's C interface: small owning types over its structures. All `unsafe` of the crate is here.

mod code;
mod colour;
mod decode;
mod demux;
mod encode;
mod frame;
mod mux;
mod packet;
mod pixel;
mod rational;
mod scale;
mod signature;
mod sound;
mod stream;
mod text;

use std::sync::Once;

pub(crate) use ffmpeg_next::ffi as c;

pub(crate) use code::Code;
pub(crate) use colour::Colour;
pub(crate) use decode::VideoDecoder;
pub(crate) use demux::{Demuxer, OpenFailure};
pub(crate) use encode::{EncoderSettings, VideoEncoder};
pub(crate) use frame::{Extra, VideoFrame};
pub(crate) use mux::{Muxer, container_holds};
pub(crate) use packet::Packet;
pub(crate) use pixel::{Pixel, Shape};
pub(crate) use rational::Ratio;
pub(crate) use scale::{Conversion, Scaler};
pub(crate) use signature::SignatureFilter;
pub(crate) use sound::{SoundDecoder, SoundEncoder, SoundFrame, SoundShape};
pub(crate) use stream::{Medium, StreamFacts};

/// Largest single allocation FFmpeg may make. A plane of the largest picture allowed by default takes a quarter.
const LARGEST_ALLOCATION: usize = 512 << 20;

/// Reads a C enumeration field as its number: values from a file need not be ones the Rust enumeration names.
macro_rules! number {
    ($place:expr) => {
        (&raw const $place).cast::<std::ffi::c_int>().read()
    };
}
/// Writes a number into a C enumeration field.
macro_rules! set_number {
    ($place:expr, $value:expr) => {
        (&raw mut $place).cast::<std::ffi::c_int>().write($value)
    };
}
pub(crate) use {number, set_number};

/// Silences FFmpeg and bounds its allocations; cheap to call again.
pub(crate) fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: both functions only store a number in a global of the library.
        unsafe {
            c::av_log_set_level(c::AV_LOG_QUIET);
            c::av_max_alloc(LARGEST_ALLOCATION);
        }
    });
}

use std::ffi::c_char;

use filigrane_frame::ColourRange;

use super::c;
use super::text::text;

/// How code values turn into light: the numbers of ITU-T H.273, which FFmpeg uses as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour {
    /// 0 unknown, 1 limited, 2 full (FFmpeg's own numbers).
    pub(crate) range: i32,
    /// 2 unknown.
    pub(crate) primaries: i32,
    /// 2 unknown.
    pub(crate) transfer: i32,
    /// 2 unknown, 0 red-green-blue.
    pub(crate) matrix: i32,
    /// 0 unknown, else one more than H.273's.
    pub(crate) chroma_location: i32,
}

impl Colour {
    pub(crate) const LIMITED: i32 = 1;
    pub(crate) const FULL: i32 = 2;
    pub(crate) const BT709: i32 = 1;
    pub(crate) const UNKNOWN: i32 = 2;
    /// The transfer of computer graphics.
    pub(crate) const SRGB: i32 = 13;

    /// Each tag from `self`, or from `other` where `self` does not know it.
    pub(crate) fn or(self, other: Self) -> Self {
        let pick = |mine, theirs, unknown| if mine == unknown { theirs } else { mine };
        Self {
            range: pick(self.range, other.range, 0),
            primaries: pick(self.primaries, other.primaries, Self::UNKNOWN),
            transfer: pick(self.transfer, other.transfer, Self::UNKNOWN),
            matrix: pick(self.matrix, other.matrix, Self::UNKNOWN),
            chroma_location: pick(self.chroma_location, other.chroma_location, 0),
        }
    }

    /// Unknown counts as limited, as players take it.
    pub(crate) fn luma_range(self) -> ColourRange {
        if self.range == Self::FULL { ColourRange::Full } else { ColourRange::Limited }
    }

    /// The matrix to convert with: an unknown one is guessed from the picture height, as players do.
    pub(crate) fn matrix_for(self, height: u32) -> i32 {
        match self.matrix {
            0 | Self::UNKNOWN if height >= 720 => Self::BT709,
            0 | Self::UNKNOWN => 6,
            known => known,
        }
    }

    pub(crate) fn range_name(self) -> Option<String> {
        match self.range {
            Self::LIMITED => Some("limited".to_owned()),
            Self::FULL => Some("full".to_owned()),
            _ => None,
        }
    }

    pub(crate) fn primaries_name(self) -> Option<String> {
        name(self.primaries, c::AVColorPrimaries::AVCOL_PRI_NB as i32, |number| {
            // SAFETY: every number below NB is passed as a plain C integer and looked up in a table.
            unsafe { lookup::av_color_primaries_name(number) }
        })
    }

    pub(crate) fn transfer_name(self) -> Option<String> {
        name(self.transfer, c::AVColorTransferCharacteristic::AVCOL_TRC_NB as i32, |number| {
            // SAFETY: as above.
            unsafe { lookup::av_color_transfer_name(number) }
        })
    }

    pub(crate) fn matrix_name(self) -> Option<String> {
        name(self.matrix, c::AVColorSpace::AVCOL_SPC_NB as i32, |number| {
            // SAFETY: as above.
            unsafe { lookup::av_color_space_name(number) }
        })
    }
}

/// The same functions as in the bindings, with plain numbers: the bindings' enumerations do not name every value.
mod lookup {
    use super::c_char;

    unsafe extern "C" {
        pub(super) fn av_color_primaries_name(number: i32) -> *const c_char;
        pub(super) fn av_color_transfer_name(number: i32) -> *const c_char;
        pub(super) fn av_color_space_name(number: i32) -> *const c_char;
    }
}

fn name(number: i32, end: i32, look_up: impl Fn(i32) -> *const c_char) -> Option<String> {
    if number == Colour::UNKNOWN || !(0..end).contains(&number) {
        return None;
    }
    Some(text(look_up(number))).filter(|name| !name.is_empty() && name != "reserved")
}

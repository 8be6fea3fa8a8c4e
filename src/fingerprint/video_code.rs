use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use filigrane_frame::{ErrorKind, FrameSignature};
use iscc_lib::codec::{MainType, SubType, Version, decode_header, encode_header};
use iscc_lib::{encode_component, iscc_decode, soft_hash_video_v0};

/// Bits of a whole code.
const BITS: u32 = 256;
/// Length field of a whole code's header.
const LENGTH: u32 = BITS / 32 - 1;
/// Longest text read as a code, and longest byte string read as a sequence of units.
const LONGEST: usize = 1024;
/// Distance between whole codes up to which one clip counts as a copy of the other in a search.
///
/// Codes of unrelated clips differ in 128 bits on average, but not evenly; `benches/results/likeness.md` has what was
/// measured.
pub const VIDEO_CODE_NEAR: u32 = 40;

/// The ISCC Video-Code of a clip (ISO 24138, version 0), whole: 256 bits.
///
/// Displays as `ISCC:` and the code in base 32; reads whole codes and shorter ones, of which the first bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VideoCode {
    body: [u8; BITS as usize / 8],
    bits: u32,
}

/// The text or bytes are no Video-Code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an ISCC Video-Code of version 0 and at least 64 bits")]
pub struct MalformedVideoCode;

impl MalformedVideoCode {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Malformed
    }
}

impl VideoCode {
    /// The code of a clip, from signatures of five pictures a second; `None` without any.
    ///
    /// The order of the pictures, and how often each occurs, make no difference.
    pub fn of(signatures: &[FrameSignature]) -> Option<Self> {
        // The code depends on sums over the pictures that differ, so the sums stand for them.
        let distinct: BTreeSet<&FrameSignature> = signatures.iter().collect();
        let mut sums = vec![0_i32; FrameSignature::LENGTH];
        for signature in &distinct {
            for (sum, value) in sums.iter_mut().zip(signature.values()) {
                *sum += i32::from(value);
            }
        }
        if distinct.is_empty() {
            return None;
        }
        let body = soft_hash_video_v0(&[sums], BITS).ok()?;
        Some(Self { body: body.try_into().ok()?, bits: BITS })
    }

    /// The 32 bytes of a whole code, without its header.
    pub fn from_body(body: [u8; 32]) -> Self {
        Self { body, bits: BITS }
    }

    /// The code without its header; what a shorter code lacks is zero.
    pub fn body(&self) -> [u8; 32] {
        self.body
    }

    /// Number of bits that the code has: 256, or from 64 on where a shorter one was read.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Number of bits that differ, of those that both have.
    pub fn distance(&self, other: &Self) -> u32 {
        let bits = self.bits.min(other.bits) as usize;
        let differing = self.body.iter().zip(&other.body).map(|(a, b)| (a ^ b).count_ones());
        differing.take(bits / 8).sum()
    }

    /// The value of a soft binding `io.iscc.v0` (IEP-0020): an ISCC-SEQ with this one unit.
    pub fn to_sequence(&self) -> Vec<u8> {
        let header = encode_header(MainType::Content, SubType::Video, Version::V0, self.bits / 32 - 1);
        let mut bytes = header.unwrap_or_default();
        bytes.extend_from_slice(&self.body[..self.bits as usize / 8]);
        bytes
    }

    /// The first whole Video-Code in the value of a soft binding `io.iscc.v0` (IEP-0020); `None` when there is none.
    ///
    /// # Errors
    /// The bytes are no ISCC-SEQ.
    pub fn from_sequence(bytes: &[u8]) -> Result<Option<Self>, MalformedVideoCode> {
        if bytes.is_empty() || bytes.len() > LONGEST {
            return Err(MalformedVideoCode);
        }
        let mut rest = bytes;
        let mut found = None;
        while !rest.is_empty() {
            let (main, sub, version, length, tail) = decode_header(rest).map_err(|_| MalformedVideoCode)?;
            let header = encode_header(main, sub, version, length).map_err(|_| MalformedVideoCode)?;
            let unit = matches!(
                main,
                MainType::Meta | MainType::Semantic | MainType::Content | MainType::Data | MainType::Instance
            );
            if !unit
                || length > LENGTH
                || !rest.starts_with(&header)
                || header.len() + tail.len() != rest.len()
            {
                return Err(MalformedVideoCode);
            }
            let end = header.len() + 4 * (length as usize + 1);
            let body = rest.get(header.len()..end).ok_or(MalformedVideoCode)?;
            if (main, sub, version) == (MainType::Content, SubType::Video, Version::V0)
                && let Ok(body) = <[u8; 32]>::try_from(body)
            {
                found.get_or_insert(Self::from_body(body));
            }
            rest = &rest[end..];
        }
        Ok(found)
    }
}

impl fmt::Display for VideoCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (main, sub) = (MainType::Content as u8, SubType::Video as u8);
        let code = encode_component(main, sub, Version::V0 as u8, self.bits, &self.body);
        write!(f, "ISCC:{}", code.map_err(|_| fmt::Error)?)
    }
}

impl FromStr for VideoCode {
    type Err = MalformedVideoCode;

    fn from_str(text: &str) -> Result<Self, MalformedVideoCode> {
        if text.len() > LONGEST || !text.is_ascii() {
            return Err(MalformedVideoCode);
        }
        let (main, sub, version, _, digest) = iscc_decode(text).map_err(|_| MalformedVideoCode)?;
        let kind = (MainType::Content as u8, SubType::Video as u8, Version::V0 as u8);
        if (main, sub, version) != kind || digest.len() < 8 || digest.len() > BITS as usize / 8 {
            return Err(MalformedVideoCode);
        }
        let mut body = [0; BITS as usize / 8];
        body[..digest.len()].copy_from_slice(&digest);
        Ok(Self { body, bits: digest.len() as u32 * 8 })
    }
}

#[cfg(test)]
#[path = "video_code_tests.rs"]
mod tests;

use filigrane_frame::ErrorKind;

use crate::grid::{Bits, WORDS, bits};
use crate::sampler::Samples;
use crate::view::View;

const MAGIC: &[u8; 8] = b"filifp\x00\x01";
const HEADER: usize = 8 + 4 + 4 + 4;
const RECORD: usize = 4 + 2 * 8 * WORDS;
/// Most hashes read from one fingerprint.
const MOST: usize = 4096;

/// The hash of one picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrameHash {
    /// Presentation time, seconds.
    pub time: f32,
    pub(crate) bits: Bits,
}

/// The hashes of a clip, with the size of its pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Fingerprint {
    /// Size of the pictures, luma samples.
    pub size: (u32, u32),
    /// In order of time.
    pub hashes: Vec<FrameHash>,
}

/// The bytes are no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a filigrane fingerprint of version 1")]
pub struct MalformedFingerprint;

impl MalformedFingerprint {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Malformed
    }
}

impl Fingerprint {
    /// The fingerprint of the pictures kept of a clip.
    pub fn of(samples: &Samples) -> Self {
        let hashes = samples
            .pictures
            .iter()
            .map(|(time, picture)| FrameHash { time: *time as f32, bits: bits(picture, View::WHOLE) })
            .collect();
        Self { size: (samples.size.0 as u32, samples.size.1 as u32), hashes }
    }

    /// The stored form (SPEC.md §7), little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + RECORD * self.hashes.len());
        bytes.extend_from_slice(MAGIC);
        for number in [self.size.0, self.size.1, self.hashes.len() as u32] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for hash in &self.hashes {
            bytes.extend_from_slice(&hash.time.to_le_bytes());
            for word in hash.bits.brighter.iter().chain(&hash.bits.sure) {
                bytes.extend_from_slice(&word.to_le_bytes());
            }
        }
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// When the bytes are not exactly one fingerprint of version 1.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MalformedFingerprint> {
        let (header, records) = bytes.split_at_checked(HEADER).ok_or(MalformedFingerprint)?;
        let number =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let count = number(16) as usize;
        if !header.starts_with(MAGIC) || count > MOST || records.len() != count * RECORD {
            return Err(MalformedFingerprint);
        }
        let hashes = records
            .chunks_exact(RECORD)
            .map(|record| {
                let (time, words) = record.split_at(4);
                let time = f32::from_le_bytes([time[0], time[1], time[2], time[3]]);
                let mut words =
                    words.chunks_exact(8).map(|w| u64::from_le_bytes(std::array::from_fn(|i| w[i])));
                let brighter = std::array::from_fn(|_| words.next().unwrap_or(0));
                let sure = std::array::from_fn(|_| words.next().unwrap_or(0));
                FrameHash { time, bits: Bits { brighter, sure } }
            })
            .collect();
        Ok(Self { size: (number(8), number(12)), hashes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            prop_assert!(Fingerprint::from_bytes(&bytes).is_err());
        }

        #[test]
        fn stored_form_round_trips(words in proptest::collection::vec(any::<u64>(), 2 * WORDS * 3), width: u32) {
            let hashes = words.chunks_exact(2 * WORDS).enumerate().map(|(index, words)| FrameHash {
                time: index as f32 * 0.5,
                bits: Bits { brighter: std::array::from_fn(|i| words[i]), sure: std::array::from_fn(|i| words[WORDS + i]) },
            });
            let fingerprint = Fingerprint { size: (width, 7), hashes: hashes.collect() };
            let bytes = fingerprint.to_bytes();
            prop_assert_eq!(Fingerprint::from_bytes(&bytes), Ok(fingerprint));
            prop_assert!(Fingerprint::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        }
    }
}

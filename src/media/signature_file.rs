use filigrane_frame::FrameSignature;

/// Bits of a segment's summary: its first and last picture, their times, and five bags of 243 words.
const SEGMENT: usize = 4 * 32 + 1 + 5 * 243;
/// Bits of a picture before its signature: whether it has a time, the time, confidence and five words.
const PICTURE: usize = 1 + 32 + 8 + 5 * 8;

/// The signatures of the pictures in a binary video signature (ISO/IEC 15938-3) of one region, with times, uncompressed;
/// `None` for anything else.
pub(crate) fn read(bytes: &[u8]) -> Option<Vec<FrameSignature>> {
    let mut bits = Bits { bytes, at: 0 };
    let regions = bits.take(32)?;
    // Of the region: whether it has a place, that place, and its first picture.
    bits.skip(1 + 4 * 16 + 32);
    let pictures = bits.take(32)?;
    // Ticks a second, whether times are told, first and last time.
    bits.skip(16 + 1 + 2 * 32);
    let segments = bits.take(32)?;
    bits.skip(SEGMENT.checked_mul(segments as usize)?);
    let compressed = bits.take(1)?;
    if (regions, compressed) != (1, 0) {
        return None;
    }
    // The count is not believed: each picture must be there.
    let mut signatures = Vec::new();
    for _ in 0..pictures {
        bits.skip(PICTURE);
        let mut packed = [0; FrameSignature::BYTES];
        for byte in &mut packed {
            *byte = u8::try_from(bits.take(8)?).ok()?;
        }
        signatures.push(FrameSignature::from_packed(packed)?);
    }
    Some(signatures)
}

/// Bits in order, the most significant of a byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }

    /// A number of at most 32 bits; `None` past the end.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut number = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            number = number << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_read_across_bytes_and_not_past_the_end() {
        let mut bits = Bits { bytes: &[0b1010_0000, 0b0000_0111], at: 0 };
        assert_eq!((bits.take(3), bits.take(10)), (Some(0b101), Some(0)));
        assert_eq!((bits.take(3), bits.take(1)), (Some(0b111), None));
        bits.skip(usize::MAX);
        assert_eq!(bits.take(1), None);
    }

    #[test]
    fn what_is_cut_short_or_lies_about_its_length_is_nothing() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[0xff; 4000]), None);
        let mut empty = vec![0; 40];
        empty[3] = 1;
        assert_eq!(read(&empty), Some(Vec::new()), "one region without pictures");
        // The number of pictures stands in bits 129 to 160.
        empty[16] = 0x7f;
        assert_eq!(read(&empty), None, "two billion pictures in forty bytes");
    }
}

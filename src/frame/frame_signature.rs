/// The MPEG-7 signature of one picture (ISO/IEC 15938-3, video signature): [`LENGTH`](Self::LENGTH) values of 0, 1 or 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameSignature {
    packed: [u8; Self::BYTES],
}

impl FrameSignature {
    /// Number of values.
    pub const LENGTH: usize = 380;
    /// Bytes of the packed form: five values in each.
    pub const BYTES: usize = Self::LENGTH / PLACES.len();

    /// Reads the packed form of the standard: in each byte five values, the first of the greatest weight. `None` for
    /// bytes that are no five such values.
    pub fn from_packed(packed: [u8; Self::BYTES]) -> Option<Self> {
        packed.iter().all(|byte| *byte < 3 * PLACES[0]).then_some(Self { packed })
    }

    /// The values, in the standard's order.
    pub fn values(&self) -> impl Iterator<Item = u8> + '_ {
        self.packed.iter().flat_map(|byte| PLACES.map(|place| byte / place % 3))
    }
}

/// Weights of the five values in a byte.
const PLACES: [u8; 5] = [81, 27, 9, 3, 1];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_values_stand_in_a_byte_the_first_the_heaviest() {
        let mut packed = [0; FrameSignature::BYTES];
        packed[0] = 2 * 81 + 9 + 2;
        packed[75] = 242;
        let signature = FrameSignature::from_packed(packed).expect("five values a byte");
        let values: Vec<u8> = signature.values().collect();
        assert_eq!(values.len(), FrameSignature::LENGTH);
        assert_eq!((&values[..6], &values[375..]), (&[2, 0, 1, 0, 2, 0][..], &[2; 5][..]));
        packed[3] = 243;
        assert_eq!(FrameSignature::from_packed(packed), None);
    }
}

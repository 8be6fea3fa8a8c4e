use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The 64 bits a mark carries: the first 64 bits of its manifest's UUID. Displays as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Payload(pub u64);

/// Bits of payload and checksum together.
pub(crate) const MESSAGE_BITS: usize = 80;
/// Bits of the checksum alone.
pub(crate) const CHECK_BITS: u32 = 16;

impl Payload {
    /// The payload that names a manifest: the first 8 bytes of its UUID, big-endian.
    pub fn from_uuid(uuid: &[u8; 16]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *uuid;
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// Payload, then checksum, most significant bits first (SPEC.md §4).
    pub(crate) fn message(self) -> [bool; MESSAGE_BITS] {
        let check = check(self.0);
        std::array::from_fn(|index| match index {
            0..64 => self.0 >> (63 - index) & 1 == 1,
            _ => check >> (MESSAGE_BITS - 1 - index) & 1 == 1,
        })
    }

    /// The payload of a message whose checksum holds.
    pub(crate) fn from_message(message: &[bool]) -> Option<Self> {
        let number = |bits: &[bool]| bits.iter().fold(0u64, |number, &bit| number << 1 | u64::from(bit));
        let (payload, checksum) = message.split_at_checked(64)?;
        let payload = number(payload);
        (checksum.len() == CHECK_BITS as usize && number(checksum) == u64::from(check(payload)))
            .then_some(Self(payload))
    }
}

/// CRC-16 of 3GPP TS 38.212 §5.1 (generator 0x1021), register preset to ones so that no zero message passes.
fn check(payload: u64) -> u16 {
    payload.to_be_bytes().iter().fold(0xffff, |register, &byte| {
        (0..8).fold(register ^ u16::from(byte) << 8, |register: u16, _| {
            let shifted = register << 1;
            if register & 0x8000 == 0 { shifted } else { shifted ^ 0x1021 }
        })
    })
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Payload {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn payload_is_the_first_half_of_the_uuid() {
        let uuid = *b"\x6f\x1c\x00\x01\x02\x03\x04\x05\xff\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(Payload::from_uuid(&uuid).to_string(), "6f1c000102030405");
    }

    proptest! {
        #[test]
        fn message_round_trips_and_any_one_to_three_flips_are_noticed(
            payload: u64, flips in proptest::collection::btree_set(0..MESSAGE_BITS, 1..4),
        ) {
            let mut message = Payload(payload).message();
            prop_assert_eq!(Payload::from_message(&message), Some(Payload(payload)));
            for flip in flips {
                message[flip] ^= true;
            }
            prop_assert_eq!(Payload::from_message(&message), None);
        }
    }
}

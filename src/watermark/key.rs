use std::fmt;
use std::str::FromStr;

use hkdf::Hkdf;
use sha2::Sha256;

use crate::error::Error;

const SALT: &[u8] = b"filigrane watermark 1";

/// The 32 bytes that a pattern is derived from.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// A key of one's own.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, for whoever hands it on to a process that looks for its marks.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// The key that every `verify` knows: marks made with it can be read, and forged, by anybody.
    pub fn public() -> Self {
        Self(*b"filigrane public watermark key 1")
    }

    /// `count` uniform 32-bit numbers for one purpose (SPEC.md §3: HKDF-SHA256, RFC 5869, little-endian words).
    pub(crate) fn words(&self, purpose: &str, count: usize) -> Vec<u32> {
        let derivation = Hkdf::<Sha256>::new(Some(SALT), &self.0);
        let mut bytes = vec![0; 4 * count];
        let expanded = derivation.expand(purpose.as_bytes(), &mut bytes);
        debug_assert!(expanded.is_ok(), "HKDF-SHA256 yields up to 8160 bytes");
        bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
    }
}

impl FromStr for Key {
    type Err = Error;

    /// From 64 hexadecimal digits.
    fn from_str(digits: &str) -> Result<Self, Error> {
        if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Error::Key);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| Error::Key)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| Error::Key)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_64_hexadecimal_digits_and_nothing_else() {
        let digits = "66696c696772616e65207075626c69632077617465726d61726b206b65792031";
        assert_eq!(digits.parse(), Ok(Key::public()));
        for wrong in ["", &digits[1..], &digits.replace('6', "g"), &format!("{digits}0"), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<Key>(), Err(Error::Key), "{wrong}");
        }
    }
}

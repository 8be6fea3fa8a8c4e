use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;

const SALT: &[u8] = b"filigrane watermark 1";

/// The 32 bytes that a pattern is derived from.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// A key of one's own.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
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

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

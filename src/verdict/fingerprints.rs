use serde::{Deserialize, Serialize};

/// Fingerprints of the content in hand, in forms that others exchange. An addition to the contract.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fingerprints {
    /// PDQ hashes of about one picture a second, as vPDQ takes them; empty when the pictures were not looked at.
    pub pdq: Vec<PdqHash>,
    /// ISCC Video-Code (ISO 24138) of 256 bits; none when the pictures were not looked at or are too small for it.
    pub iscc: Option<String>,
    /// Bits of it that differ from the code under the signature of the file's own manifest; none without one.
    pub iscc_signed: Option<u32>,
    /// Registered manifests whose code is near, the nearest first. A soft match, and part of no verdict.
    pub iscc_near: Vec<NearCode>,
}

/// A registered manifest whose ISCC Video-Code is near that of the content in hand.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NearCode {
    /// Its name, `urn:c2pa:UUID`.
    pub manifest: String,
    /// Bits that differ, of 256; unrelated clips differ in about half.
    pub distance: u32,
}

/// The PDQ hash of one picture.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PdqHash {
    /// Presentation time, seconds.
    #[serde(with = "crate::number::plain")]
    pub time: f64,
    /// 0 to 100; hashes under 50 are not compared by those who match them.
    pub quality: u8,
    /// 64 hexadecimal digits.
    pub hash: String,
}

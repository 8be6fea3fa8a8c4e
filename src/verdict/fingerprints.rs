use serde::{Deserialize, Serialize};

/// Fingerprints of the content in hand, in forms that others exchange. An addition to the contract.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fingerprints {
    /// PDQ hashes of about one picture a second, as vPDQ takes them; empty when the pictures were not looked at.
    pub pdq: Vec<PdqHash>,
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

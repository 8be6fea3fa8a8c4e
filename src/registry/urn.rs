use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::Error;

/// The name of a manifest, `urn:c2pa:UUID` (C2PA 2.4, section 8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Urn(Uuid);

const PREFIX: &str = "urn:c2pa:";

impl Urn {
    /// The UUID in it: 36 characters, lowercase.
    pub fn uuid(self) -> String {
        self.0.hyphenated().to_string()
    }

    /// What a watermark carries of it: the first 64 bits of the UUID, big-endian.
    pub fn payload(self) -> u64 {
        (self.0.as_u128() >> 64) as u64
    }
}

impl fmt::Display for Urn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0.hyphenated())
    }
}

impl FromStr for Urn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.strip_prefix(PREFIX)
            .filter(|uuid| uuid.len() == 36)
            .and_then(|uuid| Uuid::try_parse(uuid).ok())
            .map(Self)
            .ok_or_else(|| Error::Urn(text.chars().take(100).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_its_payload_and_its_text_back() {
        let urn: Urn = "urn:c2pa:6F1C0000-89ab-4cde-8000-0123456789ab".parse().unwrap();
        assert_eq!(urn.payload(), 0x6f1c_0000_89ab_4cde);
        assert_eq!(urn.to_string(), "urn:c2pa:6f1c0000-89ab-4cde-8000-0123456789ab");
        assert_eq!(urn.uuid().len(), 36);
    }

    #[test]
    fn other_names_and_paths_are_refused() {
        for text in [
            "",
            "urn:c2pa:",
            "urn:uuid:6f1c0000-89ab-4cde-8000-0123456789ab",
            "urn:c2pa:../../../../../../../../../../etc/passwd",
            "urn:c2pa:6f1c000089ab4cde80000123456789ab",
            "urn:c2pa:6f1c0000-89ab-4cde-8000-0123456789ab:vendor",
        ] {
            assert!(matches!(text.parse::<Urn>(), Err(Error::Urn(_))), "{text}");
        }
    }
}

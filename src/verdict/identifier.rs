//! A watermark carries the first 64 bits of its manifest's UUID; this is the one place that relates the two.

/// The watermark payload that belongs to a manifest, 16 lowercase hexadecimal digits; none when the name holds no
/// UUID. Reads `urn:c2pa:UUID[:…]` and the older `[vendor:]urn:uuid:UUID`.
pub fn payload_of_manifest(name: &str) -> Option<String> {
    uuid_digits(name).map(|digits| digits.chars().take(16).collect())
}

/// True when both names hold the same UUID, or are the same text.
pub fn same_manifest(one: &str, other: &str) -> bool {
    one == other || uuid_digits(one).is_some_and(|digits| Some(digits) == uuid_digits(other))
}

fn uuid_digits(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let (_, rest) = name.split_once("urn:c2pa:").or_else(|| name.split_once("urn:uuid:"))?;
    let uuid = rest.split(':').next()?;
    let groups: Vec<&str> = uuid.split('-').collect();
    let shape = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]);
    let digits = groups.concat();
    (shape && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "urn:c2pa:6F1C0A2B-1122-4344-8555-66778899aabb";

    #[test]
    fn the_payload_is_the_first_64_bits_of_the_uuid_in_every_spelling_of_the_name() {
        for name in [
            NAME,
            "urn:c2pa:6f1c0a2b-1122-4344-8555-66778899aabb:filigrane:1_2",
            "adobe:urn:uuid:6f1c0a2b-1122-4344-8555-66778899aabb",
        ] {
            assert_eq!(payload_of_manifest(name).as_deref(), Some("6f1c0a2b11224344"), "{name}");
            assert!(same_manifest(name, NAME));
        }
    }

    #[test]
    fn names_without_a_uuid_give_no_payload_and_equal_only_themselves() {
        for name in
            ["", "urn:c2pa:", "urn:c2pa:not-a-uuid", "urn:c2pa:6f1c0a2b-1122-4344-8555-66778899aabg", "é"]
        {
            assert_eq!(payload_of_manifest(name), None, "{name}");
            assert!(same_manifest(name, name));
            assert!(!same_manifest(name, NAME));
        }
    }
}

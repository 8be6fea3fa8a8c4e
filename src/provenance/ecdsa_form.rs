use pkcs8::der::asn1::UintRef;
use pkcs8::der::{Decode as _, Reader as _, SliceReader};

/// Both halves of a DER-coded ECDSA signature, each `half` bytes wide (RFC 9053, section 2.1). `None` when it is not
/// DER: it then has that form already, or is none.
pub(crate) fn side_by_side(der: &[u8], half: usize) -> Option<Vec<u8>> {
    let mut reader = SliceReader::new(der).ok()?;
    let (r, s) = reader
        .sequence(|inner: &mut SliceReader<'_>| {
            Ok::<_, pkcs8::der::Error>((UintRef::decode(inner)?, UintRef::decode(inner)?))
        })
        .ok()?;
    reader.finish().ok()?;
    let mut both = Vec::with_capacity(2 * half);
    for part in [r.as_bytes(), s.as_bytes()] {
        both.resize(both.len() + half.checked_sub(part.len())?, 0);
        both.extend_from_slice(part);
    }
    Some(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_becomes_two_halves_and_anything_else_is_left() {
        assert_eq!(side_by_side(&[0x30, 6, 2, 1, 1, 2, 1, 0x7f], 3), Some(vec![0, 0, 1, 0, 0, 0x7f]));
        assert_eq!(side_by_side(&[0x30, 7, 2, 2, 0, 0x80, 2, 1, 2], 1), Some(vec![0x80, 2]));
        assert_eq!(side_by_side(&[0x30, 6, 2, 1, 1, 2, 1, 2, 9], 3), None);
        assert_eq!(side_by_side(&[7; 64], 32), None);
        assert_eq!(side_by_side(&[0x30, 8, 2, 2, 1, 1, 2, 2, 1, 1], 1), None, "too wide");
    }
}

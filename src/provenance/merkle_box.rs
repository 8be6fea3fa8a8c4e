use std::io::{self, Cursor, Read, Seek, SeekFrom};

use serde::Deserialize;

use crate::preflight;

/// Largest such box read, bytes: the hashes of the deepest tree take a few thousand.
const LARGEST: u64 = 1 << 20;
/// Version and flags, then the purpose, as text that ends with a zero byte.
const PURPOSE: &[u8] = b"merkle\0";
const BEFORE: usize = 4;

/// Where a fragment stands in a signed stream, as a box of its own says (`bmff-merkle-map` of C2PA 2.4, annex A.5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Place {
    /// Names the tree of hashes, together with `local`.
    #[serde(rename = "uniqueId")]
    pub unique: u64,
    #[serde(rename = "localId")]
    pub local: u64,
    /// Number among the fragments of its track, from 0.
    pub location: u64,
}

/// The place stated in a C2PA box, of which `start` and `length` are those of its content after the box's type; `None` for
/// a box of another purpose; `Err` with what is wrong with it, before the engine believes the lengths in it.
pub(crate) fn read(
    stream: &mut (impl Read + Seek),
    start: u64,
    length: u64,
) -> io::Result<Result<Option<Place>, String>> {
    stream.seek(SeekFrom::Start(start))?;
    let mut content = Vec::new();
    stream.by_ref().take(length.min((BEFORE + PURPOSE.len()) as u64)).read_to_end(&mut content)?;
    if content.get(BEFORE..) != Some(PURPOSE) {
        return Ok(Ok(None));
    }
    if length > LARGEST {
        return Ok(Err(format!("takes {length} bytes, over the limit of {LARGEST}")));
    }
    content.clear();
    stream.take(length - (BEFORE + PURPOSE.len()) as u64).read_to_end(&mut content)?;
    Ok(place(&content).map(Some))
}

fn place(item: &[u8]) -> Result<Place, String> {
    preflight::check_item(item)?;
    let mut rest = Cursor::new(item);
    let place = ciborium::from_reader(&mut rest).map_err(|error| format!("states no place ({error})"))?;
    let padding = usize::try_from(rest.position()).ok().and_then(|end| item.get(end..)).unwrap_or_default();
    if padding.iter().any(|byte| *byte != 0) {
        // No hash covers them.
        return Err("goes on after its content".to_owned());
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &[u8] = b"\xa4huniqueId\x01glocalId\x01hlocation\x07fhashes\x81\x41x";

    fn of(content: &[u8]) -> Result<Option<Place>, String> {
        read(&mut Cursor::new(content), 0, content.len() as u64).unwrap()
    }

    #[test]
    fn a_place_is_read_and_zero_bytes_may_follow() {
        let content = [b"\0\0\0\0merkle\0", SOUND, &[0; 20]].concat();
        assert_eq!(of(&content), Ok(Some(Place { unique: 1, local: 1, location: 7 })));
    }

    #[test]
    fn boxes_of_another_purpose_are_none() {
        assert_eq!(of(b"\0\0\0\0manifest\0whatever"), Ok(None));
        assert_eq!(of(b"\0\0"), Ok(None));
    }

    #[test]
    fn hidden_bytes_false_lengths_and_missing_fields_are_told() {
        let told = |item: &[u8]| of(&[b"\0\0\0\0merkle\0", item].concat()).unwrap_err();
        assert!(told(&[SOUND, b"hidden"].concat()).contains("goes on"));
        assert!(told(b"\x5b\0\0\0\x0f\xff\xff\xff\xff").contains("length"));
        assert!(told(b"\xa1huniqueId\x01").contains("no place"));
        assert!(told(b"").contains("too early"));
        assert!(told(&vec![0x41; 2 << 20]).contains("limit"));
    }
}

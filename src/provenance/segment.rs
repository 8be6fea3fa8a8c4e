use crate::container::{self, C2PA_BOX};

/// Label of what a signed segment of a live stream says of its place in it (C2PA 2.4, section 19.3).
pub(crate) const LABEL: &str = "c2pa.livevideo.segment";
/// How it says so: by the name of the manifest before.
pub(crate) const BY_MANIFEST: &str = "c2pa.manifestId";

/// Version and flags, purpose, and the place of the first box of hashes, of which such a segment has none.
const BEFORE_STORE: &[u8] = b"\0\0\0\0manifest\0";
const FIRST_MERKLE: usize = 8;

/// The manifest store of a segment that has one of its own.
pub(crate) fn store(segment: &[u8]) -> Option<&[u8]> {
    boxes(segment).find_map(|(kind, content)| {
        let content = content.strip_prefix(&C2PA_BOX).filter(|_| &kind == b"uuid")?;
        content.strip_prefix(BEFORE_STORE)?.get(FIRST_MERKLE..)
    })
}

/// Where the manifest of a segment goes: after its type, where it begins with one.
pub(crate) fn place(segment: &[u8]) -> usize {
    match boxes(segment).next() {
        Some((kind, content)) if matches!(&kind, b"styp" | b"ftyp") => {
            (content.as_ptr() as usize).saturating_sub(segment.as_ptr() as usize) + content.len()
        }
        _ => 0,
    }
}

/// Type and content of each box at the top, as far as they hold together.
fn boxes(mut rest: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (size, kind, header) = container::box_header(rest, rest.len() as u64)?;
        let (whole, tail) = rest.split_at_checked(usize::try_from(size).ok()?)?;
        rest = tail;
        Some((kind, whole.get(header..)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    #[test]
    fn a_store_is_found_at_the_top_and_nowhere_else() {
        let start = boxed(b"styp", b"msdh");
        let own = boxed(b"uuid", &[&C2PA_BOX[..], BEFORE_STORE, &[0; 8], b"store"].concat());
        let media = boxed(b"mdat", b"x");
        assert_eq!(store(&[&start[..], &own, &media].concat()), Some(&b"store"[..]));
        assert_eq!(store(&[&start[..], &media].concat()), None);
        assert_eq!(store(&boxed(b"moof", &own)), None);
        assert_eq!(store(&own[..own.len() - 1]), None);
        assert_eq!(store(b""), None);
    }

    #[test]
    fn a_manifest_goes_after_the_type_or_to_the_front() {
        let start = boxed(b"styp", b"msdhmsdh");
        assert_eq!(place(&[&start[..], &boxed(b"moof", b"")].concat()), start.len());
        assert_eq!(place(&boxed(b"moof", b"")), 0);
        assert_eq!(place(b"junk"), 0);
    }
}

/// A manifest store with its active manifest alone: the last one (C2PA 2.4, section 11.1.4.2). `None` when the bytes are no
/// store. What the manifest says of ingredients then leads nowhere.
pub fn active_manifest(store: &[u8]) -> Option<Vec<u8>> {
    let (outer, _) = split(store)?;
    if outer.kind != *b"jumb" {
        return None;
    }
    let (description, mut rest) = split(outer.content)?;
    if description.kind != *b"jumd" {
        return None;
    }
    let mut active: Option<Piece<'_>> = None;
    while !rest.is_empty() {
        let (piece, after) = split(rest)?;
        if matches!(&piece.kind, b"jumb" | b"brob") {
            active = Some(piece);
        }
        rest = after;
    }
    let active = active?;
    let size = u32::try_from(8 + description.whole.len() + active.whole.len()).ok()?;
    Some([&size.to_be_bytes()[..], b"jumb", description.whole, active.whole].concat())
}

/// A box (ISO/IEC 19566-5, annex B).
struct Piece<'a> {
    kind: [u8; 4],
    whole: &'a [u8],
    content: &'a [u8],
}

/// The first box, and what comes after it.
fn split(bytes: &[u8]) -> Option<(Piece<'_>, &[u8])> {
    let (size, rest) = bytes.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    let (size, header) = match u32::from_be_bytes(*size) {
        1 => (u64::from_be_bytes(*rest.first_chunk::<8>()?), 16),
        size => (u64::from(size), 8),
    };
    let (whole, after) = bytes.split_at_checked(usize::try_from(size).ok()?)?;
    Some((Piece { kind: *kind, whole, content: whole.get(header..)? }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&(8 + content.len() as u32).to_be_bytes()[..], kind, content].concat()
    }

    #[test]
    fn the_last_manifest_stays_with_the_description_of_the_store() {
        let (description, first, last) =
            (piece(b"jumd", b"c2pa"), piece(b"jumb", b"first"), piece(b"jumb", b"last one"));
        let store = piece(b"jumb", &[&description[..], &first, &last].concat());
        let alone = piece(b"jumb", &[&description[..], &last].concat());
        assert_eq!(active_manifest(&store), Some(alone.clone()));
        assert_eq!(active_manifest(&alone), Some(alone));
    }

    #[test]
    fn what_is_no_store_has_no_active_manifest() {
        let empty = piece(b"jumb", &piece(b"jumd", b"c2pa"));
        let lying = [&[0, 0, 1, 0][..], b"jumb", &piece(b"jumd", b"")].concat();
        let endless = [&1_u32.to_be_bytes()[..], b"jumb", &u64::MAX.to_be_bytes()].concat();
        let nothing = piece(b"jumb", &[&piece(b"jumd", b"")[..], &[0; 8]].concat());
        for bytes in [&b""[..], b"jumb", &empty, &lying, &endless, &nothing, &piece(b"free", b"")] {
            assert_eq!(active_manifest(bytes), None, "{bytes:?}");
        }
    }
}

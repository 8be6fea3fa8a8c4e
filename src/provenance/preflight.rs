use std::io::Read as _;

/// Deepest nesting of boxes, and of CBOR items.
const DEEPEST: usize = 64;
/// Most CBOR items in a store; the engine spends some hundred bytes on each.
const MOST_ITEMS: usize = 1_000_000;
/// Most bytes that compressed manifests of a store may expand to.
const MOST_EXPANDED: usize = 32 << 20;

/// Says what is wrong with the sizes that a manifest store states, before the engine believes them.
///
/// The engine allocates whatever length a CBOR string claims to have; a file of a few kilobytes could take all
/// memory. Only boxes (ISO 19566-5) and CBOR lengths (RFC 8949) are looked at, not what they mean.
pub(crate) fn check(store: &[u8]) -> Result<(), String> {
    let mut budget = Budget { items: MOST_ITEMS, expanded: MOST_EXPANDED };
    boxes(store, 0, &mut budget)
}

/// The same for one CBOR item that stands alone.
pub(crate) fn check_item(item: &[u8]) -> Result<(), String> {
    cbor(item, &mut Budget { items: MOST_ITEMS, expanded: 0 })
}

struct Budget {
    items: usize,
    expanded: usize,
}

fn boxes(mut rest: &[u8], depth: usize, budget: &mut Budget) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("boxes nested over {DEEPEST} deep"));
    }
    while let Some((header, kind)) = rest.first_chunk::<8>().map(|head| (head, &head[4..8])) {
        let [a, b, c, d, ..] = *header;
        let (size, header) = match u32::from_be_bytes([a, b, c, d]) {
            // Zero bytes at the end are padding.
            0 => return Ok(()),
            1 => match rest.get(8..16).and_then(|size| size.try_into().ok()) {
                Some(size) => (u64::from_be_bytes(size), 16),
                None => return Err("a box ends inside its header".to_owned()),
            },
            size => (u64::from(size), 8),
        };
        let content = usize::try_from(size).ok().and_then(|size| rest.get(header..size));
        let Some(content) = content else {
            return Err(format!("a box states {size} bytes where {} are left", rest.len()));
        };
        budget.items = budget.items.checked_sub(1).ok_or_else(too_many)?;
        match kind {
            b"jumb" => boxes(content, depth + 1, budget)?,
            b"cbor" => cbor(content, budget)?,
            b"brob" => {
                let mut expanded = Vec::new();
                brotli::Decompressor::new(content, 4096)
                    .take(budget.expanded as u64 + 1)
                    .read_to_end(&mut expanded)
                    .map_err(|error| format!("a compressed manifest is damaged ({error})"))?;
                budget.expanded = budget
                    .expanded
                    .checked_sub(expanded.len())
                    .ok_or_else(|| format!("compressed manifests of over {} MiB", MOST_EXPANDED >> 20))?;
                boxes(&expanded, depth + 1, budget)?;
            }
            _ => {}
        }
        rest = &rest[header + content.len()..];
    }
    Ok(())
}

/// Walks the first CBOR item; bytes after it do not matter.
fn cbor(mut rest: &[u8], budget: &mut Budget) -> Result<(), String> {
    const INDEFINITE: u64 = u64::MAX;
    let mut open: Vec<u64> = vec![1];
    while let Some(left) = open.last_mut() {
        match *left {
            0 => {
                open.pop();
                continue;
            }
            INDEFINITE => {}
            _ => *left -= 1,
        }
        budget.items = budget.items.checked_sub(1).ok_or_else(too_many)?;
        let Some((&first, tail)) = rest.split_first() else { return Err("CBOR ends too early".to_owned()) };
        rest = tail;
        let (major, info) = (first >> 5, first & 31);
        let argument = match info {
            0..=23 => u64::from(info),
            24..=27 => {
                let length = 1 << (info - 24);
                let Some((bytes, tail)) = rest.split_at_checked(length) else {
                    return Err("CBOR ends too early".to_owned());
                };
                rest = tail;
                bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte))
            }
            31 if major == 7 => {
                // A break closes the innermost open string, array or map.
                if open.pop() != Some(INDEFINITE) {
                    return Err("CBOR breaks off where nothing is open".to_owned());
                }
                continue;
            }
            31 if (2..=5).contains(&major) => INDEFINITE,
            _ => return Err("CBOR with a reserved length".to_owned()),
        };
        let too_long = || format!("CBOR states a length of {argument} where {} bytes are left", rest.len());
        let inner = match major {
            2 | 3 if argument != INDEFINITE => {
                let length = usize::try_from(argument).map_err(|_| too_long())?;
                rest = rest.get(length..).ok_or_else(too_long)?;
                continue;
            }
            2..=5 if argument == INDEFINITE => INDEFINITE,
            4 | 5 => {
                let items = argument.checked_mul(u64::from(major) - 3).ok_or_else(too_long)?;
                if items > rest.len() as u64 {
                    return Err(too_long());
                }
                items
            }
            6 => 1,
            _ => continue,
        };
        if open.len() > DEEPEST {
            return Err(format!("CBOR nested over {DEEPEST} deep"));
        }
        open.push(inner);
    }
    Ok(())
}

fn too_many() -> String {
    format!("a manifest store of over {MOST_ITEMS} items")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    fn of_cbor(bytes: &[u8]) -> Result<(), String> {
        check(&boxed(b"jumb", &boxed(b"cbor", bytes)))
    }

    #[test]
    fn well_formed_cbor_of_every_kind_passes() {
        for bytes in [
            &b"\x00"[..],
            b"\x38\xff",
            b"\x43abc",
            b"\x63abc",
            b"\x82\x01\x82\x02\x03",
            b"\xa1\x61a\xf6",
            b"\xc0\x61t",
            b"\xfb\0\0\0\0\0\0\0\0",
            b"\x5f\x41a\x42bc\xff",
            b"\x9f\x01\x9f\xff\xff",
            b"\xbf\x61a\x01\xff",
            b"\x01\x00\x00",
        ] {
            assert_eq!(of_cbor(bytes), Ok(()), "{bytes:x?}");
        }
    }

    #[test]
    fn lengths_beyond_the_content_are_refused() {
        for bytes in [
            &b""[..],
            b"\x5b\0\0\0\0\xff\xff\xff\xff",
            b"\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x9a\xff\xff\xff\xff",
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x82\x01",
            b"\x1c",
            b"\xff",
            b"\x9f\x01",
            b"\x19\x01",
        ] {
            assert!(of_cbor(bytes).is_err(), "{bytes:x?}");
        }
        assert!(of_cbor(&[0x81; 1000]).unwrap_err().contains("deep"));
        assert!(of_cbor(&[0xc0; 1000]).unwrap_err().contains("deep"));
        let long = [&b"\x9a\x00\x1f\xff\xff"[..], &vec![0; 0x1f_ffff]].concat();
        assert!(of_cbor(&long).unwrap_err().contains("items"));
    }

    #[test]
    fn boxes_that_lie_about_their_size_are_refused() {
        assert!(check(b"\xff\xff\xff\xffjumb").is_err());
        assert!(check(b"\0\0\0\x04jumb").is_err());
        assert!(check(b"\0\0\0\x01jumb\0\0").is_err());
        let nested = (0..100).fold(Vec::new(), |inner, _| boxed(b"jumb", &inner));
        assert!(check(&nested).unwrap_err().contains("deep"));
        assert_eq!(check(&[boxed(b"jumb", &boxed(b"json", b"{}")), vec![0; 100]].concat()), Ok(()));
    }

    #[test]
    fn compressed_manifests_are_looked_into_and_bounded() {
        let compressed = |bytes: &[u8]| {
            let mut out = Vec::new();
            let parameters = brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() };
            brotli::BrotliCompress(&mut &bytes[..], &mut out, &parameters).unwrap();
            check(&boxed(b"jumb", &boxed(b"brob", &out)))
        };
        assert_eq!(compressed(&boxed(b"jumb", &boxed(b"cbor", b"\x43abc"))), Ok(()));
        let lying = boxed(b"jumb", &boxed(b"cbor", b"\x5b\0\0\0\0\xff\xff\xff\xff"));
        assert!(compressed(&lying).unwrap_err().contains("length"));
        assert!(compressed(&boxed(b"free", &vec![0; 40 << 20])).unwrap_err().contains("MiB"));
        assert!(check(&boxed(b"brob", b"nonsense")).is_err());
    }
}

//! Which bytes of an MP4 file the hash of a C2PA manifest leaves out.

use std::ops::Range;

/// The boxes at the top of an MP4 file and the bytes they take.
pub fn boxes(bytes: &[u8]) -> Vec<([u8; 4], Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(head) = bytes.get(at..at + 8) {
        let short = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
        let size = match short {
            0 => bytes.len() - at,
            1 => u64::from_be_bytes(bytes[at + 8..at + 16].try_into().unwrap()) as usize,
            _ => short,
        };
        found.push((head[4..8].try_into().unwrap(), at..at + size));
        at += size;
    }
    found
}

/// Bytes that the hard binding excludes (C2PA 2.2, "BMFF-Based Hash": `/ftyp`, `/mfra` and the manifest's own `uuid`
/// box, where the claim's signature takes over).
pub fn unhashed(bytes: &[u8]) -> Vec<Range<usize>> {
    boxes(bytes)
        .into_iter()
        .filter(|(kind, _)| matches!(kind, b"ftyp" | b"mfra" | b"uuid"))
        .map(|(_, range)| range)
        .collect()
}

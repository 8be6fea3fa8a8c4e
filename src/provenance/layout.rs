use std::io::{self, Read, Seek, SeekFrom};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::Assertion;
use crate::container::{self, C2PA_BOX, Container};

/// Label of the statement.
pub(crate) const LABEL: &str = "org.filigrane.layout";
/// Status code of a file whose boxes are not those that were signed.
pub(crate) const MISMATCH: &str = "org.filigrane.layout.mismatch";
/// Boxes that the hard binding leaves out by their type (C2PA 2.4, section 18.7, and what the engine adds to it). Not
/// `mfra`: its offsets move when the manifest is put in.
const UNHASHED: [&[u8; 4]; 3] = [b"ftyp", b"free", b"skip"];
const MOST_BOXES: usize = 2_000_000;

/// States which boxes stand at the top of an ISO media file, and the content of those that C2PA's hash leaves out: without
/// it, anybody can move, add and fill `free` boxes, or change the file's brand, under an intact signature. `None` for
/// other containers, and for files whose boxes contradict themselves.
pub(crate) fn assertion(stream: &mut (impl Read + Seek)) -> io::Result<Option<Assertion>> {
    let digest = digest(stream)?;
    Ok(digest.map(|digest| Assertion {
        label: LABEL.to_owned(),
        data: json!({ "alg": "sha256", "hash": digest }),
    }))
}

/// Whether a file still has the boxes that the statement says; a statement of another form says nothing.
pub(crate) fn holds(stated: &Value, stream: &mut (impl Read + Seek)) -> io::Result<bool> {
    match (stated["alg"].as_str(), stated["hash"].as_str()) {
        (Some("sha256"), Some(hash)) => Ok(digest(stream)?.as_deref() == Some(hash)),
        _ => Ok(true),
    }
}

/// SHA-256 in hexadecimal over type and size of each box at the top but the manifest's, and over the content of those
/// that are not hashed. The manifest's own box must be the second, as the engine writes it.
fn digest(stream: &mut (impl Read + Seek)) -> io::Result<Option<String>> {
    let container = Container::sniff(stream)?;
    if !matches!(container, Container::Mp4 | Container::QuickTime) {
        return Ok(None);
    }
    let end = stream.seek(SeekFrom::End(0))?;
    let mut hash = Sha256::new();
    let mut position = 0;
    for index in 0..MOST_BOXES {
        if position == end {
            stream.rewind()?;
            return Ok(Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()));
        }
        stream.seek(SeekFrom::Start(position))?;
        let mut head = [0; 32];
        let length = container::read_up_to(stream, &mut head)?;
        let Some((size, kind, header)) = container::box_header(&head[..length], end - position) else {
            break;
        };
        if size > end - position {
            break;
        }
        let manifest = &kind == b"uuid" && head.get(header..header + 16) == Some(&C2PA_BOX[..]);
        if manifest && index != 1 {
            // Where it was signed: elsewhere it is a moved or a second one. Before signing there may be an old one.
            hash.update(b"a manifest elsewhere");
        } else if !manifest {
            hash.update(kind);
            hash.update(size.to_be_bytes());
            if UNHASHED.contains(&&kind) {
                stream.seek(SeekFrom::Start(position))?;
                copy(stream, size, &mut hash)?;
            }
        }
        position += size;
    }
    stream.rewind()?;
    Ok(None)
}

fn copy(stream: &mut impl Read, size: u64, hash: &mut Sha256) -> io::Result<()> {
    let mut rest = stream.take(size);
    let mut buffer = vec![0; 64 << 10];
    loop {
        match rest.read(&mut buffer)? {
            0 => return Ok(()),
            count => hash.update(&buffer[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    #[test]
    fn the_manifest_in_its_place_does_not_count_and_everything_else_does() {
        let of = |parts: &[&[u8]]| digest(&mut Cursor::new(parts.concat())).unwrap();
        let start = boxed(b"ftyp", b"isomxxxx");
        let media = boxed(b"mdat", b"pictures");
        let pad = boxed(b"free", b"nothing");
        let manifest = boxed(b"uuid", &[&C2PA_BOX[..], b"claim"].concat());
        let plain = of(&[&start, &pad, &media]);
        assert!(plain.is_some());
        assert_eq!(plain, of(&[&start, &manifest, &pad, &media]));
        assert_ne!(plain, of(&[&start, &pad, &manifest, &media]));
        assert_ne!(plain, of(&[&start, &manifest, &manifest, &pad, &media]));
        assert_ne!(plain, of(&[&start, &media, &pad]));
        assert_ne!(plain, of(&[&start, &pad, &media, &pad]));
        assert_ne!(plain, of(&[&start, &boxed(b"free", b"Nothing"), &media]));
        assert_ne!(plain, of(&[&boxed(b"ftyp", b"isomxxxy"), &pad, &media]));
        assert_eq!(plain, of(&[&start, &pad, &boxed(b"mdat", b"PICTURES")]), "that is C2PA's own");
        assert_eq!(of(&[&start, b"\0\0\0\x03mdat"]), None);
        assert_eq!(of(&[b"RIFF"]), None);
    }
}

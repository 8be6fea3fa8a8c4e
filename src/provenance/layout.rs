use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::container::{self, C2PA_BOX, Container};
use crate::{Assertion, Error, Track};

/// Label of the statement.
pub(crate) const LABEL: &str = "org.filigrane.layout";
/// Status code of a file whose boxes are not those that were signed.
pub(crate) const MISMATCH: &str = "org.filigrane.layout.mismatch";
/// Boxes that the hard binding leaves out by their type (C2PA 2.4, section 18.7, and what the engine adds to it). Not
/// `mfra`: its offsets move when the manifest is put in.
const UNHASHED: [&[u8; 4]; 3] = [b"ftyp", b"free", b"skip"];
const MOST_BOXES: usize = 2_000_000;
/// Stands for a box of C2PA's where none belongs.
const ELSEWHERE: &[u8] = b"a manifest elsewhere";

/// States which boxes stand at the top of an ISO media file, and the content of those that C2PA's hash leaves out: without
/// it, anybody can move, add and fill `free` boxes, or change the file's brand, under an intact signature. `None` for
/// other containers, and for files whose boxes contradict themselves.
pub(crate) fn assertion(stream: &mut (impl Read + Seek)) -> io::Result<Option<Assertion>> {
    let digest = digest(stream, Part::Start)?;
    Ok(digest.map(|digest| Assertion {
        label: LABEL.to_owned(),
        data: json!({ "alg": "sha256", "hash": digest }),
    }))
}

/// The same of the tracks of a stream in several files: for each its number, from 1, the digest of the initialisation segment
/// and one over those of its fragments. `None` when boxes contradict themselves.
pub(crate) fn assertion_of_stream(tracks: &[Track]) -> Result<Option<Assertion>, Error> {
    let mut stated = Vec::new();
    for (index, track) in tracks.iter().enumerate() {
        let Some((init, fragments)) = digests_of(track)? else { return Ok(None) };
        stated.push(json!({ "uniqueId": index + 1, "hash": init, "fragments": fragments }));
    }
    Ok(Some(Assertion { label: LABEL.to_owned(), data: json!({ "alg": "sha256", "tracks": stated }) }))
}

/// Whether the files of one track, all of them and in order, still have the boxes that the statement says.
pub(crate) fn holds_for_track(stated: &Value, unique: u64, track: &Track) -> Result<bool, Error> {
    let entry = stated["tracks"]
        .as_array()
        .and_then(|tracks| tracks.iter().find(|entry| entry["uniqueId"].as_u64() == Some(unique)));
    match (stated["alg"].as_str(), entry) {
        (Some("sha256"), Some(entry)) => Ok(digests_of(track)?.is_some_and(|(init, fragments)| {
            entry["hash"].as_str() == Some(&init) && entry["fragments"].as_str() == Some(&fragments)
        })),
        _ => Ok(true),
    }
}

fn digests_of(track: &Track) -> Result<Option<(String, String)>, Error> {
    let of = |path: &Path, part| {
        let mut file = File::open(path).map_err(Error::io("read", path))?;
        digest(&mut file, part).map_err(Error::io("read", path))
    };
    let Some(init) = of(&track.init, Part::Start)? else { return Ok(None) };
    let mut all = Sha256::new();
    for fragment in &track.fragments {
        let Some(digest) = of(fragment, Part::Fragment)? else { return Ok(None) };
        all.update(digest);
    }
    Ok(Some((init, hexadecimal(all))))
}

/// The same of one segment of a live stream, which has a manifest of its own.
pub(crate) fn assertion_of_segment(segment: &[u8]) -> io::Result<Option<Assertion>> {
    let digest = digest(&mut Cursor::new(segment), Part::Segment)?;
    Ok(digest.map(|digest| Assertion {
        label: LABEL.to_owned(),
        data: json!({ "alg": "sha256", "hash": digest }),
    }))
}

/// Whether such a segment still has the boxes that the statement says.
pub(crate) fn holds_for_segment(stated: &Value, segment: &[u8]) -> io::Result<bool> {
    match (stated["alg"].as_str(), stated["hash"].as_str()) {
        (Some("sha256"), Some(hash)) => {
            Ok(digest(&mut Cursor::new(segment), Part::Segment)?.as_deref() == Some(hash))
        }
        _ => Ok(true),
    }
}

/// What the signer of the active manifest states.
pub(crate) fn stated(reader: &c2pa::Reader) -> Option<&Value> {
    let assertions = reader.active_manifest()?.assertions();
    assertions.iter().find(|one| one.label() == LABEL)?.value().ok()
}

/// Whether a file still has the boxes that the statement says; a statement of another form says nothing.
pub(crate) fn holds(stated: &Value, stream: &mut (impl Read + Seek)) -> io::Result<bool> {
    match (stated["alg"].as_str(), stated["hash"].as_str()) {
        (Some("sha256"), Some(hash)) => Ok(digest(stream, Part::Start)?.as_deref() == Some(hash)),
        _ => Ok(true),
    }
}

/// What of a video a file is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A whole one, or the initialisation segment of one.
    Start,
    /// One media segment, of a stream whose manifest is in another file.
    Fragment,
    /// One that has a manifest of its own.
    Segment,
}

/// SHA-256 in hexadecimal over type and size of each box at the top but C2PA's own, and over the content of those
/// that are not hashed. C2PA's own box must be where it is written: after the first one, which tells the type, or before a `moof`.
fn digest(stream: &mut (impl Read + Seek), part: Part) -> io::Result<Option<String>> {
    let container = Container::sniff(stream)?;
    if part == Part::Start && !matches!(container, Container::Mp4 | Container::QuickTime) {
        return Ok(None);
    }
    let end = stream.seek(SeekFrom::End(0))?;
    let mut hash = Sha256::new();
    let mut position = 0;
    let mut held = false;
    // A segment may begin without its type.
    let mut after = 1;
    for index in 0..MOST_BOXES {
        if position == end {
            stream.rewind()?;
            if held {
                hash.update(ELSEWHERE);
            }
            return Ok(Some(hexadecimal(hash)));
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
        if std::mem::take(&mut held) && &kind != b"moof" {
            hash.update(ELSEWHERE);
        }
        let typed = matches!(&kind, b"styp" | b"ftyp");
        if index == 0 && part == Part::Segment && !typed {
            after = 0;
        }
        let own = &kind == b"uuid" && head.get(header..header + 16) == Some(&C2PA_BOX[..]);
        if own && part == Part::Fragment {
            held = true;
        } else if own && index != after {
            // Where it was signed: elsewhere it is a moved or a second one. Before signing there may be an old one.
            hash.update(ELSEWHERE);
        } else if !own {
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

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
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
    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    #[test]
    fn the_manifest_in_its_place_does_not_count_and_everything_else_does() {
        let of = |parts: &[&[u8]]| digest(&mut Cursor::new(parts.concat()), Part::Start).unwrap();
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

    #[test]
    fn in_a_fragment_the_box_before_its_moof_does_not_count_and_everything_else_does() {
        let of = |parts: &[&[u8]]| digest(&mut Cursor::new(parts.concat()), Part::Fragment).unwrap();
        let (start, moof) = (boxed(b"styp", b"msdh"), boxed(b"moof", b"times"));
        let (media, pad) = (boxed(b"mdat", b"pictures"), boxed(b"free", b"nothing"));
        let place = boxed(b"uuid", &[&C2PA_BOX[..], b"place"].concat());
        let plain = of(&[&start, &moof, &media]);
        assert!(plain.is_some());
        assert_eq!(plain, of(&[&start, &place, &moof, &media]));
        assert_ne!(plain, of(&[&place, &start, &moof, &media]));
        assert_ne!(plain, of(&[&start, &place, &place, &moof, &media]));
        assert_ne!(plain, of(&[&start, &place, &moof, &media, &place]));
        assert_ne!(plain, of(&[&start, &moof, &media, &pad]));
    }

    #[test]
    fn in_a_segment_with_a_manifest_of_its_own_that_one_does_not_count_and_everything_else_does() {
        let of = |parts: &[&[u8]]| digest(&mut Cursor::new(parts.concat()), Part::Segment).unwrap();
        let (start, moof) = (boxed(b"styp", b"msdh"), boxed(b"moof", b"times"));
        let (media, pad) = (boxed(b"mdat", b"pictures"), boxed(b"free", b"nothing"));
        let own = boxed(b"uuid", &[&C2PA_BOX[..], b"claim"].concat());
        let plain = of(&[&start, &moof, &media]);
        assert!(plain.is_some());
        assert_eq!(plain, of(&[&start, &own, &moof, &media]));
        assert_ne!(plain, of(&[&start, &moof, &own, &media]));
        assert_ne!(plain, of(&[&start, &own, &own, &moof, &media]));
        assert_ne!(plain, of(&[&start, &own, &moof, &media, &pad]));
        assert_eq!(of(&[&moof, &media]), of(&[&own, &moof, &media]));
        assert_ne!(of(&[&moof, &media]), of(&[&moof, &own, &media]));
    }
}

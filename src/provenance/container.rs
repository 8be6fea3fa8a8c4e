use std::io::{self, Read, Seek, SeekFrom};

use crate::merkle_box::{self, Place};

/// Type of the box that holds a manifest store in an ISO media file (C2PA 2.4, annex A.5).
pub(crate) const C2PA_BOX: [u8; 16] =
    [0xd8, 0xfe, 0xc3, 0xd6, 0x1b, 0x0e, 0x48, 0x3c, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7e, 0xc4, 0x81];
/// Boxes that the engine descends into; it keeps some 300 bytes of memory for every box it meets.
const PARENTS: [&[u8; 4]; 16] = [
    b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"edts", b"udta", b"dinf", b"tref",
    b"treg", b"mvex", b"mfra", b"meta", b"schi",
];
/// Type of the box that holds XMP, all of which the engine reads into memory, as it does the list of brands.
const XMP_BOX: [u8; 16] =
    [0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8, 0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac];
const LARGEST_XMP: u64 = 32 << 20;
const LARGEST_FTYP: u64 = 64 << 10;
const DEEPEST: usize = 32;
/// Most boxes or chunks; a day of half-second fragments has some 1.5 million.
const MOST_BOXES: u64 = 2_000_000;

/// The family a file belongs to, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    /// ISO base media: MP4, M4V.
    Mp4,
    /// ISO base media with the QuickTime brand.
    QuickTime,
    /// RIFF of form AVI.
    Avi,
    /// EBML: Matroska and WebM, which have no place for a manifest.
    Matroska,
    /// Anything else.
    Other,
}

impl Container {
    /// Tells the container from its first bytes; leaves the stream at its start.
    pub(crate) fn sniff(stream: &mut (impl Read + Seek)) -> io::Result<Self> {
        let mut head = [0; 12];
        stream.rewind()?;
        let length = read_up_to(stream, &mut head)?;
        stream.rewind()?;
        Ok(match &head[..length] {
            [_, _, _, _, b'f', b't', b'y', b'p', b'q', b't', b' ', b' '] => Self::QuickTime,
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Self::Mp4,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' '] => Self::Avi,
            [0x1a, 0x45, 0xdf, 0xa3, ..] => Self::Matroska,
            _ => Self::Other,
        })
    }

    /// Media type, where the first bytes tell it.
    pub(crate) fn media_type(self) -> Option<&'static str> {
        match self {
            Self::Mp4 => Some("video/mp4"),
            Self::QuickTime => Some("video/quicktime"),
            Self::Avi => Some("video/x-msvideo"),
            Self::Matroska => Some("video/x-matroska"),
            Self::Other => None,
        }
    }

    /// Whether C2PA defines a place for the manifest inside such files.
    pub(crate) fn embeds(self) -> bool {
        matches!(self, Self::Mp4 | Self::QuickTime | Self::Avi)
    }
}

/// What a walk over the outer structure of a file found, before the engine sees the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Survey {
    /// Bytes of all boxes or chunks that hold manifest data.
    pub manifest_bytes: u64,
    /// Where the structure breaks; the engine may still be able to read the file.
    pub fault: Option<String>,
    /// What there is too much of; the engine must not see the file.
    pub excess: Option<String>,
    /// A box that the hash leaves out by its type, in a place or number that no writer gives it: anybody can have put it
    /// there after signing (C2PA 2.4, section 18.7, mandatory exclusions).
    pub stray: Option<String>,
    /// Boxes of media data at the top of an ISO media file.
    pub media: u64,
    /// Boxes that begin a fragment there.
    pub fragments: u64,
    /// Whether there is a description of the tracks.
    pub movie: bool,
    /// Boxes that hold a manifest store.
    pub stores: u64,
    /// Boxes that state places in a signed stream, and the first of these.
    pub merkles: u64,
    pub place: Option<Place>,
    /// Boxes that a hash over the file leaves out by their type, the manifest's own aside.
    pub unhashed: u64,
    /// Where an index of fragments stands before any of these.
    early_index: Option<u64>,
    boxes: u64,
    indices: u64,
}

/// Walks the boxes of an ISO media file or the chunks of an AVI; finds nothing in other files. Memory is constant,
/// time bounded by the number of boxes.
pub(crate) fn survey(stream: &mut (impl Read + Seek), container: Container) -> io::Result<Survey> {
    let mut survey = Survey::default();
    let end = stream.seek(SeekFrom::End(0))?;
    match container {
        Container::Mp4 | Container::QuickTime => survey.boxes(stream, 0, end, 0)?,
        Container::Avi => survey.chunks(stream, end)?,
        Container::Matroska | Container::Other => {}
    }
    // The initialisation segment of a stream in several files has no media and may have one.
    if let Some(position) = survey.early_index.filter(|_| survey.media > 0) {
        survey.astray("an index of fragments in a file that has none before it", position);
    }
    stream.rewind()?;
    Ok(survey)
}

impl Survey {
    fn boxes(
        &mut self,
        stream: &mut (impl Read + Seek),
        start: u64,
        end: u64,
        depth: usize,
    ) -> io::Result<()> {
        if depth > DEEPEST {
            self.excess = Some(format!("boxes nested over {DEEPEST} deep"));
        }
        let mut position = start;
        while self.fault.is_none() && self.excess.is_none() && position.saturating_add(8) <= end {
            self.boxes += 1;
            if self.boxes > MOST_BOXES {
                self.excess = Some(format!("over {MOST_BOXES} boxes"));
                break;
            }
            stream.seek(SeekFrom::Start(position))?;
            let mut head = [0; 32];
            let length = read_up_to(stream, &mut head)?;
            let Some((size, kind, header)) = box_header(&head[..length], end - position) else {
                self.fault = Some(format!("broken box header at byte {position}"));
                break;
            };
            let box_end = position.saturating_add(size);
            let whole = box_end <= end;
            if depth == 0 {
                self.note(&kind, position);
            }
            if &kind == b"uuid" && depth == 0 {
                let content = (position + header as u64 + 16, size.saturating_sub(header as u64 + 16));
                match head.get(header..header + 16) {
                    Some(id) if id == C2PA_BOX => self.provenance(stream, size, content, position)?,
                    Some(id) if id == XMP_BOX && size > LARGEST_XMP => self.too_large("XMP", size, position),
                    _ => {}
                }
            }
            if &kind == b"ftyp" && size > LARGEST_FTYP {
                self.too_large("brands", size, position);
            }
            if PARENTS.contains(&&kind) {
                // An ISO `meta` has a version before its children, a QuickTime one starts with its `hdlr` at once.
                let skip =
                    if &kind == b"meta" && head.get(header + 4..header + 8) != Some(b"hdlr") { 4 } else { 0 };
                self.boxes(stream, position + header as u64 + skip, box_end.min(end), depth + 1)?;
            }
            if !whole && &kind != b"mdat" && depth == 0 && self.fault.is_none() {
                self.fault = Some(format!("box at byte {position} reaches past the end of the file"));
            }
            position = box_end;
        }
        Ok(())
    }

    /// Takes up a box of C2PA's: `content` is where it begins after its type, and how long it is.
    fn provenance(
        &mut self,
        stream: &mut (impl Read + Seek),
        size: u64,
        content: (u64, u64),
        position: u64,
    ) -> io::Result<()> {
        self.manifest_bytes = self.manifest_bytes.saturating_add(size);
        match merkle_box::read(stream, content.0, content.1)? {
            Ok(Some(place)) => {
                self.merkles += 1;
                self.place.get_or_insert(place);
            }
            Ok(None) => self.stores += 1,
            Err(why) => self.excess = Some(format!("a box of hashes at byte {position} that {why}")),
        }
        Ok(())
    }

    fn too_large(&mut self, what: &str, size: u64, position: u64) {
        self.excess =
            Some(format!("{size} bytes of {what} at byte {position}, more than any writer puts there"));
    }

    fn note(&mut self, kind: &[u8; 4], position: u64) {
        self.unhashed += u64::from(matches!(kind, b"ftyp" | b"free" | b"skip" | b"mfra"));
        match kind {
            b"ftyp" => {}
            b"mfra" => self.indices += 1,
            b"moof" => self.fragments += 1,
            b"mdat" => self.media += 1,
            b"moov" => self.movie = true,
            _ => return,
        }
        let what = match kind {
            b"ftyp" if position > 0 => "a file type box that is not the first",
            b"mfra" if self.indices > 1 => "a second index of fragments",
            b"mfra" if self.fragments == 0 => {
                self.early_index.get_or_insert(position);
                return;
            }
            _ => return,
        };
        self.astray(what, position);
    }

    fn astray(&mut self, what: &str, position: u64) {
        self.stray.get_or_insert_with(|| format!("{what}, at byte {position}, which no signature covers"));
    }

    fn chunks(&mut self, stream: &mut (impl Read + Seek), end: u64) -> io::Result<()> {
        let mut position = 0;
        while position + 12 <= end {
            stream.seek(SeekFrom::Start(position))?;
            let mut head = [0; 12];
            stream.read_exact(&mut head)?;
            let riff_end = position.saturating_add(8).saturating_add(u64::from(little_endian(&head[4..8])));
            if &head[..4] != b"RIFF" {
                break;
            }
            let mut inner = position + 12;
            while inner + 8 <= riff_end.min(end) {
                self.boxes += 1;
                if self.boxes > MOST_BOXES {
                    self.excess = Some(format!("over {MOST_BOXES} chunks"));
                    return Ok(());
                }
                stream.seek(SeekFrom::Start(inner))?;
                let mut head = [0; 8];
                stream.read_exact(&mut head)?;
                let size = u64::from(little_endian(&head[4..8]));
                if &head[..4] == b"C2PA" {
                    self.manifest_bytes = self.manifest_bytes.saturating_add(size);
                }
                inner += 8 + size + (size & 1);
            }
            position = riff_end + (riff_end & 1);
        }
        Ok(())
    }
}

/// Size, type and header length of the box whose first bytes are given; `None` when they contradict themselves.
pub(crate) fn box_header(head: &[u8], room: u64) -> Option<(u64, [u8; 4], usize)> {
    let kind = head.get(4..8)?.try_into().ok()?;
    let (size, header) = match u32::from_be_bytes(head.get(..4)?.try_into().ok()?) {
        0 => (room, 8),
        1 => (u64::from_be_bytes(head.get(8..16)?.try_into().ok()?), 16),
        size => (u64::from(size), 8),
    };
    (size >= header as u64).then_some((size, kind, header))
}

fn little_endian(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte))
}

pub(crate) fn read_up_to(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match stream.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    fn survey_of(bytes: Vec<u8>) -> Survey {
        let mut stream = Cursor::new(bytes);
        let container = Container::sniff(&mut stream).unwrap();
        survey(&mut stream, container).unwrap()
    }

    #[test]
    fn first_bytes_tell_the_container() {
        let sniff = |bytes: &[u8]| Container::sniff(&mut Cursor::new(bytes.to_vec())).unwrap();
        assert_eq!(sniff(b"\0\0\0\x14ftypisom...."), Container::Mp4);
        assert_eq!(sniff(b"\0\0\0\x14ftypqt  ...."), Container::QuickTime);
        assert_eq!(sniff(b"RIFF....AVI LIST"), Container::Avi);
        assert_eq!(sniff(b"\x1a\x45\xdf\xa3"), Container::Matroska);
        assert_eq!(sniff(b""), Container::Other);
    }

    #[test]
    fn manifest_boxes_and_chunks_are_measured() {
        let manifest = boxed(b"uuid", &[&C2PA_BOX[..], &[0; 100]].concat());
        let file = [boxed(b"ftyp", b"isom"), manifest, boxed(b"mdat", b"x")].concat();
        let found = survey_of(file);
        assert_eq!((found.manifest_bytes, found.boxes, found.fault, found.stray), (124, 3, None, None));
        let riff = [b"RIFF\x16\0\0\0AVI C2PA\x05\0\0\0hello\0".to_vec()].concat();
        let found = survey_of(riff);
        assert_eq!((found.manifest_bytes, found.boxes, found.fault), (5, 1, None));
    }

    #[test]
    fn boxes_that_no_hash_covers_are_told_where_no_writer_puts_them() {
        let start = boxed(b"ftyp", b"isom");
        let stray = |tail: &[Vec<u8>]| survey_of([start.clone(), tail.concat()].concat()).stray;
        let (index, fragment) = (boxed(b"mfra", b""), boxed(b"moof", b""));
        assert!(stray(&[boxed(b"ftyp", b"isom")]).unwrap().contains("byte 12"));
        let media = boxed(b"mdat", b"x");
        assert!(stray(&[media.clone(), index.clone()]).unwrap().contains("has none"));
        assert!(stray(&[index.clone(), fragment.clone(), media]).unwrap().contains("has none"));
        assert_eq!(stray(std::slice::from_ref(&index)), None, "an initialisation segment has no media");
        assert!(stray(&[fragment.clone(), index.clone(), index.clone()]).unwrap().contains("second"));
        assert_eq!(stray(&[fragment, index]), None);
    }

    #[test]
    fn the_place_of_a_fragment_is_read_and_what_would_take_all_memory_is_kept_from_the_engine() {
        let hashes = |cbor: &[u8]| boxed(b"uuid", &[&C2PA_BOX[..], b"\0\0\0\0merkle\0", cbor].concat());
        let fragment = |cbor: &[u8]| {
            let file =
                [boxed(b"ftyp", b"isom"), hashes(cbor), boxed(b"moof", b""), boxed(b"mdat", b"x")].concat();
            survey_of(file)
        };
        let sound = fragment(b"\xa3huniqueId\x01glocalId\x02hlocation\x18\x2a");
        assert_eq!(sound.place, Some(Place { unique: 1, local: 2, location: 42 }));
        assert_eq!((sound.merkles, sound.stores, sound.fragments, sound.media), (1, 0, 1, 1));
        let lying = fragment(b"\xa1fhashes\x81\x5b\0\0\0\x0f\xff\xff\xff\xff");
        assert!(lying.excess.unwrap().contains("length"), "the engine would take 64 GB for this");
        let brands = survey_of(boxed(b"ftyp", &vec![b'i'; 70_000]));
        assert!(brands.excess.unwrap().contains("brands"));
        let mut large = ((LARGEST_XMP + 1) as u32).to_be_bytes().to_vec();
        large.extend([&b"uuid"[..], &XMP_BOX].concat());
        let file = [boxed(b"ftyp", b"isom"), large].concat();
        assert!(survey_of(file).excess.unwrap().contains("XMP"));
    }

    #[test]
    fn lying_sizes_and_excess_are_told() {
        let start = boxed(b"ftyp", b"isom");
        let fault = |tail: Vec<u8>| survey_of([start.clone(), tail].concat()).fault.unwrap();
        assert!(fault(b"\0\0\0\x03free".to_vec()).contains("byte 12"));
        assert!(fault(b"\xff\xff\xff\xfffree".to_vec()).contains("past the end"));
        let excess = |tail: Vec<u8>| survey_of([start.clone(), tail].concat()).excess.unwrap();
        let nested = (0..40).fold(Vec::new(), |inner, _| boxed(b"moov", &inner));
        assert!(excess(nested).contains("deep"));
        assert!(excess(boxed(b"free", b"").repeat(2_000_001)).contains("over"));
    }
}

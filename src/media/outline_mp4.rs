use std::io::{Read, Seek};

use crate::outline::{Stop, Walk};

/// Boxes that hold boxes, on the way to what is looked at.
const PARENTS: [&[u8; 4]; 5] = [b"moov", b"trak", b"mdia", b"minf", b"stbl"];
const DEEPEST: u32 = 32;
/// Most boxes at the top: a day of half-second fragments has some 350,000.
const MOST_AT_THE_TOP: u64 = 2_000_000;
/// Most boxes in the description of the tracks: forty of them each for as many tracks as are allowed.
const MOST_INSIDE: u64 = 20_000;

/// An ISO media file (ISO/IEC 14496-12).
pub(crate) struct Mp4 {
    /// The track at hand is one of pictures.
    pictures: bool,
}

impl Mp4 {
    pub fn walk<R: Read + Seek>(walk: &mut Walk<R>) -> Result<(), Stop> {
        let mut inside = MOST_INSIDE;
        let mut top = MOST_AT_THE_TOP;
        while walk.position() + 8 <= walk.end {
            walk.allow(top);
            let (kind, content, end) = header(walk, walk.end)?;
            top -= 1;
            if &kind == b"moov" {
                walk.allow(inside);
                Self { pictures: false }.boxes(walk, content, end, 1)?;
                inside = walk.left();
            }
            walk.seek(end)?;
        }
        Ok(())
    }

    fn boxes<R: Read + Seek>(
        &mut self,
        walk: &mut Walk<R>,
        start: u64,
        end: u64,
        depth: u32,
    ) -> Result<(), Stop> {
        if depth > DEEPEST {
            return Err(Stop::Limit(format!("boxes nested over {DEEPEST} deep")));
        }
        walk.seek(start)?;
        while walk.position() + 8 <= end {
            let (kind, content, next) = header(walk, end)?;
            if &kind == b"trak" {
                walk.stream()?;
                self.pictures = false;
            }
            if PARENTS.contains(&&kind) {
                self.boxes(walk, content, next, depth + 1)?;
            } else {
                self.look(walk, &kind, next - content)?;
            }
            walk.seek(next)?;
        }
        Ok(())
    }

    /// Looks at the numbers in a box.
    fn look<R: Read + Seek>(&mut self, walk: &mut Walk<R>, kind: &[u8; 4], size: u64) -> Result<(), Stop> {
        match kind {
            b"hdlr" if size >= 12 => {
                let mut bytes = [0; 12];
                walk.read(&mut bytes)?;
                self.pictures = bytes.ends_with(b"vide");
            }
            // Version and flags, the size that all have, their number.
            b"stsz" if size >= 12 && self.pictures => {
                let mut bytes = [0; 12];
                walk.read(&mut bytes)?;
                walk.pictures(number(&bytes, 8, 4))?;
            }
            // Version and flags, a count, and of the first entry what stands before width and height.
            b"stsd" if size >= 44 && self.pictures => {
                let mut bytes = [0; 44];
                walk.read(&mut bytes)?;
                walk.pictures_of(number(&bytes, 40, 2), number(&bytes, 42, 2))?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Kind of the box at hand, where its content begins, and where it ends.
fn header<R: Read + Seek>(walk: &mut Walk<R>, limit: u64) -> Result<([u8; 4], u64, u64), Stop> {
    walk.count("boxes")?;
    let start = walk.position();
    let mut head = [0; 8];
    walk.read(&mut head)?;
    let [.., a, b, c, d] = head;
    let size = match number(&head, 0, 4) {
        0 => limit - start,
        1 => {
            let mut long = [0; 8];
            walk.read(&mut long)?;
            u64::from_be_bytes(long)
        }
        size => size,
    };
    let content = walk.position();
    // A box that ends before its content begins would be walked for ever.
    let end = start.checked_add(size).map(|end| end.min(limit)).filter(|end| *end >= content);
    Ok(([a, b, c, d], content, end.ok_or(Stop::Unclear)?))
}

/// A number of so many bytes, the most significant first.
fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    bytes.iter().skip(at).take(length).fold(0, |value, byte| value << 8 | u64::from(*byte))
}

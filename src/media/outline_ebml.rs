use std::io::{Read, Seek};

use crate::outline::{Stop, Walk};

const SEGMENT: u32 = 0x1853_8067;
const TRACKS: u32 = 0x1654_ae6b;
const CLUSTER: u32 = 0x1f43_b675;
const ENTRY: u32 = 0xae;
const VIDEO: u32 = 0xe0;
const WIDTH: u32 = 0xb0;
const HEIGHT: u32 = 0xba;
/// Most elements before the first cluster.
const MOST: u64 = 20_000;

/// A Matroska or WebM file (RFC 9559), up to its first cluster.
pub(crate) struct Ebml {
    width: u64,
    height: u64,
}

impl Ebml {
    pub fn walk<R: Read + Seek>(walk: &mut Walk<R>) -> Result<(), Stop> {
        walk.allow(MOST);
        Self { width: 0, height: 0 }.elements(walk, walk.end)
    }

    /// Elements up to `end`. Those that hold what is looked at are entered rather than skipped, so nothing nests.
    fn elements<R: Read + Seek>(&mut self, walk: &mut Walk<R>, end: u64) -> Result<(), Stop> {
        while walk.position() < end {
            walk.count("elements")?;
            let identifier = u32::try_from(variable(walk, 4, false)?.0).map_err(|_| Stop::Unclear)?;
            let (size, unknown) = variable(walk, 8, true)?;
            let content = walk.position();
            match identifier {
                CLUSTER => return Ok(()),
                ENTRY => {
                    walk.stream()?;
                    (self.width, self.height) = (0, 0);
                }
                SEGMENT | TRACKS | VIDEO => {}
                WIDTH | HEIGHT if (1..=8).contains(&size) => {
                    let mut bytes = [0; 8];
                    let value = bytes.get_mut(8 - size as usize..).ok_or(Stop::Unclear)?;
                    walk.read(value)?;
                    let value = u64::from_be_bytes(bytes);
                    let side = if identifier == WIDTH { &mut self.width } else { &mut self.height };
                    *side = value;
                    walk.pictures_of(self.width, self.height)?;
                }
                // Only those that are entered may have no size.
                _ if unknown => return Ok(()),
                _ => walk.seek(content.checked_add(size).ok_or(Stop::Unclear)?)?,
            }
        }
        Ok(())
    }
}

/// A number of variable length, of at most so many bytes, with or without its marker; and whether all its bits are set,
/// which means that it is not known.
fn variable<R: Read + Seek>(walk: &mut Walk<R>, most: usize, bare: bool) -> Result<(u64, bool), Stop> {
    let mut first = [0];
    walk.read(&mut first)?;
    let length = first[0].leading_zeros() as usize + 1;
    if length > most {
        return Err(Stop::Unclear);
    }
    let mut bytes = [0; 8];
    let rest = bytes.get_mut(9 - length..).ok_or(Stop::Unclear)?;
    walk.read(rest)?;
    let marker = 1_u64 << (7 * length);
    let tail = u64::from_be_bytes(bytes);
    let value = u64::from(first[0]) << (8 * (length - 1)) | tail;
    let plain = value & (marker - 1);
    Ok((if bare { plain } else { value }, plain == marker - 1))
}

use std::io::{Read, Seek};

use crate::outline::{Stop, Walk};

/// Most chunks before the media data.
const MOST: u64 = 20_000;

/// An AVI file, up to its media data.
pub(crate) struct Avi {
    /// The stream at hand is one of pictures.
    pictures: bool,
}

impl Avi {
    pub fn walk<R: Read + Seek>(walk: &mut Walk<R>) -> Result<(), Stop> {
        walk.allow(MOST);
        walk.seek(12)?;
        Self { pictures: false }.chunks(walk)
    }

    /// Chunks one after another. Lists are entered rather than skipped, so nothing nests.
    fn chunks<R: Read + Seek>(&mut self, walk: &mut Walk<R>) -> Result<(), Stop> {
        while walk.position() + 8 <= walk.end {
            walk.count("chunks")?;
            let mut head = [0; 8];
            walk.read(&mut head)?;
            let [a, b, c, d, size @ ..] = head;
            let size = u64::from(u32::from_le_bytes(size));
            // Chunks begin at even places.
            let next = walk.position() + size + size % 2;
            match &[a, b, c, d] {
                b"LIST" => {
                    let mut kind = [0; 4];
                    walk.read(&mut kind)?;
                    match &kind {
                        b"movi" => return Ok(()),
                        b"strl" => {
                            walk.stream()?;
                            self.pictures = false;
                        }
                        b"hdrl" => {}
                        _ => walk.seek(next)?,
                    }
                    continue;
                }
                b"strh" if size >= 4 => {
                    let mut kind = [0; 4];
                    walk.read(&mut kind)?;
                    self.pictures = &kind == b"vids";
                }
                // Its own size, width, height; upside down where that is below zero.
                b"strf" if size >= 12 && self.pictures => {
                    let mut form = [0; 12];
                    walk.read(&mut form)?;
                    let side = |at: usize| {
                        let bytes = form.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
                        bytes.map_or(0, |bytes| u64::from(i32::from_le_bytes(bytes).unsigned_abs()))
                    };
                    walk.pictures_of(side(4), side(8))?;
                }
                _ => {}
            }
            walk.seek(next)?;
        }
        Ok(())
    }
}

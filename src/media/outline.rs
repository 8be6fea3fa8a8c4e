//! A walk over the outer structure of a file, before any engine sees it: what claims more than the limits allow is refused
//! for a few reads. Only sizes and counts are looked at. What breaks off or makes no sense is left to the demuxer.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use filigrane_frame::Limits;

use crate::outline_avi::Avi;
use crate::outline_ebml::Ebml;
use crate::outline_mp4::Mp4;
use crate::parts::{Part, Parts};
use crate::{Cancel, Error};

/// Bytes read at once.
const PORTION: usize = 16 << 10;

/// Why a walk ends early.
pub(crate) enum Stop {
    /// A limit is reached.
    Limit(String),
    /// Nothing further can be told.
    Unclear,
}

impl From<io::Error> for Stop {
    /// What can't be read is told by whoever has to read it.
    fn from(_: io::Error) -> Self {
        Self::Unclear
    }
}

/// A file that is walked through.
pub(crate) struct Walk<R> {
    stream: BufReader<R>,
    position: u64,
    pub end: u64,
    pub limits: Limits,
    cancel: Cancel,
    left: u64,
    streams: u32,
}

/// Refuses files whose containers claim more streams, pictures, pixels, boxes or nesting than the limits allow.
///
/// # Errors
/// [`Error::Limit`] with the reason; [`Error::Io`] and [`Error::Malformed`] where the files can't be opened or are empty.
pub fn check_outline(parts: &[Part], limits: &Limits, cancel: &Cancel) -> Result<(), Error> {
    let parts = Parts::open(parts)?;
    let end = parts.len();
    walk(parts, end, limits, cancel).map_err(Error::Limit)
}

/// The same of any stream of so many bytes.
///
/// # Errors
/// [`Error::Limit`] with the reason.
pub fn check_outline_of(stream: impl Read + Seek, bytes: u64, limits: &Limits) -> Result<(), Error> {
    walk(stream, bytes, limits, &Cancel::default()).map_err(Error::Limit)
}

fn walk<R: Read + Seek>(stream: R, end: u64, limits: &Limits, cancel: &Cancel) -> Result<(), String> {
    let mut walk = Walk {
        stream: BufReader::with_capacity(PORTION, stream),
        position: 0,
        end,
        limits: *limits,
        cancel: cancel.clone(),
        left: 0,
        streams: 0,
    };
    let mut head = [0; 12];
    let known = walk.read(&mut head).and_then(|()| walk.seek(0));
    let walked = known.and_then(|()| match &head {
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Ebml::walk(&mut walk),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' '] => Avi::walk(&mut walk),
        [_, _, _, _, b'f', b't', b'y', b'p', ..]
        | [_, _, _, _, b'm', b'o', b'o', b'v', ..]
        | [_, _, _, _, b'm', b'd', b'a', b't', ..]
        | [_, _, _, _, b's', b't', b'y', b'p', ..]
        | [_, _, _, _, b'f', b'r', b'e', b'e', ..]
        | [_, _, _, _, b'w', b'i', b'd', b'e', ..] => Mp4::walk(&mut walk),
        _ => Ok(()),
    });
    match walked {
        Err(Stop::Limit(why)) => Err(why),
        _ => Ok(()),
    }
}

impl<R: Read + Seek> Walk<R> {
    /// Where the walk is.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Reads all of it.
    pub fn read(&mut self, bytes: &mut [u8]) -> Result<(), Stop> {
        self.stream.read_exact(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    /// Goes to a place; a short way costs no call of the system.
    pub fn seek(&mut self, to: u64) -> Result<(), Stop> {
        match i64::try_from(i128::from(to) - i128::from(self.position)) {
            Ok(way) => self.stream.seek_relative(way)?,
            Err(_) => drop(self.stream.seek(SeekFrom::Start(to))?),
        }
        self.position = to;
        Ok(())
    }

    /// Allows so many elements from here on.
    pub fn allow(&mut self, elements: u64) {
        self.left = elements;
    }

    /// How many of them are left.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Counts one element.
    pub fn count(&mut self, of: &str) -> Result<(), Stop> {
        if self.cancel.is_cancelled() {
            return Err(Stop::Unclear);
        }
        self.left =
            self.left.checked_sub(1).ok_or_else(|| Stop::Limit(format!("more {of} than any video needs")))?;
        Ok(())
    }

    /// Counts one stream.
    pub fn stream(&mut self) -> Result<(), Stop> {
        self.streams += 1;
        if self.streams > self.limits.streams {
            let (found, most) = (self.streams, self.limits.streams);
            return Err(Stop::Limit(format!("{found} streams or more are over the limit of {most}")));
        }
        Ok(())
    }

    /// Holds a claimed size of pictures against the limit.
    pub fn pictures_of(&self, width: u64, height: u64) -> Result<(), Stop> {
        let most = self.limits.pixels;
        if width.checked_mul(height).is_none_or(|pixels| pixels > most) {
            let why = format!("{width}x{height} pictures are over the limit of {most} pixels");
            return Err(Stop::Limit(why));
        }
        Ok(())
    }

    /// Holds a claimed number of pictures against the limit.
    pub fn pictures(&self, count: u64) -> Result<(), Stop> {
        if count > self.limits.frames {
            return Err(Stop::Limit(format!(
                "{count} pictures are over the limit of {}",
                self.limits.frames
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "outline_tests.rs"]
mod tests;

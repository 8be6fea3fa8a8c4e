use std::ffi::CString;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::fd::AsRawFd as _;

use filigrane_frame::FrameSignature;

use crate::ffi::{Code, Pixel, SignatureFilter, VideoFrame};
use crate::signature_file;
use crate::{Error, MediaInfo, Picture};

/// Pictures a second that ISCC's Video-Code is made of (iscc-sdk).
const RATE: f64 = 5.0;
/// Most pictures looked at, four hours' worth: each takes 200 bytes until the end.
const MOST: i64 = 5 * 4 * 3600;
/// Shortest side of a picture. FFmpeg divides it into 32 blocks, and by zero when it is shorter.
const SHORTEST: u32 = 32;

/// Takes the MPEG-7 signatures (ISO/IEC 15938-3) of five pictures a second: of each fifth of a second its last picture, as
/// FFmpeg's `fps=5` chooses them, turned as a player turns them.
///
/// Pictures of another size or format than the first one's are passed over.
pub struct SignatureSampler {
    quarters: usize,
    running: Option<Running>,
    /// The latest picture, its fifth of a second and its time: the one to take unless another follows in the same fifth.
    latest: Option<(VideoFrame, i64, f64)>,
    /// Length of the latest picture, seconds, guessed from the one before.
    length: f64,
    failure: Option<Error>,
}

/// A filter at work, and the file in memory that it will write.
struct Running {
    filter: SignatureFilter,
    file: File,
    form: Form,
    taken: i64,
}

/// What does not change within one filter.
type Form = (u32, u32, Option<Pixel>);

fn form(picture: &VideoFrame) -> Form {
    (picture.width(), picture.height(), picture.pixel())
}

impl SignatureSampler {
    /// For the pictures of a video.
    pub fn new(video: &MediaInfo) -> Self {
        let quarters = if video.rotation % 90 == 0 { video.rotation.rem_euclid(360) / 90 } else { 0 };
        Self { quarters: quarters as usize, running: None, latest: None, length: 0.0, failure: None }
    }

    /// Takes in a picture; times do not decrease. What fails is told by [`finish`](Self::finish).
    pub fn push(&mut self, picture: &Picture) {
        if self.failure.is_none()
            && let Err(error) = self.accept(picture)
        {
            self.failure = Some(error);
        }
    }

    /// The signatures in order of time; empty when there was no picture.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for pictures with a side under 32 samples or of more than about 47 million samples, and when
    /// this FFmpeg has no filter `signature` (it is part of builds under the GPL alone); [`Error::Limit`] for more than
    /// four hours.
    pub fn finish(mut self) -> Result<Vec<FrameSignature>, Error> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        if let Some((frame, fifth, time)) = self.latest.take() {
            // FFmpeg leaves out a last picture that is not shown into the next fifth.
            let lasts = self.running.is_none() || self::fifth(time + self.length) > fifth;
            if lasts {
                self.take(&frame)?;
            }
        }
        let Some(Running { filter, mut file, taken, .. }) = self.running else { return Ok(Vec::new()) };
        filter.finish().map_err(internal)?;
        let mut bytes = Vec::new();
        let unread = |error| Error::Internal(format!("the picture signatures cannot be read back: {error}"));
        file.rewind().map_err(unread)?;
        file.read_to_end(&mut bytes).map_err(unread)?;
        signature_file::read(&bytes)
            .filter(|signatures| i64::try_from(signatures.len()) == Ok(taken))
            .ok_or_else(|| Error::Internal("FFmpeg's file of picture signatures is not whole".to_owned()))
    }

    fn accept(&mut self, picture: &Picture) -> Result<(), Error> {
        let (frame, time) = (picture.frame(), picture.time());
        if self.running.as_ref().is_some_and(|running| running.form != form(frame)) {
            return Ok(());
        }
        let fifth = self::fifth(time);
        let next = (frame.shared().map_err(internal)?, fifth, time);
        if let Some((before, at, earlier)) = self.latest.replace(next) {
            self.length = time - earlier;
            if at < fifth && form(&before) == form(frame) {
                self.take(&before)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, frame: &VideoFrame) -> Result<(), Error> {
        let running = match &mut self.running {
            Some(running) => running,
            none => none.insert(Running::start(frame, self.quarters)?),
        };
        if running.taken == MOST {
            return Err(Error::Limit("picture signatures of more than four hours".to_owned()));
        }
        running.filter.push(frame, running.taken).map_err(internal)?;
        running.taken += 1;
        Ok(())
    }
}

impl Running {
    fn start(first: &VideoFrame, quarters: usize) -> Result<Self, Error> {
        let (width, height) = (first.width(), first.height());
        if width.min(height) < SHORTEST || !is_countable(width, height) {
            return Err(Error::Unsupported(format!("no picture signatures at {width}x{height}")));
        }
        let file = rustix::fs::memfd_create("picture signatures", rustix::fs::MemfdFlags::CLOEXEC)
            .map_err(|error| Error::Internal(format!("no file in memory: {error}")))?;
        let path = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap_or_default();
        let filter = SignatureFilter::open(first, quarters, &path).map_err(|code| match code {
            Code::NO_FILTER => {
                Error::Unsupported("this FFmpeg has no filter for picture signatures".to_owned())
            }
            code => internal(code),
        })?;
        Ok(Self { filter, file: File::from(file), form: form(first), taken: 0 })
    }
}

/// Whether the number by which FFmpeg brings blocks of unlike sizes to one denominator fits its 31 bits.
fn is_countable(width: u32, height: u32) -> bool {
    let blocks = |side: u32| u64::from(side / 32) * u64::from(side / 32 + 1);
    blocks(width).saturating_mul(blocks(height)) < 1 << 31
}

/// The fifth of a second that a time is nearest to.
fn fifth(time: f64) -> i64 {
    // Halves go up, also those that a division by the clock's ticks left a little below.
    (time * RATE + 1e-6).round() as i64
}

fn internal(code: Code) -> Error {
    Error::Internal(format!("the filter for picture signatures failed: {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_a_fifth_go_up_and_sizes_that_overflow_are_refused() {
        assert_eq!([0.0, 0.08, 0.1, 0.12, 0.3, 0.7, 1.1].map(fifth), [0, 0, 1, 1, 2, 4, 6]);
        assert!(is_countable(32, 32) && is_countable(7680, 4320) && is_countable(16384, 2160));
        assert!(!is_countable(8192, 8192));
    }
}

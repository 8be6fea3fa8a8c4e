use std::collections::VecDeque;

use crate::Error;
use crate::ffi::{Code, Muxer, Packet, Ratio, VideoEncoder};
use crate::picture::Picture;

/// Pictures whose length is remembered while they are inside the encoder.
const MOST_LENGTHS: usize = 512;

/// The way of pictures through the encoder into the file.
pub(crate) struct VideoLane {
    encoder: VideoEncoder,
    packet: Packet,
    /// The muxer's stream.
    to: usize,
    lengths: VecDeque<(i64, i64)>,
    first: Option<i64>,
    last: Option<(i64, i64)>,
    frames: u64,
    /// Packets written since the last [`take_written`](Self::take_written).
    written: usize,
}

impl VideoLane {
    pub(crate) fn new(encoder: VideoEncoder, to: usize) -> Result<Self, Code> {
        Ok(Self {
            encoder,
            packet: Packet::new()?,
            to,
            lengths: VecDeque::new(),
            first: None,
            last: None,
            frames: 0,
            written: 0,
        })
    }

    pub(crate) fn time_base(&self) -> Ratio {
        self.encoder.time_base()
    }

    /// Ticks that the next picture may have at the least.
    pub(crate) fn earliest(&self) -> i64 {
        self.last.map_or(i64::MIN, |(last, _)| last.saturating_add(1))
    }

    /// Encodes a picture that is shown from `pts` for `length` ticks, and writes what the encoder has ready.
    pub(crate) fn encode(
        &mut self,
        mut picture: Picture,
        pts: i64,
        length: i64,
        muxer: &mut Muxer,
    ) -> Result<(), Error> {
        let frame = picture.frame_mut();
        frame.set_pts(pts);
        frame.set_duration(length);
        frame.forget_type();
        self.first.get_or_insert(pts);
        self.last = Some((pts, length));
        self.lengths.push_back((pts, length));
        if self.lengths.len() > MOST_LENGTHS {
            self.lengths.pop_front();
        }
        self.frames += 1;
        self.encoder.send(Some(picture.frame())).map_err(encoding)?;
        self.drain(muxer, &|| {})
    }

    /// Writes the pictures that are still inside the encoder, with a call of `beat` after each.
    pub(crate) fn end(&mut self, muxer: &mut Muxer, beat: &dyn Fn()) -> Result<(), Error> {
        self.encoder.send(None).map_err(encoding)?;
        self.drain(muxer, beat)
    }

    fn drain(&mut self, muxer: &mut Muxer, beat: &dyn Fn()) -> Result<(), Error> {
        loop {
            match self.encoder.receive(&mut self.packet) {
                Ok(()) => {
                    self.write(muxer)?;
                    beat();
                }
                Err(Code::AGAIN | Code::END) => return Ok(()),
                Err(code) => return Err(encoding(code)),
            }
        }
    }

    fn write(&mut self, muxer: &mut Muxer) -> Result<(), Error> {
        if self.packet.duration() <= 0
            && let Some(pts) = self.packet.pts()
        {
            // Without it the last picture of an MP4 has no length, and readers drop it.
            let length =
                self.lengths.iter().find(|(start, _)| *start == pts).map_or(1, |(_, length)| *length);
            self.packet.set_duration(length);
        }
        if let Some(dts) = self.packet.dts() {
            self.lengths.retain(|(start, _)| *start >= dts);
        }
        self.packet.set_stream(self.to);
        self.packet.rescale(self.encoder.time_base(), muxer.time_base(self.to));
        self.written += 1;
        let written = muxer.write(&mut self.packet);
        checked(muxer, written)
    }

    /// Whether packets were written since this was asked last.
    pub(crate) fn take_written(&mut self) -> bool {
        std::mem::take(&mut self.written) > 0
    }

    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// Seconds from the first picture to the end of the last.
    pub(crate) fn duration(&self) -> f64 {
        match (self.first, self.last) {
            (Some(first), Some((last, length))) => self.encoder.time_base().seconds(last - first + length),
            _ => 0.0,
        }
    }
}

/// A failure of the disk, even one that FFmpeg has not noticed yet, before any other.
pub(crate) fn checked(muxer: &Muxer, result: Result<(), Code>) -> Result<(), Error> {
    match (muxer.take_fault(), result) {
        (Some(fault), _) => Err(Error::write(fault)),
        (None, Err(code)) => Err(Error::Internal(format!("the muxer refused a packet: {code}"))),
        (None, Ok(())) => Ok(()),
    }
}

fn encoding(code: Code) -> Error {
    Error::Internal(format!("the encoder failed: {code}"))
}

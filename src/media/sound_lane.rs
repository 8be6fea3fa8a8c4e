use std::collections::VecDeque;

use crate::Error;
use crate::damage::{Damage, Flaw};
use crate::ffi::{Code, Muxer, Packet, Ratio, SoundDecoder, SoundEncoder, SoundFrame, SoundShape};
use crate::sound::SoundStep;

/// Seconds by which time stamps may differ from the count of samples before it is a gap or an overlap.
const LOOSE: f64 = 0.02;
/// Seconds: a shorter gap becomes silence, a longer one a jump of the time stamps.
const LONGEST_SILENCE: f64 = 1.0;
/// Largest sample that goes to an encoder; full scale is 1.
const LOUDEST: f32 = 16.0;
/// Samples in a frame for encoders that take any number.
const FRAME: usize = 2048;

/// One audio stream on its way: decoded, changed by the caller, encoded.
pub(crate) struct SoundLane {
    decoder: SoundDecoder,
    step: Box<dyn SoundStep>,
    encoder: SoundEncoder,
    shape: SoundShape,
    to: usize,
    from_base: Ratio,
    to_base: Ratio,
    /// Latest time that is encoded, in samples.
    end: i64,
    clock: SoundClock,
    waiting: Vec<Vec<f32>>,
    packet: Packet,
}

impl SoundLane {
    pub(crate) fn new(
        decoder: SoundDecoder,
        step: Box<dyn SoundStep>,
        encoder: SoundEncoder,
        shape: SoundShape,
        from_base: Ratio,
        most_seconds: f64,
    ) -> Result<Self, Code> {
        Ok(Self {
            decoder,
            step,
            encoder,
            shape,
            to: 0,
            from_base,
            to_base: from_base,
            end: (most_seconds * f64::from(shape.rate)) as i64,
            clock: SoundClock::new(shape.rate),
            waiting: vec![Vec::new(); shape.channels],
            packet: Packet::new()?,
        })
    }

    pub(crate) fn encoder(&self) -> &SoundEncoder {
        &self.encoder
    }

    pub(crate) fn stream(&self) -> usize {
        self.to
    }

    pub(crate) fn set_stream(&mut self, to: usize) {
        self.to = to;
    }

    pub(crate) fn set_time_base(&mut self, base: Ratio) {
        self.to_base = base;
    }

    /// Takes a packet, its time stamps moved later by `shift` microseconds; gives the bytes that went to the muxer.
    pub(crate) fn take(
        &mut self,
        packet: &mut Packet,
        shift: i64,
        muxer: &mut Muxer,
        damage: &mut Damage,
    ) -> Result<usize, Error> {
        packet.shift(Ratio::MICROSECOND.convert(shift, self.from_base));
        let time = self.from_base.seconds(packet.pts().unwrap_or(0)).max(0.0);
        let mut sent = self.decoder.send(Some(packet));
        let mut bytes = self.hear(muxer, damage, time)?;
        if sent == Err(Code::AGAIN) {
            sent = self.decoder.send(Some(packet));
            bytes += self.hear(muxer, damage, time)?;
        }
        if sent.is_err() {
            damage.count(Flaw::Unhearable, time);
        }
        Ok(bytes)
    }

    /// Writes what is still on the way.
    pub(crate) fn finish(&mut self, muxer: &mut Muxer, damage: &mut Damage) -> Result<(), Error> {
        // Nothing to do when the decoder is already at its end.
        let _ = self.decoder.send(None);
        self.hear(muxer, damage, 0.0)?;
        let rest = self.step.finish();
        self.queue(rest);
        self.encode(true, muxer)?;
        self.encoder.send(None).map_err(encoding)?;
        self.drain(muxer).map(drop)
    }

    fn hear(&mut self, muxer: &mut Muxer, damage: &mut Damage, time: f64) -> Result<usize, Error> {
        let mut bytes = 0;
        loop {
            match self.decoder.receive() {
                Ok(frame) => {
                    match frame.samples().filter(|_| self.fits(&frame)) {
                        Some(samples) => self.accept(frame.pts(), samples),
                        None => damage.count(Flaw::Unhearable, time),
                    }
                    bytes += self.encode(false, muxer)?;
                }
                Err(Code::AGAIN | Code::END) => return Ok(bytes),
                Err(_) => {
                    damage.count(Flaw::Unhearable, time);
                    return Ok(bytes);
                }
            }
        }
    }

    /// Rate and channels are in the output's header already.
    fn fits(&self, frame: &SoundFrame) -> bool {
        let shape = frame.shape();
        (shape.rate, shape.channels) == (self.shape.rate, self.shape.channels)
    }

    fn accept(&mut self, pts: Option<i64>, mut samples: Vec<Vec<f32>>) {
        let base = self.encoder.time_base();
        let stamp = pts.map(|pts| self.from_base.convert(pts, base));
        let count = samples.first().map_or(0, Vec::len);
        let Placement { silence, skip } = self.clock.place(stamp, count);
        if self.clock.now() > self.end {
            return;
        }
        if silence > 0 {
            let silence = vec![vec![0.0; silence]; self.shape.channels];
            self.change(&silence);
        }
        if skip > 0 {
            samples.iter_mut().for_each(|samples| drop(samples.drain(..skip)));
        }
        self.change(&samples);
    }

    fn change(&mut self, samples: &[Vec<f32>]) {
        self.clock.count(samples.first().map_or(0, Vec::len));
        let ready = self.step.push(samples);
        self.queue(ready);
    }

    fn queue(&mut self, ready: Vec<Vec<f32>>) {
        for (waiting, ready) in self.waiting.iter_mut().zip(ready) {
            // Encoders fail on what is no number and on what is far from any sound.
            waiting.extend(
                ready.into_iter().map(
                    |sample| {
                        if sample.is_finite() { sample.clamp(-LOUDEST, LOUDEST) } else { 0.0 }
                    },
                ),
            );
        }
    }

    fn encode(&mut self, last: bool, muxer: &mut Muxer) -> Result<usize, Error> {
        let size = self.encoder.frame_size().unwrap_or(FRAME);
        let available = self.waiting.iter().map(Vec::len).min().unwrap_or(0);
        let (mut start, mut bytes) = (0, 0);
        while available - start >= size || last && start < available {
            let end = (start + size).min(available);
            let frame: Vec<&[f32]> =
                self.waiting.iter().map(|samples| samples.get(start..end).unwrap_or(&[])).collect();
            let pts = self.clock.give(end - start);
            self.encoder.send(Some((&frame, pts))).map_err(encoding)?;
            start = end;
            bytes += self.drain(muxer)?;
        }
        self.waiting.iter_mut().for_each(|samples| drop(samples.drain(..start)));
        Ok(bytes)
    }

    fn drain(&mut self, muxer: &mut Muxer) -> Result<usize, Error> {
        let mut bytes = 0;
        loop {
            match self.encoder.receive(&mut self.packet) {
                Ok(()) => {}
                Err(Code::AGAIN | Code::END) => return Ok(bytes),
                Err(code) => return Err(encoding(code)),
            }
            bytes += self.packet.size();
            self.packet.set_stream(self.to);
            self.packet.rescale(self.encoder.time_base(), self.to_base);
            let written = muxer.write(&mut self.packet);
            match (muxer.take_fault(), written) {
                (Some(fault), _) => return Err(Error::write(fault)),
                (None, Err(code)) => {
                    return Err(Error::Internal(format!("the muxer refused a packet of sound: {code}")));
                }
                (None, Ok(())) => {}
            }
        }
    }
}

fn encoding(code: Code) -> Error {
    Error::Internal(format!("the encoder of the sound failed: {code}"))
}

/// What to do before a stretch of samples.
#[derive(Debug, PartialEq, Eq)]
struct Placement {
    /// Samples of silence that come first.
    silence: usize,
    /// Samples to leave out at its start.
    skip: usize,
}

/// Where samples belong, from their count and their time stamps. All times are in samples.
#[derive(Debug)]
struct SoundClock {
    rate: f64,
    /// Time of the next sample to come in; none before the first.
    next: Option<i64>,
    /// What time stamps are moved by, after a clock that went back.
    moved: i64,
    taken: u64,
    given: u64,
    /// Where the time of outgoing samples jumps: from this sample on, to this time.
    jumps: VecDeque<(u64, i64)>,
    /// Time of the sample with number `base.0`.
    base: (u64, i64),
}

impl SoundClock {
    fn new(rate: u32) -> Self {
        Self {
            rate: f64::from(rate),
            next: None,
            moved: 0,
            taken: 0,
            given: 0,
            jumps: VecDeque::new(),
            base: (0, 0),
        }
    }

    fn now(&self) -> i64 {
        self.next.unwrap_or(0)
    }

    /// Settles where `count` samples with this time stamp go.
    fn place(&mut self, stamp: Option<i64>, count: usize) -> Placement {
        let nothing = Placement { silence: 0, skip: 0 };
        let stamp = stamp.map(|stamp| stamp.saturating_add(self.moved));
        let Some(next) = self.next else {
            let start = stamp.unwrap_or(0);
            self.base = (0, start);
            self.next = Some(start);
            return nothing;
        };
        let ahead = stamp.map_or(0, |stamp| stamp.saturating_sub(next));
        let seconds = ahead as f64 / self.rate;
        if seconds.abs() <= LOOSE {
            nothing
        } else if seconds > LONGEST_SILENCE {
            let to = next.saturating_add(ahead);
            self.jumps.push_back((self.taken, to));
            self.next = Some(to);
            nothing
        } else if seconds > 0.0 {
            Placement { silence: ahead as usize, ..nothing }
        } else if seconds >= -LONGEST_SILENCE {
            Placement { skip: (ahead.unsigned_abs() as usize).min(count), ..nothing }
        } else {
            // A clock that went back for good: what follows goes on from here.
            self.moved = self.moved.saturating_sub(ahead);
            nothing
        }
    }

    /// Counts samples that go in.
    fn count(&mut self, count: usize) {
        self.taken += count as u64;
        self.next = self.next.map(|next| next.saturating_add(count as i64));
    }

    /// The time of the first of `count` samples that go out.
    fn give(&mut self, count: usize) -> i64 {
        while let Some(jump) = self.jumps.front().copied().filter(|jump| jump.0 <= self.given) {
            self.base = jump;
            self.jumps.pop_front();
        }
        let time = self.base.1.saturating_add((self.given - self.base.0) as i64);
        self.given += count as u64;
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_follow_their_count_gaps_become_silence_and_overlaps_are_left_out() {
        let mut clock = SoundClock::new(48_000);
        let mut place = |stamp, count| {
            let placement = clock.place(stamp, count);
            clock.count(count + placement.silence - placement.skip);
            (placement.silence, placement.skip)
        };
        assert_eq!(place(Some(480), 1024), (0, 0));
        assert_eq!(place(Some(1500), 1024), (0, 0), "4 samples off are rounding");
        assert_eq!(place(None, 1024), (0, 0));
        assert_eq!(place(Some(3552 + 4800), 1024), (4800, 0));
        assert_eq!(place(Some(3552 + 4800), 1024), (0, 1024));
        assert_eq!(place(Some(9376), 1024), (0, 0));
        assert_eq!(clock.give(1), 480);
    }

    #[test]
    fn long_gaps_move_the_time_stamps_and_clocks_that_go_back_are_overruled() {
        let mut clock = SoundClock::new(1000);
        for (stamp, count) in [(0, 100), (5000, 100), (100, 100), (200, 100)] {
            assert_eq!(clock.place(Some(stamp), count), Placement { silence: 0, skip: 0 });
            clock.count(count);
        }
        let times: Vec<i64> = (0..8).map(|_| clock.give(50)).collect();
        assert_eq!(times, [0, 50, 5000, 5050, 5100, 5150, 5200, 5250]);
    }

    #[test]
    fn extreme_time_stamps_do_not_overflow() {
        let mut clock = SoundClock::new(48_000);
        for stamp in [i64::MAX, i64::MIN + 1, 0, i64::MAX - 1, i64::MIN] {
            let placement = clock.place(Some(stamp), 10);
            clock.count(10 - placement.skip.min(10));
            clock.give(10);
        }
    }
}

use crate::container::Container;
use crate::damage::Flaw;
use crate::decoder::Decoder;
use crate::ffi::{Code, Medium, Muxer, Packet, Ratio, StreamFacts};
use crate::sound_lane::SoundLane;
use crate::source::Source;
use crate::tags::{STALE_STREAM_TAGS, kept};
use crate::{Error, damage::Damage};

/// Bytes of copied packets that may wait in the muxer for the next picture.
const MOST_WAITING: usize = 64 << 20;

/// The streams beside the video: those that go over as they are, where each packet belongs and in what order, and
/// those whose sound the caller changes.
pub(crate) struct Copies {
    lanes: Vec<Option<Lane>>,
    sounds: Vec<Option<SoundLane>>,
    /// What has no place in the output, in words.
    pub(crate) dropped: Vec<String>,
    /// Whether two packets of a stream may share a time.
    ties: bool,
    waiting: usize,
}

struct Lane {
    to: usize,
    from_base: Ratio,
    to_base: Ratio,
    last: Option<i64>,
}

impl Copies {
    /// Adds every stream but the video to the muxer, as far as its container takes it. `sounds` has a place for each
    /// stream, filled for those that are changed.
    pub(crate) fn plan(
        source: &Source,
        muxer: &mut Muxer,
        container: Container,
        sounds: Vec<Option<SoundLane>>,
    ) -> Result<Self, Code> {
        let ties = container.keeps_times();
        let mut copies = Self { lanes: Vec::new(), sounds, dropped: Vec::new(), ties, waiting: 0 };
        for stream in &source.streams {
            if let Some(sound) = copies.sounds.get_mut(stream.index).and_then(Option::as_mut) {
                let tags = kept(&stream.tags, &STALE_STREAM_TAGS);
                let to = muxer.add_sound(sound.encoder(), &source.demuxer, stream.index, &tags)?;
                sound.set_stream(to);
                copies.lanes.push(None);
                continue;
            }
            let lane = if stream.index == source.video.index || stream.is_internal {
                None
            } else {
                copies.add(source, muxer, container, stream)?
            };
            copies.lanes.push(lane);
        }
        Ok(copies)
    }

    fn add(
        &mut self,
        source: &Source,
        muxer: &mut Muxer,
        container: Container,
        stream: &StreamFacts,
    ) -> Result<Option<Lane>, Code> {
        let made_anew = stream.is_time_code && matches!(container, Container::Mp4 | Container::Mov);
        if made_anew {
            return Ok(None);
        }
        if stream.is_cover && container.has_attachments() {
            let Some(picture) = source.demuxer.cover(stream.index) else { return Ok(None) };
            let (name, mime) =
                if stream.codec == "png" { ("cover.png", "image/png") } else { ("cover.jpg", "image/jpeg") };
            muxer.add_attachment(&source.demuxer, stream.index, picture, name, mime)?;
            return Ok(None);
        }
        // In AVI a cover picture would become a second video.
        let cover_as_video = stream.is_cover && matches!(container, Container::Avi | Container::Webm);
        if cover_as_video || !Muxer::would_take(container.muxer(), &source.demuxer, stream.index) {
            self.dropped.push(format!("{} has no place in {container}", stream.words()));
            return Ok(None);
        }
        let to = muxer.add_copy(&source.demuxer, stream.index)?;
        // Attachments are in the header; no packets follow.
        let flows = stream.medium != Medium::Attachment;
        Ok(flows.then_some(Lane { to, from_base: stream.time_base, to_base: stream.time_base, last: None }))
    }

    /// Takes the muxer's own time bases, known once its header is written.
    pub(crate) fn settle(&mut self, muxer: &Muxer) {
        for lane in self.lanes.iter_mut().flatten() {
            lane.to_base = muxer.time_base(lane.to);
        }
        for sound in self.sounds.iter_mut().flatten() {
            sound.set_time_base(muxer.time_base(sound.stream()));
        }
    }

    /// Whether the container has a fixed frame rate, to which times are rounded.
    pub(crate) fn rounds_times(&self) -> bool {
        !self.ties
    }

    /// A picture was written: nothing waits any more.
    pub(crate) fn caught_up(&mut self) {
        self.waiting = 0;
    }

    /// Writes the packet the decoder came across, `shift` microseconds later than it says.
    pub(crate) fn write(
        &mut self,
        decoder: &mut Decoder,
        muxer: &mut Muxer,
        shift: i64,
    ) -> Result<(), Error> {
        let packet = decoder.packet();
        if let Some(sound) = self.sounds.get_mut(packet.stream()).and_then(Option::as_mut) {
            let (packet, damage) = decoder.packet_and_damage();
            let bytes = sound.take(packet, shift, muxer, damage)?;
            self.waiting = self.waiting.saturating_add(bytes);
            return Ok(());
        }
        let Some(lane) = self.lanes.get_mut(packet.stream()).and_then(Option::as_mut) else { return Ok(()) };
        self.waiting = self.waiting.saturating_add(packet.size());
        packet.shift(Ratio::MICROSECOND.convert(shift, lane.from_base));
        packet.rescale(lane.from_base, lane.to_base);
        lane.order(packet, self.ties);
        packet.set_stream(lane.to);
        let time = lane.to_base.seconds(packet.dts().unwrap_or(0)).max(0.0);
        if muxer.write(packet).is_err() {
            note_failure(muxer, decoder.damage_mut(), time)?;
        }
        if self.waiting > MOST_WAITING {
            self.waiting = 0;
            if muxer.flush().is_err() {
                note_failure(muxer, decoder.damage_mut(), time)?;
            }
        }
        Ok(())
    }

    /// Writes the sound that is still being coded.
    pub(crate) fn finish(&mut self, decoder: &mut Decoder, muxer: &mut Muxer) -> Result<(), Error> {
        for sound in self.sounds.iter_mut().flatten() {
            sound.finish(muxer, decoder.damage_mut())?;
        }
        Ok(())
    }
}

fn note_failure(muxer: &Muxer, damage: &mut Damage, time: f64) -> Result<(), Error> {
    match muxer.take_fault() {
        Some(fault) => Err(Error::write(fault)),
        None => {
            damage.count(Flaw::Unwritable, time);
            Ok(())
        }
    }
}

impl Lane {
    /// Fills in missing time stamps and keeps decoding times from going back, which muxers refuse.
    fn order(&mut self, packet: &mut Packet, ties: bool) {
        let length = packet.duration().max(0);
        let guess = self.last.unwrap_or(0);
        let dts = packet.dts().or(packet.pts()).unwrap_or(guess.saturating_add(length));
        let least = self.last.map(|last| last.saturating_add(i64::from(!ties)));
        let dts = least.map_or(dts, |least| dts.max(least));
        let pts = packet.pts().unwrap_or(dts).max(dts);
        packet.set_times(pts, dts);
        self.last = Some(dts);
    }
}

use std::path::Path;

use filigrane_frame::Limits;

use crate::damage::{Damage, Flaw};
use crate::ears::Ears;
use crate::ffi::{Code, Colour, Conversion, Packet, Pixel, Scaler, VideoDecoder, VideoFrame};
use crate::info::{MediaInfo, believable_rate};
use crate::parts::Part;
use crate::picture::Picture;
use crate::pixel_choice::{Sizes, nearest};
use crate::sound::Sound;
use crate::source::{Source, check_size};
use crate::timeline::{Clock, Line};
use crate::{Cancel, Error};

/// What pictures are turned into after decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Nothing: as the codec has them.
    AsDecoded,
    /// The nearest format whose plane 0 is luma.
    Luma,
    /// This format.
    Exactly(Pixel),
}

/// One step through a file.
pub(crate) enum Step {
    /// The next picture, with its time in seconds.
    Picture(VideoFrame, f64),
    /// A packet of another stream is in `Decoder::packet`.
    Packet,
    End,
}

/// Two: more cost memory a picture each without decoding faster on the machines this runs on.
const THREADS: u32 = 2;
/// Failures in a row, after the last packet, that end the decoding.
const LAST_FAILURES: u32 = 64;
/// Seconds by which a video may end before its declared duration without being called truncated.
const EARLY: f64 = 0.5;

/// The pictures of a video, in presentation order.
pub struct Decoder {
    source: Source,
    codec: VideoDecoder,
    packet: Packet,
    scaler: Scaler,
    form: Form,
    /// Only pictures that need no others are wanted.
    keys_only: bool,
    limits: Limits,
    damage: Damage,
    clock: Clock,
    line: Line,
    start: i64,
    /// The codec asked for a packet.
    hungry: bool,
    /// `packet` holds one that the codec has not taken yet.
    unsent: bool,
    drained: bool,
    ended: bool,
    barren: u32,
    failures: u32,
    pictures: u64,
    last_length: i64,
    first_failure: Option<Code>,
    ears: Ears,
}

/// What comes next in a file.
#[derive(Debug)]
pub enum Shown {
    /// A picture.
    Picture(Picture),
    /// A stretch of sound.
    Sound(Sound),
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("info", &self.source.info).field("pictures", &self.pictures).finish()
    }
}

impl Decoder {
    /// Opens a file and finds its main video stream.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what is no video or a damaged header, [`Error::Unsupported`] for still images, sound,
    /// play lists, encrypted video and unknown codecs, [`Error::Limit`] for pictures, streams or a duration over the limits,
    /// [`Error::Io`], [`Error::Cancelled`].
    pub fn open(path: &Path, limits: &Limits, cancel: &Cancel) -> Result<Self, Error> {
        Self::open_parts(&[path.into()], limits, cancel)
    }

    /// The same for several files that are one stream, such as an initialisation segment and its media segments, in order.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_parts(parts: &[Part], limits: &Limits, cancel: &Cancel) -> Result<Self, Error> {
        let mut decoder = Self::open_as(parts, limits, cancel, Form::Luma)?;
        decoder.skip_other_streams();
        Ok(decoder)
    }

    /// The pictures that are coded by themselves alone, with one thread: a fraction of the work, and enough for a first look.
    /// What [`damage`](Self::damage) says of the end then means nothing.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_key_pictures(parts: &[Part], limits: &Limits, cancel: &Cancel) -> Result<Self, Error> {
        let mut decoder = Self::open_with(parts, limits, cancel, Form::Luma, true)?;
        decoder.skip_other_streams();
        let video = decoder.source.video.index;
        decoder.source.demuxer.keep_keys(video);
        Ok(decoder)
    }

    /// Begins at the last key picture before `seconds` instead of the first; to be called before any picture is taken.
    /// A file in which no place can be found is read from its beginning.
    pub fn begin_at(&mut self, seconds: f64) {
        let video = &self.source.video;
        let place = video.time_base.positive().map_or(0.0, |tick| seconds / tick);
        let ticks = self.start.saturating_add(place as i64);
        // Where it fails, reading goes on from where it was.
        let _ = self.source.demuxer.seek(video.index, ticks);
    }

    pub(crate) fn open_as(
        parts: &[Part],
        limits: &Limits,
        cancel: &Cancel,
        form: Form,
    ) -> Result<Self, Error> {
        Self::open_with(parts, limits, cancel, form, false)
    }

    fn open_with(
        parts: &[Part],
        limits: &Limits,
        cancel: &Cancel,
        form: Form,
        keys_only: bool,
    ) -> Result<Self, Error> {
        let source = Source::open(parts, limits, cancel)?;
        let video = &source.video;
        let threads = if keys_only { 1 } else { THREADS };
        let codec = VideoDecoder::open(&source.demuxer, video.index, limits.pixels, threads, keys_only)
            .map_err(|code| {
                Error::Malformed(format!("the {} decoder refuses this video: {code}", video.codec))
            })?;
        let packet = Packet::new().map_err(|code| Error::Internal(code.to_string()))?;
        let start = source.demuxer.start().unwrap_or(0);
        Ok(Self {
            codec,
            packet,
            scaler: Scaler::new(),
            form,
            keys_only,
            limits: *limits,
            damage: Damage::default(),
            clock: Clock::new(source.demuxer.may_jump(), source.streams.len()),
            line: Line::new(video.time_base, believable_rate(video)),
            start: crate::ffi::Ratio::MICROSECOND.convert(start, video.time_base),
            hungry: false,
            unsent: false,
            drained: false,
            ended: false,
            barren: 0,
            failures: 0,
            pictures: 0,
            last_length: 0,
            first_failure: None,
            ears: Ears::none(),
            source,
        })
    }

    /// As [`open`](Self::open), with the sound beside the pictures: see [`next_shown`](Self::next_shown).
    ///
    /// # Errors
    /// As [`open`](Self::open). Sound that cannot be decoded is no error.
    pub fn open_with_sound(path: &Path, limits: &Limits, cancel: &Cancel) -> Result<Self, Error> {
        Self::open_parts_with_sound(&[path.into()], limits, cancel)
    }

    /// The same for several files that are one stream.
    ///
    /// # Errors
    /// As [`open_with_sound`](Self::open_with_sound).
    pub fn open_parts_with_sound(parts: &[Part], limits: &Limits, cancel: &Cancel) -> Result<Self, Error> {
        let mut decoder = Self::open_as(parts, limits, cancel, Form::Luma)?;
        decoder.ears = Ears::open(&decoder.source, limits);
        decoder.keep_streams(&decoder.ears.streams());
        Ok(decoder)
    }

    pub(crate) fn skip_other_streams(&mut self) {
        self.keep_streams(&[]);
    }

    /// Skips the packets of all streams but the video and these.
    pub(crate) fn keep_streams(&mut self, kept: &[usize]) {
        let video = self.source.video.index;
        self.source.demuxer.keep_only(|stream| stream == video || kept.contains(&stream));
    }

    /// What the file says of itself.
    pub fn info(&self) -> &MediaInfo {
        &self.source.info
    }

    /// Decoding errors met so far that did not stop the work, in words: one line a sort.
    pub fn damage(&self) -> &[String] {
        self.damage.lines()
    }

    /// The next picture; `None` after the last. Damaged parts are skipped and told by [`damage`](Self::damage). The
    /// size may change between pictures where the file does so.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the whole file has no decodable picture; [`Error::Limit`] for too large, too many or
    /// too late pictures and when none comes for the limit's `stall_seconds`; [`Error::Io`], [`Error::Cancelled`].
    pub fn next_picture(&mut self) -> Result<Option<Picture>, Error> {
        loop {
            match self.advance()? {
                Step::Picture(frame, time) => return Picture::new(frame, time).map(Some),
                Step::Packet => {}
                Step::End => return Ok(None),
            }
        }
    }

    /// The next picture, or stretch of sound if the decoder was opened for it, in about the order of the file; `None`
    /// after the last.
    ///
    /// # Errors
    /// As [`next_picture`](Self::next_picture).
    pub fn next_shown(&mut self) -> Result<Option<Shown>, Error> {
        loop {
            if let Some(sound) = self.ears.next() {
                return Ok(Some(Shown::Sound(sound)));
            }
            match self.advance()? {
                Step::Picture(frame, time) => return Picture::new(frame, time).map(Shown::Picture).map(Some),
                Step::Packet => self.ears.hear(&self.packet, &mut self.damage),
                Step::End => {
                    self.ears.finish(&mut self.damage);
                    return Ok(self.ears.next().map(Shown::Sound));
                }
            }
        }
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) fn packet(&mut self) -> &mut Packet {
        &mut self.packet
    }

    pub(crate) fn packet_and_damage(&mut self) -> (&mut Packet, &mut Damage) {
        (&mut self.packet, &mut self.damage)
    }

    pub(crate) fn damage_mut(&mut self) -> &mut Damage {
        &mut self.damage
    }

    /// Turns pictures into this form from the next one on.
    pub(crate) fn set_form(&mut self, form: Form) {
        self.form = form;
    }

    /// Reads and decodes until something comes out.
    pub(crate) fn advance(&mut self) -> Result<Step, Error> {
        self.source.demuxer.watch().progress();
        loop {
            self.source.demuxer.watch().verdict()?;
            if self.ended {
                return self.end();
            }
            if !self.hungry {
                match self.codec.receive() {
                    Ok(frame) => {
                        (self.barren, self.failures) = (0, 0);
                        return self.accept(frame);
                    }
                    Err(Code::AGAIN) => self.hungry = true,
                    Err(Code::END) => self.ended = true,
                    Err(code) => self.fail(code),
                }
            } else if self.drained {
                self.ended = true;
            } else if self.unsent || self.read()? {
                self.feed();
            } else if !self.drained {
                return Ok(Step::Packet);
            }
        }
    }

    /// Whether a packet of the video is ready to be sent; `false` with `drained` unset means one of another stream.
    fn read(&mut self) -> Result<bool, Error> {
        match self.source.demuxer.read(&mut self.packet) {
            Ok(()) => {}
            Err(code) => {
                self.source.demuxer.watch().verdict()?;
                if code != Code::END {
                    let near = self.now();
                    self.damage.remark(format!("reading stopped near {near:.1} s: {code}"));
                }
                self.drained = true;
                self.hungry = false;
                // Nothing to do when the codec is already at its end.
                let _ = self.codec.send(None);
                return Ok(false);
            }
        }
        self.clock.follow(&mut self.packet, &self.source.streams);
        if self.packet.is_torn() {
            self.damage.count(Flaw::Torn, self.now());
        }
        let wanted = self.packet.is_key() || !self.keys_only;
        if self.packet.stream() != self.source.video.index || !wanted {
            return Ok(false);
        }
        if self.packet.is_encrypted() {
            return Err(Error::Unsupported("the video is encrypted".to_owned()));
        }
        self.barren = self.barren.saturating_add(1);
        if self.barren > self.limits.barren_packets {
            let (count, near) = (self.limits.barren_packets, self.now());
            self.damage.remark(format!("reading stopped near {near:.1} s: no picture in {count} packets"));
            self.ended = true;
        }
        Ok(true)
    }

    fn feed(&mut self) {
        self.unsent = false;
        self.hungry = false;
        match self.codec.send(Some(&self.packet)) {
            Ok(()) => {}
            Err(Code::AGAIN) => self.unsent = true,
            Err(code) => self.fail(code),
        }
    }

    fn fail(&mut self, code: Code) {
        self.first_failure.get_or_insert(code);
        self.damage.count(Flaw::Undecodable, self.now());
        self.failures += 1;
        if self.drained && self.failures >= LAST_FAILURES {
            self.ended = true;
        }
    }

    fn end(&mut self) -> Result<Step, Error> {
        if self.pictures == 0 {
            let reason = self.first_failure.map(|code| format!(": {code}")).unwrap_or_default();
            return Err(Error::Malformed(format!("no picture of it could be decoded{reason}")));
        }
        let tick = self.source.video.time_base;
        let shown = match (self.line.first(), self.line.last()) {
            (Some(first), Some(last)) => {
                tick.seconds(last.saturating_sub(first).saturating_add(self.last_length))
            }
            _ => 0.0,
        };
        if let Some(declared) = self.source.declared
            && shown + EARLY + tick.seconds(2 * self.line.nominal()) < declared
        {
            self.damage
                .remark(format!("the video ends after {shown:.1} s of the {declared:.1} s it declares"));
        }
        Ok(Step::End)
    }

    /// Seconds, about where reading is.
    fn now(&self) -> f64 {
        let tick = self.source.video.time_base;
        self.line.last().map_or(0.0, |last| tick.seconds(last.saturating_sub(self.start)).max(0.0))
    }

    fn accept(&mut self, mut frame: VideoFrame) -> Result<Step, Error> {
        if self.pictures >= self.limits.frames {
            return Err(Error::Limit(format!("more than {} pictures", self.limits.frames)));
        }
        check_size(frame.width(), frame.height(), &self.limits)?;
        let video = &self.source.video;
        let mut colour = frame.colour().or(video.colour);
        if frame.is_full_by_format() {
            colour.range = Colour::FULL;
        }
        frame.set_colour(colour);
        if frame.sample_aspect().positive().is_none() {
            frame.set_sample_aspect(video.sample_aspect);
        }
        let stamp = frame.best_pts();
        let place = self.line.place(stamp);
        let time = video.time_base.seconds(place.saturating_sub(self.start)).max(0.0);
        if time > self.limits.seconds {
            return Err(Error::Limit(format!(
                "a picture at {time:.0} s is over the limit of {} s",
                self.limits.seconds
            )));
        }
        if frame.duration() <= 0 {
            frame.set_duration(self.line.nominal());
        }
        self.last_length = frame.duration();
        frame.set_pts(place);
        if frame.is_concealed() {
            self.damage.count(Flaw::Concealed, time);
        }
        self.pictures += 1;
        Ok(Step::Picture(self.shape(frame)?, time))
    }

    fn shape(&mut self, mut frame: VideoFrame) -> Result<VideoFrame, Error> {
        let unusable =
            |what: &str| Error::Unsupported(format!("pictures in the format {what} cannot be used"));
        let mut pixel = frame.pixel().ok_or_else(|| unusable("unknown"))?;
        if let Some(plain) = pixel.without_range() {
            frame.rename(plain);
            pixel = plain;
        }
        if self.form == Form::AsDecoded {
            return Ok(frame);
        }
        let shape = pixel.shape().ok_or_else(|| unusable(&pixel.name()))?;
        let wanted = match self.form {
            Form::Exactly(wanted) => wanted,
            _ if shape.luma_plane => pixel,
            _ => nearest(shape, Pixel::all(), Sizes::Any, frame.width(), frame.height())
                .ok_or_else(|| unusable(&pixel.name()))?,
        };
        let converted = if wanted != pixel {
            let colour = if shape.rgb { colour_of_converted_rgb(frame.colour()) } else { frame.colour() };
            let to = Conversion { pixel: wanted, width: frame.width(), height: frame.height(), colour };
            self.scaler.convert(&frame, to)
        } else if !frame.is_top_down() {
            frame.copied()
        } else {
            return Ok(frame);
        };
        converted.map_err(|code| Error::Internal(format!("cannot convert {pixel} to {wanted}: {code}")))
    }
}

/// Tags of luma and chroma computed from red, green and blue: BT.709's matrix in limited range, which every player
/// knows; primaries and transfer are those of computer graphics unless the source says otherwise.
pub(crate) fn colour_of_converted_rgb(source: Colour) -> Colour {
    Colour { range: Colour::LIMITED, matrix: Colour::BT709, ..source }.or(Colour {
        range: Colour::LIMITED,
        primaries: Colour::BT709,
        transfer: Colour::SRGB,
        matrix: Colour::BT709,
        chroma_location: 0,
    })
}

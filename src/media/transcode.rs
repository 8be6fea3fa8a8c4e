use std::fs::File;
use std::path::Path;

use filigrane_frame::Limits;

use crate::container::{Container, muxer_for};
use crate::copies::Copies;
use crate::decoder::{Decoder, Form, Step};
use crate::ears::Ears;
use crate::encode_plan::{EncodePlan, check_fit};
use crate::ffi::{Code, EncoderSettings, Muxer, Ratio, SoundFrame, VideoEncoder, VideoFrame};
use crate::output_file::OutputFile;
use crate::parts::Part;
use crate::sound::SoundSteps;
use crate::sound_plan::lanes;
use crate::tags::{STALE_FILE_TAGS, STALE_STREAM_TAGS, kept};
use crate::video_lane::{VideoLane, checked};
use crate::{Cancel, EncodeOptions, Error, MediaInfo, Picture, TranscodeError, VideoCodec};

/// What [`transcode`] did.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcoded {
    /// Pictures written.
    pub frames: u64,
    /// Seconds from the first picture to the end of the last.
    pub duration: f64,
    /// What the input says of itself.
    pub info: MediaInfo,
    /// Streams that the output container cannot hold, in words.
    pub dropped_streams: Vec<String>,
    /// What else the codec or container cannot keep (bit depth, rotation, …), in words.
    pub losses: Vec<String>,
    /// What was not done to the sound, or done besides, in words.
    pub sound: Vec<String>,
    /// Damage met in the input, in words.
    pub damage: Vec<String>,
}

/// Decodes the main video of `input`, lets `each` change every picture's luma in place, encodes it, and writes it to
/// `output` together with all other streams, which are copied packet for packet.
///
/// Kept: number and times of pictures, sample aspect, rotation, colour tags, HDR10 light levels, bit depth and chroma
/// as far as the codec has them, other streams with their times, languages and roles, chapters, metadata. Streams whose
/// clock starts anywhere (MPEG-TS) are moved to start at 0. Gray and red-green-blue pictures become luma and chroma
/// where the codec needs it. Memory does not grow with the length of the video.
///
/// # Errors
/// As [`Decoder::open`] and [`Decoder::next_picture`]; [`Error::Parameter`] for an unknown extension, options the codec
/// does not take and a codec the container does not hold; [`Error::Unsupported`] when the size of the pictures changes
/// on the way; [`Error::Io`] when the disk is full; whatever `each` returns. `output` is removed on every error.
pub fn transcode<E>(
    input: &Path,
    output: &Path,
    options: &EncodeOptions,
    limits: &Limits,
    cancel: &Cancel,
    each: &mut dyn FnMut(&mut Picture) -> Result<(), E>,
) -> Result<Transcoded, TranscodeError<E>> {
    let container = muxer_for(output)?;
    transcode_into(input, output, container, options, limits, cancel, each)
}

/// [`transcode`] that also lets the caller change the sound: each audio stream for which `sounds` has a step is decoded
/// and coded anew, in the same family of codec where the container takes it; the others are copied.
///
/// # Errors
/// As [`transcode`].
pub fn transcode_with_sound<E>(
    input: &Path,
    output: &Path,
    options: &EncodeOptions,
    limits: &Limits,
    cancel: &Cancel,
    each: &mut dyn FnMut(&mut Picture) -> Result<(), E>,
    sounds: &mut SoundSteps<'_>,
) -> Result<Transcoded, TranscodeError<E>> {
    let part = Part::from(input);
    let work =
        Transcode { input: &part, container: muxer_for(output)?, options, limits, cancel, beat: &|| {} };
    work.write_to_path(input, output, each, Some(sounds))
}

/// [`transcode`] with the container given, for outputs whose name does not tell it.
///
/// # Errors
/// As [`transcode`].
pub fn transcode_into<E>(
    input: &Path,
    output: &Path,
    container: Container,
    options: &EncodeOptions,
    limits: &Limits,
    cancel: &Cancel,
    each: &mut dyn FnMut(&mut Picture) -> Result<(), E>,
) -> Result<Transcoded, TranscodeError<E>> {
    let part = Part::from(input);
    let work = Transcode { input: &part, container, options, limits, cancel, beat: &|| {} };
    work.write_to_path(input, output, each, None)
}

/// [`transcode`] of a file, and into a file, that may be open already.
pub struct Transcode<'a> {
    /// What is decoded.
    pub input: &'a Part,
    /// What is written.
    pub container: Container,
    /// How the pictures are encoded.
    pub options: &'a EncodeOptions,
    /// Bounds on the input.
    pub limits: &'a Limits,
    /// Ends the work early.
    pub cancel: &'a Cancel,
    /// Called for each picture that the encoder gives out after the last one went in, which may take it long.
    pub beat: &'a dyn Fn(),
}

impl Transcode<'_> {
    /// Does the work into an empty file, which is not removed when it fails; with `sounds`, as [`transcode_with_sound`].
    ///
    /// # Errors
    /// As [`transcode`].
    pub fn write_to_file<E>(
        &self,
        output: File,
        each: &mut dyn FnMut(&mut Picture) -> Result<(), E>,
        sounds: Option<&mut SoundSteps<'_>>,
    ) -> Result<Transcoded, TranscodeError<E>> {
        self.run(|| Ok((None, output)), each, sounds)
    }

    fn write_to_path<E>(
        &self,
        input: &Path,
        output: &Path,
        each: &mut dyn FnMut(&mut Picture) -> Result<(), E>,
        sounds: Option<&mut SoundSteps<'_>>,
    ) -> Result<Transcoded, TranscodeError<E>> {
        let create = || OutputFile::create(output, input).map(|(kept, file)| (Some(kept), file));
        self.run(create, each, sounds)
    }

    fn run<E>(
        &self,
        create: impl FnOnce() -> Result<(Option<OutputFile>, File), Error>,
        each: &mut dyn FnMut(&mut Picture) -> Result<(), E>,
        sounds: Option<&mut SoundSteps<'_>>,
    ) -> Result<Transcoded, TranscodeError<E>> {
        let Self { container, options, limits, .. } = *self;
        options.validate()?;
        check_fit(options.codec, container)?;
        let mut job = Job::prepare(self.input, container, options, limits, self.cancel, sounds.is_some())?;
        let (kept, file) = create()?;
        let mut writer = Writer::start(&mut job, file, container, options, limits, sounds)?;
        loop {
            match job.decoder.advance()? {
                Step::Picture(frame, time) => {
                    job.check_unchanged(&frame, time)?;
                    let mut picture = Picture::new(frame, time)?;
                    each(&mut picture).map_err(TranscodeError::Step)?;
                    writer.encode(picture)?;
                }
                Step::Packet => writer.copies.write(&mut job.decoder, &mut writer.muxer, writer.shift)?,
                Step::End => break,
            }
        }
        writer.finish(&mut job.decoder, self.beat)?;
        let mut losses = job.plan.losses;
        losses.extend(
            writer.rounded.then(|| "avi has one fixed frame rate: times were rounded to it".to_owned()),
        );
        if let Some(kept) = kept {
            kept.keep();
        }
        Ok(Transcoded {
            frames: writer.lane.frames(),
            duration: writer.lane.duration(),
            info: job.decoder.info().clone(),
            dropped_streams: writer.copies.dropped,
            losses,
            sound: writer.sound_notes,
            damage: job.decoder.damage().to_vec(),
        })
    }
}

/// An input ready to be read from its start, and what its first picture told.
struct Job {
    decoder: Decoder,
    first: VideoFrame,
    plan: EncodePlan,
    /// The first sound of each stream, where there is a decoder for it.
    sounds: Vec<Option<SoundFrame>>,
}

/// Steps taken beyond the first picture to hear the first sound of each stream.
const LISTENING_STEPS: usize = 128;

impl Job {
    /// Looks at the first picture in a pass of its own: only it tells what the encoder, and so the output's header,
    /// must say, and a second pass saves keeping the packets in between.
    fn prepare(
        input: &Part,
        container: Container,
        options: &EncodeOptions,
        limits: &Limits,
        cancel: &Cancel,
        with_sound: bool,
    ) -> Result<Self, Error> {
        let mut scout = Decoder::open_as(std::slice::from_ref(input), limits, cancel, Form::AsDecoded)?;
        let mut ears = if with_sound { Ears::open(scout.source(), limits) } else { Ears::none() };
        scout.keep_streams(&ears.streams());
        let mut sounds: Vec<Option<SoundFrame>> = scout.source().streams.iter().map(|_| None).collect();
        let mut first = None;
        let mut steps = 0;
        while first.is_none() || steps < LISTENING_STEPS && !ears.streams().is_empty() {
            steps += usize::from(first.is_some());
            match scout.advance() {
                Ok(Step::Picture(frame, _)) => first = first.or(Some(frame)),
                Ok(Step::Packet) => {
                    if let Some((stream, frame)) = ears.first(scout.packet()) {
                        sounds[stream] = Some(frame);
                    }
                }
                Ok(Step::End) => break,
                Err(error) if first.is_none() => return Err(error),
                Err(_) => break,
            }
        }
        let Some(first) = first else {
            return Err(Error::Malformed("no picture of it could be decoded".to_owned()));
        };
        let plan = EncodePlan::new(scout.source(), &first, options, container)?;
        drop(scout);
        let mut decoder = Decoder::open_as(std::slice::from_ref(input), limits, cancel, Form::AsDecoded)?;
        decoder.set_form(Form::Exactly(plan.settings.pixel));
        Ok(Self { decoder, first, plan, sounds })
    }

    fn check_unchanged(&self, frame: &VideoFrame, time: f64) -> Result<(), Error> {
        let (old, new) = ((self.first.width(), self.first.height()), (frame.width(), frame.height()));
        if old == new {
            return Ok(());
        }
        Err(Error::Unsupported(format!(
            "the picture size changes from {}x{} to {}x{} at {time:.1} s; split the video there first",
            old.0, old.1, new.0, new.1
        )))
    }
}

struct Writer {
    muxer: Muxer,
    lane: VideoLane,
    copies: Copies,
    /// Microseconds added to every time stamp of the input.
    shift: i64,
    input_base: Ratio,
    rounded: bool,
    sound_notes: Vec<String>,
}

impl Writer {
    fn start(
        job: &mut Job,
        file: File,
        container: Container,
        options: &EncodeOptions,
        limits: &Limits,
        sounds: Option<&mut SoundSteps<'_>>,
    ) -> Result<Self, Error> {
        let internal = |code: Code| Error::Internal(format!("cannot start the {container} file: {code}"));
        let source = job.decoder.source();
        let shift = if source.demuxer.may_jump() { -source.demuxer.start().unwrap_or(0) } else { 0 };
        let mut muxer = Muxer::create(container.muxer(), file).map_err(internal)?;
        let settings =
            EncoderSettings { global_header: muxer.wants_global_header(), ..job.plan.settings.clone() };
        let encoder = VideoEncoder::open(&settings).map_err(|code| {
            let (width, height, pixel) = (settings.width, settings.height, settings.pixel);
            Error::Unsupported(format!(
                "{} refuses {width}x{height} pictures in {pixel}: {code}",
                settings.encoder
            ))
        })?;
        let apple = options.codec == VideoCodec::Hevc && matches!(container, Container::Mp4 | Container::Mov);
        // QuickTime plays HEVC under this name alone.
        let four_letters = apple.then_some(*b"hvc1");
        let tags = kept(&source.video.tags, &STALE_STREAM_TAGS);
        let video = muxer
            .add_encoded(&encoder, &source.demuxer, source.video.index, &tags, &job.first, four_letters)
            .map_err(internal)?;
        let mut sound_notes = Vec::new();
        let lanes = match sounds {
            Some(steps) => {
                let global_header = muxer.wants_global_header();
                lanes(source, &job.sounds, container, global_header, limits, steps, &mut sound_notes)
            }
            None => Vec::new(),
        };
        let mut copies = Copies::plan(source, &mut muxer, container, lanes).map_err(internal)?;
        let file_tags = source.demuxer.tags();
        let tags = kept(&file_tags, &STALE_FILE_TAGS);
        muxer.set_tags(&tags).map_err(internal)?;
        muxer.copy_chapters(&source.demuxer, shift).map_err(internal)?;
        // Keys such as com.apple.quicktime.make exist in this form alone.
        let long_keys = tags.iter().any(|(key, _)| key.starts_with("com."));
        let movie = matches!(container, Container::Mp4 | Container::Mov) && long_keys;
        let header: &[(&str, &str)] = if movie { &[("movflags", "use_metadata_tags")] } else { &[] };
        let written = muxer.write_header(header);
        if let Some(fault) = muxer.take_fault() {
            return Err(Error::write(fault));
        }
        written.map_err(internal)?;
        copies.settle(&muxer);
        Ok(Self {
            muxer,
            lane: VideoLane::new(encoder, video).map_err(internal)?,
            copies,
            shift,
            input_base: source.video.time_base,
            rounded: false,
            sound_notes,
        })
    }

    fn encode(&mut self, picture: Picture) -> Result<(), Error> {
        let base = self.lane.time_base();
        let frame = picture.frame();
        let exact = frame.pts().saturating_add(Ratio::MICROSECOND.convert(self.shift, self.input_base));
        let pts = self.input_base.convert(exact, base).max(self.lane.earliest());
        // A tenth of a picture's length, where the new ticks are that coarse.
        let off = (base.seconds(pts) - self.input_base.seconds(exact)).abs();
        self.rounded |= self.copies.rounds_times() && off > 0.1 * base.seconds(1);
        let length = self.input_base.convert(frame.duration(), base).max(1);
        self.lane.encode(picture, pts, length, &mut self.muxer)?;
        if self.lane.take_written() {
            self.copies.caught_up();
        }
        Ok(())
    }

    fn finish(&mut self, decoder: &mut Decoder, beat: &dyn Fn()) -> Result<(), Error> {
        self.lane.end(&mut self.muxer, beat)?;
        self.copies.finish(decoder, &mut self.muxer)?;
        let finished = self.muxer.finish();
        checked(&self.muxer, finished)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use filigrane_frame::ErrorKind;

    use super::*;

    #[test]
    fn a_full_disk_is_an_io_error_in_words() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let input = folder.path().join("in.mkv");
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=duration=1", "-c:v", "ffv1"])
            .arg(&input)
            .status();
        assert!(made.expect("the ffmpeg program").success());
        for (codec, container) in
            [(VideoCodec::H264, Container::Mp4), (VideoCodec::Ffv1, Container::Matroska)]
        {
            // A device that is always full.
            let full = File::options().write(true).open("/dev/full").expect("Linux");
            let options = EncodeOptions::new(codec);
            let (limits, input) = (Limits::default(), Part::from(input.as_path()));
            let run = || -> Result<(), Error> {
                let mut job = Job::prepare(&input, container, &options, &limits, &Cancel::default(), true)?;
                let mut writer = Writer::start(&mut job, full, container, &options, &limits, None)?;
                while let Step::Picture(frame, time) = job.decoder.advance()? {
                    writer.encode(Picture::new(frame, time)?)?;
                }
                writer.finish(&mut job.decoder, &|| {})
            };
            let error = run().expect_err("no room");
            assert_eq!(error.kind(), ErrorKind::Io);
            assert_eq!(error.to_string(), "cannot write: No space left on device (os error 28)");
        }
    }
}

use std::path::Path;

use filigrane_frame::Limits;

use crate::codec::{EncodeOptions, VideoCodec};
use crate::container::{Container, muxer_for};
use crate::encode_plan::{check_fit, options_with_light};
use crate::ffi::{Code, Colour, Conversion, EncoderSettings, Muxer, Pixel, Ratio, Scaler, VideoEncoder};
use crate::output_file::OutputFile;
use crate::video_lane::{VideoLane, checked};
use crate::{Error, Picture, RgbImage};

/// Size and rate of a [`Film`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilmForm {
    /// Samples a row: an even number.
    pub width: u32,
    /// Rows: an even number.
    pub height: u32,
    /// Pictures a second, as a fraction.
    pub rate: (u32, u32),
}

/// What a finished [`Film`] holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filmed {
    /// Pictures written.
    pub frames: u64,
    /// Seconds from the first picture to the end of the last.
    pub duration: f64,
}

/// A video file made of pictures that come from no file, 8 bits, 4:2:0, BT.709. It is removed unless it is finished.
pub struct Film {
    lane: VideoLane,
    muxer: Muxer,
    scaler: Scaler,
    form: FilmForm,
    file: OutputFile,
}

const COLOUR: Colour = Colour {
    range: Colour::LIMITED,
    primaries: Colour::BT709,
    transfer: Colour::BT709,
    matrix: Colour::BT709,
    chroma_location: 1,
};

impl Film {
    /// A film without pictures at `output`, whose extension chooses the container.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an odd or too large size, a rate of 0, an unknown extension, options that the codec does
    /// not take and a codec that the container does not hold; [`Error::Io`] when the file can't be made.
    pub fn create(
        output: &Path,
        form: FilmForm,
        options: &EncodeOptions,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let container = muxer_for(output)?;
        options.validate()?;
        check_fit(options.codec, container)?;
        check(form, limits)?;
        let (file, writer) = OutputFile::make(output)?;
        let internal = |code: Code| Error::Internal(format!("cannot start the {container} file: {code}"));
        let mut muxer = Muxer::create(container.muxer(), writer).map_err(internal)?;
        let settings = settings(form, options, container, muxer.wants_global_header())?;
        let encoder = VideoEncoder::open(&settings).map_err(|code| {
            let FilmForm { width, height, .. } = form;
            Error::Unsupported(format!("{} refuses {width}x{height} pictures: {code}", settings.encoder))
        })?;
        let apple = options.codec == VideoCodec::Hevc && matches!(container, Container::Mp4 | Container::Mov);
        // QuickTime plays HEVC under this name alone.
        let four_letters = apple.then_some(*b"hvc1");
        let video = muxer.add_made(&encoder, settings.frame_rate, four_letters).map_err(internal)?;
        let written = muxer.write_header(&[]);
        if let Some(fault) = muxer.take_fault() {
            return Err(Error::write(fault));
        }
        written.map_err(internal)?;
        let lane = VideoLane::new(encoder, video).map_err(internal)?;
        Ok(Self { lane, muxer, scaler: Scaler::new(), form, file })
    }

    /// The next picture as it will be encoded: `image` in the film's size (bicubic), in luma and chroma. Nothing is
    /// written yet.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the image contradicts itself.
    pub fn picture(&mut self, image: &RgbImage) -> Result<Picture, Error> {
        let FilmForm { width, height, rate } = self.form;
        let to = Conversion { pixel: Pixel::YUV420P, width, height, colour: COLOUR };
        let frame = self
            .scaler
            .convert(&image.frame()?, to)
            .map_err(|code| Error::Internal(format!("cannot convert the picture: {code}")))?;
        let time = self.lane.frames() as f64 * f64::from(rate.1) / f64::from(rate.0);
        Picture::new(frame, time)
    }

    /// Encodes a picture of [`picture`](Self::picture).
    ///
    /// # Errors
    /// [`Error::Io`] when the disk is full; [`Error::Parameter`] for a picture of another size.
    pub fn write(&mut self, picture: Picture) -> Result<(), Error> {
        if (picture.width(), picture.height()) != (self.form.width, self.form.height) {
            return Err(Error::Parameter("the picture has another size than the film".to_owned()));
        }
        let pts = i64::try_from(self.lane.frames()).unwrap_or(i64::MAX);
        self.lane.encode(picture, pts, 1, &mut self.muxer)
    }

    /// Ends the film, which stays from now on.
    ///
    /// # Errors
    /// [`Error::Io`] when the disk is full; [`Error::Parameter`] for a film without pictures.
    pub fn finish(mut self) -> Result<Filmed, Error> {
        if self.lane.frames() == 0 {
            return Err(Error::Parameter("a film needs at least one picture".to_owned()));
        }
        self.lane.end(&mut self.muxer, &|| {})?;
        let finished = self.muxer.finish();
        checked(&self.muxer, finished)?;
        self.file.keep();
        Ok(Filmed { frames: self.lane.frames(), duration: self.lane.duration() })
    }
}

fn check(form: FilmForm, limits: &Limits) -> Result<(), Error> {
    let FilmForm { width, height, rate } = form;
    if width == 0 || height == 0 || !width.is_multiple_of(2) || !height.is_multiple_of(2) {
        return Err(Error::Parameter(format!(
            "a film's width and height are even numbers, not {width}x{height}"
        )));
    }
    if u64::from(width) * u64::from(height) > limits.pixels {
        return Err(Error::Parameter(format!("pictures of {width}x{height} are over the limit")));
    }
    let ticks = |number: u32| i32::try_from(number).is_ok() && number > 0;
    if !ticks(rate.0) || !ticks(rate.1) {
        return Err(Error::Parameter(format!("{}/{} is no rate of pictures", rate.0, rate.1)));
    }
    Ok(())
}

fn settings(
    form: FilmForm,
    options: &EncodeOptions,
    container: Container,
    global_header: bool,
) -> Result<EncoderSettings, Error> {
    let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let rate = Ratio { num: number(form.rate.0), den: number(form.rate.1) };
    Ok(EncoderSettings {
        encoder: options.codec.encoder(),
        pixel: Pixel::YUV420P,
        width: form.width,
        height: form.height,
        time_base: rate.inverse(),
        frame_rate: rate,
        sample_aspect: Ratio { num: 1, den: 1 },
        colour: COLOUR,
        field_order: 0,
        interlaced: false,
        global_header,
        no_reordering: !container.keeps_times(),
        threads: options.threads.unwrap_or(0),
        options: options_with_light(options, None, None)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cancel, Decoder, probe};

    const FORM: FilmForm = FilmForm { width: 64, height: 48, rate: (8, 1) };

    fn grey(level: u8) -> RgbImage {
        RgbImage::new(16, 12, vec![level; 3 * 16 * 12]).expect("an image")
    }

    #[test]
    fn pictures_come_back_from_the_file_in_order_at_their_times_and_levels() {
        let folder = tempfile::TempDir::new().expect("a folder");
        for (name, codec) in [
            ("a.mp4", VideoCodec::H264),
            ("a.mov", VideoCodec::Hevc),
            ("a.webm", VideoCodec::Vp9),
            ("a.avi", VideoCodec::Ffv1),
        ] {
            let path = folder.path().join(name);
            let limits = Limits::default();
            let mut film = Film::create(&path, FORM, &EncodeOptions::new(codec), &limits).expect("a film");
            for level in [0, 80, 160, 240] {
                let picture = film.picture(&grey(level)).expect("a picture");
                film.write(picture).expect("written");
            }
            let filmed = film.finish().expect("finished");
            assert_eq!((filmed.frames, filmed.duration), (4, 0.5), "{name}");
            let info = probe(&path, &limits).expect("readable");
            assert_eq!((info.width, info.height, info.fps), (64, 48, 8.0), "{name}");
            let mut decoder = Decoder::open(&path, &limits, &Cancel::default()).expect("readable");
            for (index, level) in [0u8, 80, 160, 240].into_iter().enumerate() {
                let picture = decoder.next_picture().expect("decodes").expect("a picture");
                assert!((picture.time() - index as f64 / 8.0).abs() < 1e-3, "{name}");
                let shown = picture.to_rgb(64, 48).expect("colours").data;
                assert!(shown.iter().all(|value| value.abs_diff(level) <= 3), "{name} {level}");
            }
            assert!(decoder.next_picture().expect("decodes").is_none());
        }
    }

    #[test]
    fn a_film_that_is_not_finished_leaves_no_file() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("a.mp4");
        let limits = Limits::default();
        let options = EncodeOptions::new(VideoCodec::H264);
        let mut film = Film::create(&path, FORM, &options, &limits).expect("a film");
        let picture = film.picture(&grey(9)).expect("a picture");
        film.write(picture).expect("written");
        assert!(path.exists());
        drop(film);
        assert!(!path.exists());
        assert!(Film::create(&path, FORM, &options, &limits).expect("a film").finish().is_err());
        assert!(!path.exists());
    }

    #[test]
    fn sizes_and_rates_that_no_film_has_are_refused() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("a.mp4");
        let limits = Limits { pixels: 10_000, ..Limits::default() };
        for (form, words) in [
            (FilmForm { width: 63, ..FORM }, "even numbers, not 63x48"),
            (FilmForm { height: 0, ..FORM }, "even numbers"),
            (FilmForm { width: 2000, ..FORM }, "over the limit"),
            (FilmForm { rate: (0, 1), ..FORM }, "no rate"),
        ] {
            let refused = Film::create(&path, form, &EncodeOptions::new(VideoCodec::H264), &limits);
            let error = refused.err().expect("refused").to_string();
            assert!(error.contains(words), "{error}");
        }
        assert!(!path.exists());
    }
}

use crate::Error;
use crate::ffi::{
    Code, Colour, Conversion, EncoderSettings, Packet, Pixel, Ratio, Scaler, VideoEncoder, VideoFrame,
};

/// A small picture in 8-bit red, green and blue, full range, for reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RgbImage {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Three bytes a pixel, row by row from the top left, without padding.
    pub data: Vec<u8>,
}

const COLOUR: Colour = Colour {
    range: Colour::FULL,
    primaries: Colour::BT709,
    transfer: Colour::SRGB,
    matrix: 0,
    chroma_location: 0,
};

/// FFmpeg's quantiser for thumbnails: 2 is best, 31 worst.
const JPEG_QUALITY: &str = "4";

impl RgbImage {
    /// Wraps pixels.
    ///
    /// # Errors
    /// [`Error::Parameter`] when their number is not `3 * width * height`, or 0.
    pub fn new(width: u32, height: u32, data: Vec<u8>) -> Result<Self, Error> {
        let bytes = 3 * u64::from(width) * u64::from(height);
        if bytes == 0 || data.len() as u64 != bytes {
            return Err(Error::Parameter(format!(
                "a {width}x{height} image has {bytes} bytes, not {}",
                data.len()
            )));
        }
        Ok(Self { width, height, data })
    }

    /// A PNG file.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the public fields contradict each other, [`Error::Internal`] when the encoder fails.
    pub fn to_png(&self) -> Result<Vec<u8>, Error> {
        let frame = self.frame()?;
        self.encode("png", frame, Vec::new())
    }

    /// A JPEG file, of good quality for a thumbnail.
    ///
    /// # Errors
    /// As [`to_png`](Self::to_png).
    pub fn to_jpeg(&self) -> Result<Vec<u8>, Error> {
        // JPEG files have BT.601's matrix whatever their size (JFIF 1.02).
        let colour = Colour { matrix: 6, ..COLOUR };
        let to = Conversion { pixel: Pixel::YUV420P, width: self.width, height: self.height, colour };
        let mut frame = Scaler::new().convert(&self.frame()?, to).map_err(failed)?;
        frame.rename(Pixel::YUVJ420P);
        let quality = [("flags", "+qscale"), ("global_quality", JPEG_QUALITY)];
        let mut options: Vec<_> = quality.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        if let Some((_, value)) = options.last_mut() {
            // In the unit of FFmpeg's rate control, 118 a step (FF_QP2LAMBDA).
            *value = (118 * JPEG_QUALITY.parse().unwrap_or(4)).to_string();
        }
        self.encode("mjpeg", frame, options)
    }

    pub(crate) fn frame(&self) -> Result<VideoFrame, Error> {
        let row_bytes = 3 * self.width as usize;
        if self.data.len() != row_bytes * self.height as usize || self.data.is_empty() {
            return Err(Error::Parameter("the image has another size than its pixels".to_owned()));
        }
        let mut frame = VideoFrame::with_size(Pixel::RGB24, self.width, self.height).map_err(failed)?;
        frame.set_colour(COLOUR);
        let stride = frame.stride();
        for (to, from) in
            frame.plane_mut(row_bytes).chunks_mut(stride.max(1)).zip(self.data.chunks(row_bytes))
        {
            if let Some(to) = to.get_mut(..row_bytes) {
                to.copy_from_slice(from);
            }
        }
        Ok(frame)
    }

    fn encode(
        &self,
        encoder: &'static str,
        mut frame: VideoFrame,
        options: Vec<(String, String)>,
    ) -> Result<Vec<u8>, Error> {
        let settings = EncoderSettings {
            encoder,
            pixel: frame.pixel().ok_or_else(|| Error::Internal("a picture without format".to_owned()))?,
            width: self.width,
            height: self.height,
            time_base: Ratio { num: 1, den: 1 },
            frame_rate: Ratio { num: 1, den: 1 },
            sample_aspect: Ratio { num: 1, den: 1 },
            colour: frame.colour(),
            field_order: 0,
            interlaced: false,
            global_header: false,
            no_reordering: true,
            threads: 1,
            options,
        };
        frame.set_pts(0);
        let mut open = VideoEncoder::open(&settings).map_err(failed)?;
        let mut packet = Packet::new().map_err(failed)?;
        open.send(Some(&frame)).map_err(failed)?;
        open.send(None).map_err(failed)?;
        open.receive(&mut packet).map_err(failed)?;
        Ok(packet.data().to_vec())
    }
}

fn failed(code: Code) -> Error {
    Error::Internal(format!("cannot encode the image: {code}"))
}

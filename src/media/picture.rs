use filigrane_frame::{LumaLayout, LumaMut, LumaRef};

use crate::ffi::{Colour, Conversion, Pixel, Scaler, VideoFrame};
use crate::{Error, RgbImage};

/// One decoded picture whose plane 0 is luma.
pub struct Picture {
    frame: VideoFrame,
    time: f64,
    layout: LumaLayout,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Picture").field("time", &self.time).field("layout", &self.layout).finish()
    }
}

impl Picture {
    /// Wraps a picture in a luma form, see `pixel_choice`.
    pub(crate) fn new(frame: VideoFrame, time: f64) -> Result<Self, Error> {
        let shape = frame.pixel().and_then(Pixel::shape).filter(|shape| shape.luma_plane);
        let bits = shape.ok_or_else(|| Error::Internal("a picture without a luma plane".to_owned()))?.bits;
        let layout = LumaLayout {
            width: frame.width() as usize,
            height: frame.height() as usize,
            stride: frame.stride(),
            bits,
            range: frame.colour().luma_range(),
        };
        let picture = Self { frame, time, layout };
        // Checked here once, so that the views below always exist.
        match LumaRef::new(picture.layout, picture.frame.plane(picture.row_bytes())) {
            Some(_) => Ok(picture),
            None => Err(Error::Internal("a picture smaller than its size".to_owned())),
        }
    }

    fn row_bytes(&self) -> usize {
        self.layout.width * self.layout.bytes_per_sample()
    }

    /// The luma plane.
    pub fn luma(&self) -> LumaRef<'_> {
        let bytes = self.frame.plane(self.row_bytes());
        match LumaRef::new(self.layout, bytes) {
            Some(luma) => luma,
            None => unreachable!("the layout was checked against the frame"),
        }
    }

    /// The luma plane, to change in place. The first call copies the picture if the decoder still refers to it.
    pub fn luma_mut(&mut self) -> LumaMut<'_> {
        if self.frame.make_writable().is_err() {
            // As a growing `Vec` does.
            std::alloc::handle_alloc_error(std::alloc::Layout::new::<u8>());
        }
        self.layout.stride = self.frame.stride();
        let row_bytes = self.row_bytes();
        match LumaMut::new(self.layout, self.frame.plane_mut(row_bytes)) {
            Some(luma) => luma,
            None => unreachable!("a copy has the size of its original"),
        }
    }

    /// Seconds from the start of the presentation; later than that of every picture before.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Samples a row.
    pub fn width(&self) -> u32 {
        self.frame.width()
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.frame.height()
    }

    /// Whether it was coded without reference to others.
    pub fn is_key(&self) -> bool {
        self.frame.is_key()
    }

    /// The picture in colour, scaled down (never up) to fit, with square samples; its own matrix and range are used.
    ///
    /// # Errors
    /// [`Error::Parameter`] when either bound is 0.
    pub fn to_rgb(&self, max_width: u32, max_height: u32) -> Result<RgbImage, Error> {
        if max_width == 0 || max_height == 0 {
            return Err(Error::Parameter("an image needs at least one pixel".to_owned()));
        }
        let (width, height) = self.displayed_size(max_width, max_height);
        let colour = Colour {
            range: Colour::FULL,
            primaries: Colour::BT709,
            transfer: Colour::SRGB,
            matrix: 0,
            chroma_location: 0,
        };
        let to = Conversion { pixel: Pixel::RGB24, width, height, colour };
        let scaled = Scaler::new()
            .convert(&self.frame, to)
            .map_err(|code| Error::Internal(format!("cannot scale the picture: {code}")))?;
        let row_bytes = 3 * width as usize;
        let plane = scaled.plane(row_bytes);
        let mut data = Vec::with_capacity(row_bytes * height as usize);
        for row in plane.chunks(scaled.stride().max(1)).take(height as usize) {
            data.extend_from_slice(row.get(..row_bytes).unwrap_or(row));
        }
        RgbImage::new(width, height, data)
    }

    fn displayed_size(&self, max_width: u32, max_height: u32) -> (u32, u32) {
        let aspect = self.frame.sample_aspect().positive().unwrap_or(1.0).clamp(1.0 / 64.0, 64.0);
        // Stretched by shrinking the other direction: nothing is scaled up.
        let width = f64::from(self.width()) * aspect.min(1.0);
        let height = f64::from(self.height()) / aspect.max(1.0);
        let scale = (f64::from(max_width) / width).min(f64::from(max_height) / height).min(1.0);
        let fit = |length: f64, most: u32| ((length * scale).round() as u32).clamp(1, most);
        (fit(width, max_width), fit(height, max_height))
    }

    pub(crate) fn frame(&self) -> &VideoFrame {
        &self.frame
    }

    pub(crate) fn frame_mut(&mut self) -> &mut VideoFrame {
        &mut self.frame
    }
}

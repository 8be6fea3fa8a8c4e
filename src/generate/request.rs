use serde::Serialize;

/// Width and height of a clip in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl std::fmt::Display for Size {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}x{}", self.width, self.height)
    }
}

/// The first picture of a clip: 8-bit red, green and blue, full range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstFrame {
    /// Must be the size of the clip.
    pub size: Size,
    /// Three bytes a pixel, row by row from the top left, without padding.
    pub rgb: Vec<u8>,
}

/// What to make. What is `None` is the model's own default.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// What the clip shows.
    pub prompt: String,
    /// What it shall not show; only heard under guidance.
    pub negative_prompt: String,
    /// The picture it begins with, for models that take one.
    pub image: Option<FirstFrame>,
    /// Which of all clips of this prompt.
    pub seed: u64,
    /// Number of pictures.
    pub frames: Option<u32>,
    /// Their size.
    pub size: Option<Size>,
    /// Calls of the denoiser; twice as many under guidance.
    pub steps: Option<u32>,
    /// How strongly the prompt is followed; 1 and less is without guidance, in half the time.
    pub guidance: Option<f64>,
    /// The same for the second transformer of a pair.
    pub guidance_low_noise: Option<f64>,
    /// Pictures a second: what the container says and, for LTX, what the model is told.
    pub frame_rate: Option<f64>,
}

/// One picture of a clip, full range.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Its size.
    pub size: Size,
    /// Its place in the clip, from 0.
    pub index: u32,
    /// All red samples row by row, then all green, then all blue; 0 to 1.
    pub planes: Vec<f32>,
}

impl Picture {
    /// Interleaved bytes, rounded to even as numpy rounds.
    pub fn to_rgb8(&self) -> Vec<u8> {
        let pixels = self.planes.len() / 3;
        let mut bytes = vec![0; 3 * pixels];
        for (channel, plane) in self.planes.chunks_exact(pixels.max(1)).enumerate() {
            for (byte, sample) in bytes.iter_mut().skip(channel).step_by(3).zip(plane) {
                // `as` saturates.
                *byte = (sample * 255.0).round_ties_even() as u8;
            }
        }
        bytes
    }
}

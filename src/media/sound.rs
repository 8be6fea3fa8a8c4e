use crate::ffi::SoundShape;

/// The sound of one stream, as far as it can be told before it is decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct SoundFormat {
    /// Number of the stream in its container.
    pub stream: usize,
    /// Short name of its codec.
    pub codec: String,
    /// Samples a second of each channel.
    pub rate: u32,
    /// Number of channels.
    pub channels: usize,
    /// The channel for effects below 120 Hz, when there is one.
    pub low_frequency: Option<usize>,
    /// Seconds that the container declares for the stream or, failing that, for all of it.
    pub seconds: Option<f64>,
}

/// What a caller does to the sound of one stream.
pub trait SoundStep {
    /// Takes in a block, one list of samples a channel, all of one length, full scale at 1, and gives back what is
    /// ready, in the same form.
    fn push(&mut self, block: &[Vec<f32>]) -> Vec<Vec<f32>>;

    /// The rest: with it, as many samples came back as went in.
    fn finish(&mut self) -> Vec<Vec<f32>>;
}

/// Chooses the step for a stream, or says in words why there is none; the stream is then copied as it is.
pub type SoundSteps<'a> = dyn FnMut(&SoundFormat) -> Result<Box<dyn SoundStep>, String> + 'a;

/// A stretch of decoded sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// Number of the stream in its container.
    pub stream: usize,
    /// Seconds from the start of the presentation to its first sample; may be slightly negative.
    pub time: f64,
    /// Samples a second of each channel.
    pub rate: u32,
    /// The channel for effects below 120 Hz, when there is one.
    pub low_frequency: Option<usize>,
    /// One list of samples a channel, all of one length, full scale at 1.
    pub samples: Vec<Vec<f32>>,
}

/// Most channels that sound is decoded with.
pub(crate) const MOST_CHANNELS: usize = 16;

impl SoundShape {
    pub(crate) fn is_usable(&self) -> bool {
        (1..=MOST_CHANNELS).contains(&self.channels) && self.rate > 0
    }
}

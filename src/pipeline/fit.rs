use filigrane_frame::Limits;
use filigrane_media::{Cancel, EncodeOptions, Error as MediaError, Part, Picture, VideoCodec, rehearse};
use filigrane_watermark::{Cancellation, Embedder, HostObserver, Key, Meter, Payload, Strength};

use crate::error::Error;

/// How strongly a clip is marked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Force {
    /// As strongly as said.
    Fixed(Strength),
    /// As strongly as this clip needs: its first pictures are marked, coded hard and looked at.
    Fitted,
}

/// Pictures of the rehearsal: about two seconds.
const PICTURES: usize = 48;
/// The rehearsal's coding: of those tried (x264 and x265, four qualities, three presets, 24 to 48 pictures) the one whose
/// outcome goes best with that of three seconds after x265 at CRF 40 (correlation of logarithms 0.93 over twelve clips,
/// where x264 superfast at CRF 43 comes to 0.68).
const CODEC: VideoCodec = VideoCodec::Hevc;
const CRF: u32 = 40;
const PRESET: &str = "ultrafast";
/// Each how many-th of them is looked at for standing content.
const OBSERVED: usize = 3;
/// Signal-to-noise ratio after the rehearsal at which the strength is 1.
const USUAL: f64 = 0.33;
/// How fast the strength's power falls as the ratio grows: the rest of the margin stays with the clip.
const SHARE: f64 = 0.8;
/// Peak signal-to-noise ratio of the luma that a fitted strength keeps to, dB: least and most.
const BOUNDS: (f64, f64) = (45.3, 48.0);
/// Strongest fitted strength: a clip that opens in the dark must not be marked as if it stayed there.
const STRONGEST: f64 = 1.6;
/// Signal-to-noise ratio, before any coding, from which bits can be read.
const READABLE: f64 = 0.8;

/// Least that any picture may have by itself when the strength is fitted, dB.
const LEAST: f64 = 44.6;

/// What the rehearsal found.
pub(crate) struct Fit {
    strength: Strength,
    /// Luma PSNR below which no picture may come, dB; none where the user said how strong the mark is to be.
    least: Option<f64>,
    cancellation: Cancellation,
    /// What the user should know.
    pub note: Option<String>,
}

impl Fit {
    /// What marks the pictures accordingly.
    ///
    /// # Errors
    /// Those of [`Embedder::new`].
    pub fn embedder(
        &self,
        key: &Key,
        payload: Payload,
        width: usize,
        height: usize,
    ) -> Result<Embedder, Error> {
        let embedder = Embedder::cancelling(key, payload, width, height, self.strength, &self.cancellation)?;
        Ok(match self.least {
            Some(least) => embedder.keeping(least),
            None => embedder,
        })
    }
}

/// The strength for a clip.
///
/// # Errors
/// Those of reading the input. A clip that cannot be rehearsed gets the usual strength.
pub(crate) fn fit(
    input: &Part,
    force: Force,
    payload: Payload,
    key: &Key,
    cores: Option<u32>,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Fit, Error> {
    if let Force::Fixed(strength) = force {
        return Ok(Fit { strength, least: None, cancellation: Cancellation::default(), note: None });
    }
    let (mut before, mut after) = (Meter::new(key, payload), Meter::new(key, payload));
    let mut embedder: Option<Embedder> = None;
    let mut host = HostObserver::new();
    let mut count = 0;
    let mut failure = None;
    let mut change = |picture: &mut Picture| {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        if embedder.is_none() {
            match Embedder::new(key, payload, width, height, Strength::default()) {
                Ok(new) => embedder = Some(new),
                Err(error) => failure = Some(error),
            }
        }
        let observed = count % OBSERVED == 0;
        count += 1;
        if observed {
            host.host(picture.luma());
        }
        if let Some(embedder) = &mut embedder
            && let Err(error) = embedder.mark(&mut picture.luma_mut())
        {
            failure = Some(error);
        }
        if observed {
            host.marked(picture.luma());
        }
        before.push(picture.luma());
    };
    let mut coding = EncodeOptions::new(CODEC);
    coding.crf = Some(CRF);
    coding.cores = cores;
    coding.preset = Some(PRESET.to_owned());
    let mut see = |picture: &Picture| after.push(picture.luma());
    let seen = match rehearse(input, &coding, PICTURES, limits, cancel, &mut change, &mut see) {
        Ok(seen) => seen,
        Err(MediaError::Unsupported(_) | MediaError::Internal(_)) => 0,
        Err(error) => return Err(error.into()),
    };
    if let Some(failure) = failure {
        return Err(failure.into());
    }
    if seen == 0 {
        let (strength, cancellation) = (Strength::default(), Cancellation::default());
        return Ok(Fit { strength, least: Some(LEAST), cancellation, note: None });
    }
    let power = (USUAL / after.signal_to_noise().max(1e-3)).powf(SHARE);
    let usual = embedder.and_then(|embedder| embedder.luma_psnr()).unwrap_or(BOUNDS.0);
    let within = |psnr: f64| 10f64.powf((usual - psnr) / 20.0);
    let factor = power.sqrt().clamp(within(BOUNDS.1), within(BOUNDS.0)).clamp(0.5, STRONGEST);
    // The pictures were marked at strength 1.
    let untouched = before.signal_to_noise() * factor * factor;
    let note = (untouched < READABLE).then(|| {
        format!(
            "no capacity: the first {seen} pictures are too flat, dark or busy to carry the watermark's bits: \
             signal-to-noise ratio {untouched:.2} where {READABLE} is needed"
        )
    });
    let strength = Strength::new(factor as f32)?;
    Ok(Fit { strength, least: Some(LEAST), cancellation: host.cancellation(strength), note })
}

use filigrane_fingerprint::{Fingerprint, VideoCode};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::pictures::Pictures;
use crate::seen::believable_lines;

/// Largest small picture, bytes.
const LARGEST_PICTURE: usize = 1 << 20;

/// [`Pictures`] as they are told by the process that made or looked at them.
#[derive(Serialize, Deserialize)]
pub(crate) struct Made {
    width: u32,
    height: u32,
    duration: f64,
    fingerprint: Option<ByteBuf>,
    /// The body of the ISCC Video-Code.
    code: Option<[u8; 32]>,
    /// A JPEG file.
    thumbnail: Option<ByteBuf>,
    frames: u64,
    luma_psnr: Option<f64>,
    audio_snr: Option<f64>,
    audio_nmr: Option<f64>,
    notes: Vec<String>,
}

impl From<Pictures> for Made {
    fn from(pictures: Pictures) -> Self {
        Self {
            width: pictures.width,
            height: pictures.height,
            duration: pictures.duration,
            fingerprint: pictures.fingerprint.map(|fingerprint| ByteBuf::from(fingerprint.to_bytes())),
            code: pictures.code.map(|code| code.body()),
            thumbnail: pictures.thumbnail.map(ByteBuf::from),
            frames: pictures.frames,
            luma_psnr: pictures.luma_psnr,
            audio_snr: pictures.audio_snr,
            audio_nmr: pictures.audio_nmr,
            notes: pictures.notes,
        }
    }
}

impl Made {
    /// The pictures told of, where they may have been made up: `None` unless all can be true.
    pub fn believable(self) -> Option<Pictures> {
        let number = |number: f64| !number.is_nan() && number.abs() < 1e9 || number == f64::INFINITY;
        let numbers = [Some(self.duration), self.luma_psnr, self.audio_snr, self.audio_nmr];
        let fingerprint = self.fingerprint.map(|bytes| Fingerprint::from_bytes(&bytes)).transpose().ok()?;
        let jpeg = |bytes: &ByteBuf| bytes.len() <= LARGEST_PICTURE && bytes.starts_with(b"\xff\xd8\xff");
        if !self.thumbnail.as_ref().is_none_or(jpeg) {
            return None;
        }
        numbers.into_iter().flatten().all(number).then(|| Pictures {
            file: None,
            width: self.width,
            height: self.height,
            duration: self.duration,
            fingerprint,
            code: self.code.map(VideoCode::from_body),
            thumbnail: self.thumbnail.map(ByteBuf::into_vec),
            frames: self.frames,
            luma_psnr: self.luma_psnr,
            audio_snr: self.audio_snr,
            audio_nmr: self.audio_nmr,
            notes: believable_lines(self.notes),
        })
    }
}

use filigrane_fingerprint::{Fingerprint, VideoCode};
use filigrane_media::MediaInfo;
use filigrane_provenance::{Identity, Signed, SoftBinding};
use filigrane_registry::Entry;
use filigrane_watermark::Payload;
use tempfile::TempPath;

use crate::binding::{of_code, of_fingerprint, of_payload};
use crate::error::Error;

/// The pictures as they go out, and what was learnt on the way.
pub(crate) struct Pictures {
    /// The file they were written to; `None` when they stay where they are.
    pub file: Option<TempPath>,
    pub width: u32,
    pub height: u32,
    /// Seconds; 0 when unknown.
    pub duration: f64,
    pub fingerprint: Option<Fingerprint>,
    pub code: Option<VideoCode>,
    /// A small one of them, a JPEG file.
    pub thumbnail: Option<Vec<u8>>,
    pub frames: u64,
    pub luma_psnr: Option<f64>,
    pub audio_snr: Option<f64>,
    pub audio_nmr: Option<f64>,
    pub notes: Vec<String>,
}

impl Pictures {
    /// Pictures of a file, of which no more is known yet than what it says of itself.
    pub fn of(info: &MediaInfo) -> Self {
        Self {
            file: None,
            width: info.width,
            height: info.height,
            duration: info.duration.unwrap_or(0.0),
            fingerprint: None,
            code: None,
            thumbnail: None,
            frames: 0,
            luma_psnr: None,
            audio_snr: None,
            audio_nmr: None,
            notes: Vec::new(),
        }
    }

    /// What a manifest binds of them: the mark they carry, fingerprint and code.
    pub fn bindings(&self, payload: Option<Payload>) -> Vec<SoftBinding> {
        let mark = payload.map(of_payload).into_iter();
        let fingerprint = self.fingerprint.as_ref().map(of_fingerprint);
        mark.chain(fingerprint).chain(self.code.as_ref().map(of_code)).collect()
    }

    /// What a registry keeps of them under this manifest.
    pub fn entry(&self, signed: &Signed, title: String, identity: &Identity) -> Result<Entry, Error> {
        let fingerprint = self.fingerprint.as_ref();
        Ok(Entry {
            urn: signed.urn.parse()?,
            manifest: Some(signed.manifest.clone()),
            fingerprint: fingerprint.map(Fingerprint::to_bytes).unwrap_or_default(),
            keys: fingerprint.map(Fingerprint::keys).unwrap_or_default(),
            code: self.code.as_ref().map(VideoCode::body),
            width: self.width,
            height: self.height,
            duration: self.duration,
            title,
            issuer: Some(identity.issuer().to_owned()),
        })
    }
}

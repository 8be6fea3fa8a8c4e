//! Payloads, fingerprints, codes and kept pictures in their stored forms.
#![no_main]

use filigrane::fingerprint::{Fingerprint, Pdq, Samples, VideoCode};
use filigrane::watermark::{Key, Payload};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(fingerprint) = Fingerprint::from_bytes(bytes) {
        assert_eq!(fingerprint.to_bytes(), bytes);
    }
    if let Some(samples) = Samples::from_bytes(bytes) {
        assert_eq!(samples.to_bytes(), bytes);
        let _ = Fingerprint::of(&samples);
    }
    if let Ok(Some(code)) = VideoCode::from_sequence(bytes) {
        assert_eq!(code.to_string().parse(), Ok(code));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(payload) = text.parse::<Payload>() {
        assert_eq!(payload.to_string().parse(), Ok(payload));
    }
    let _ = (text.parse::<Key>(), text.parse::<Pdq>(), text.parse::<VideoCode>());
});

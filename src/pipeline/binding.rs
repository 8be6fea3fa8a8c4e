use filigrane_fingerprint::{Fingerprint, VideoCode};
use filigrane_provenance::SoftBinding;
pub use filigrane_registry::{FINGERPRINT_ALGORITHM, ISCC_ALGORITHM, WATERMARK_ALGORITHM};
use filigrane_watermark::Payload;

/// Most frame hashes written into a manifest: 17 kB.
const MOST_HASHES: usize = 64;

pub(crate) fn of_payload(payload: Payload) -> SoftBinding {
    SoftBinding {
        algorithm: WATERMARK_ALGORITHM.to_owned(),
        value: payload.0.to_be_bytes().to_vec(),
        span: None,
    }
}

pub(crate) fn of_fingerprint(fingerprint: &Fingerprint) -> SoftBinding {
    SoftBinding { algorithm: FINGERPRINT_ALGORITHM.to_owned(), value: fingerprint.to_bytes(), span: None }
}

pub(crate) fn of_code(code: &VideoCode) -> SoftBinding {
    SoftBinding { algorithm: ISCC_ALGORITHM.to_owned(), value: code.to_sequence(), span: None }
}

/// The payload that a manifest says its content is marked with.
pub(crate) fn payload(bindings: &[SoftBinding]) -> Option<Payload> {
    let value = &bindings.iter().find(|binding| binding.algorithm == WATERMARK_ALGORITHM)?.value;
    Some(Payload(u64::from_be_bytes(value.as_slice().try_into().ok()?)))
}

/// The fingerprint that a manifest vouches for.
pub(crate) fn fingerprint(bindings: &[SoftBinding]) -> Option<Fingerprint> {
    let value = &bindings.iter().find(|binding| binding.algorithm == FINGERPRINT_ALGORITHM)?.value;
    Fingerprint::from_bytes(value).ok()
}

/// The ISCC Video-Code that a manifest vouches for.
pub(crate) fn code(bindings: &[SoftBinding]) -> Option<VideoCode> {
    let mut values = bindings.iter().filter(|binding| binding.algorithm == ISCC_ALGORITHM);
    values.find_map(|binding| VideoCode::from_sequence(&binding.value).ok()?)
}

/// As many hashes as a manifest holds, evenly chosen.
pub(crate) fn thinned(fingerprint: &Fingerprint) -> Fingerprint {
    let step = fingerprint.hashes.len().div_ceil(MOST_HASHES).max(1);
    Fingerprint { size: fingerprint.size, hashes: fingerprint.hashes.iter().step_by(step).copied().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bindings_read_back_and_wrong_lengths_are_no_payload() {
        let binding = of_payload(Payload(0x6f1c));
        assert_eq!(payload(std::slice::from_ref(&binding)), Some(Payload(0x6f1c)));
        assert_eq!(payload(&[SoftBinding { value: vec![1; 7], ..binding }]), None);
        let code = VideoCode::from_body([7; 32]);
        let other = SoftBinding { value: b"ISCC:X".to_vec(), ..of_code(&code) };
        assert_eq!(super::code(&[other, of_code(&code)]), Some(code));
        let empty = Fingerprint { size: (3, 4), hashes: Vec::new() };
        assert_eq!(fingerprint(&[of_fingerprint(&empty)]), Some(empty));
    }
}

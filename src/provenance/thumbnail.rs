use std::io::Cursor;
use std::time::Duration;

use c2pa::Reader;
use filigrane_frame::Limits;

use crate::{CredentialState, Error, TrustAnchors, engine, read_manifest};

/// Largest picture taken out of a manifest, bytes.
const LARGEST: usize = 512 << 10;

/// The picture of its content that a manifest store of this name holds, as its signer put it there: bytes of whatever kind.
/// `None` without one, where it is too large, or where the signature on it does not hold.
///
/// # Errors
/// As [`read_manifest`].
pub fn thumbnail(
    bytes: &[u8],
    name: &str,
    trust: &TrustAnchors,
    limits: &Limits,
) -> Result<Option<Vec<u8>>, Error> {
    let read = read_manifest(bytes, trust, limits)?;
    let holds = matches!(read.state, CredentialState::Trusted | CredentialState::Valid);
    if !holds || read.manifest.as_deref() != Some(name) {
        return Ok(None);
    }
    let allowed = Duration::try_from_secs_f64(limits.stall_seconds).unwrap_or(Duration::MAX);
    let context = engine::context(trust, Some(allowed))?;
    let picture = engine::guarded(|| {
        let reader = Reader::from_shared_context(&context).with_manifest_data_and_stream(
            bytes,
            "application/octet-stream",
            Cursor::new(&[][..]),
        );
        let reader = reader.ok()?;
        let (_, picture) = reader.active_manifest()?.thumbnail()?;
        (picture.len() <= LARGEST).then(|| picture.into_owned())
    })?;
    Ok(picture.flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;
    use crate::sign::tests::{Desk, claim};

    #[test]
    fn the_picture_under_the_signature_is_given_and_no_other() {
        let desk = Desk::new();
        let source = desk.video("a.mp4");
        let jpeg = [&[0xff, 0xd8, 0xff][..], &[7; 500], &[0xff, 0xd9]].concat();
        let mut claim = claim(Some(Origin::Camera));
        claim.thumbnail = Some(jpeg.clone());
        let (path, signed) = desk.sign(&source, "b.mp4", &claim);
        assert_eq!(desk.read(&path).state, CredentialState::Trusted);
        let ask = |bytes: &[u8], name: &str| {
            thumbnail(bytes, name, &TrustAnchors::empty(), &Limits::default()).unwrap()
        };
        assert_eq!(ask(&signed.manifest, &signed.urn).as_deref(), Some(&jpeg[..]));
        assert_eq!(ask(&signed.manifest, "urn:c2pa:6f1c0a2b-1122-4344-8555-66778899aabb"), None);
        let mut changed = signed.manifest.clone();
        let at = changed.windows(20).position(|window| window == [7; 20]).unwrap();
        changed[at] = 8;
        assert_eq!(ask(&changed, &signed.urn), None, "it is not the one that was signed");
        claim.thumbnail = Some(vec![7; LARGEST + 1]);
        claim.id = uuid::Uuid::new_v4();
        let (_, signed) = desk.sign(&source, "c.mp4", &claim);
        assert_eq!(ask(&signed.manifest, &signed.urn), None, "too large");
        claim.thumbnail = None;
        claim.id = uuid::Uuid::new_v4();
        let (_, signed) = desk.sign(&source, "d.mp4", &claim);
        assert_eq!(ask(&signed.manifest, &signed.urn), None);
    }
}

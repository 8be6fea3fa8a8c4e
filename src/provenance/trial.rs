use c2pa::crypto::raw_signature::validator_for_signing_alg;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{Error, Identity};

const MESSAGE: &[u8] = b"filigrane: does this key belong to this certificate?";

/// Signs something and checks it against the certificate, so that a wrong key is found before it signs a video.
pub(crate) fn sign(identity: &Identity) -> Result<(), Error> {
    let signature = identity.key().sign(MESSAGE)?;
    let wrong = |detail: &str| Error::Certificate {
        place: format!("certificate of identity {}", identity.name()),
        detail: detail.to_owned(),
    };
    let leaf = identity.chain().first().ok_or_else(|| wrong("missing"))?;
    let (_, leaf) = X509Certificate::from_der(leaf).map_err(|_| wrong("not an X.509 certificate"))?;
    let validator = validator_for_signing_alg(identity.algorithm().engine())
        .ok_or_else(|| Error::Internal(format!("{} can't be checked", identity.algorithm())))?;
    validator
        .validate(&signature, MESSAGE, leaf.public_key().raw)
        .map_err(|_| wrong("a trial signature does not fit it: another key, or another algorithm"))
}

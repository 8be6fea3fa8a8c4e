use std::time::Duration;

use filigrane_frame::Digest;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ED25519,
};
use sha2::Digest as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::file_key::FileKey;
use crate::{Algorithm, Error};

/// Most certificates taken from one PEM text.
const MOST_CERTIFICATES: usize = 4096;
/// Largest PEM text.
const LONGEST_PEM: usize = 8 << 20;
const C2PA_CLAIM_SIGNING: &[u64] = &[1, 3, 6, 1, 4, 1, 62558, 2, 1];
/// How the names of holders end whom nobody vouches for.
pub(crate) const SELF_ISSUED: &str = "(self-issued, filigrane)";
const VALIDITY: Duration = Duration::from_secs(10 * 366 * 24 * 3600);
/// Clocks differ: a certificate is valid from a day before it was made.
pub(crate) const CLOCK_SLACK: Duration = Duration::from_secs(24 * 3600);

/// A key with its certificate, and the authority's certificate that issued it.
pub(crate) struct Issued {
    pub key: FileKey,
    pub chain_pem: String,
    pub root_pem: String,
}

/// A fresh key, its certificate and a one-off authority whose key is dropped here.
///
/// # Errors
/// The algorithm is none that keys in files have.
pub(crate) fn issue(name: &str, algorithm: Algorithm) -> Result<Issued, Error> {
    issue_for(name, algorithm, VALIDITY)
}

/// The same, for a validity of so long from now.
pub(crate) fn issue_for(name: &str, algorithm: Algorithm, validity: Duration) -> Result<Issued, Error> {
    let kind = match algorithm {
        Algorithm::Ed25519 => &PKCS_ED25519,
        Algorithm::Es256 => &PKCS_ECDSA_P256_SHA256,
        Algorithm::Es384 | Algorithm::Ps256 => {
            return Err(Error::Claim(format!(
                "{algorithm} keys are not made here: use ed25519 or es256, or bring a key in a token or behind a command"
            )));
        }
    };
    let failed = |error: rcgen::Error| Error::Internal(format!("certificate: {error}"));
    let holder = format!("{name} {SELF_ISSUED}");
    let now = OffsetDateTime::now_utc();

    let authority_key = KeyPair::generate_for(kind).map_err(failed)?;
    let mut authority = parameters(&holder, &format!("{name} root {SELF_ISSUED}"), now..now + validity);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let root = authority.self_signed(&authority_key).map_err(failed)?;

    let key = KeyPair::generate_for(kind).map_err(failed)?;
    let mut leaf = parameters(&holder, &holder, now..now + validity);
    leaf.is_ca = IsCa::ExplicitNoCa;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::Other(C2PA_CLAIM_SIGNING.to_vec()),
        ExtendedKeyUsagePurpose::EmailProtection,
    ];
    leaf.use_authority_key_identifier_extension = true;
    let certificate = leaf.signed_by(&key, &Issuer::new(authority, authority_key)).map_err(failed)?;

    let der = zeroize::Zeroizing::new(key.serialize_der());
    let key =
        FileKey::from_pkcs8(&der).ok_or_else(|| Error::Internal("a made key can't be read".to_owned()))?;
    Ok(Issued { key, chain_pem: certificate.pem(), root_pem: root.pem() })
}

fn parameters(
    organisation: &str,
    common_name: &str,
    validity: std::ops::Range<OffsetDateTime>,
) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, organisation);
    name.push(DnType::CommonName, common_name);
    parameters.distinguished_name = name;
    parameters.not_before = validity.start - CLOCK_SLACK;
    parameters.not_after = validity.end;
    parameters
}

/// What people and policies need to know of a certificate.
pub(crate) struct Description {
    pub subject: String,
    pub organisation: Option<String>,
    pub not_after: String,
    /// The same in seconds since 1970.
    pub expires: i64,
    pub not_before: String,
    /// The same in seconds since 1970.
    pub starts: i64,
    pub fingerprint: Digest,
    pub is_authority: bool,
    /// Whether it names itself as its issuer.
    pub is_root: bool,
    /// Content of `subjectPublicKey`.
    pub public_key: Vec<u8>,
}

/// Describes one DER certificate; `place` goes into the error.
pub(crate) fn describe(der: &[u8], place: &str) -> Result<Description, Error> {
    let wrong = |detail: String| Error::Certificate { place: place.to_owned(), detail };
    let (rest, certificate) = X509Certificate::from_der(der)
        .map_err(|error| wrong(format!("not an X.509 certificate ({error})")))?;
    if !rest.is_empty() {
        return Err(wrong("bytes follow the certificate".to_owned()));
    }
    let is_authority = certificate.basic_constraints().ok().flatten().is_some_and(|basic| basic.value.ca);
    let text = |name: &x509_parser::x509::X509Name<'_>| {
        name.iter_organization().next().and_then(|entry| entry.as_str().ok()).map(str::to_owned)
    };
    let validity = certificate.validity();
    let shown = |time: &x509_parser::time::ASN1Time| {
        OffsetDateTime::from_unix_timestamp(time.timestamp())
            .ok()
            .and_then(|time| time.format(&Rfc3339).ok())
            .unwrap_or_else(|| time.to_string())
    };
    Ok(Description {
        subject: certificate.subject().to_string(),
        organisation: text(certificate.subject()),
        not_after: shown(&validity.not_after),
        expires: validity.not_after.timestamp(),
        not_before: shown(&validity.not_before),
        starts: validity.not_before.timestamp(),
        fingerprint: Digest(sha2::Sha256::digest(der).into()),
        is_authority,
        is_root: certificate.subject() == certificate.issuer(),
        public_key: certificate.public_key().subject_public_key.data.to_vec(),
    })
}

/// The DER certificates of a PEM text, in order; text between them is skipped. Fails when there is none.
pub(crate) fn from_pem(pem: &[u8], place: &str) -> Result<Vec<Vec<u8>>, Error> {
    let wrong = |detail: String| Error::Certificate { place: place.to_owned(), detail };
    if pem.len() > LONGEST_PEM {
        return Err(wrong(format!("longer than {} MiB, no certificate list is", LONGEST_PEM >> 20)));
    }
    let mut certificates = Vec::new();
    for block in Pem::iter_from_buffer(pem) {
        let block = block.map_err(|error| wrong(format!("not PEM ({error})")))?;
        if block.label != "CERTIFICATE" {
            return Err(wrong(format!("holds a {}; only certificates belong here", block.label)));
        }
        if certificates.len() == MOST_CERTIFICATES {
            return Err(wrong(format!("more than {MOST_CERTIFICATES} certificates")));
        }
        certificates.push(block.contents);
    }
    if certificates.is_empty() {
        return Err(wrong("holds no PEM certificate (-----BEGIN CERTIFICATE-----)".to_owned()));
    }
    Ok(certificates)
}

/// One DER certificate as PEM.
pub(crate) fn to_pem(der: &[u8]) -> Result<String, Error> {
    pkcs8::der::pem::encode_string("CERTIFICATE", pkcs8::LineEnding::LF, der)
        .map_err(|error| Error::Internal(format!("PEM: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issued_certificate_says_that_it_is_self_made_and_fits_its_key() {
        for algorithm in [Algorithm::Ed25519, Algorithm::Es256] {
            fits(algorithm);
        }
        assert!(issue("newsroom", Algorithm::Ps256).is_err());
    }

    fn fits(algorithm: Algorithm) {
        let issued = issue("newsroom", algorithm).unwrap();
        let leaf = &from_pem(issued.chain_pem.as_bytes(), "leaf").unwrap()[0];
        let leaf = describe(leaf, "leaf").unwrap();
        assert!(leaf.subject.contains("newsroom (self-issued, filigrane)"), "{}", leaf.subject);
        assert_eq!(leaf.organisation.as_deref(), Some("newsroom (self-issued, filigrane)"));
        assert!(!leaf.is_authority);
        assert_eq!(leaf.public_key, issued.key.public_key());
        let root = describe(&from_pem(issued.root_pem.as_bytes(), "root").unwrap()[0], "root").unwrap();
        assert!(root.is_authority);
        assert_ne!(root.fingerprint, leaf.fingerprint);
    }

    #[test]
    fn text_without_certificates_and_private_keys_are_refused() {
        assert!(from_pem(b"hello", "text").is_err());
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(from_pem(key.as_bytes(), "key").unwrap_err().to_string().contains("PRIVATE KEY"));
        assert!(describe(b"\x30\x03abc", "noise").is_err());
    }
}

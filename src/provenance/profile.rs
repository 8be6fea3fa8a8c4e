use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::X509Version;

use crate::{Error, certificate};

/// A rule for certificates that one breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Place in the chain, the signing certificate being 0.
    pub certificate: usize,
    /// Whether validators refuse it; else only the C2PA Conformance Program asks for it.
    pub fatal: bool,
    /// The rule, and where it stands.
    pub rule: &'static str,
    /// What is wrong and what to do.
    pub what: String,
}

const SPECIFICATION: &str = "C2PA 2.4, section 14.5.1, certificate profile";
const PROGRAMME: &str = "C2PA Conformance Program 0.2, claim-signing leaf, assurance level 1";
const CLAIM_SIGNING: &str = "1.3.6.1.4.1.62558.2.1";
const DOCUMENT_SIGNING: &str = "1.3.6.1.5.5.7.3.36";
const MICROSOFT_SIGNING: &str = "1.3.6.1.4.1.311.76.59.1.9";
const POLICY: &str = "1.3.6.1.4.1.62558.1.1";
const ASSURANCE: &str = "1.3.6.1.4.1.62558.3";
const RECORD: &str = "1.3.6.1.4.1.62558.4";
/// RSA with SHA-2, ECDSA with SHA-2, RSASSA-PSS, Ed25519.
const SIGNATURES: [&str; 8] = [
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    "1.2.840.10045.4.3.4",
    "1.2.840.113549.1.1.10",
    "1.3.101.112",
];
const CURVES: [&str; 3] = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];
const ED25519: &str = "1.3.101.112";
/// Longest validity in the programme, seconds.
const YEAR: i64 = 366 * 24 * 3600;
const SMALLEST_RSA: usize = 2048;

/// What a certificate chain in PEM breaks of C2PA's rules for signers, fatal ones first; empty when all is well.
///
/// # Errors
/// The text is not PEM, or holds something that is no certificate.
pub fn check_certificates(pem: &[u8]) -> Result<Vec<Breach>, Error> {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let ders = certificate::from_pem(pem, "certificate chain")?;
    let mut breaches = check_chain(&ders, Some(now))?;
    breaches.sort_by_key(|breach| !breach.fatal);
    Ok(breaches)
}

/// The same for DER certificates; without a time, validity is not looked at.
pub(crate) fn check_chain(ders: &[Vec<u8>], now: Option<i64>) -> Result<Vec<Breach>, Error> {
    let mut chain = Vec::new();
    for (index, der) in ders.iter().enumerate() {
        let place = format!("certificate chain, certificate {}", index + 1);
        certificate::describe(der, &place)?;
        let (_, certificate) = X509Certificate::from_der(der)
            .map_err(|error| Error::Certificate { place, detail: error.to_string() })?;
        chain.push(certificate);
    }
    let mut breaches = Vec::new();
    for (index, certificate) in chain.iter().enumerate() {
        let mut found = Found { index, breaches: &mut breaches };
        common(certificate, now, &mut found);
        if index == 0 {
            leaf(certificate, &mut found);
        } else if !is_authority(certificate) {
            found.fatal("is no certificate authority, so it can't have issued the one before it".to_owned());
        }
        if let Some(issuer) = chain.get(index + 1)
            && (certificate.issuer() != issuer.subject()
                || certificate.verify_signature(Some(issuer.public_key())).is_err())
        {
            let detail = "was not issued by the next one: order the chain from signer to root".to_owned();
            found.fatal(detail);
        }
    }
    Ok(breaches)
}

struct Found<'a> {
    index: usize,
    breaches: &'a mut Vec<Breach>,
}

impl Found<'_> {
    fn fatal(&mut self, what: String) {
        self.breaches.push(Breach { certificate: self.index, fatal: true, rule: SPECIFICATION, what });
    }

    fn advised(&mut self, what: &str) {
        let what = what.to_owned();
        self.breaches.push(Breach { certificate: self.index, fatal: false, rule: PROGRAMME, what });
    }
}

fn is_authority(certificate: &X509Certificate<'_>) -> bool {
    certificate.basic_constraints().ok().flatten().is_some_and(|basic| basic.value.ca)
}

fn common(certificate: &X509Certificate<'_>, now: Option<i64>, found: &mut Found<'_>) {
    if certificate.version() != X509Version::V3 {
        found.fatal(format!("is of version {}, not 3", certificate.version().0 + 1));
    }
    let signature = certificate.signature_algorithm.algorithm.to_id_string();
    if !SIGNATURES.contains(&signature.as_str()) {
        found.fatal(format!("is signed with an algorithm that is not allowed ({signature})"));
    }
    if certificate.tbs_certificate.issuer_uid.is_some() || certificate.tbs_certificate.subject_uid.is_some() {
        found.fatal("has unique identifiers of issuer or subject, which must be absent".to_owned());
    }
    let key = certificate.public_key();
    let kind = key.algorithm.algorithm.to_id_string();
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) if rsa.key_size() < SMALLEST_RSA => {
            found.fatal(format!("has an RSA key of {} bits, under {SMALLEST_RSA}", rsa.key_size()));
        }
        Ok(PublicKey::RSA(_)) => {}
        Ok(PublicKey::EC(_)) => {
            let curve = key.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
            if !curve.is_some_and(|curve| CURVES.contains(&curve.to_id_string().as_str())) {
                found.fatal("has a key on a curve other than P-256, P-384 and P-521".to_owned());
            }
        }
        _ if kind == ED25519 || kind == "1.2.840.113549.1.1.10" => {}
        _ => found.fatal(format!("has a key of a kind that is not allowed ({kind})")),
    }
    if let Some(now) = now {
        let validity = certificate.validity();
        if now > validity.not_after.timestamp() {
            found.fatal(format!("ran out at {}", validity.not_after));
        } else if now < validity.not_before.timestamp() {
            found.fatal(format!("is not valid before {}", validity.not_before));
        }
    }
}

fn leaf(certificate: &X509Certificate<'_>, found: &mut Found<'_>) {
    if certificate.subject() == certificate.issuer() {
        found.fatal("is self-signed: a signer's certificate must be issued by an authority".to_owned());
    }
    if is_authority(certificate) {
        found.fatal("is a certificate authority (cA is true); a signer must not be one".to_owned());
    }
    match certificate.key_usage().ok().flatten() {
        None => found.fatal("has no key usage; digitalSignature is needed".to_owned()),
        Some(usage) => {
            if !usage.value.digital_signature() {
                found.fatal("has a key usage without digitalSignature".to_owned());
            }
            if usage.value.key_cert_sign() {
                found.fatal("may sign certificates (keyCertSign), which a signer must not".to_owned());
            }
            if !usage.critical {
                found.advised("should mark its key usage as critical");
            }
        }
    }
    let mut claim_signing = false;
    match certificate.extended_key_usage().ok().flatten() {
        None => found.fatal(
            "has no extended key usage; emailProtection, documentSigning or C2PA claim signing is needed"
                .to_owned(),
        ),
        Some(usage) => {
            let usage = usage.value;
            let others: Vec<String> = usage.other.iter().map(|oid| oid.to_id_string()).collect();
            let has = |oid: &str| others.iter().any(|other| other == oid);
            claim_signing = has(CLAIM_SIGNING);
            if usage.any {
                found
                    .fatal("has the extended key usage anyExtendedKeyUsage, which is not allowed".to_owned());
            }
            if usage.time_stamping || usage.ocsp_signing {
                found.fatal("is for time-stamps or OCSP answers, which exclude signing content".to_owned());
            }
            let named =
                usage.email_protection || claim_signing || has(DOCUMENT_SIGNING) || has(MICROSOFT_SIGNING);
            if !named {
                found.fatal(
                    "has an extended key usage without emailProtection, documentSigning or C2PA claim signing"
                        .to_owned(),
                );
            }
        }
    }
    let extensions: Vec<String> =
        certificate.extensions().iter().map(|extension| extension.oid.to_id_string()).collect();
    let parsed = |wanted: fn(&ParsedExtension<'_>) -> bool| {
        certificate.extensions().iter().any(|extension| wanted(extension.parsed_extension()))
    };
    if !parsed(|extension| matches!(extension, ParsedExtension::AuthorityKeyIdentifier(_))) {
        found.fatal("has no authority key identifier".to_owned());
    }
    let unknown = certificate.extensions().iter().find(|extension| {
        extension.critical && matches!(extension.parsed_extension(), ParsedExtension::Unparsed)
    });
    if let Some(extension) = unknown {
        found.fatal(format!("has a critical extension that nobody knows ({})", extension.oid.to_id_string()));
    }
    programme(certificate, claim_signing, &extensions, found);
}

/// What the programme asks beyond the specification.
fn programme(
    certificate: &X509Certificate<'_>,
    claim_signing: bool,
    extensions: &[String],
    found: &mut Found<'_>,
) {
    let lacks = |oid: &str| !extensions.iter().any(|extension| extension == oid);
    let validity = certificate.validity();
    if validity.not_after.timestamp() - validity.not_before.timestamp() > YEAR {
        found.advised("is valid for more than 366 days");
    }
    if !claim_signing {
        found.advised("lacks the extended key usage for C2PA claim signing (1.3.6.1.4.1.62558.2.1)");
    }
    let policies = certificate.extensions().iter().any(|extension| match extension.parsed_extension() {
        ParsedExtension::CertificatePolicies(policies) => {
            policies.iter().any(|policy| policy.policy_id.to_id_string() == POLICY)
        }
        _ => false,
    });
    if !policies {
        found.advised("lacks the C2PA certificate policy (1.3.6.1.4.1.62558.1.1)");
    }
    if lacks("2.5.29.14") {
        found.advised("has no subject key identifier");
    }
    if lacks("1.3.6.1.5.5.7.1.1") {
        found.advised(
            "does not say where its revocation can be asked for (authority information access, OCSP)",
        );
    }
    if lacks(ASSURANCE) {
        found.advised("does not state an assurance level (1.3.6.1.4.1.62558.3)");
    }
    if lacks(RECORD) {
        found.advised("does not name a record of the list of conforming products (1.3.6.1.4.1.62558.4)");
    }
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;

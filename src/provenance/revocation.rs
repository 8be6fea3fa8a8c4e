use rasn_ocsp::{CertId, OcspRequest, OcspResponse, OcspResponseStatus, Request, TbsRequest, Version};
use rasn_pkix::{AlgorithmIdentifier, Certificate};
use sha1::{Digest as _, Sha1};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{Identity, certificate, http};

const OCSP: &str = "1.3.6.1.5.5.7.48.1";
const SHA1: &[u32] = &[1, 3, 14, 3, 2, 26];
/// Largest answer that is put into a manifest, bytes.
const LARGEST: usize = 16 << 10;

/// The OCSP answer of the authority (RFC 6960) about an identity's certificate, to be put beside its signature.
/// `None` when the certificate names nobody to ask.
///
/// # Errors
/// One line on why there is no answer; signing goes on without one.
pub(crate) fn ask(identity: &Identity) -> Result<Option<Vec<u8>>, String> {
    let chain = identity.chain();
    let Some(leaf) = chain.first() else { return Ok(None) };
    let Some(url) = responder(leaf) else { return Ok(None) };
    let about = |why: &str| format!("signed without word on revocation: {url}: {why}");
    let root = identity.root_pem().and_then(|pem| certificate::from_pem(pem.as_bytes(), "root").ok());
    let issuer = chain.get(1).cloned().or_else(|| root.and_then(|root| root.into_iter().next()));
    let request = issuer
        .and_then(|issuer| request(leaf, &issuer))
        .ok_or_else(|| about("the certificate of its issuer is missing from the chain"))?;
    http::check_url(&url).map_err(|why| about(&why))?;
    let answer = http::post(&url, &request, "application/ocsp-request", "application/ocsp-response")
        .map_err(|why| about(&why))?;
    if answer.len() > LARGEST {
        return Err(about("the answer is too long"));
    }
    match rasn::der::decode::<OcspResponse>(&answer) {
        Ok(response) if response.status == OcspResponseStatus::Successful => Ok(Some(answer)),
        Ok(response) => Err(about(&format!("it does not answer ({:?})", response.status))),
        Err(_) => Err(about("its answer is no OCSP response")),
    }
}

/// Where a certificate says that its standing can be asked for.
fn responder(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityInfoAccess(access) => {
            access.accessdescs.iter().find_map(|description| match description.access_location {
                GeneralName::URI(uri) if description.access_method.to_id_string() == OCSP => {
                    Some(uri.to_owned())
                }
                _ => None,
            })
        }
        _ => None,
    })
}

/// An unsigned request about one certificate. The hash names the issuer and protects nothing: SHA-1 is the one that
/// every responder knows.
fn request(leaf: &[u8], issuer: &[u8]) -> Option<Vec<u8>> {
    let subject: Certificate = rasn::der::decode(leaf).ok()?;
    let issuer: Certificate = rasn::der::decode(issuer).ok()?;
    let name = rasn::der::encode(&issuer.tbs_certificate.subject).ok()?;
    let key = issuer.tbs_certificate.subject_public_key_info.subject_public_key.as_raw_slice().to_vec();
    let algorithm = AlgorithmIdentifier {
        algorithm: rasn::types::ObjectIdentifier::new(SHA1.to_vec())?,
        parameters: Some(rasn::types::Any::new(rasn::der::encode(&()).ok()?)),
    };
    let request = Request {
        req_cert: CertId {
            hash_algorithm: algorithm,
            issuer_name_hash: Sha1::digest(&name).to_vec().into(),
            issuer_key_hash: Sha1::digest(&key).to_vec().into(),
            serial_number: subject.tbs_certificate.serial_number,
        },
        single_request_extensions: None,
    };
    let request = TbsRequest {
        version: Version::from(0_u8),
        requestor_name: None,
        request_list: vec![request],
        request_extensions: None,
    };
    rasn::der::encode(&OcspRequest { tbs_request: request, optional_signature: None }).ok()
}

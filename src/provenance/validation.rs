use c2pa::ValidationResults;
use c2pa::validation_status::ValidationStatus;

use crate::CredentialState;

/// The signer is on no trust list.
pub(crate) const UNTRUSTED: &str = "signingCredential.untrusted";
const TRUSTED: &str = "signingCredential.trusted";
const SIGNATURE: &str = "claimSignature.validated";
/// Failures that speak of the signer's certificate and not of what was signed.
const CERTIFICATE: [&str; 3] =
    ["signingCredential.expired", "claimSignature.outsideValidity", CERTIFICATE_INVALID];
/// The certificate breaks a rule.
pub(crate) const CERTIFICATE_INVALID: &str = "signingCredential.invalid";
/// Failures of the comparison with the content, which mean nothing where there is none.
const CONTENT: [&str; 4] = [
    "assertion.bmffHash.mismatch",
    "assertion.dataHash.mismatch",
    "assertion.boxesHash.mismatch",
    "assertion.collectionHash.mismatch",
];
/// Most codes reported.
const MOST_CODES: usize = 256;

/// What the engine's status codes amount to.
pub(crate) struct Finding {
    pub state: CredentialState,
    pub codes: Vec<String>,
    /// Whether every fault is one of the signer's certificate.
    pub certificate_fault: bool,
    pub explanation: Option<String>,
}

impl Default for Finding {
    fn default() -> Self {
        Self {
            state: CredentialState::Invalid,
            codes: Vec::new(),
            certificate_fault: false,
            explanation: Some("the manifest could not be validated".to_owned()),
        }
    }
}

/// Draws the conclusion of C2PA 2.4, section 14.3: invalid when anything failed but the search for a trust anchor,
/// in this manifest or, beyond what its signer already recorded, in an ingredient. With `bare`, the comparison with
/// the content does not count.
pub(crate) fn judge(results: &ValidationResults, bare: bool) -> Finding {
    let active = results.active_manifest();
    let deltas = || results.ingredient_deltas().into_iter().flatten().map(|delta| delta.validation_deltas());
    let counts = |status: &&ValidationStatus| !(bare && CONTENT.contains(&status.code()));

    let successes: Vec<&ValidationStatus> = active.iter().flat_map(|codes| codes.success()).collect();
    let failures: Vec<&ValidationStatus> = active
        .iter()
        .flat_map(|codes| codes.failure())
        .filter(counts)
        .chain(deltas().flat_map(|codes| codes.failure()))
        .collect();
    let notes = active.iter().flat_map(|codes| codes.informational());

    let mut codes: Vec<String> = Vec::new();
    for status in successes.iter().copied().chain(notes).chain(failures.iter().copied()) {
        if codes.len() < MOST_CODES && !codes.iter().any(|code| code == status.code()) {
            codes.push(status.code().to_owned());
        }
    }
    let succeeded = |code: &str| successes.iter().any(|status| status.code() == code);
    let faults: Vec<&&ValidationStatus> =
        failures.iter().filter(|status| status.code() != UNTRUSTED).collect();
    let signed = succeeded(SIGNATURE);

    let state = if !signed || !faults.is_empty() {
        CredentialState::Invalid
    } else if failures.is_empty() && succeeded(TRUSTED) {
        CredentialState::Trusted
    } else {
        CredentialState::Valid
    };
    let certificate_fault =
        signed && !faults.is_empty() && faults.iter().all(|fault| CERTIFICATE.contains(&fault.code()));
    let explanation = (state == CredentialState::Invalid).then(|| match faults.first() {
        Some(fault) if certificate_fault && fault.code() != CERTIFICATE_INVALID => {
            "the signer's certificate is not valid at this time; content and claim are unchanged".to_owned()
        }
        Some(fault) => explain(fault),
        None => "the signature of the claim was not confirmed".to_owned(),
    });
    Finding { state, codes, certificate_fault, explanation }
}

fn explain(fault: &ValidationStatus) -> String {
    let meaning = match fault.code() {
        "assertion.bmffHash.mismatch" | "assertion.dataHash.mismatch" | "assertion.boxesHash.mismatch" => {
            "the content was changed after signing"
        }
        "claimSignature.mismatch" => "the claim was changed after signing, or its signature is forged",
        "claimSignature.missing" => "the claim is not signed",
        "assertion.hashedURI.mismatch" => "a statement in the manifest was changed after signing",
        "signingCredential.invalid" => "the signer's certificate does not meet the rules of C2PA",
        "signingCredential.revoked" => "the signer's certificate was revoked",
        "claim.hardBindings.missing" => "the manifest is not bound to any content",
        _ => fault.explanation().unwrap_or("a check failed"),
    };
    format!("{meaning} ({})", fault.code())
}

use super::*;

/// The status codes of C2PA 2.4 by their class: success, informational, failure.
const OFFICIAL: [(Weight, &str); 3] = [
    (
        Weight::Passed,
        "\
         assertion.accessible \
         assertion.bmffHash.match \
         assertion.boxesHash.match \
         assertion.collectionHash.match \
         assertion.dataHash.match \
         assertion.hashedURI.match \
         assertion.multiAssetHash.match \
         assertion.alternativeContentRepresentation.match \
         claimSignature.insideValidity \
         claimSignature.validated \
         ingredient.claimSignature.validated \
         ingredient.manifest.validated \
         signingCredential.ocsp.notRevoked \
         signingCredential.trusted \
         timeStamp.trusted \
         timeStamp.validated",
    ),
    (
        Weight::Note,
        "\
         algorithm.deprecated \
         assertion.bmffHash.additionalExclusionsPresent \
         assertion.boxesHash.additionalExclusionsPresent \
         assertion.dataHash.additionalExclusionsPresent \
         ingredient.unknownProvenance \
         signingCredential.ocsp.inaccessible \
         signingCredential.ocsp.skipped \
         signingCredential.ocsp.unknown \
         timeOfSigning.insideValidity \
         timeOfSigning.outsideValidity \
         timeStamp.credentialInvalid \
         timeStamp.malformed \
         timeStamp.mismatch \
         timeStamp.outsideValidity \
         timeStamp.untrusted",
    ),
    (
        Weight::Failed,
        "\
         algorithm.unsupported \
         assertion.action.ingredientMismatch \
         assertion.action.malformed \
         assertion.action.redacted \
         assertion.action.redactionMismatch \
         assertion.action.softBindingMissing \
         assertion.bmffHash.malformed \
         assertion.bmffHash.mismatch \
         assertion.boxesHash.malformed \
         assertion.boxesHash.mismatch \
         assertion.boxesHash.unknownBox \
         assertion.cbor.invalid \
         assertion.cloud-data.actions \
         assertion.cloud-data.hardBinding \
         assertion.cloud-data.malformed \
         assertion.cloud-data.labelMismatch \
         assertion.cbor.invalid \
         assertion.collectionHash.incorrectFileCount \
         assertion.collectionHash.invalidURI \
         assertion.collectionHash.malformed \
         assertion.collectionHash.mismatch \
         assertion.dataHash.malformed \
         assertion.dataHash.mismatch \
         assertion.dataHash.redacted \
         assertion.external-reference.created \
         assertion.external-reference.hashMismatch \
         assertion.external-reference.labelMismatch \
         assertion.external-reference.malformed \
         assertion.hardBinding.redacted \
         assertion.hashedURI.mismatch \
         assertion.inaccessible \
         assertion.ingredient.malformed \
         assertion.json.invalid \
         assertion.missing \
         assertion.multiAssetHash.malformed \
         assertion.multiAssetHash.missingPart \
         assertion.multiAssetHash.mismatch \
         assertion.alternativeContentRepresentation.malformed \
         assertion.multipleHardBindings \
         assertion.notRedacted \
         assertion.outsideManifest \
         assertion.selfRedacted \
         assertion.timestamp.malformed \
         assertion.undeclared \
         claim.cbor.invalid \
         claim.hardBindings.missing \
         claim.malformed \
         claim.missing \
         claim.multiple \
         claimSignature.missing \
         claimSignature.mismatch \
         claimSignature.outsideValidity \
         general.error \
         hashedURI.missing \
         hashedURI.mismatch \
         ingredient.claimSignature.missing \
         ingredient.claimSignature.mismatch \
         ingredient.manifest.missing \
         ingredient.manifest.mismatch \
         livevideo.assertion.invalid \
         livevideo.continuityMethod.invalid \
         livevideo.init.invalid \
         livevideo.manifest.invalid \
         livevideo.segment.invalid \
         livevideo.sessionkey.invalid \
         manifest.compressed.invalid \
         manifest.html.multipleManifests \
         manifest.inaccessible \
         manifest.multipleParents \
         manifest.structuredText.emptyReference \
         manifest.structuredText.malformedReference \
         manifest.structuredText.multipleReferences \
         manifest.structuredText.noManifest \
         manifest.structuredText.noResolutionPath \
         manifest.timestamp.invalid \
         manifest.timestamp.wrongParents \
         manifest.text.corruptedWrapper \
         manifest.text.multipleWrappers \
         manifest.update.invalid \
         manifest.update.wrongParents \
         signingCredential.invalid \
         signingCredential.ocsp.revoked \
         signingCredential.untrusted",
    ),
];

/// Where this program weighs a code otherwise than the specification classes it, and how.
const OTHERWISE: [(&str, Weight); 2] =
    [("signingCredential.untrusted", Weight::Note), ("timeOfSigning.insideValidity", Weight::Passed)];

fn official() -> impl Iterator<Item = (&'static str, Weight)> {
    OFFICIAL.into_iter().flat_map(|(weight, codes)| codes.split_whitespace().map(move |code| (code, weight)))
}

#[test]
fn every_code_of_the_specification_is_explained_under_its_class() {
    for (code, class) in official() {
        let meaning = explain(code).unwrap_or_else(|| panic!("{code} is not explained"));
        let otherwise = OTHERWISE.iter().find(|(other, _)| *other == code).map(|(_, weight)| *weight);
        assert_eq!(meaning.weight, otherwise.unwrap_or(class), "{code}");
        let sentence = meaning.plain.ends_with('.') && meaning.plain.starts_with(char::is_uppercase);
        assert!(sentence && !meaning.plain.contains(code) && meaning.plain.len() <= 120, "{code}");
    }
    assert_eq!(official().count(), 114);
}

/// `FILIGRANE_STATUS_CODES` names a file with the specification's rules as data: an object `status_codes` with the lists
/// `success`, `informational` and `failure`, each entry with its `code`.
#[test]
fn the_list_here_is_the_published_one() {
    let Some(path) = std::env::var_os("FILIGRANE_STATUS_CODES") else { return };
    let text = std::fs::read_to_string(path).expect("readable");
    let rules: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut published = Vec::new();
    for (class, weight) in
        [("success", Weight::Passed), ("informational", Weight::Note), ("failure", Weight::Failed)]
    {
        for entry in rules["status_codes"][class].as_array().expect("a list") {
            published.push((entry["code"].as_str().expect("a code"), weight));
        }
    }
    let mut listed: Vec<_> = official().collect();
    published.sort_unstable_by_key(|(code, _)| *code);
    listed.sort_unstable_by_key(|(code, _)| *code);
    assert_eq!(listed, published);
}

#[test]
fn a_code_that_decides_a_verdict_never_reads_as_praise() {
    for code in ["signingCredential.untrusted", "signingCredential.expired", "claimSignature.mismatch"] {
        assert_ne!(explain(code).expect(code).weight, Weight::Passed, "{code}");
        assert!(!explain(code).expect(code).plain.contains("true"), "{code}");
    }
}

#[test]
fn an_unknown_code_has_no_meaning() {
    assert_eq!(explain("assertion.bmffHash"), None);
    assert_eq!(explain("<script>"), None);
}

//! C2PA status codes in plain words. The codes are those of the C2PA Technical Specification 2.4, section
//! "Validation" (status codes), all 114 of them, a few older ones still in use, and three of our own.

/// How much a status code weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    /// A check that passed.
    Passed,
    /// Worth knowing; does not break the credentials.
    Note,
    /// A check that failed.
    Failed,
}

/// A status code explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// How much it weighs: success, informational and failure in the specification's words. Two weigh otherwise here:
    /// `signingCredential.untrusted` is no failure, for an unknown signer is not a broken signature, and
    /// `timeOfSigning.insideValidity` is a check that passed.
    pub weight: Weight,
    /// One plain sentence.
    pub plain: &'static str,
}

/// What a C2PA status code means; none for a code not in the table.
pub fn explain(code: &str) -> Option<Meaning> {
    use Weight::{Failed, Note, Passed};
    let (weight, plain) = match code {
        "claimSignature.validated" => {
            (Passed, "The signature fits the claim: nobody changed it since it was signed.")
        }
        "claimSignature.insideValidity" => {
            (Passed, "It was signed while the signer's certificate was valid.")
        }
        "claimSignature.mismatch" => {
            (Failed, "The signature does not fit the claim: it was changed, or is a forgery.")
        }
        "claimSignature.missing" => (Failed, "The claim carries no signature."),
        "org.filigrane.layout.mismatch" => (
            Failed,
            "Parts of the file that C2PA's hash leaves out were moved, added or changed after signing.",
        ),
        "org.filigrane.signingCredential.early" => {
            (Note, "The signer's certificate is not valid yet: a clock is wrong, there or here.")
        }
        "org.filigrane.timeOfSigning.ahead" => (
            Note,
            "The signer states a time of signing that is still to come: a clock is wrong, there or here.",
        ),
        "claimSignature.outsideValidity" => {
            (Failed, "It was signed outside the lifetime of the signer's certificate.")
        }
        "signingCredential.trusted" => {
            (Passed, "The signer's certificate leads to a certificate on the trust list.")
        }
        "signingCredential.untrusted" => {
            (Note, "The signer is not on the trust list: anybody can make such a name.")
        }
        "signingCredential.invalid" => (Failed, "The signer's certificate may not be used to sign content."),
        "signingCredential.expired" => (Failed, "The signer's certificate had run out."),
        "signingCredential.revoked" | "signingCredential.ocsp.revoked" => {
            (Failed, "The authority that issued the signer's certificate has withdrawn it.")
        }
        "signingCredential.ocsp.notRevoked" => (Passed, "The signer's certificate had not been withdrawn."),
        "signingCredential.ocsp.unknown" => {
            (Note, "The issuing authority does not know the signer's certificate.")
        }
        "signingCredential.ocsp.skipped" => {
            (Note, "Whether the signer's certificate was withdrawn was not asked.")
        }
        "signingCredential.ocsp.inaccessible" => {
            (Note, "Whether the signer's certificate was withdrawn could not be found out.")
        }
        "timeStamp.validated" => (Passed, "A time-stamping authority confirms when it was signed."),
        "timeStamp.trusted" => (Passed, "The time-stamping authority is on the trust list."),
        "timeStamp.untrusted" => (Note, "The time-stamping authority is not on the trust list."),
        "timeStamp.mismatch" => (Note, "The time-stamp belongs to something else."),
        "timeStamp.malformed" => (Note, "The time-stamp cannot be read."),
        "timeStamp.outsideValidity" => {
            (Note, "The time-stamp lies outside its authority's certificate lifetime.")
        }
        "timeStamp.credentialInvalid" => (Note, "The time-stamping authority's certificate is not valid."),
        "timeOfSigning.insideValidity" => {
            (Passed, "The signing time that the signer states lies in the certificate's lifetime.")
        }
        "timeOfSigning.outsideValidity" => {
            (Note, "The signing time that the signer states lies outside the certificate's lifetime.")
        }
        "assertion.bmffHash.match" | "assertion.dataHash.match" | "assertion.boxesHash.match" => {
            (Passed, "The protected content is what was signed.")
        }
        "assertion.bmffHash.mismatch" | "assertion.dataHash.mismatch" | "assertion.boxesHash.mismatch" => {
            (Failed, "The content is not what was signed: bytes were changed afterwards.")
        }
        "assertion.bmffHash.malformed" | "assertion.dataHash.malformed" | "assertion.boxesHash.malformed" => {
            (Failed, "The record that ties the claim to the content cannot be read.")
        }
        "assertion.bmffHash.additionalExclusionsPresent"
        | "assertion.dataHash.additionalExclusionsPresent"
        | "assertion.boxesHash.additionalExclusionsPresent" => {
            (Note, "The signer left more parts of the file unprotected than is usual.")
        }
        "assertion.boxesHash.unknownBox" => (Failed, "The file holds a part that the signer did not list."),
        "assertion.hardBinding.redacted" | "assertion.dataHash.redacted" => {
            (Failed, "The record that ties the claim to the content was removed.")
        }
        "assertion.multipleHardBindings" => (Failed, "More than one record ties the claim to the content."),
        "claim.hardBindings.missing" => (Failed, "Nothing ties the claim to this content."),
        "assertion.collectionHash.match" => (Passed, "All files of the collection are what was signed."),
        "assertion.collectionHash.mismatch" => (Failed, "A file of the collection is not what was signed."),
        "assertion.collectionHash.incorrectFileCount" => {
            (Failed, "A file of the collection that was signed is missing.")
        }
        "assertion.collectionHash.invalidURI" => {
            (Failed, "The record of the collection refers to a file by a path that it may not use.")
        }
        "assertion.collectionHash.malformed" => (Failed, "The record of the collection cannot be read."),
        "assertion.multiAssetHash.match" => (Passed, "A part of the file is what was signed."),
        "assertion.multiAssetHash.mismatch" => (Failed, "A part of the file is not what was signed."),
        "assertion.multiAssetHash.missingPart" => (Failed, "A part of the file that was signed is missing."),
        "assertion.multiAssetHash.malformed" => (Failed, "The list of the file's parts cannot be read."),
        "assertion.hashedURI.match" => (Passed, "A statement in the manifest is what was signed."),
        "assertion.hashedURI.mismatch" | "hashedURI.mismatch" => {
            (Failed, "A statement in the manifest is not what was signed.")
        }
        "hashedURI.missing" => (Failed, "Something that the manifest refers to is missing."),
        "assertion.missing" => (Failed, "A statement that the claim lists is missing."),
        "assertion.undeclared" => (Failed, "The manifest holds a statement that the claim does not list."),
        "assertion.outsideManifest" => (Failed, "The claim refers to a statement outside its manifest."),
        "assertion.accessible" => (Passed, "A statement kept elsewhere was found."),
        "assertion.inaccessible" => (Failed, "A statement kept elsewhere could not be reached."),
        "assertion.cbor.invalid" | "assertion.json.invalid" => {
            (Failed, "A statement in the manifest cannot be read.")
        }
        "assertion.required.missing" => (Failed, "A statement that every manifest needs is missing."),
        "assertion.metadata.disallowed" => (Failed, "The manifest holds metadata that may not stand there."),
        "assertion.notRedacted" => (Failed, "A statement declared as removed is still there."),
        "assertion.selfRedacted" => (Failed, "The claim removes a statement of its own."),
        "assertion.action.malformed" => (Failed, "The list of actions cannot be read."),
        "assertion.action.ingredientMismatch" => {
            (Failed, "An action names a source that the manifest does not hold.")
        }
        "assertion.action.redacted" => (Failed, "The list of actions was removed."),
        "assertion.action.redactionMismatch" => {
            (Failed, "An action names a removal that the manifest does not hold.")
        }
        "assertion.action.softBindingMissing" => {
            (Failed, "The manifest declares a watermark and does not say which.")
        }
        "assertion.ingredient.malformed" => (Failed, "The record of a source cannot be read."),
        "assertion.timestamp.malformed" => (Failed, "A time-stamp statement cannot be read."),
        "assertion.alternativeContentRepresentation.match" => {
            (Passed, "The preserved original of a picture is what was signed.")
        }
        "assertion.alternativeContentRepresentation.malformed" => {
            (Failed, "The record of a picture's preserved original cannot be read.")
        }
        "assertion.external-reference.hashMismatch" => {
            (Failed, "Something referred to outside the file has changed.")
        }
        "assertion.external-reference.malformed" | "assertion.cloud-data.malformed" => {
            (Failed, "A reference to something outside the file cannot be read.")
        }
        "assertion.external-reference.labelMismatch" | "assertion.cloud-data.labelMismatch" => {
            (Failed, "Something kept outside the file is not what the manifest says it is.")
        }
        "assertion.external-reference.created" => {
            (Failed, "The signer vouches for something outside the file in a way that is not allowed.")
        }
        "assertion.cloud-data.hardBinding" => {
            (Failed, "The record that ties the claim to the content is kept outside the file.")
        }
        "assertion.cloud-data.actions" => {
            (Failed, "An update manifest keeps a list of actions outside the file.")
        }
        "claim.missing" => (Failed, "The manifest holds no claim."),
        "claim.multiple" => (Failed, "The manifest holds more than one claim."),
        "claim.malformed" | "claim.cbor.invalid" => (Failed, "The claim cannot be read."),
        "claim.required.missing" => (Failed, "The claim lacks something that every claim needs."),
        "ingredient.manifest.validated" | "ingredient.claimSignature.validated" => {
            (Passed, "The manifest of a source is the one that was signed.")
        }
        "ingredient.manifest.mismatch"
        | "ingredient.claimSignature.mismatch"
        | "ingredient.hashedURI.mismatch" => {
            (Failed, "The manifest of a source is not the one that was signed.")
        }
        "ingredient.manifest.missing" | "ingredient.claimSignature.missing" => {
            (Failed, "The manifest of a source is missing.")
        }
        "ingredient.unknownProvenance" => (Note, "A source carries no credentials."),
        "manifest.inaccessible" => (Failed, "The manifest is kept elsewhere and could not be reached."),
        "manifest.multipleParents" => (Failed, "The manifest names more than one parent."),
        "manifest.update.invalid" => (Failed, "An update manifest holds what it may not."),
        "manifest.update.wrongParents" => (Failed, "An update manifest does not name exactly one parent."),
        "manifest.timestamp.invalid" => (Failed, "A time-stamp manifest holds what it may not."),
        "manifest.timestamp.wrongParents" => {
            (Failed, "A time-stamp manifest does not name exactly one parent.")
        }
        "manifest.compressed.invalid" => (Failed, "The compressed manifest cannot be read."),
        "manifest.unreferenced" => (Note, "The file holds a manifest that nothing refers to."),
        "manifest.html.multipleManifests" => (Failed, "The page holds more than one manifest."),
        "manifest.structuredText.noManifest" => (Failed, "The text holds no complete manifest block."),
        "manifest.structuredText.multipleReferences" => {
            (Failed, "The text holds more than one manifest block.")
        }
        "manifest.structuredText.emptyReference" => (Failed, "The text's manifest block is empty."),
        "manifest.structuredText.malformedReference" => {
            (Failed, "The text's manifest block does not hold an address or data.")
        }
        "manifest.structuredText.noResolutionPath" => {
            (Failed, "The text's manifest block leads to no manifest.")
        }
        "manifest.text.corruptedWrapper" => (Failed, "The manifest hidden in the text is damaged."),
        "manifest.text.multipleWrappers" => (Failed, "The text hides more than one manifest."),
        "algorithm.unsupported" => (Failed, "A method of calculation is unknown to this program."),
        "algorithm.deprecated" => (Note, "A method of calculation is out of date."),
        "livevideo.init.invalid" => (Failed, "The stream's first segment is not valid."),
        "livevideo.segment.invalid" => (Failed, "A segment of the stream is not valid."),
        "livevideo.manifest.invalid" => (Failed, "The manifest of the stream is not valid."),
        "livevideo.assertion.invalid" => {
            (Failed, "Segments of the stream are out of order or belong to another stream.")
        }
        "livevideo.continuityMethod.invalid" => {
            (Failed, "How the stream's segments follow each other is not known.")
        }
        "livevideo.sessionkey.invalid" => (Failed, "A key used for the stream is not valid."),
        "general.error" => (Failed, "The validator met an error that has no code of its own."),
        _ => return None,
    };
    Some(Meaning { weight, plain })
}

#[cfg(test)]
#[path = "codes_tests.rs"]
mod tests;

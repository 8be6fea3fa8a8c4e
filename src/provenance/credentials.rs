use std::path::PathBuf;

use filigrane_frame::Digest;

use crate::{Consent, Edit, ModelCard, Origin, SoftBinding, Voucher};

/// How far the credentials of a file can be relied on (C2PA 2.4, validation states).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialState {
    /// Intact, and the signer's certificate leads to a trust anchor.
    Trusted,
    /// Intact; nothing is known of the signer.
    Valid,
    /// Present, but broken: content or claim changed, signature wrong, certificate expired, or not readable.
    Invalid,
    /// There are none.
    Absent,
}

/// Where a manifest store was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// Inside the file.
    Embedded,
    /// In a file of its own.
    Sidecar(PathBuf),
    /// Given as bytes, without the file it belongs to.
    Bare,
}

/// One step in the history of a video, as its signer states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionSummary {
    /// Name, such as `c2pa.created`.
    pub action: String,
    /// When, as stated.
    pub when: Option<String>,
    /// IPTC digital source type, as stated.
    pub source_type: Option<String>,
    /// Words for people, as stated.
    pub description: Option<String>,
}

/// What the credentials of a file say and how they held up.
///
/// Every text in it was written by whoever made the manifest: it is cut to a bounded length, but must be escaped
/// before it reaches a page or a terminal.
#[derive(Debug, Clone, PartialEq)]
pub struct Credentials {
    /// How far they can be relied on.
    pub state: CredentialState,
    /// Where the manifest store was found; `None` when there is none.
    pub location: Option<Location>,
    /// Organisation named in the signer's certificate.
    pub issuer: Option<String>,
    /// SHA-256 of the signer's certificate.
    pub signer: Option<Digest>,
    /// When it was signed, RFC 3339: by the time-stamp authority when [`time_stamped`](Self::time_stamped), else the
    /// latest time that the signer states for its own actions.
    pub signed_at: Option<String>,
    /// On whose word the signer is trusted.
    pub trusted_by: Option<Voucher>,
    /// Whether a time-stamp authority vouches for `signed_at`.
    pub time_stamped: bool,
    /// Name of the active manifest, `urn:c2pa:UUID` in those of C2PA 2.
    pub manifest: Option<String>,
    /// Title the signer gave.
    pub title: Option<String>,
    /// Validation status codes of C2PA, failures last, each once.
    pub codes: Vec<String>,
    /// Whether the only fault is one of the signer's certificate: out of date with no time-stamp to say that it was
    /// signed before, or of a kind that may not sign. Content and claim are then as they were signed.
    pub certificate_fault: bool,
    /// How the video came to be, as the manifest and its parents state.
    pub origin: Option<Origin>,
    /// Marks and fingerprints that the signer bound to the content.
    pub bindings: Vec<SoftBinding>,
    /// The same of all earlier manifests in the store.
    pub earlier_bindings: Vec<SoftBinding>,
    /// Program that made the manifest.
    pub generator: Option<String>,
    /// History of the video, oldest first, of the active manifest.
    pub actions: Vec<ActionSummary>,
    /// Changes of the content, oldest first, as the signers of the manifest and its parents state them.
    pub edits: Vec<Edit>,
    /// Who consented to which use of their likeness or voice, as the signer states it.
    pub consents: Vec<Consent>,
    /// The models that the content was made with, as the manifest and its parents state.
    pub models: Vec<ModelCard>,
    /// Number of manifests in the store: earlier ones are those of its ingredients.
    pub manifests: usize,
    /// Why the credentials are invalid, or where they might be instead; one or more sentences.
    pub explanation: Option<String>,
}

impl Credentials {
    /// Credentials of a state about which no more is known.
    pub(crate) fn bare(state: CredentialState) -> Self {
        Self {
            state,
            location: None,
            issuer: None,
            signer: None,
            signed_at: None,
            trusted_by: None,
            time_stamped: false,
            manifest: None,
            title: None,
            codes: Vec::new(),
            certificate_fault: false,
            origin: None,
            bindings: Vec::new(),
            earlier_bindings: Vec::new(),
            generator: None,
            actions: Vec::new(),
            edits: Vec::new(),
            consents: Vec::new(),
            models: Vec::new(),
            manifests: 0,
            explanation: None,
        }
    }
}

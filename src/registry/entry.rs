use crate::Urn;

/// What is registered of a signed video.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Name of its manifest.
    pub urn: Urn,
    /// The manifest store; `None` for a video that carries a watermark but no credentials.
    pub manifest: Option<Vec<u8>>,
    /// Fingerprint of its content, in the fingerprint crate's own encoding; empty when there is none.
    pub fingerprint: Vec<u8>,
    /// Picture width, samples.
    pub width: u32,
    /// Picture height, samples.
    pub height: u32,
    /// Length, seconds.
    pub duration: f64,
    /// Title, for people.
    pub title: String,
    /// Who signed it.
    pub issuer: Option<String>,
}

/// A registered entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What was registered.
    pub entry: Entry,
    /// When, RFC 3339.
    pub registered_at: String,
    /// Set when it was withdrawn.
    pub revocation: Option<Revocation>,
}

/// One line of a list of records, without manifest and fingerprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Name of the manifest.
    pub urn: Urn,
    /// Title, for people.
    pub title: String,
    /// Who signed it.
    pub issuer: Option<String>,
    /// Length, seconds.
    pub duration: f64,
    /// When it was registered, RFC 3339.
    pub registered_at: String,
    /// Whether it was withdrawn.
    pub revoked: bool,
}

/// The withdrawal of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Why, in the words of whoever withdrew it.
    pub reason: String,
    /// When, RFC 3339.
    pub at: String,
}

/// What publishing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The entry was added.
    New,
    /// The same entry was there already.
    Known,
}

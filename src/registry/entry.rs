use crate::{Code, Urn};

/// What is registered of a signed video.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Name of its manifest.
    pub urn: Urn,
    /// The manifest store; `None` for a video that carries a watermark but no credentials.
    pub manifest: Option<Vec<u8>>,
    /// Fingerprint of its content, in the fingerprint crate's own encoding; empty when there is none.
    pub fingerprint: Vec<u8>,
    /// Keys that content like it is looked up by (SPEC.md §10).
    pub keys: Vec<u64>,
    /// The ISCC Video-Code of its content, without header.
    pub code: Option<Code>,
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
    /// Every withdrawal of it, oldest first. Whether one counts is for whoever checks its signature to say.
    pub revocations: Vec<Revocation>,
}

/// A record that shares keys with the content at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Name of the manifest.
    pub urn: Urn,
    /// Its fingerprint, in the fingerprint crate's own encoding.
    pub fingerprint: Vec<u8>,
    /// Number of keys shared.
    pub hits: u32,
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
    /// Whether somebody withdrew it as a whole.
    pub revoked: bool,
}

/// The statement that a manifest, or a consent it states, is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Whose consent is withdrawn; `None` when it is the whole manifest.
    pub subject: Option<String>,
    /// Why, in the words of whoever withdrew it.
    pub reason: String,
    /// When, RFC 3339, as stated.
    pub at: String,
    /// The signature over [`Revocation::statement`], in the provenance crate's own encoding.
    pub signature: Vec<u8>,
}

impl Revocation {
    /// The text that is signed (SPEC.md §10).
    pub fn statement(urn: Urn, subject: Option<&str>, reason: &str, at: &str) -> String {
        match subject {
            None => format!("filigrane revocation 1\n{urn}\n{at}\n{reason}"),
            Some(subject) => format!("filigrane consent withdrawal 1\n{urn}\n{at}\n{subject}\n{reason}"),
        }
    }
}

/// What publishing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The entry was added.
    New,
    /// The same entry was there already.
    Known,
}

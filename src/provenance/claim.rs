use std::path::PathBuf;

use filigrane_frame::Interval;
use uuid::Uuid;

use crate::{Heritage, Making, ModelCard, Origin};

/// A mark in, or a fingerprint of, the content that leads back to its manifest (C2PA 2.4, `c2pa.soft-binding`).
#[derive(Debug, Clone, PartialEq)]
pub struct SoftBinding {
    /// Name of the algorithm, in reverse-domain form.
    pub algorithm: String,
    /// What the algorithm yields for this content.
    pub value: Vec<u8>,
    /// The part of the video it was taken from, seconds; `None` for all of it.
    pub span: Option<Interval>,
}

/// A further assertion that the signer vouches for, stored as CBOR.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    /// Label, such as `cawg.training-mining` or one in reverse-domain form.
    pub label: String,
    /// Content.
    pub data: serde_json::Value,
}

/// What a signer states of a video.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Names the manifest: `urn:c2pa:ID`. Must be a version 4 (random) UUID.
    pub id: Uuid,
    /// Title of the video, for people.
    pub title: String,
    /// How the video came to be. `None` when the signer does not know: the manifest then says that an existing
    /// file was opened (`c2pa.opened`), not that one was created.
    pub origin: Option<Origin>,
    /// Marks and fingerprints of the content.
    pub bindings: Vec<SoftBinding>,
    /// Whether one of the bindings is a watermark put in by this program; states `c2pa.watermarked.bound`.
    pub watermarked: bool,
    /// Version of the program that states this.
    pub generator_version: String,
    /// The file from which the video was made, when that is not the file to be signed. Its credentials, embedded
    /// or beside it, are carried along as the parent ingredient.
    pub parent: Option<PathBuf>,
    /// The same credentials where they were read already: the parent, or else the source, then gives its name alone.
    pub heritage: Option<Heritage>,
    /// The time-stamping authority asked for this signature, in place of the identity's own.
    pub timestamp: Option<String>,
    /// The models that the content was made with: ingredients of the action that made it (C2PA 2.4, `inputTo`).
    pub models: Vec<ModelCard>,
    /// How a program made the content; only said of a creation, which has no parent.
    pub making: Option<Making>,
    /// Further assertions.
    pub assertions: Vec<Assertion>,
    /// A small picture of the video, a JPEG file, which is shown beside copies of it.
    pub thumbnail: Option<Vec<u8>>,
}

impl Claim {
    /// A claim without origin, bindings, parent, making, further assertions or picture.
    pub fn new(id: Uuid, title: impl Into<String>, generator_version: impl Into<String>) -> Self {
        Self {
            id,
            title: title.into(),
            origin: None,
            bindings: Vec::new(),
            watermarked: false,
            generator_version: generator_version.into(),
            parent: None,
            heritage: None,
            timestamp: None,
            models: Vec::new(),
            making: None,
            assertions: Vec::new(),
            thumbnail: None,
        }
    }

    /// `urn:c2pa:ID`, the name of the manifest (C2PA 2.4, section 8.2).
    pub fn urn(&self) -> String {
        format!("urn:c2pa:{}", self.id.hyphenated())
    }
}

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use c2pa::{Builder, Context};
use filigrane_frame::{ErrorKind, Limits};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::container::{self, Container};
use crate::pen::{Lent, Pen};
use crate::segment::{self, BY_MANIFEST, LABEL};
use crate::{
    Assertion, Claim, CredentialState, Error, Identity, LiveReader, TrustAnchors, engine, layout, manifest,
    sign,
};

/// Signs the media segments of a live stream one after another, each with a manifest of its own that names the one before
/// (C2PA 2.4, section 19.3). Nothing of the stream is kept but that name.
pub struct LiveSigner {
    context: Arc<Context>,
    pen: Arc<Pen<Arc<Identity>>>,
    identity: Arc<Identity>,
    claim: Claim,
    stream: String,
    limits: Limits,
    sequence: u64,
    last: Option<String>,
}

/// A signed media segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedSegment {
    /// The segment with its manifest, right after its type.
    pub bytes: Vec<u8>,
    /// Name of the manifest, `urn:c2pa:UUID`.
    pub urn: String,
    /// Number in the stream, from 1.
    pub sequence: u64,
    /// What went other than asked, for people.
    pub notes: Vec<String>,
}

impl LiveSigner {
    /// A signer for one track of a stream of this name, which must be unique. The claim is what each segment states, but for
    /// its id, which each gets anew; it must have an origin.
    ///
    /// # Errors
    /// The claim has no origin, or the certificate is not valid now.
    pub fn new(identity: Arc<Identity>, stream: &str, claim: Claim, limits: Limits) -> Result<Self, Error> {
        identity.check_time(OffsetDateTime::now_utc().unix_timestamp())?;
        if claim.origin.is_none() {
            let why = "a live stream has no earlier version: its origin must be stated";
            return Err(Error::Claim(why.to_owned()));
        }
        let pen = Arc::new(Pen::take(Arc::clone(&identity), claim.timestamp.as_deref()));
        let context = engine::lending(Lent(Arc::clone(&pen)))?;
        let stream = stream.to_owned();
        Ok(Self { context, pen, identity, claim, stream, limits, sequence: 0, last: None })
    }

    /// Signs the next segment. When there is an error, the chain stands as before: the same or another segment can follow.
    ///
    /// # Errors
    /// The segment is not one of ISO media, is signed already, or the key does not sign.
    pub fn sign(&mut self, segment: &[u8]) -> Result<SignedSegment, Error> {
        let sequence = self.sequence.saturating_add(1);
        let refused = |kind, detail: String| {
            Err(Error::Part { path: PathBuf::from(format!("segment {sequence}")), detail, kind })
        };
        self.identity.check_time(OffsetDateTime::now_utc().unix_timestamp())?;
        let found = container::survey(&mut Cursor::new(segment), Container::Mp4)
            .map_err(|error| Error::Internal(format!("reading memory: {error}")))?;
        if let Some(why) = found.excess.or(found.fault) {
            return refused(ErrorKind::Malformed, format!("not a segment of ISO media: {why}"));
        }
        if found.stores + found.merkles > 0 {
            return refused(ErrorKind::Unsupported, "signed already".to_owned());
        }
        if found.fragments == 0 || found.media == 0 {
            let detail = "no media segment: it needs a `moof` and an `mdat` box";
            return refused(ErrorKind::Malformed, detail.to_owned());
        }
        let mut claim = self.claim.clone();
        claim.id = Uuid::new_v4();
        let mut place = json!({
            "sequenceNumber": sequence, "streamId": self.stream, "continuityMethod": BY_MANIFEST,
        });
        if let Some(last) = &self.last {
            place["previousManifestId"] = last.as_str().into();
        }
        claim.assertions.push(Assertion { label: LABEL.to_owned(), data: place });
        let layout = layout::assertion_of_segment(segment);
        claim.assertions.extend(layout.map_err(|error| Error::Internal(format!("reading memory: {error}")))?);
        let made = engine::guarded(|| self.embed(segment, &claim, sequence))?;
        let bytes = made.unwrap_or_else(|| {
            Err(Error::Internal("the C2PA engine broke off while signing a segment".to_owned()))
        })?;
        let urn = claim.urn();
        self.confirm(&bytes, &urn)?;
        self.sequence = sequence;
        self.last = Some(urn.clone());
        Ok(SignedSegment { bytes, urn, sequence, notes: self.pen.notes() })
    }

    /// The engine puts manifests into whole files alone; for others it makes the box, first empty and then signed.
    fn embed(&self, segment: &[u8], claim: &Claim, sequence: u64) -> Result<Vec<u8>, Error> {
        const FORM: &str = "video/mp4";
        let path = PathBuf::from(format!("segment {sequence}"));
        let failed = |error: c2pa::Error| self.pen.failure().unwrap_or_else(|| sign::refusal(&path, &error));
        let builder = Builder::from_shared_context(&self.context);
        let mut builder = manifest::define(builder, claim, false, &sign::now()?)?;
        manifest::add_models(&mut builder, claim)?;
        let room = builder.placeholder(FORM).map_err(failed)?;
        let (start, rest) = segment.split_at(segment::place(segment));
        let mut bytes = [start, &room, rest].concat();
        builder.update_hash_from_stream(FORM, &mut Cursor::new(&bytes)).map_err(failed)?;
        let signed = builder.sign_embeddable(FORM).map_err(failed)?;
        match bytes.get_mut(start.len()..start.len() + room.len()) {
            Some(place) if signed.len() == room.len() => place.copy_from_slice(&signed),
            _ => return Err(Error::Internal("a signed manifest does not fit its place".to_owned())),
        }
        Ok(bytes)
    }

    /// Reads what was written as a stranger would.
    fn confirm(&self, bytes: &[u8], urn: &str) -> Result<(), Error> {
        let read = LiveReader::new(TrustAnchors::empty(), self.limits).read(bytes)?.credentials;
        if read.state == CredentialState::Valid && read.manifest.as_deref() == Some(urn) {
            return Ok(());
        }
        let why = read.explanation.unwrap_or_else(|| format!("it reads as {:?}", read.manifest));
        Err(Error::Internal(format!("the signed segment does not hold: {why}")))
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;

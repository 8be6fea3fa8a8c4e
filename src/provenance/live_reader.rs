use std::io::Cursor;
use std::path::PathBuf;

use c2pa::Reader;
use filigrane_frame::Limits;

use crate::container::{self, Container};
use crate::read::{self, BROKEN_OFF, Opened};
use crate::segment::{self, BY_MANIFEST, LABEL};
use crate::{CredentialState, Credentials, Error, Location, TrustAnchors, layout, preflight};

/// Status codes of C2PA 2.4 for live video.
const SEGMENT: &str = "livevideo.segment.invalid";
const ASSERTION: &str = "livevideo.assertion.invalid";
const METHOD: &str = "livevideo.continuityMethod.invalid";
const MANIFEST: &str = "livevideo.manifest.invalid";

/// Verifies the media segments of a live stream one after another, as they arrive: each has a manifest of its own, which
/// names the one before (C2PA 2.4, section 19.3).
#[derive(Debug)]
pub struct LiveReader {
    trust: TrustAnchors,
    limits: Limits,
    last: Option<Link>,
}

/// What one segment says of its place in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    stream: String,
    sequence: u64,
    manifest: String,
}

/// The answer about one segment.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveSegment {
    /// Its credentials; [`CredentialState::Invalid`] also where it does not follow the segment before.
    pub credentials: Credentials,
    /// Number in the stream, as signed.
    pub sequence: Option<u64>,
    /// Name of the stream, as signed.
    pub stream: Option<String>,
}

impl LiveReader {
    /// A reader for one track of one stream, which may be joined at any segment.
    pub fn new(trust: TrustAnchors, limits: Limits) -> Self {
        Self { trust, limits, last: None }
    }

    /// Forgets the segment before, after a jump that the player made itself: the next one may stand anywhere.
    pub fn seek(&mut self) {
        self.last = None;
    }

    /// The answer about the next segment. One that does not hold, or does not follow the last one that did, leaves that one
    /// in place: what comes next must follow it.
    ///
    /// # Errors
    /// Checking took longer than the limits allow.
    pub fn read(&mut self, bytes: &[u8]) -> Result<LiveSegment, Error> {
        let size = bytes.len() as u64;
        let read = read::within(size, &self.trust, &self.limits, |context, _| {
            let opened = match self.store(bytes) {
                Ok(store) => {
                    let reader = Reader::from_shared_context(context).with_manifest_data_and_stream(
                        store,
                        "video/mp4",
                        Cursor::new(bytes),
                    );
                    read::opened(reader, &PathBuf::from("segment"), Location::Embedded)?
                }
                Err(broken) => Opened::Answer(broken),
            };
            Ok(match opened {
                Opened::Reader(reader, location, _) | Opened::Compared(reader, location, _) => {
                    let mut credentials = read::summarise(&reader, location);
                    let holds =
                        layout::stated(&reader).map(|stated| layout::holds_for_segment(stated, bytes));
                    if !holds.transpose().is_ok_and(|holds| holds.unwrap_or(true)) {
                        refuse(&mut credentials, layout::MISMATCH, "the boxes of the segment were changed");
                    }
                    let stamped = match self.store(bytes) {
                        Ok(store) => read::stamped(&reader, store, &self.trust, &self.limits)?,
                        Err(_) => None,
                    };
                    read::judge(&mut credentials, &reader, &self.trust, stamped, None);
                    (credentials, link(&reader))
                }
                Opened::Answer(credentials) => (*credentials, Err(None)),
            })
        })?;
        let broken_off = || (read::broken(BROKEN_OFF.to_owned(), Some(Location::Embedded)), Err(None));
        let (mut credentials, link) = read.unwrap_or_else(broken_off);
        if credentials.state == CredentialState::Invalid {
            credentials.codes.push(MANIFEST.to_owned());
        }
        let link = match link {
            Ok((link, before)) => {
                if let Some((code, why)) = self.gap(&link, before.as_deref()) {
                    refuse(&mut credentials, code, &why);
                }
                Some(link)
            }
            Err(fault) => {
                if let Some((code, why)) = fault {
                    refuse(&mut credentials, code, why);
                }
                None
            }
        };
        if let Some(link) = link.as_ref().filter(|_| credentials.state != CredentialState::Invalid) {
            self.last = Some(link.clone());
        }
        let (sequence, stream) = link.map(|link| (link.sequence, link.stream)).unzip();
        Ok(LiveSegment { credentials, sequence, stream })
    }

    /// The manifest store of a segment, once it is safe to show both to the engine.
    fn store<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], Box<Credentials>> {
        let broken = |why: String| Box::new(read::broken(why, Some(Location::Embedded)));
        let found = container::survey(&mut Cursor::new(bytes), Container::Mp4)
            .map_err(|error| broken(error.to_string()))?;
        if let Some(why) = found.excess.or(found.fault).or(found.stray) {
            return Err(broken(format!("the segment holds {why}")));
        }
        if found.manifest_bytes > self.limits.manifest_bytes {
            return Err(broken("the manifest store of the segment is over the limit".to_owned()));
        }
        let store = segment::store(bytes).filter(|_| found.stores == 1);
        let Some(store) = store else {
            let mut absent = Credentials::bare(CredentialState::Absent);
            if found.stores + found.merkles > 0 {
                absent = *broken(format!("the segment has not one manifest store but {}", found.stores));
            }
            return Err(Box::new(absent));
        };
        preflight::check(store).map_err(broken)?;
        Ok(store)
    }

    /// Why a segment does not follow the last one.
    fn gap(&self, link: &Link, before: Option<&str>) -> Option<(&'static str, String)> {
        let last = self.last.as_ref()?;
        if link.stream != last.stream {
            return Some((ASSERTION, "the segment belongs to another stream".to_owned()));
        }
        if link.sequence <= last.sequence {
            let why = format!("segment {} came after segment {}: a repeat", link.sequence, last.sequence);
            return Some((ASSERTION, why));
        }
        if before != Some(last.manifest.as_str()) {
            let why = format!(
                "segment {} does not follow segment {}: one is missing, or was put in",
                link.sequence, last.sequence
            );
            return Some((SEGMENT, why));
        }
        None
    }
}

type Fault = (&'static str, &'static str);

/// What the active manifest says of its place, and of the manifest before.
fn link(reader: &Reader) -> Result<(Link, Option<String>), Option<Fault>> {
    let manifest = reader.active_manifest().ok_or(None)?;
    let said = manifest.assertions().iter().find(|one| one.label() == LABEL).and_then(|one| one.value().ok());
    let said = said.ok_or(Some((SEGMENT, "the manifest says nothing of a live stream")))?;
    if said["continuityMethod"].as_str() != Some(BY_MANIFEST) {
        return Err(Some((METHOD, "how the segment follows the one before is not known")));
    }
    let (Some(stream), Some(sequence), Some(label)) =
        (said["streamId"].as_str(), said["sequenceNumber"].as_u64(), reader.active_label())
    else {
        return Err(Some((ASSERTION, "the manifest names no stream, or no number in it")));
    };
    let before = said["previousManifestId"].as_str().map(str::to_owned);
    Ok((Link { stream: stream.to_owned(), sequence, manifest: label.to_owned() }, before))
}

fn refuse(credentials: &mut Credentials, code: &str, why: &str) {
    if credentials.state == CredentialState::Absent {
        return;
    }
    credentials.state = CredentialState::Invalid;
    credentials.certificate_fault = false;
    credentials.codes.push(code.to_owned());
    credentials.explanation.get_or_insert_with(|| format!("{why} ({code})"));
}

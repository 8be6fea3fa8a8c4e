use std::path::Path;

use filigrane_frame::Limits;
use filigrane_media::Cancel;
use filigrane_provenance::{Error as ProvenanceError, TrustAnchors, crjson};
use serde_json::Value;

use crate::errand::{Errand, Order, Told};
use crate::error::Error;
use crate::input::Files;
use crate::ward::{Reader, Ward};
use crate::workshop::{settled, strange};

/// The manifests of a file with their validation as crJSON, read in a jail where there is a ward; `None` when there are none.
///
/// # Errors
/// Those of opening and reading the file, and what became of the process that read it.
pub fn manifests(
    input: &Path,
    trust: &TrustAnchors,
    ward: Option<&Ward>,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Option<Value>, Error> {
    if let Some(ward) = ward {
        let unread = |source| ProvenanceError::Io { action: "read", path: input.to_owned(), source };
        // Said with the file's name, as it is without a jail.
        input.metadata().map_err(unread)?;
        let named = |error: Error| {
            let (text, kind) = (format!("{}: {error}", input.display()), error.kind());
            Error::Told { text, kind }
        };
        let files = Files::open(input).map_err(named)?;
        let errand = Errand { anchors: trust.to_parcels(), limits: *limits, ..Errand::empty() };
        let mut reader = Reader::new(ward, &files, errand, cancel);
        let told = reader.ask(&Order::Document, &());
        match settled(told, reader.demand())? {
            Some(Told::Document(text)) => {
                return text.map(|text| serde_json::from_str(&text)).transpose().map_err(|_| strange());
            }
            Some(_) => return Err(strange()),
            None => {}
        }
    }
    Ok(crjson(input, trust, limits)?)
}

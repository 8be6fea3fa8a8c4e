use filigrane_fingerprint::VideoCode;
use filigrane_frame::Digest;
use filigrane_provenance::{self as provenance, CredentialState, Voucher};
use filigrane_verdict::{Consent, Credentials, CredentialsState, Edit, Model, Origin};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::binding;

/// What reading a file's credentials gave: all that leaves the process that reads them.
#[derive(Serialize, Deserialize)]
pub(crate) enum Reading {
    Read(Box<Read>),
    /// Nothing can be said of the file: it is a part of a stream, or none where one is named, or claims more than any limit.
    Refused(String),
    /// They could not be read.
    Failed(String),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Read {
    pub credentials: Credentials,
    signer: Option<[u8; 32]>,
    /// The ISCC Video-Code under the signature, as soft bindings have it.
    code: Option<Vec<u8>>,
}

impl Reading {
    /// Of a file called `name`, as of a time, seconds since 1970; `None` for now.
    pub fn of(read: Result<provenance::Credentials, provenance::Error>, at: Option<i64>, name: &str) -> Self {
        match read {
            Ok(read) => {
                let code = binding::code(&read.bindings).map(|code| code.to_sequence());
                let signer = read.signer.map(|signer| signer.0);
                Self::Read(Box::new(Read { credentials: credentials(read, at), signer, code }))
            }
            Err(error @ provenance::Error::Part { .. }) => {
                let text = error.to_string();
                let own = text.strip_prefix(name).and_then(|text| text.strip_prefix(": "));
                Self::Refused(own.unwrap_or(&text).to_owned())
            }
            Err(error) => Self::Failed(error.to_string()),
        }
    }
}

impl Read {
    /// SHA-256 of the signer's certificate.
    pub fn signer(&self) -> Option<Digest> {
        self.signer.map(Digest)
    }

    pub fn code(&self) -> Option<VideoCode> {
        VideoCode::from_sequence(self.code.as_deref()?).ok()?
    }
}

fn credentials(read: provenance::Credentials, at: Option<i64>) -> Credentials {
    // Without a mark of its own, a manifest says nothing of which one belongs here.
    let own = binding::payload(&read.bindings);
    let earlier = read.earlier_bindings.iter().filter_map(|one| binding::payload(std::slice::from_ref(one)));
    let marks = own.into_iter().flat_map(|own| std::iter::once(own).chain(earlier.clone()));
    Credentials {
        state: match read.state {
            CredentialState::Trusted => CredentialsState::Trusted,
            CredentialState::Valid => CredentialsState::Valid,
            CredentialState::Invalid => CredentialsState::Invalid,
            CredentialState::Absent => CredentialsState::Absent,
        },
        issuer: read.issuer,
        signed_at: read.signed_at,
        manifest: read.manifest,
        codes: read.codes,
        time_stamped: read.time_stamped,
        trusted_by: read.trusted_by.map(|voucher| trusted_by(&voucher, at)),
        certificate_fault: read.certificate_fault,
        marks: marks.map(|payload| payload.to_string()).collect(),
        origin: read.origin.map(origin),
        generator: read.generator,
        actions: read.actions.into_iter().map(|action| action.action).collect(),
        edits: read.edits.into_iter().map(edit).collect(),
        consents: read.consents.into_iter().map(|one| consent(one, at)).collect(),
        models: read.models.into_iter().map(model).collect(),
        explanation: read.explanation,
    }
}

/// Whose word it is that a signer is trusted on, and whether that is out of date.
fn trusted_by(voucher: &Voucher, at: Option<i64>) -> String {
    match voucher {
        Voucher::Own => "own".to_owned(),
        Voucher::List(list) if list.overdue(at.unwrap_or_else(now)) => format!("{list}, overdue for renewal"),
        Voucher::List(list) => list.to_string(),
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// A consent as it stood at a time, seconds since 1970; `None` for now.
fn consent(consent: provenance::Consent, at: Option<i64>) -> Consent {
    Consent {
        ended: consent.ended(at.unwrap_or_else(now)),
        subject: consent.subject,
        uses: consent.uses.into_iter().map(|one| one.as_str().to_owned()).collect(),
        purpose: consent.purpose,
        until: consent.until,
        withdrawal: None,
    }
}

fn edit(edit: provenance::Edit) -> Edit {
    Edit { action: edit.action, start: edit.start, end: edit.end }
}

fn model(card: provenance::ModelCard) -> Model {
    Model {
        kind: card.asset_type(),
        name: card.name,
        version: card.version,
        sha256: card.sha256,
        licence: card.licence,
        training_data: card.training_data,
        link: card.link,
    }
}

pub(crate) fn origin(origin: provenance::Origin) -> Origin {
    match origin {
        provenance::Origin::Generated => Origin::Generated,
        provenance::Origin::Edited => Origin::Edited,
        provenance::Origin::Composite => Origin::Composite,
        provenance::Origin::Camera => Origin::Camera,
    }
}

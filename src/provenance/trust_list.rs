use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Error;

/// Longest name of a list.
const LONGEST_NAME: usize = 200;
/// Characters of Base64 on a line of PEM (RFC 7468).
const LINE: usize = 64;

/// What the authorities of a published list vouch for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Purpose {
    /// Those who sign content.
    Signers,
    /// When something was signed.
    TimeStamps,
}

/// What a published list of authorities says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustList {
    /// Its name; one in PEM form has none.
    pub name: Option<String>,
    /// When it was issued, RFC 3339.
    pub issued: Option<String>,
    /// When there is to be a newer one, RFC 3339.
    pub next_update: Option<String>,
    /// What its authorities vouch for.
    pub purpose: Purpose,
}

impl TrustList {
    /// Whether a newer one was to be there at a time, seconds since 1970.
    pub fn overdue(&self, at: i64) -> bool {
        let next = self.next_update.as_deref().and_then(|time| OffsetDateTime::parse(time, &Rfc3339).ok());
        next.is_some_and(|next| next.unix_timestamp() < at)
    }
}

impl std::fmt::Display for TrustList {
    /// Name and day of issue.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name.as_deref().unwrap_or("the list last refreshed"))?;
        match self.issued.as_deref().and_then(|time| time.get(..10)) {
            Some(day) => write!(f, " of {day}"),
            None => Ok(()),
        }
    }
}

/// The list in a text and its certificates in PEM. JSON is a list of trusted entities as ETSI TS 119 602 has it, the form in
/// which C2PA publishes its lists; everything else is taken for PEM.
///
/// # Errors
/// JSON of another kind, a list of the other purpose than stated, or one without a certificate.
pub(crate) fn read(bytes: &[u8], place: &str, time_stamps: bool) -> Result<(TrustList, Vec<u8>), Error> {
    let stated = if time_stamps { Purpose::TimeStamps } else { Purpose::Signers };
    if !bytes.trim_ascii_start().starts_with(b"{") {
        let list = TrustList { name: None, issued: None, next_update: None, purpose: stated };
        return Ok((list, bytes.to_vec()));
    }
    let wrong = |detail: String| Error::Certificate { place: place.to_owned(), detail };
    let file: File = serde_json::from_slice(bytes)
        .map_err(|error| wrong(format!("no list of trusted entities (ETSI TS 119 602): {error}")))?;
    let scheme = file.list.scheme;
    let name: String = scheme
        .names
        .first()
        .map(|name| name.value.trim().chars().take(LONGEST_NAME).collect())
        .ok_or_else(|| wrong("the list has no name".to_owned()))?;
    for time in [Some(&scheme.issued), scheme.next_update.as_ref()].into_iter().flatten() {
        OffsetDateTime::parse(time, &Rfc3339)
            .map_err(|_| wrong(format!("{:?} is no time", time.chars().take(40).collect::<String>())))?;
    }
    // The form has no field for it.
    let purpose =
        if name.to_lowercase().split_whitespace().any(|word| word == "tsa" || word.contains("stamp")) {
            Purpose::TimeStamps
        } else {
            Purpose::Signers
        };
    if time_stamps && purpose == Purpose::Signers {
        return Err(wrong(format!("{name} is one of signers, not of time-stamping authorities")));
    }
    let mut pem = String::new();
    let services = file.list.entities.into_iter().flat_map(|entity| entity.services);
    for service in services.map(|service| service.information).filter(Information::stands) {
        for certificate in service.identity.certificates {
            pem.push_str("-----BEGIN CERTIFICATE-----\n");
            let digits: Vec<char> =
                certificate.value.chars().filter(|digit| !digit.is_whitespace()).collect();
            for line in digits.chunks(LINE) {
                pem.extend(line);
                pem.push('\n');
            }
            pem.push_str("-----END CERTIFICATE-----\n");
        }
    }
    let list =
        TrustList { name: Some(name), issued: Some(scheme.issued), next_update: scheme.next_update, purpose };
    Ok((list, pem.into_bytes()))
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "LoTE")]
    list: List,
}

#[derive(Deserialize)]
struct List {
    #[serde(rename = "ListAndSchemeInformation")]
    scheme: Scheme,
    #[serde(rename = "TrustedEntitiesList")]
    entities: Vec<Entity>,
}

#[derive(Deserialize)]
struct Scheme {
    #[serde(rename = "SchemeName")]
    names: Vec<Name>,
    #[serde(rename = "ListIssueDateTime")]
    issued: String,
    #[serde(rename = "NextUpdate")]
    next_update: Option<String>,
}

#[derive(Deserialize)]
struct Name {
    value: String,
}

#[derive(Deserialize)]
struct Entity {
    #[serde(rename = "TrustedEntityServices")]
    services: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(rename = "ServiceInformation")]
    information: Information,
}

#[derive(Deserialize)]
struct Information {
    #[serde(rename = "ServiceDigitalIdentity")]
    identity: Identity,
    #[serde(rename = "ServiceStatus")]
    status: Option<String>,
}

impl Information {
    /// Whether it is trusted now: services that were withdrawn stay on a list with that status.
    fn stands(&self) -> bool {
        self.status.as_deref().is_none_or(|status| status.ends_with("/trusted"))
    }
}

#[derive(Deserialize)]
struct Identity {
    #[serde(rename = "X509Certificates", default)]
    certificates: Vec<Certificate>,
}

#[derive(Deserialize)]
struct Certificate {
    /// DER in Base64.
    #[serde(rename = "val")]
    value: String,
}

#[cfg(test)]
#[path = "trust_list_tests.rs"]
pub(crate) mod tests;

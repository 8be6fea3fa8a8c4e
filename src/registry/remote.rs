use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::json;

use crate::remote_http::{Answer, Budget, Http, LARGEST_MESSAGE};
use crate::store::{MOST_REVOCATIONS, Store};
use crate::{
    Access, Candidate, Code, Entry, Error, Listed, Published, Record, Revocation, Urn, WATERMARK_ALGORITHM,
    manifest_file,
};

/// Where a server says what it offers (RFC 8615; Soft Binding Resolution API 2.4.0).
const WELL_KNOWN: [&str; 2] = [".well-known", "c2pa-soft-binding-resolution"];
/// What a server can do beside the standard, as it says among its capabilities: pass withdrawals on.
const WITHDRAWALS: &str = "org.filigrane.revocations";
/// And read out of a manifest what it is to be found by.
const READS_BINDINGS: &str = "org.filigrane.bindings";
/// Most manifests of one answer that are fetched: honest collisions of 64 bits are rarer than one in a billion.
const MOST_FETCHED: usize = 8;

/// A registry behind the C2PA Soft Binding Resolution API, of this program or of another.
///
/// It is asked for manifests by binding, and told of new ones. All it can do is withhold: whoever reads a manifest from
/// it has to check the signature, the name, and what the signature covers.
#[derive(Debug)]
pub(crate) struct Remote {
    place: PathBuf,
    http: Http,
    capabilities: OnceLock<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Discovery {
    api_endpoint: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Capabilities {
    #[serde(default)]
    supported_capabilities: Vec<String>,
}

#[derive(Deserialize)]
struct Matches {
    #[serde(default)]
    matches: Vec<Match>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    manifest_id: String,
}

#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    known: bool,
}

#[derive(Deserialize)]
struct Withdrawals {
    revocations: Vec<Withdrawal>,
}

#[derive(Deserialize)]
struct Withdrawal {
    /// Whose consent it is about; none where the whole manifest is withdrawn.
    subject: Option<String>,
    reason: String,
    at: String,
    signature: String,
}

impl Remote {
    /// The registry at an address: that of the interface, such as `https://HOST/v1`, or `https://HOST` of a server that
    /// says where its interface is. With `writing`, one that takes manifests.
    ///
    /// # Errors
    /// The address can't be used, the server does not answer, or nothing can be published there.
    pub fn open(address: &str, access: &Access, writing: bool) -> Result<Self, Error> {
        let mut http = Http::new(address, access)?;
        if http.is_root() {
            let answer = http.get(&WELL_KNOWN, &[], LARGEST_MESSAGE, &mut Budget::new())?;
            // Servers of before version 2.4 have no such document; the interface may be at the root.
            if answer.status == 200 {
                let found: Discovery = parse(&http, &answer)?;
                http.move_to(&found.api_endpoint)?;
            }
        }
        let remote = Self { place: http.place(), http, capabilities: OnceLock::new() };
        if writing {
            remote.check_writing()?;
        }
        Ok(remote)
    }

    fn check_writing(&self) -> Result<(), Error> {
        if !self.http.has_token() {
            return Err(Error::Place {
                place: self.place.display().to_string(),
                detail: "to publish there, set FILIGRANE_REGISTRY_TOKEN to the token its operator gave you"
                    .to_owned(),
            });
        }
        if !self.can("storeManifests", &mut Budget::new())? {
            return Err(self.unsupported("this server takes no manifests"));
        }
        Ok(())
    }

    /// Whether the server says that it can do something. One that says nothing of itself can do what is asked of all.
    fn can(&self, what: &str, budget: &mut Budget) -> Result<bool, Error> {
        if self.capabilities.get().is_none() {
            let answer = self.http.get(&["services", "capabilities"], &[], LARGEST_MESSAGE, budget)?;
            let found = match answer.status {
                200 => parse::<Capabilities>(&self.http, &answer)?.supported_capabilities,
                404 | 405 | 501 => Vec::new(),
                _ => return Err(self.refused(&answer)),
            };
            // Somebody else may have been faster, with the same answer.
            let _ = self.capabilities.set(found);
        }
        Ok(self.capabilities.get().is_some_and(|known| known.iter().any(|one| one == what)))
    }

    /// Names of the manifests that a value leads to, best first.
    fn matches(
        &self,
        algorithm: &str,
        value: &[u8],
        most: usize,
        budget: &mut Budget,
    ) -> Result<Vec<Urn>, Error> {
        let value = BASE64.encode(value);
        let path = ["matches", "byBinding"];
        let most_text = most.to_string();
        let answer = if value.len() <= 1024 {
            let query = [("alg", algorithm), ("value", &value), ("maxResults", &most_text)];
            self.http.get(&path, &query, LARGEST_MESSAGE, budget)?
        } else {
            let body = json!({ "alg": algorithm, "value": value }).to_string();
            self.http.post(&path, "application/json", body.as_bytes(), budget)?
        };
        match answer.status {
            200 => {
                let found: Matches = parse(&self.http, &answer)?;
                // A name of another form can be none of this program's manifests.
                let names = found.matches.iter().filter_map(|found| found.manifest_id.parse().ok());
                Ok(names.take(most).collect())
            }
            404 => Ok(Vec::new()),
            _ => Err(self.refused(&answer)),
        }
    }

    fn fetch(&self, urn: Urn, budget: &mut Budget) -> Result<Option<Record>, Error> {
        let name = urn.to_string();
        let answer = self.http.get(&["manifests", &name], &[], manifest_file::LARGEST as u64, budget)?;
        let manifest = match answer.status {
            200 => answer.body,
            404 => return Ok(None),
            _ => return Err(self.refused(&answer)),
        };
        let entry = Entry {
            urn,
            manifest: Some(manifest),
            fingerprint: Vec::new(),
            keys: Vec::new(),
            code: None,
            width: 0,
            height: 0,
            duration: 0.0,
            title: String::new(),
            issuer: None,
        };
        let revocations = self.revocations(&name, budget)?;
        Ok(Some(Record { entry, registered_at: String::new(), revocations }))
    }

    fn revocations(&self, name: &str, budget: &mut Budget) -> Result<Vec<Revocation>, Error> {
        if !self.can(WITHDRAWALS, budget)? {
            return Ok(Vec::new());
        }
        let answer = self.http.get(&["manifests", name, "revocations"], &[], LARGEST_MESSAGE, budget)?;
        if answer.status != 200 {
            return Err(self.refused(&answer));
        }
        let found: Withdrawals = parse(&self.http, &answer)?;
        let most = usize::try_from(MOST_REVOCATIONS).unwrap_or_default();
        let read = found.revocations.into_iter().take(most).map(|one| {
            let signature = BASE64.decode(one.signature).ok()?;
            Some(Revocation { subject: one.subject, reason: one.reason, at: one.at, signature })
        });
        read.collect::<Option<_>>()
            .ok_or_else(|| self.http.failed("a withdrawal has a signature that is no base64".to_owned()))
    }

    fn unsupported(&self, detail: &'static str) -> Error {
        Error::Unsupported { place: self.place.clone(), detail }
    }

    fn refused(&self, answer: &Answer) -> Error {
        let detail = match answer.status {
            401 => {
                format!("the server wants another token in FILIGRANE_REGISTRY_TOKEN ({})", answer.reason())
            }
            403 => format!("the server refuses this: {}", answer.reason()),
            429 | 503 => format!("the server is busy, try again later ({})", answer.reason()),
            _ => format!("the server answers: {}", answer.reason()),
        };
        let place = self.place.clone();
        match answer.status {
            400 | 401 | 403 | 413 => Error::Refused { place, detail },
            _ => Error::Remote { place, detail },
        }
    }
}

fn parse<T: for<'a> Deserialize<'a>>(http: &Http, answer: &Answer) -> Result<T, Error> {
    serde_json::from_slice(&answer.body)
        .map_err(|_| http.failed("its answer is none of the C2PA Soft Binding Resolution API".to_owned()))
}

impl Store for Remote {
    fn place(&self) -> &Path {
        &self.place
    }

    fn publish(&self, entry: &Entry, _: &str) -> Result<Published, Error> {
        let Some(manifest) = &entry.manifest else {
            return Err(self.unsupported("a server takes nothing without a manifest"));
        };
        self.check_writing()?;
        let mut budget = Budget::new();
        let answer = self.http.post(&["manifests"], "application/c2pa", manifest, &mut budget)?;
        let stored: Stored = match answer.status {
            200 => parse(&self.http, &answer)?,
            409 => return Err(Error::Conflict { urn: entry.urn }),
            _ => return Err(self.refused(&answer)),
        };
        // A server that reads the bindings in a manifest knows them by now; to the others they have to be told.
        if self.can("storeBindings", &mut budget)? && !self.can(READS_BINDINGS, &mut budget)? {
            let payload = entry.urn.payload().to_be_bytes();
            let values = [&payload[..], &entry.fingerprint];
            for value in values.into_iter().filter(|value| !value.is_empty()) {
                let body =
                    json!({ "bindingValue": BASE64.encode(value), "manifestId": entry.urn.to_string() });
                let body = body.to_string();
                let answer =
                    self.http.post(&["bindings"], "application/json", body.as_bytes(), &mut budget)?;
                if !matches!(answer.status, 200 | 204) {
                    return Err(self.refused(&answer));
                }
            }
        }
        Ok(if stored.known { Published::Known } else { Published::New })
    }

    fn copy_in(&self, _: &[Record]) -> Result<(), Error> {
        Err(self.unsupported("a server takes one manifest at a time: publish them"))
    }

    fn by_payload(&self, payload: u64) -> Result<Vec<Record>, Error> {
        let mut budget = Budget::new();
        let mut records = Vec::new();
        for urn in self.matches(WATERMARK_ALGORITHM, &payload.to_be_bytes(), MOST_FETCHED, &mut budget)? {
            // Whatever else is sent: the mark leads to manifests whose names begin with its bits, and to no others.
            if urn.payload() == payload {
                records.extend(self.fetch(urn, &mut budget)?);
            }
        }
        Ok(records)
    }

    fn names(&self, payload: u64) -> Result<Vec<Urn>, Error> {
        self.matches(WATERMARK_ALGORITHM, &payload.to_be_bytes(), MOST_FETCHED, &mut Budget::new())
    }

    fn by_urn(&self, urn: Urn) -> Result<Option<Record>, Error> {
        self.fetch(urn, &mut Budget::new())
    }

    fn like(&self, _: &[u64], _: u32) -> Result<Vec<Candidate>, Error> {
        Err(self.unsupported("a server is asked for whole fingerprints, not for their keys"))
    }

    fn with_part(&self, _: &[u64]) -> Result<Vec<(Urn, Option<Code>)>, Error> {
        // A server is asked for whole values, and what codes its manifests bind stands in these alone.
        Ok(Vec::new())
    }

    fn resembling(&self, algorithm: &str, value: &[u8]) -> Result<Option<Vec<Record>>, Error> {
        let mut budget = Budget::new();
        let names = self.matches(algorithm, value, MOST_FETCHED, &mut budget)?;
        let records = names.into_iter().map(|urn| self.fetch(urn, &mut budget));
        Ok(Some(records.filter_map(Result::transpose).collect::<Result<_, _>>()?))
    }

    fn after(&self, _: i64, _: u32) -> Result<Vec<(i64, Record)>, Error> {
        Err(self.unsupported("a server does not hand out all it has: ask its operator for an export"))
    }

    fn revoke(&self, urn: Urn, revocation: &Revocation) -> Result<(), Error> {
        self.check_writing()?;
        let mut budget = Budget::new();
        if !self.can(WITHDRAWALS, &mut budget)? {
            return Err(self.unsupported("this server takes no withdrawals"));
        }
        let mut body = json!({
            "reason": revocation.reason,
            "at": revocation.at,
            "signature": BASE64.encode(&revocation.signature),
        });
        // A server that knows no such thing finds no signature over the text without it, and refuses.
        if let Some(subject) = &revocation.subject {
            body["subject"] = json!(subject);
        }
        let path = ["manifests", &urn.to_string(), "revocations"];
        let answer = self.http.post(&path, "application/json", body.to_string().as_bytes(), &mut budget)?;
        match answer.status {
            200 | 204 => Ok(()),
            404 => Err(Error::Missing { urn, location: self.place.clone() }),
            _ => Err(self.refused(&answer)),
        }
    }

    fn list(&self, _: u32, _: u64) -> Result<Vec<Listed>, Error> {
        Err(self.unsupported("a server gives no list: ask for a payload or a name"))
    }

    fn count(&self) -> Result<u64, Error> {
        Err(self.unsupported("a server does not say how much it has"))
    }
}

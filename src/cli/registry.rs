use filigrane::fingerprint::{VIDEO_CODE_NEAR, VideoCode};
use filigrane::frame::Limits;
use filigrane::pipeline::{Imported, entry_of, entry_of_manifest, import, withdraw};
use filigrane::registry::{Listed, Published, Record, Registry};
use filigrane::verdict::visible;
use filigrane::watermark::Payload;
use serde::Serialize;

use crate::cli::args::{Common, RegistryVerb};
use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::output::{print, print_json, say};

/// Most entries listed at once.
const MOST: u32 = 100;

#[derive(Serialize)]
struct Row {
    manifest: String,
    title: String,
    issuer: Option<String>,
    duration: f64,
    registered_at: String,
    revoked: bool,
    /// Bits of the ISCC that differ, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<u32>,
}

impl From<Record> for Row {
    fn from(mut record: Record) -> Self {
        // What comes over a network has no other description than its manifest.
        if record.entry.title.is_empty()
            && let Some(Ok(entry)) =
                record.entry.manifest.take().map(|bytes| entry_of_manifest(bytes, &Limits::default()))
            && entry.urn == record.entry.urn
        {
            record.entry = entry;
        }
        Self {
            manifest: record.entry.urn.to_string(),
            title: record.entry.title,
            issuer: record.entry.issuer,
            duration: record.entry.duration,
            registered_at: record.registered_at,
            revoked: record.revocations.iter().any(|revocation| revocation.subject.is_none()),
            distance: None,
        }
    }
}

impl From<Listed> for Row {
    fn from(listed: Listed) -> Self {
        Self {
            manifest: listed.urn.to_string(),
            title: listed.title,
            issuer: listed.issuer,
            duration: listed.duration,
            registered_at: listed.registered_at,
            revoked: listed.revoked,
            distance: None,
        }
    }
}

pub fn run(verb: &RegistryVerb, named: Option<&str>, common: &Common) -> Result<u8, Failure> {
    let home = Home::of(common)?;
    if let RegistryVerb::Publish { file } = verb {
        let entry = entry_of(file, &Limits::default()).map_err(|error| Failure::from(error).about(file))?;
        let urn = entry.urn.to_string();
        let done = match home.registry(named)?.publish(&entry)? {
            Published::New => "registered",
            Published::Known => "already registered",
        };
        told(&urn, done, common);
        return Ok(0);
    }
    if let RegistryVerb::Import { from } = verb {
        let source = home.needed_registry(Some(from))?;
        let done = import(&source, &home.registry(named)?, &Limits::default())?;
        return Ok(imported(from, &done, common));
    }
    let registry = home.needed_registry(named)?;
    match verb {
        RegistryVerb::Publish { .. } | RegistryVerb::Import { .. } => {}
        RegistryVerb::Find { what } => list(&find(&registry, what.as_deref())?, common),
        RegistryVerb::Show { urn } => {
            let record =
                registry.by_urn(urn)?.ok_or_else(|| Failure::Usage(format!("{urn}: not registered")))?;
            list(&[record.into()], common);
        }
        RegistryVerb::Export { folder } => {
            let count = registry.export(folder)?;
            let done = format!("holds {count} manifests now; read it with --registry");
            told(&folder.display().to_string(), &done, common);
        }
        RegistryVerb::Revoke { urn, consent, reason, identity } => {
            if registry.by_urn(urn)?.is_none() {
                return Err(Failure::Usage(format!(
                    "{urn}: not registered in {}",
                    registry.place().display()
                )));
            }
            let identity = home.identity(identity.as_deref())?;
            withdraw(&registry, urn, consent.as_deref(), reason, &identity)?;
            told(urn, if consent.is_some() { "consent withdrawn" } else { "withdrawn" }, common);
        }
    }
    Ok(0)
}

/// Says what an import did; the exit status is that of a mistake when something was not taken.
fn imported(from: &str, done: &Imported, common: &Common) -> u8 {
    if common.json {
        print_json(&serde_json::json!({
            "what": from,
            "done": "imported",
            "new": done.new,
            "known": done.known,
            "refused": done.refused,
            "withdrawals": done.withdrawals,
            "reasons": done.reasons,
        }));
    } else {
        print(&format!("{from}: {} new, {} known already, {} refused", done.new, done.known, done.refused));
    }
    done.reasons.iter().for_each(|reason| say(&format!("filigrane: not taken: {reason}")));
    if done.refused == 0 { 0 } else { Failure::EXIT_STATUS }
}

/// Says what was done to what.
fn told(what: &str, done: &str, common: &Common) {
    if common.json {
        print_json(&serde_json::json!({ "what": what, "done": done }));
    } else {
        print(&format!("{what}: {done}"));
    }
}

fn find(registry: &Registry, what: Option<&str>) -> Result<Vec<Row>, Failure> {
    let code = what.filter(|text| text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("iscc:")));
    if let Some(text) = code {
        let code: VideoCode = text.parse().map_err(|error| Failure::Usage(format!("{text}: {error}")))?;
        return near(registry, &code);
    }
    match what {
        None => Ok(registry.list(MOST, 0)?.into_iter().map(Row::from).collect()),
        Some(text) => {
            let whole = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
            let payload: Payload = text.parse().ok().filter(|_| whole).ok_or_else(|| {
                Failure::Usage(format!("{text}: a payload is 16 hexadecimal digits, as verify shows"))
            })?;
            Ok(registry.by_payload(payload.0)?.into_iter().map(Row::from).collect())
        }
    }
}

/// The records whose ISCC is near, the nearest first.
fn near(registry: &Registry, code: &VideoCode) -> Result<Vec<Row>, Failure> {
    // A quarter of a code's bits says as much as the same share of all of them.
    let within = VIDEO_CODE_NEAR * code.bits() / 256;
    let mut rows = Vec::new();
    for neighbour in registry.near(&code.body(), code.bits(), within, MOST as usize)? {
        if let Some(record) = registry.by_urn(&neighbour.urn.to_string())? {
            rows.push(Row { distance: Some(neighbour.distance), ..Row::from(record) });
        }
    }
    Ok(rows)
}

fn list(rows: &[Row], common: &Common) {
    if common.json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        return print("nothing registered");
    }
    for row in rows {
        let revoked = if row.revoked { "  WITHDRAWN" } else { "" };
        let title = visible(&row.title, 60);
        let distance = row.distance.map_or(String::new(), |distance| format!("  {distance} bits off"));
        print(&format!(
            "{}  {}  {:.1} s  {title}{distance}{revoked}",
            row.manifest, row.registered_at, row.duration
        ));
    }
}

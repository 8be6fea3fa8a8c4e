use std::ops::ControlFlow;

use filigrane_frame::Limits;
use filigrane_provenance::TrustAnchors;
use filigrane_registry::{Entry, Published, Record, Registry};
use filigrane_verdict::WithdrawnBy;

use crate::error::Error;
use crate::publish::entry_of_manifest;
use crate::withdraw::withdrawal;

/// Most refusals told one by one.
const MOST_TOLD: usize = 100;

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// Manifests that were new.
    pub new: u64,
    /// Manifests that were there already.
    pub known: u64,
    /// Manifests that were not taken.
    pub refused: u64,
    /// Withdrawals taken, those known already among them.
    pub withdrawals: u64,
    /// Which were not taken, and why; the first hundred.
    pub reasons: Vec<String>,
}

/// Takes the records of one registry into another. Each manifest is checked as if a stranger had sent it: its signature
/// must hold, under the name it is registered by; fingerprint and keys are those under the signature, whatever the other
/// registry has. Withdrawals come along when their signature holds.
///
/// # Errors
/// A registry can't be read or written. What was taken until then stays.
pub fn import(from: &Registry, into: &Registry, limits: &Limits) -> Result<Imported, Error> {
    let mut imported = Imported::default();
    let mut failed = None;
    from.for_each(&mut |record| match take(record, into, limits, &mut imported) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(imported), Err)
}

fn take(record: &Record, into: &Registry, limits: &Limits, imported: &mut Imported) -> Result<(), Error> {
    let name = record.entry.urn;
    let published = match checked(record, limits)? {
        Ok(entry) => into.publish(&entry),
        Err(why) => {
            refuse(imported, format!("{name}: {why}"));
            return Ok(());
        }
    };
    match published {
        Ok(Published::New) => imported.new += 1,
        Ok(Published::Known) => imported.known += 1,
        Err(
            error @ (filigrane_registry::Error::Conflict { .. } | filigrane_registry::Error::Entry { .. }),
        ) => {
            refuse(imported, error.to_string());
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    for revocation in &record.revocations {
        if withdrawal(name, revocation, None, &TrustAnchors::empty()).by != WithdrawnBy::Nobody {
            into.revoke(&name.to_string(), revocation)?;
            imported.withdrawals += 1;
        }
    }
    Ok(())
}

fn refuse(imported: &mut Imported, why: String) {
    imported.refused += 1;
    if imported.reasons.len() < MOST_TOLD {
        imported.reasons.push(why);
    }
}

/// The entry as its manifest vouches for it, or why it can't be relied on.
fn checked(record: &Record, limits: &Limits) -> Result<Result<Entry, &'static str>, Error> {
    let Some(manifest) = record.entry.manifest.clone() else {
        return Ok(Err("there is no manifest, so nothing vouches for it"));
    };
    let entry = match entry_of_manifest(manifest, limits) {
        Ok(entry) => entry,
        Err(Error::Unsigned) => return Ok(Err("the signature of its manifest does not hold")),
        Err(Error::Registry(filigrane_registry::Error::Urn(_))) => {
            return Ok(Err("its manifest has another name"));
        }
        Err(error) => return Err(error),
    };
    if entry.urn != record.entry.urn {
        return Ok(Err("its manifest has another name"));
    }
    let stated = (record.entry.width, record.entry.height);
    let size = if entry.fingerprint.is_empty() { stated } else { (entry.width, entry.height) };
    Ok(Ok(Entry { width: size.0, height: size.1, duration: record.entry.duration, ..entry }))
}

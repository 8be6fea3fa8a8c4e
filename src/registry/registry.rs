use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use filigrane_frame::ErrorKind;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::folder::Folder;
use crate::postgres::{Postgres, shown};
use crate::remote::Remote;
use crate::store::{LARGEST_FINGERPRINT, Store};
use crate::{
    Access, Candidate, Code, Entry, Error, Listed, Neighbour, Published, Record, Revocation, Urn, code,
    manifest_file,
};

/// Longest title, issuer or reason kept, bytes.
const LONGEST_TEXT: usize = 4096;
/// Largest signature under a withdrawal kept, bytes.
const LARGEST_SIGNATURE: usize = 64 << 10;
/// Most keys of one record, and most asked for at once.
const MOST_KEYS: usize = 4096;
/// Records fetched and copied at a time.
const PAGE: u32 = 64;

/// A manifest repository, wherever it is kept.
///
/// Every call blocks until it is done.
#[derive(Debug)]
pub struct Registry {
    store: Box<dyn Store>,
}

impl Registry {
    /// Opens the registry in a folder, made when missing.
    pub fn open(location: &Path) -> Result<Self, Error> {
        Folder::open(location).map(Self::of)
    }

    /// Opens the registry in a folder that has one, `None` when it has none; a folder that can't be written will do
    /// for reading.
    pub fn open_existing(location: &Path) -> Result<Option<Self>, Error> {
        Ok(Folder::open_existing(location)?.map(Self::of))
    }

    /// Opens the registry at a URL, `postgres://USER@HOST/DATABASE?objects=URL`; made when missing and `create` says so,
    /// else `None`.
    ///
    /// # Errors
    /// The URL is none of a registry, or the server does not answer in time.
    pub fn at(url: &str, create: bool) -> Result<Option<Self>, Error> {
        Self::reach(url, create, &Access::default())
    }

    /// As [`at`](Self::at), or at an `http://` or `https://` address behind which the C2PA Soft Binding Resolution API is
    /// spoken; `create` then asks for one that takes manifests.
    ///
    /// # Errors
    /// The URL is none of a registry, or the server does not answer in time.
    pub fn reach(url: &str, create: bool, access: &Access) -> Result<Option<Self>, Error> {
        match url.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Ok(Postgres::open(url, create)?.map(Self::of)),
            Some(("http" | "https", _)) => Ok(Some(Self::of(Remote::open(url, access, create)?))),
            _ => Err(Error::Place {
                place: shown(url),
                detail: "no registry has such an address: use a folder, postgres://… or https://…".to_owned(),
            }),
        }
    }

    /// A registry over a store.
    pub fn of(store: impl Store + 'static) -> Self {
        Self { store: Box::new(store) }
    }

    #[cfg(test)]
    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    #[cfg(test)]
    pub(crate) fn copy_in(&self, records: &[Record]) -> Result<(), Error> {
        self.store.copy_in(records)
    }

    /// What to call it: the folder, or the URL without its password.
    pub fn place(&self) -> &Path {
        self.store.place()
    }

    /// Adds an entry. The same manifest and fingerprint under the same name are [`Published::Known`].
    ///
    /// # Errors
    /// Something else is registered under that name, or a value is too large.
    pub fn publish(&self, entry: &Entry) -> Result<Published, Error> {
        check(entry)?;
        self.store.publish(entry, &now()?)
    }

    /// Every record whose UUID begins with these 64 bits, oldest first: usually none or one, but two manifests may
    /// share them.
    pub fn by_payload(&self, payload: u64) -> Result<Vec<Record>, Error> {
        self.store.by_payload(payload)
    }

    /// The names of these records alone.
    pub fn names(&self, payload: u64) -> Result<Vec<Urn>, Error> {
        self.store.names(payload)
    }

    /// The record of one manifest.
    ///
    /// # Errors
    /// The name is not that of a manifest, or the record is damaged.
    pub fn by_urn(&self, urn: &str) -> Result<Option<Record>, Error> {
        self.store.by_urn(urn.parse()?)
    }

    /// The records that share the most of these keys, at most `most` of them; the time taken is bounded however many
    /// share one.
    pub fn like(&self, keys: &[u64], most: u32) -> Result<Vec<Candidate>, Error> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.store.like(&keys[..keys.len().min(MOST_KEYS)], most)
    }

    /// The records whose code differs from the first `bits` of this one in at most `within` bits, at most `most` of them,
    /// the nearest first. None within 15 of 256 bits is missed, and few that are not much farther off.
    pub fn near(&self, code: &Code, bits: u32, within: u32, most: usize) -> Result<Vec<Neighbour>, Error> {
        let found = self.store.with_part(&code::probes(code, bits))?;
        let measured = found.into_iter().filter_map(|(urn, other)| {
            let distance = code::distance(code, &other?, bits);
            (distance <= within).then_some(Neighbour { urn, distance })
        });
        let mut near: Vec<Neighbour> = measured.collect();
        near.sort_by_key(|neighbour| (neighbour.distance, neighbour.urn));
        near.truncate(most);
        Ok(near)
    }

    /// The records that a whole soft-binding value leads to, best first, as a server behind HTTP judges it; `None` where
    /// [`like`](Self::like) or [`near`](Self::near) is asked instead. The values are in the manifests alone.
    pub fn resembling(&self, algorithm: &str, value: &[u8]) -> Result<Option<Vec<Record>>, Error> {
        self.store.resembling(algorithm, value)
    }

    /// Shows the visitor every record, oldest first, until it breaks off. Memory stays bounded, and other calls may be
    /// made meanwhile.
    pub fn for_each(&self, visit: &mut dyn FnMut(&Record) -> ControlFlow<()>) -> Result<(), Error> {
        let mut last = i64::MIN;
        loop {
            let page = self.store.after(last, PAGE)?;
            if page.is_empty() {
                return Ok(());
            }
            for (sequence, record) in &page {
                last = *sequence;
                if visit(record).is_break() {
                    return Ok(());
                }
            }
        }
    }

    /// Withdraws a manifest, or one consent that it states, for good, on the word of whoever signed [`Revocation::statement`]. Several may; the same
    /// withdrawal twice changes nothing.
    ///
    /// # Errors
    /// The manifest is not registered, or the reason is too long.
    pub fn revoke(&self, urn: &str, revocation: &Revocation) -> Result<(), Error> {
        let urn: Urn = urn.parse()?;
        let subject = revocation.subject.as_deref();
        if subject.is_some_and(|subject| {
            subject.is_empty() || subject.len() > LONGEST_TEXT || subject.contains(['\n', '\0'])
        }) {
            let detail = format!("whose consent takes 1 to {LONGEST_TEXT} bytes in one line");
            return Err(Error::Entry { urn, detail, kind: ErrorKind::Parameter });
        }
        if revocation.reason.len() > LONGEST_TEXT || revocation.signature.len() > LARGEST_SIGNATURE {
            let detail = format!("a reason may take {LONGEST_TEXT} bytes");
            return Err(Error::Entry { urn, detail, kind: ErrorKind::Limit });
        }
        self.store.revoke(urn, revocation)
    }

    /// Records from the newest on, `limit` of them after the first `offset`.
    pub fn list(&self, limit: u32, offset: u64) -> Result<Vec<Listed>, Error> {
        self.store.list(limit, offset)
    }

    /// Number of records.
    pub fn count(&self) -> Result<u64, Error> {
        self.store.count()
    }

    /// Writes a copy of the registry to a new folder that can be carried elsewhere and used as a registry there, also
    /// from read-only media. What is published meanwhile may be left out. Gives the number of records.
    ///
    /// # Errors
    /// The folder exists and is not empty, a manifest is damaged, or writing fails; the folder is not made then.
    pub fn export(&self, to: &Path) -> Result<u64, Error> {
        let empty = |path: &Path| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        if to.symlink_metadata().is_ok() && !empty(to) {
            return Err(Error::Exists(to.to_owned()));
        }
        let absolute = std::path::absolute(to).map_err(Error::io("find", to))?;
        let beside = absolute.parent().unwrap_or(&absolute);
        fs::create_dir_all(beside).map_err(Error::io("create", beside))?;
        let mut drafts = tempfile::Builder::new();
        drafts.prefix(".export-");
        #[cfg(unix)]
        drafts.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755));
        let draft = drafts.tempdir_in(beside).map_err(Error::io("make a folder in", beside))?;

        let copy = Folder::open(draft.path())?;
        let (mut last, mut count) = (i64::MIN, 0);
        loop {
            let page = self.store.after(last, PAGE)?;
            let Some((sequence, ..)) = page.last() else { break };
            last = *sequence;
            let records: Vec<Record> = page.into_iter().map(|(_, record)| record).collect();
            copy.copy_in(&records)?;
            count += records.len() as u64;
        }
        copy.settle()?;
        drop(copy);
        manifest_file::sweep(draft.path());
        fs::rename(draft.path(), to).map_err(Error::io("create", to))?;
        let _ = draft.keep();
        Ok(count)
    }
}

fn check(entry: &Entry) -> Result<(), Error> {
    let refused = |detail: String, kind| Err(Error::Entry { urn: entry.urn, detail, kind });
    let manifest = entry.manifest.as_ref().map_or(0, Vec::len);
    if manifest > manifest_file::LARGEST {
        return refused(format!("a manifest of {manifest} bytes is too large"), ErrorKind::Limit);
    }
    if entry.fingerprint.len() > LARGEST_FINGERPRINT || entry.keys.len() > MOST_KEYS {
        let size = entry.fingerprint.len();
        return refused(format!("a fingerprint of {size} bytes is too large"), ErrorKind::Limit);
    }
    let texts = [Some(&entry.title), entry.issuer.as_ref()];
    if texts.into_iter().flatten().any(|text| text.len() > LONGEST_TEXT) {
        return refused(format!("title or issuer takes over {LONGEST_TEXT} bytes"), ErrorKind::Limit);
    }
    if !(entry.duration.is_finite() && entry.duration >= 0.0) {
        return refused(format!("a duration of {} s is impossible", entry.duration), ErrorKind::Parameter);
    }
    // PostgreSQL keeps no text with a zero in it; no honest one has any.
    if texts_with_zero(entry) {
        return refused("title or issuer has a zero character".to_owned(), ErrorKind::Parameter);
    }
    Ok(())
}

fn texts_with_zero(entry: &Entry) -> bool {
    entry.title.contains('\0') || entry.issuer.as_ref().is_some_and(|issuer| issuer.contains('\0'))
}

fn now() -> Result<String, Error> {
    let now = OffsetDateTime::now_utc().truncate_to_second();
    now.format(&Rfc3339).map_err(|error| Error::Internal(format!("time: {error}")))
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;

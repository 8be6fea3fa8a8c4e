use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use c2pa::crypto::cose::CertificateTrustPolicy;
use filigrane_frame::Digest;

use crate::trust_list::{self, Purpose, TrustList};
use crate::{Error, certificate};

/// The certificate authorities whose signers count as trusted: the user's own, which also vouch for time-stamps, and those
/// of published lists, each for what its list is for.
#[derive(Debug, Clone, Default)]
pub struct TrustAnchors {
    anchors: Vec<Anchor>,
}

#[derive(Debug, Clone)]
struct Anchor {
    summary: AnchorSummary,
    pem: String,
    list: Option<Arc<TrustList>>,
}

impl Anchor {
    fn vouches_for(&self, purpose: Purpose) -> bool {
        self.list.as_ref().is_none_or(|list| list.purpose == purpose)
    }
}

/// On whose word a signer is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voucher {
    /// An authority that the user trusts.
    Own,
    /// One on a published list.
    List(TrustList),
}

/// What a trust anchor says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorSummary {
    /// SHA-256 of the certificate.
    pub fingerprint: Digest,
    /// Its subject.
    pub subject: String,
    /// End of its validity, RFC 3339.
    pub not_after: String,
    /// The published list it stands on; `None` for one of the user's own.
    pub list: Option<TrustList>,
}

impl TrustAnchors {
    /// No anchors: every signer is then untrusted, which is not the same as invalid.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds the certificates of a PEM text; says how many were new.
    ///
    /// # Errors
    /// The text is not PEM, or one of its certificates is broken or no certificate authority. Nothing is added then.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<usize, Error> {
        self.add(pem, "trust anchors", None)
    }

    /// Adds the certificates of a published list, in JSON (ETSI TS 119 602) or PEM, and says which list it is. PEM does not
    /// say what it is for: `time_stamps` does.
    ///
    /// # Errors
    /// It is no list, one for another purpose, or a certificate is broken or no authority. Nothing is added then.
    pub fn add_list(&mut self, bytes: &[u8], place: &str, time_stamps: bool) -> Result<TrustList, Error> {
        let (list, pem) = trust_list::read(bytes, place, time_stamps)?;
        self.add(&pem, place, Some(Arc::new(list.clone())))?;
        Ok(list)
    }

    /// Adds the certificates of a PEM file; says how many were new.
    pub fn add_file(&mut self, path: &Path) -> Result<usize, Error> {
        let pem = fs::read(path).map_err(Error::io("read", path))?;
        self.add(&pem, &path.display().to_string(), None)
    }

    /// All anchors in a form that can be handed to another process: of each list, and of the user's own, one PEM text.
    pub fn to_parcels(&self) -> Vec<(Option<TrustList>, String)> {
        let mut parcels: Vec<(Option<TrustList>, String)> = Vec::new();
        for anchor in &self.anchors {
            let list = anchor.list.as_deref();
            match parcels.iter_mut().find(|(known, _)| known.as_ref() == list) {
                Some((_, pem)) => pem.push_str(&anchor.pem),
                None => parcels.push((list.cloned(), anchor.pem.clone())),
            }
        }
        parcels
    }

    /// The anchors in [`to_parcels`](Self::to_parcels).
    ///
    /// # Errors
    /// A text is not PEM, or one of its certificates is broken or no certificate authority.
    pub fn from_parcels(parcels: Vec<(Option<TrustList>, String)>) -> Result<Self, Error> {
        let mut anchors = Self::empty();
        for (list, pem) in parcels {
            anchors.add(pem.as_bytes(), "trust anchors", list.map(Arc::new))?;
        }
        Ok(anchors)
    }

    /// The certificates of every `.pem` and `.crt` file in a folder; none when the folder does not exist.
    pub fn from_dir(directory: &Path) -> Result<Self, Error> {
        let mut anchors = Self::empty();
        for path in Self::files(directory)? {
            anchors.add_file(&path)?;
        }
        Ok(anchors)
    }

    /// The `.pem` and `.crt` files in a folder, in the order of their names; none when the folder does not exist.
    pub fn files(directory: &Path) -> Result<Vec<PathBuf>, Error> {
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("read", directory)(error)),
        };
        let mut paths: Vec<_> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "pem" || extension == "crt"))
            .filter(|path| path.is_file())
            .collect();
        paths.sort();
        Ok(paths)
    }

    /// Takes out the anchors whose SHA-256 begins with these lower-case digits; says how many there were.
    pub fn remove(&mut self, prefix: &str) -> usize {
        let before = self.anchors.len();
        self.anchors.retain(|anchor| !anchor.summary.fingerprint.to_string().starts_with(prefix));
        before - self.anchors.len()
    }

    /// What each anchor says of itself, in the order of adding.
    pub fn summaries(&self) -> impl Iterator<Item = AnchorSummary> {
        self.anchors.iter().map(|anchor| anchor.summary.clone())
    }

    /// Whether an anchor stands on a published list.
    pub(crate) fn has_lists(&self) -> bool {
        self.anchors.iter().any(|anchor| anchor.list.is_some())
    }

    /// The anchors that vouch for time-stamps, as if all were the user's own.
    pub(crate) fn for_time_stamps(&self) -> Self {
        let stamps = self.anchors.iter().filter(|anchor| anchor.vouches_for(Purpose::TimeStamps));
        Self { anchors: stamps.map(|anchor| Anchor { list: None, ..anchor.clone() }).collect() }
    }

    /// The anchors that vouch for signers as one PEM text.
    pub(crate) fn signers_pem(&self) -> String {
        let signers = self.anchors.iter().filter(|anchor| anchor.vouches_for(Purpose::Signers));
        signers.map(|anchor| anchor.pem.as_str()).collect()
    }

    /// On whose word a signer's certificates are trusted at a time, seconds since 1970; `None` when they are not.
    pub(crate) fn voucher(&self, chain: &[Vec<u8>], at: i64) -> Option<Voucher> {
        let leads = |pem: String| {
            let mut policy = CertificateTrustPolicy::new();
            policy.add_default_valid_ekus();
            let leaf = chain.first()?;
            let holds = policy.add_user_trust_anchors(pem.as_bytes()).is_ok()
                && policy.check_certificate_trust(chain, leaf, Some(at)).is_ok();
            (!pem.is_empty() && holds).then_some(())
        };
        let own = self.anchors.iter().filter(|anchor| anchor.list.is_none());
        if leads(own.map(|anchor| anchor.pem.as_str()).collect()).is_some() {
            return Some(Voucher::Own);
        }
        let mut lists: Vec<&Arc<TrustList>> = Vec::new();
        for list in self.anchors.iter().filter_map(|anchor| anchor.list.as_ref()) {
            if list.purpose == Purpose::Signers && !lists.iter().any(|known| Arc::ptr_eq(known, list)) {
                lists.push(list);
            }
        }
        lists.into_iter().find_map(|list| {
            let of = self
                .anchors
                .iter()
                .filter(|anchor| anchor.list.as_ref().is_some_and(|other| Arc::ptr_eq(other, list)));
            leads(of.map(|anchor| anchor.pem.as_str()).collect())?;
            Some(Voucher::List((**list).clone()))
        })
    }

    /// Adds the anchors of another list; says how many were new.
    pub fn extend(&mut self, other: &Self) -> usize {
        let before = self.anchors.len();
        for anchor in &other.anchors {
            self.insert(anchor.clone());
        }
        self.anchors.len() - before
    }

    /// Number of anchors.
    pub fn len(&self) -> usize {
        self.anchors.len()
    }

    /// Whether there is no anchor.
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// SHA-256 of each anchor, in the order of adding.
    pub fn fingerprints(&self) -> impl Iterator<Item = Digest> {
        self.anchors.iter().map(|anchor| anchor.summary.fingerprint)
    }

    /// All anchors as one PEM text.
    pub fn to_pem(&self) -> String {
        self.anchors.iter().map(|anchor| anchor.pem.as_str()).collect()
    }

    fn add(&mut self, pem: &[u8], place: &str, list: Option<Arc<TrustList>>) -> Result<usize, Error> {
        let mut added = Vec::new();
        for (index, der) in certificate::from_pem(pem, place)?.iter().enumerate() {
            let place = format!("{place}, certificate {}", index + 1);
            let description = certificate::describe(der, &place)?;
            if !description.is_authority {
                let detail = "not a certificate authority, so it can't anchor trust; give the root instead";
                return Err(Error::Certificate { place, detail: detail.to_owned() });
            }
            let summary = AnchorSummary {
                fingerprint: description.fingerprint,
                subject: description.subject,
                not_after: description.not_after,
                list: list.as_deref().cloned(),
            };
            added.push(Anchor { summary, pem: certificate::to_pem(der)?, list: list.clone() });
        }
        let before = self.anchors.len();
        added.into_iter().for_each(|anchor| self.insert(anchor));
        Ok(self.anchors.len() - before)
    }

    /// An authority may stand on several lists.
    fn insert(&mut self, anchor: Anchor) {
        let same = |known: &Anchor| {
            known.summary.fingerprint == anchor.summary.fingerprint
                && known.summary.list == anchor.summary.list
        };
        if !self.anchors.iter().any(same) {
            self.anchors.push(anchor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_taken_once_and_leaves_never() {
        let issued = certificate::issue("a", crate::Algorithm::Ed25519).unwrap();
        let mut anchors = TrustAnchors::empty();
        assert_eq!(anchors.add_pem(issued.root_pem.as_bytes()).unwrap(), 1);
        assert_eq!(anchors.add_pem(issued.root_pem.as_bytes()).unwrap(), 0);
        assert!(anchors.add_pem(issued.chain_pem.as_bytes()).is_err());
        assert_eq!(anchors.len(), 1);
        let mut again = TrustAnchors::empty();
        again.add_pem(anchors.to_pem().as_bytes()).unwrap();
        assert!(again.fingerprints().eq(anchors.fingerprints()));
    }

    #[test]
    fn a_folder_of_anchors_is_read_and_a_missing_one_is_empty() {
        let home = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            let root = certificate::issue(name, crate::Algorithm::Es256).unwrap().root_pem;
            fs::write(home.path().join(format!("{name}.pem")), root).unwrap();
        }
        fs::write(home.path().join("notes.txt"), "not a certificate").unwrap();
        assert_eq!(TrustAnchors::from_dir(home.path()).unwrap().len(), 2);
        assert!(TrustAnchors::from_dir(&home.path().join("none")).unwrap().is_empty());
        fs::write(home.path().join("c.pem"), "not a certificate").unwrap();
        let error = TrustAnchors::from_dir(home.path()).unwrap_err().to_string();
        assert!(error.contains("c.pem"), "{error}");
    }
}

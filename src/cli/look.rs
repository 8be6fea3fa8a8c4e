use std::path::Path;
use std::time::Duration;

use filigrane::frame::{Digest, Limits};
use filigrane::media::Cancel;
use filigrane::pipeline::{Course, Examiner, Shelf, Stages, Verifier, Ward};
use filigrane::provenance::TrustAnchors;
use filigrane::registry::{Registry, shown};
use filigrane::watermark::Key;
use sha2::{Digest as _, Sha256};

use crate::cli::args::{Common, Looking};
use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::jail;
use crate::cli::key::read_key;

/// Everything that each file of many is looked at with: the same in `scan` and in `worker`.
pub struct Look {
    trust: TrustAnchors,
    keys: Vec<Key>,
    /// The registry, or why there is none.
    registry: Result<Option<Registry>, String>,
    examiner: Option<Examiner>,
    course: Course,
    ward: Option<Ward>,
}

impl Look {
    /// Opens what is needed for the settings; with another bound on the time for a file where none is set.
    pub fn of(
        wanted: &Looking,
        common: &Common,
        home: &Home,
        timeout: Option<Duration>,
    ) -> Result<Self, Failure> {
        let timeout = wanted.timeout.map(Duration::from_secs).or(timeout);
        // What is allowed for a file has nothing to do with how long this machine takes to start a process.
        let ward = jail::tried_ward(wanted.jail, common)?.map(|ward| ward.within(timeout));
        let private = wanted.watermark_key.iter().map(|path| read_key(path));
        let keys = std::iter::once(Ok(Key::public())).chain(private).collect::<Result<Vec<_>, _>>()?;
        let named = wanted.registry.as_deref();
        let opened = home.existing_registry(named);
        let lacking = match home.shelf(&opened, named) {
            Shelf::Unavailable(why) => Some(why),
            _ => None,
        };
        let registry = lacking.map_or_else(|| Ok(opened.ok().flatten()), Err);
        let course = Course::Tiered(wanted.depth.into());
        let trust = home.trust_anchors(&wanted.trust)?;
        let examiner = wanted.detectors.examiner(home);
        Ok(Self { trust, keys, registry, examiner, course, ward })
    }

    /// Why the registry that was asked for is not at hand.
    pub fn lacking(&self) -> Option<&str> {
        self.registry.as_ref().err().map(String::as_str)
    }

    pub fn verifier(&self, cancel: &Cancel) -> Verifier<'_> {
        Verifier {
            stages: Stages { credentials: true, watermark: true, fingerprint: true, classifier: true },
            shelf: match &self.registry {
                Ok(Some(registry)) => Shelf::Open(registry),
                Ok(None) => Shelf::Empty,
                Err(why) => Shelf::Unavailable(why.clone()),
            },
            trust: &self.trust,
            at: None,
            keys: &self.keys,
            stills: 0,
            limits: Limits::default(),
            examiner: self.examiner.as_ref(),
            course: self.course,
            ward: self.ward.as_ref(),
            cancel: cancel.clone(),
        }
    }
}

/// Digest of the settings on which answers depend: those that are submitted with it are answered with the same. Of the
/// registry it has the name: what is in that changes by the hour.
pub fn policy(wanted: &Looking, home: &Home, timeout: Duration) -> Result<String, Failure> {
    let anchors = home.trust_anchors(&wanted.trust)?;
    let mut trust: Vec<String> = anchors.fingerprints().map(|digest| digest.to_string()).collect();
    trust.sort();
    let mut keys = wanted.watermark_key.iter().map(|path| key_digest(path)).collect::<Result<Vec<_>, _>>()?;
    keys.sort();
    let registry = wanted.registry.as_deref();
    let settings = serde_json::json!({
        "detector": wanted.detectors.digest()?,
        "course": format!("{:?}", Course::Tiered(wanted.depth.into())),
        "jail": format!("{:?}", wanted.jail),
        "keys": keys,
        "limits": Limits::default(),
        "registry": registry.map(|named| if named.contains("://") { shown(named) } else { named.to_owned() }),
        "timeout": wanted.timeout.map_or(timeout, Duration::from_secs).as_secs(),
        "trust": trust,
    });
    Ok(digest(&settings.to_string()))
}

fn key_digest(path: &Path) -> Result<String, Failure> {
    read_key(path)?;
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|source| Failure::Io { path: path.to_owned(), source })?;
    Ok(digest(&text.trim().to_ascii_lowercase()))
}

fn digest(text: &str) -> String {
    Digest(Sha256::digest(text.as_bytes()).into()).to_string()
}

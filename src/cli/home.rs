use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use filigrane::pipeline::Shelf;
use filigrane::provenance::{
    Algorithm, Error as ProvenanceError, Identity, IdentitySettings, IdentityStore, KeySource, Passphrase,
    Purpose, TrustAnchors, TrustList,
};
use filigrane::registry::{Access, Registry, shown};
use filigrane::service::TokenFile;
use tempfile::TempDir;
use uuid::Uuid;

use crate::cli::args::Common;
use crate::cli::error::Failure;
use crate::cli::output::say;

/// The identity that is made on first use.
pub const DEFAULT_IDENTITY: &str = "default";

/// Where a list of `identity trust refresh` was kept before there were two.
const REFRESHED: &str = "refreshed.pem";
/// Names of the published lists in the folder `lists` of the trust folder, and whether they are of time-stamping
/// authorities.
const LISTS: [(&str, bool); 2] = [("signers", false), ("time-stamps", true)];
const FORMS: [&str; 2] = ["json", "pem"];

/// The folder of the program's own data; nothing is written elsewhere.
#[derive(Clone)]
pub struct Home {
    folder: PathBuf,
    quiet: bool,
}

impl Home {
    pub fn of(common: &Common) -> Result<Self, Failure> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = common
            .home
            .clone()
            .or_else(|| Some(variable("XDG_DATA_HOME")?.join("filigrane")))
            .or_else(|| Some(variable("HOME")?.join(".local/share/filigrane")))
            .ok_or_else(|| Failure::Usage("no place for data: set FILIGRANE_HOME to a folder".to_owned()))?;
        Ok(Self { folder, quiet: common.quiet })
    }

    pub fn identities(&self) -> IdentityStore {
        IdentityStore::open(&self.folder.join("identities"))
    }

    /// Who may do what with the registry when it is served.
    pub fn tokens(&self) -> TokenFile {
        TokenFile::new(self.folder.join("tokens.json"))
    }

    /// Where videos that somebody sends are kept while they are looked at.
    pub fn uploads(&self) -> PathBuf {
        self.folder.join("uploads")
    }

    /// Where the page keeps videos, answers and notes.
    pub fn newsroom(&self) -> PathBuf {
        self.folder.join("newsroom")
    }

    /// Where what is fetched from object stores is kept while it is looked at.
    pub fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }

    /// Where models of the user's are listed from.
    pub fn models(&self) -> PathBuf {
        self.folder.join("models")
    }

    /// Where libraries that the user put there are looked for.
    pub fn libraries(&self) -> PathBuf {
        self.folder.join("lib")
    }

    /// An empty folder that goes when it is dropped.
    pub fn scratch(&self) -> Result<TempDir, Failure> {
        let io = |source| Failure::Io { path: self.folder.clone(), source };
        fs::create_dir_all(&self.folder).map_err(io)?;
        tempfile::Builder::new().prefix(".scratch-").tempdir_in(&self.folder).map_err(io)
    }

    pub fn trust_folder(&self) -> PathBuf {
        self.folder.join("trust")
    }

    /// Makes an identity and trusts it on this machine.
    pub fn create_identity(
        &self,
        name: &str,
        algorithm: Algorithm,
        settings: &IdentitySettings,
    ) -> Result<Identity, Failure> {
        let identity = self.identities().create(name, algorithm, &self.passphrase()?, settings)?;
        self.trust_own(&identity)?;
        Ok(identity)
    }

    /// Stores an identity whose certificate an authority issued; whom its authority vouches for is not trusted by that.
    pub fn import_identity(
        &self,
        name: &str,
        chain: &str,
        source: KeySource,
        settings: &IdentitySettings,
    ) -> Result<Identity, Failure> {
        let passphrase = match source {
            KeySource::Token { .. } => self.pin()?,
            _ => self.passphrase()?,
        };
        Ok(self.identities().import(name, chain, source, &passphrase, settings)?)
    }

    /// A new key for an identity; says under which name what remains of the old one is kept.
    pub fn rotate_identity(&self, name: &str) -> Result<String, Failure> {
        let (identity, kept) = self.identities().rotate(name, &self.passphrase()?)?;
        self.trust_own(&identity)?;
        Ok(kept)
    }

    fn trust_own(&self, identity: &Identity) -> Result<(), Failure> {
        if let Some(root) = identity.root_pem() {
            self.trust(root.as_bytes())?;
        }
        Ok(())
    }

    /// The identity asked for; without a name the default one, made now if it is the first use.
    pub fn identity(&self, name: Option<&str>) -> Result<Identity, Failure> {
        let wanted = name.unwrap_or(DEFAULT_IDENTITY);
        let known = self.identities().list()?.iter().any(|summary| summary.name == wanted);
        if !known && name.is_none() {
            let identity = self.create_identity(wanted, Algorithm::Ed25519, &IdentitySettings::default())?;
            if !self.quiet {
                say(&format!(
                    "made the signing identity \"{wanted}\" in {}: others see its signatures as untrusted until they \
                     trust its root certificate (`filigrane identity show`)",
                    self.folder.display()
                ));
            }
            return Ok(identity);
        }
        let identities = self.identities();
        let passphrase = if identities.needs_pin(wanted)? { self.pin()? } else { self.passphrase()? };
        Ok(identities.load(wanted, &passphrase)?)
    }

    /// Whose signatures are trusted: the user's list, and the certificates named for this call.
    pub fn trust_anchors(&self, named: &[PathBuf]) -> Result<TrustAnchors, Failure> {
        let folder = self.trust_folder();
        let mut anchors =
            if folder.is_dir() { TrustAnchors::from_dir(&folder)? } else { TrustAnchors::empty() };
        for (path, time_stamps) in self.lists() {
            add_list(&mut anchors, &path, time_stamps)?;
        }
        for path in named {
            anchors.add_file(path).map_err(|error| Failure::from(error).about(path))?;
        }
        Ok(anchors)
    }

    /// Adds certificates to the user's list, in a file named by their digest: no file can take another's place.
    pub fn trust(&self, pem: &[u8]) -> Result<PathBuf, Failure> {
        let mut anchors = TrustAnchors::empty();
        anchors.add_pem(pem)?;
        let digest = anchors.fingerprints().next().map(|digest| digest.to_string()).unwrap_or_default();
        let folder = self.trust_folder();
        fs::create_dir_all(&folder).map_err(|source| Failure::Io { path: folder.clone(), source })?;
        let path = folder.join(format!("{}.pem", digest.get(..16).unwrap_or("certificates")));
        fs::write(&path, pem).map_err(|source| Failure::Io { path: path.clone(), source })?;
        Ok(path)
    }

    /// Takes a certificate off the user's list, wherever it stands; says how many went.
    pub fn distrust(&self, prefix: &str) -> Result<usize, Failure> {
        let mut gone = 0;
        for path in TrustAnchors::files(&self.trust_folder())? {
            let mut anchors = TrustAnchors::empty();
            anchors.add_file(&path)?;
            let removed = anchors.remove(prefix);
            if removed == 0 {
                continue;
            }
            gone += removed;
            let io = |source| Failure::Io { path: path.clone(), source };
            if anchors.is_empty() {
                fs::remove_file(&path).map_err(io)?;
            } else {
                replace(&path, anchors.to_pem().as_bytes()).map_err(io)?;
            }
        }
        Ok(gone)
    }

    /// The published lists that are there.
    fn lists(&self) -> impl Iterator<Item = (PathBuf, bool)> {
        let folder = self.trust_folder().join("lists");
        let all = LISTS.into_iter().flat_map(|list| FORMS.map(|form| (list, form)));
        all.map(move |((name, time_stamps), form)| (folder.join(name).with_extension(form), time_stamps))
            .filter(|(path, _)| path.is_file())
    }

    /// Puts a newer list in the place of the older one of its kind; gives what it says of itself, the old anchors and the
    /// new ones.
    pub fn refresh_trust(
        &self,
        bytes: &[u8],
        time_stamps: bool,
    ) -> Result<(TrustList, TrustAnchors, TrustAnchors), Failure> {
        let mut fresh = TrustAnchors::empty();
        let list = fresh.add_list(bytes, "trust list", time_stamps)?;
        let time_stamps = list.purpose == Purpose::TimeStamps;
        let folder = self.trust_folder().join("lists");
        fs::create_dir_all(&folder).map_err(|source| Failure::Io { path: folder.clone(), source })?;
        let (mut old, mut obsolete) = (TrustAnchors::empty(), Vec::new());
        for (path, _) in self.lists().filter(|(_, other)| *other == time_stamps) {
            add_list(&mut old, &path, time_stamps)?;
            obsolete.push(path);
        }
        let before = self.trust_folder().join(REFRESHED);
        if !time_stamps && before.is_file() {
            old.add_file(&before)?;
            obsolete.push(before);
        }
        let form = if list.name.is_some() { "json" } else { "pem" };
        let name = if time_stamps { "time-stamps" } else { "signers" };
        let path = folder.join(name).with_extension(form);
        replace(&path, bytes).map_err(|source| Failure::Io { path: path.clone(), source })?;
        for old in obsolete.into_iter().filter(|old| *old != path) {
            fs::remove_file(&old).map_err(|source| Failure::Io { path: old, source })?;
        }
        Ok((list, old, fresh))
    }

    /// The registry to write into, made when missing.
    pub fn registry(&self, named: Option<&str>) -> Result<Registry, Failure> {
        if let Some(url) = named.filter(|named| named.contains("://")) {
            return Registry::reach(url, true, &access())?.ok_or_else(|| nothing_at(url));
        }
        let folder = self.registry_folder(named);
        Registry::open(&folder).map_err(|error| Failure::from(error).about(folder))
    }

    /// The registry to look in, if there is one.
    pub fn existing_registry(&self, named: Option<&str>) -> Result<Option<Registry>, Failure> {
        if let Some(url) = named.filter(|named| named.contains("://")) {
            return Ok(Registry::reach(url, false, &access())?);
        }
        let folder = self.registry_folder(named);
        Registry::open_existing(&folder).map_err(|error| Failure::from(error).about(folder))
    }

    /// The registry to look in, which must be there.
    pub fn needed_registry(&self, named: Option<&str>) -> Result<Registry, Failure> {
        let shown =
            || named.map_or_else(|| self.registry_folder(None).display().to_string(), without_secrets);
        self.existing_registry(named)?.ok_or_else(|| nothing_at(&shown()))
    }

    fn registry_folder(&self, named: Option<&str>) -> PathBuf {
        named.map_or_else(|| self.folder.join("registry"), PathBuf::from)
    }

    /// What `verify` makes of a registry: a named one that is missing is worth a word, one's own is just empty.
    pub fn shelf<'a>(&self, opened: &'a Result<Option<Registry>, Failure>, named: Option<&str>) -> Shelf<'a> {
        match (opened, named) {
            (Ok(Some(registry)), _) => Shelf::Open(registry),
            (Ok(None), Some(named)) => Shelf::Unavailable(nothing_at(named).to_string()),
            (Ok(None), None) => Shelf::Empty,
            (Err(failure), _) => Shelf::Unavailable(failure.to_string()),
        }
    }

    /// The PIN of a token: never the machine's secret, which would count as a wrong try.
    fn pin(&self) -> Result<Passphrase, Failure> {
        std::env::var("FILIGRANE_PASSPHRASE").map(Passphrase::new).map_err(|_| {
            Failure::Usage("the key is in a token: set FILIGRANE_PASSPHRASE to its PIN".to_owned())
        })
    }

    /// FILIGRANE_PASSPHRASE, or a secret made for this machine: the key files are then safe to back up and sync,
    /// not safe from somebody who reads this account.
    fn passphrase(&self) -> Result<Passphrase, Failure> {
        if let Ok(passphrase) = std::env::var("FILIGRANE_PASSPHRASE") {
            return Ok(Passphrase::new(passphrase));
        }
        let path = self.folder.join("machine.secret");
        let failed = |source| Failure::Io { path: path.clone(), source };
        match fs::read_to_string(&path) {
            Ok(secret) if secret.trim().is_empty() => Err(Failure::Provenance(ProvenanceError::Key {
                path,
                detail: "empty: restore it from a backup, or set FILIGRANE_PASSPHRASE".to_owned(),
            })),
            Ok(secret) => Ok(Passphrase::new(secret.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&self.folder).map_err(failed)?;
                let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
                match write_private(&path, &secret) {
                    // Another process was first: its secret counts.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        let secret = fs::read_to_string(&path).map_err(failed)?;
                        Ok(Passphrase::new(secret.trim().to_owned()))
                    }
                    written => written.map(|()| Passphrase::new(secret)).map_err(failed),
                }
            }
            Err(error) => Err(failed(error)),
        }
    }
}

fn add_list(anchors: &mut TrustAnchors, path: &Path, time_stamps: bool) -> Result<(), Failure> {
    let bytes = fs::read(path).map_err(|source| Failure::Io { path: path.to_owned(), source })?;
    anchors.add_list(&bytes, &path.display().to_string(), time_stamps)?;
    Ok(())
}

/// How registries behind HTTP are spoken to: an argument would show the token in the list of processes.
fn access() -> Access {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    Access {
        token: variable("FILIGRANE_REGISTRY_TOKEN"),
        plain_http: variable("FILIGRANE_PLAIN_HTTP").is_some_and(|value| value == "1"),
    }
}

fn nothing_at(named: &str) -> Failure {
    Failure::Usage(format!("{}: no registry there yet", without_secrets(named)))
}

/// A folder, or a URL without its password and parameters.
fn without_secrets(named: &str) -> String {
    if named.contains("://") { shown(named) } else { named.to_owned() }
}

/// Writes a file whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    fs::write(&draft, bytes).and_then(|()| fs::rename(&draft, path)).inspect_err(|_| {
        // What could not be written is no use to anybody.
        let _ = fs::remove_file(&draft);
    })
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

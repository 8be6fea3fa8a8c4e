use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use filigrane_frame::Digest;

use crate::command_key::CommandKey;
use crate::file_key::FileKey;
use crate::key::{Key, KeyPlace};
use crate::token_key::TokenKey;
use crate::{Algorithm, Error, Identity, IdentitySettings, Passphrase, certificate};

const KEY: &str = "key.pem";
const PLACE: &str = "key.json";
const SETTINGS: &str = "settings.json";
const CHAIN: &str = "chain.pem";
const ROOT: &str = "root.pem";
const LARGEST_FILE: u64 = 1 << 20;

/// The signing identities of a folder, one subfolder each: `key.pem` (PKCS#8, encrypted with the passphrase, mode
/// 0600) or `key.json` (the command or the token that holds the key), `chain.pem` (signing certificate, then those of
/// its issuers), `root.pem` (certificate of its authority, to give to others) and `settings.json`.
///
/// An identity made here is self-issued: a one-off certificate authority signs one certificate, and the authority's
/// private key is dropped at once, so that nobody can issue a second certificate under the same root. It proves that
/// two videos come from the same signer; who that is, others must learn elsewhere before they trust the root.
#[derive(Debug, Clone)]
pub struct IdentityStore {
    directory: PathBuf,
}

/// What can be said of an identity without its passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentitySummary {
    /// Its name.
    pub name: String,
    /// Subject of the signing certificate.
    pub subject: String,
    /// End of the certificate's validity, RFC 3339.
    pub not_after: String,
    /// SHA-256 of the signing certificate.
    pub fingerprint: Digest,
    /// File with the root certificate, where there is one.
    pub root_path: Option<PathBuf>,
}

/// Where the private key for a certificate is that an authority issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In a PKCS#8 file in PEM, plain or encrypted with the identity's passphrase; it is copied, encrypted.
    File(PathBuf),
    /// Behind a command that gets the bytes to sign on standard input and writes the signature to standard output.
    Command {
        /// Program and arguments.
        command: Vec<String>,
        /// What it signs with.
        algorithm: Algorithm,
    },
    /// In a PKCS#11 token; the passphrase is its PIN.
    Token {
        /// The library of the token's maker.
        module: PathBuf,
        /// Label of the token.
        token: String,
        /// Label of the private key in it.
        key: String,
        /// What it signs with.
        algorithm: Algorithm,
    },
}

impl IdentityStore {
    /// The store in that folder, which need not exist yet.
    pub fn open(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// Makes a self-issued identity with an Ed25519 or P-256 key and stores it.
    ///
    /// # Errors
    /// The name is not allowed or taken, or the folder can't be written.
    pub fn create(
        &self,
        name: &str,
        algorithm: Algorithm,
        passphrase: &Passphrase,
        settings: &IdentitySettings,
    ) -> Result<Identity, Error> {
        check_name(name)?;
        let issued = certificate::issue(name, algorithm)?;
        let identity = Identity::new(
            name,
            Key::File(issued.key),
            &issued.chain_pem,
            Some(issued.root_pem),
            settings.clone(),
        )?;
        self.store(&identity, &issued.chain_pem, passphrase)?;
        Ok(identity)
    }

    /// Stores an identity whose certificate an authority issued: `chain` holds it and those of its issuers in PEM, the
    /// signing one first; a root at the end goes into `root.pem`. A trial signature shows that key and certificate
    /// belong together.
    ///
    /// # Errors
    /// As [`create`](Self::create); the certificate breaks a rule of C2PA, or the key does not fit it.
    pub fn import(
        &self,
        name: &str,
        chain: &str,
        source: KeySource,
        passphrase: &Passphrase,
        settings: &IdentitySettings,
    ) -> Result<Identity, Error> {
        check_name(name)?;
        let place = "certificate chain";
        let mut ders = certificate::from_pem(chain.as_bytes(), place)?;
        if let Some(breach) = crate::check_certificates(chain.as_bytes())?.into_iter().find(|one| one.fatal) {
            let detail = format!("{} ({})", breach.what, breach.rule);
            return Err(Error::Certificate { place: place.to_owned(), detail });
        }
        let root = ders.last().filter(|_| ders.len() > 1).cloned();
        let root = match root {
            Some(last) if certificate::describe(&last, place)?.is_root => Some(last),
            _ => None,
        };
        // The signer's issuer stays in the chain even when it is the root: word on revocation is matched against it.
        if root.is_some() && ders.len() > 2 {
            ders.pop();
        }
        let pem =
            |ders: &[Vec<u8>]| ders.iter().map(|der| certificate::to_pem(der)).collect::<Result<String, _>>();
        let chain = pem(&ders)?;
        let root = root.map(|der| certificate::to_pem(&der)).transpose()?;
        let key = match source {
            KeySource::File(path) => {
                let text = read_text(&path)?;
                let key = FileKey::from_pem(&text, passphrase, true).map_err(|why| match why {
                    Some(detail) => Error::Key { path: path.clone(), detail: detail.to_owned() },
                    None => Error::Passphrase(path.display().to_string()),
                })?;
                Key::File(key)
            }
            KeySource::Command { command, algorithm } => Key::Command(CommandKey { command, algorithm }),
            KeySource::Token { module, token, key, algorithm } => {
                Key::Token(TokenKey { module, token, key, algorithm }, passphrase.clone())
            }
        };
        let identity = Identity::new(name, key, &chain, root, settings.clone())?;
        crate::trial::sign(&identity)?;
        self.store(&identity, &chain, passphrase)?;
        Ok(identity)
    }

    /// Makes a new key and certificate in place of a self-issued identity's, which is kept without its key under
    /// `NAME.DATE`: what it signed stays verifiable by its root certificate. Says under which name it is kept.
    ///
    /// # Errors
    /// There is none of that name, its certificate was issued by somebody else, or the folder can't be written.
    pub fn rotate(&self, name: &str, passphrase: &Passphrase) -> Result<(Identity, String), Error> {
        let old = self.load(name, passphrase)?;
        let home = self.home(name)?;
        if !matches!(old.key(), Key::File(_)) || !old.issuer().ends_with(certificate::SELF_ISSUED) {
            return Err(Error::Claim(format!(
                "identity {name} was issued by somebody else: get a new certificate there and store it with \
                 `filigrane identity new NAME --certificate`"
            )));
        }
        let today = time::OffsetDateTime::now_utc().date();
        let retired = (0..100)
            .map(
                |number| {
                    if number == 0 { format!("{name}.{today}") } else { format!("{name}.{today}.{number}") }
                },
            )
            .find(|retired| self.directory.join(retired).symlink_metadata().is_err())
            .filter(|retired| check_name(retired).is_ok())
            .ok_or_else(|| Error::Name(format!("{name}.{today}")))?;
        let issued = certificate::issue(name, old.algorithm())?;
        let identity = Identity::new(
            name,
            Key::File(issued.key),
            &issued.chain_pem,
            Some(issued.root_pem),
            old.settings().clone(),
        )?;
        // Complete beside the old one before that is moved: a crash leaves one of the two, whole.
        let draft = self.draft(&identity, &issued.chain_pem, passphrase)?;
        let kept = self.directory.join(&retired);
        fs::rename(&home, &kept).map_err(Error::io("rename", &home))?;
        fs::rename(draft.path(), &home).map_err(Error::io("create", &home))?;
        let _ = draft.keep();
        fs::remove_file(kept.join(KEY)).map_err(Error::io("remove", &kept.join(KEY)))?;
        sync_directory(&self.directory);
        Ok((identity, retired))
    }

    fn store(&self, identity: &Identity, chain: &str, passphrase: &Passphrase) -> Result<(), Error> {
        let name = identity.name();
        check_name(name)?;
        let home = self.directory.join(name);
        let taken = || Error::IdentityExists { name: name.to_owned(), directory: self.directory.clone() };
        if home.symlink_metadata().is_ok() {
            return Err(taken());
        }
        let draft = self.draft(identity, chain, passphrase)?;
        // A rename onto a folder that has files in it fails: two makers of one name can't mix their files.
        fs::rename(draft.path(), &home).map_err(|error| match error.kind() {
            std::io::ErrorKind::DirectoryNotEmpty | std::io::ErrorKind::AlreadyExists => taken(),
            _ => Error::io("create", &home)(error),
        })?;
        let _ = draft.keep();
        sync_directory(&self.directory);
        Ok(())
    }

    /// A complete identity in a folder without a name.
    fn draft(
        &self,
        identity: &Identity,
        chain: &str,
        passphrase: &Passphrase,
    ) -> Result<tempfile::TempDir, Error> {
        make_private_directory(&self.directory)?;
        let mut drafts = tempfile::Builder::new();
        drafts.prefix(".new-");
        #[cfg(unix)]
        drafts.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let draft =
            drafts.tempdir_in(&self.directory).map_err(Error::io("make a folder in", &self.directory))?;
        let json = |what: Result<String, serde_json::Error>| {
            what.map_err(|error| Error::Internal(format!("identity: {error}")))
        };
        match identity.key() {
            Key::File(key) => {
                write_private(&draft.path().join(KEY), key.to_encrypted_pem(passphrase)?.as_bytes())?;
            }
            Key::Command(key) => {
                let place = json(serde_json::to_string_pretty(&KeyPlace::Command(key.clone())))?;
                write_private(&draft.path().join(PLACE), place.as_bytes())?;
            }
            Key::Token(key, _) => {
                let place = json(serde_json::to_string_pretty(&KeyPlace::Token(key.clone())))?;
                write_private(&draft.path().join(PLACE), place.as_bytes())?;
            }
        }
        write_private(&draft.path().join(CHAIN), chain.as_bytes())?;
        if let Some(root) = identity.root_pem() {
            write_private(&draft.path().join(ROOT), root.as_bytes())?;
        }
        let settings = json(serde_json::to_string_pretty(identity.settings()))?;
        write_private(&draft.path().join(SETTINGS), settings.as_bytes())?;
        Ok(draft)
    }

    /// Unlocks an identity. The passphrase is that of its key file, or the PIN of its token.
    ///
    /// # Errors
    /// There is none of that name, the passphrase is wrong, or its files are damaged.
    pub fn load(&self, name: &str, passphrase: &Passphrase) -> Result<Identity, Error> {
        let home = self.home(name)?;
        let path = home.join(KEY);
        let key = if path.is_file() {
            let key = FileKey::from_pem(&read_text(&path)?, passphrase, false);
            Key::File(key.map_err(|why| match why {
                Some(detail) => Error::Key { path: path.clone(), detail: detail.to_owned() },
                None => Error::Passphrase(name.to_owned()),
            })?)
        } else {
            match read_json(&home.join(PLACE))? {
                KeyPlace::Command(key) => Key::Command(key),
                KeyPlace::Token(key) => Key::Token(key, passphrase.clone()),
            }
        };
        let optional = |path: PathBuf| if path.is_file() { Some(path) } else { None };
        let root = optional(home.join(ROOT)).map(|path| read_text(&path)).transpose()?;
        // Identities made before there were settings have none.
        let settings =
            optional(home.join(SETTINGS)).map(|path| read_json(&path)).transpose()?.unwrap_or_default();
        Identity::new(name, key, &read_text(&home.join(CHAIN))?, root, settings)
    }

    /// Whether the key of an identity is in a token, whose PIN then unlocks it.
    pub fn needs_pin(&self, name: &str) -> Result<bool, Error> {
        let place = self.home(name)?.join(PLACE);
        Ok(place.is_file() && matches!(read_json(&place)?, KeyPlace::Token(_)))
    }

    /// One identity, without unlocking it.
    pub fn show(&self, name: &str) -> Result<IdentitySummary, Error> {
        let home = self.home(name)?;
        let path = home.join(CHAIN);
        let place = path.display().to_string();
        let chain = certificate::from_pem(read_text(&path)?.as_bytes(), &place)?;
        let leaf = certificate::describe(chain.first().map_or(&[], Vec::as_slice), &place)?;
        Ok(IdentitySummary {
            name: name.to_owned(),
            subject: leaf.subject,
            not_after: leaf.not_after,
            fingerprint: leaf.fingerprint,
            root_path: Some(home.join(ROOT)).filter(|path| path.is_file()),
        })
    }

    /// PEM of the root certificate of one identity, without unlocking it.
    pub fn root_pem(&self, name: &str) -> Result<String, Error> {
        read_text(&self.home(name)?.join(ROOT))
    }

    /// All identities by name; empty when the folder does not exist. Folders that hold no identity are skipped.
    pub fn list(&self) -> Result<Vec<IdentitySummary>, Error> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("read", &self.directory)(error)),
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter(|entry| entry.path().join(CHAIN).is_file())
            .filter(|entry| entry.path().join(KEY).is_file() || entry.path().join(PLACE).is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| check_name(name).is_ok())
            .collect();
        names.sort();
        names.iter().map(|name| self.show(name)).collect()
    }

    fn home(&self, name: &str) -> Result<PathBuf, Error> {
        check_name(name)?;
        let home = self.directory.join(name);
        if home.join(KEY).is_file() || home.join(PLACE).is_file() {
            Ok(home)
        } else {
            Err(Error::IdentityMissing { name: name.to_owned(), directory: self.directory.clone() })
        }
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let starts_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if starts_well && name.len() <= 64 && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Error::Name(name.chars().take(80).collect()))
    }
}

fn read_text(path: &Path) -> Result<String, Error> {
    let size = fs::metadata(path).map_err(Error::io("read", path))?.len();
    if size > LARGEST_FILE {
        return Err(Error::Key {
            path: path.to_owned(),
            detail: "too large for a key or certificate".to_owned(),
        });
    }
    fs::read_to_string(path).map_err(Error::io("read", path))
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Error> {
    serde_json::from_str(&read_text(path)?)
        .map_err(|error| Error::Key { path: path.to_owned(), detail: format!("damaged ({error})") })
}

fn make_private_directory(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(Error::io("create", path))
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || {
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(Error::io("write", path))
}

fn sync_directory(path: &Path) {
    // Not every file system lets a folder be synced; the files in it are.
    if let Ok(directory) = fs::File::open(path) {
        let _ = directory.sync_all();
    }
}

#[cfg(test)]
#[path = "identity_store_tests.rs"]
mod tests;

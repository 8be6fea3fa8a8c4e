use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use filigrane_frame::Digest;
use pkcs8::LineEnding;

use crate::{Error, Identity, Passphrase, certificate};

const KEY: &str = "key.pem";
const CHAIN: &str = "chain.pem";
const ROOT: &str = "root.pem";
const LARGEST_FILE: u64 = 1 << 20;

/// The signing identities of a folder, one subfolder each: `key.pem` (PKCS#8, encrypted with the passphrase, mode
/// 0600), `chain.pem` (signing certificate) and `root.pem` (certificate of its authority, to give to others).
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
    /// File with the root certificate.
    pub root_path: PathBuf,
}

impl IdentityStore {
    /// The store in that folder, which need not exist yet.
    pub fn open(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// Makes a self-issued identity and stores it.
    ///
    /// # Errors
    /// The name is not allowed or taken, or the folder can't be written.
    pub fn create(&self, name: &str, passphrase: &Passphrase) -> Result<Identity, Error> {
        check_name(name)?;
        let home = self.directory.join(name);
        let taken = || Error::IdentityExists { name: name.to_owned(), directory: self.directory.clone() };
        if home.symlink_metadata().is_ok() {
            return Err(taken());
        }
        let issued = certificate::issue(name)?;
        let key_pem = KeypairBytes { secret_key: issued.key.to_bytes(), public_key: None }
            .to_pkcs8_encrypted_pem(passphrase.as_bytes(), LineEnding::LF)
            .map_err(|error| Error::Internal(format!("key encryption: {error}")))?;

        make_private_directory(&self.directory)?;
        let mut drafts = tempfile::Builder::new();
        drafts.prefix(".new-");
        #[cfg(unix)]
        drafts.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let draft =
            drafts.tempdir_in(&self.directory).map_err(Error::io("make a folder in", &self.directory))?;
        write_private(&draft.path().join(KEY), key_pem.as_bytes())?;
        write_private(&draft.path().join(CHAIN), issued.chain_pem.as_bytes())?;
        write_private(&draft.path().join(ROOT), issued.root_pem.as_bytes())?;
        // A rename onto a folder that has files in it fails: two makers of one name can't mix their files.
        fs::rename(draft.path(), &home).map_err(|error| match error.kind() {
            std::io::ErrorKind::DirectoryNotEmpty | std::io::ErrorKind::AlreadyExists => taken(),
            _ => Error::io("create", &home)(error),
        })?;
        let _ = draft.keep();
        sync_directory(&self.directory);
        Identity::new(name, issued.key, &issued.chain_pem, &issued.root_pem)
    }

    /// Unlocks an identity.
    ///
    /// # Errors
    /// There is none of that name, the passphrase is wrong, or its files are damaged.
    pub fn load(&self, name: &str, passphrase: &Passphrase) -> Result<Identity, Error> {
        let home = self.home(name)?;
        let path = home.join(KEY);
        let pem = read_text(&path)?;
        let damaged = |detail: &str| Error::Key { path: path.clone(), detail: detail.to_owned() };
        let (label, document) =
            pkcs8::SecretDocument::from_pem(&pem).map_err(|_| damaged("not a PEM key file"))?;
        if label != "ENCRYPTED PRIVATE KEY" {
            return Err(damaged("not an encrypted PKCS#8 key"));
        }
        let encrypted = pkcs8::EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
            .map_err(|_| damaged("not an encrypted PKCS#8 key"))?;
        let opened =
            encrypted.decrypt(passphrase.as_bytes()).map_err(|_| Error::Passphrase(name.to_owned()))?;
        let key = SigningKey::from_pkcs8_der(opened.as_bytes()).map_err(|_| damaged("not an Ed25519 key"))?;
        Identity::new(name, key, &read_text(&home.join(CHAIN))?, &read_text(&home.join(ROOT))?)
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
            root_path: home.join(ROOT),
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
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| check_name(name).is_ok())
            .collect();
        names.sort();
        names.iter().map(|name| self.show(name)).collect()
    }

    fn home(&self, name: &str) -> Result<PathBuf, Error> {
        check_name(name)?;
        let home = self.directory.join(name);
        if home.join(KEY).is_file() {
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

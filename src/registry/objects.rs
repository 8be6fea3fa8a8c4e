use std::fmt;

use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};
use url::Url;

use crate::manifest_file::{LARGEST, digest};
use crate::{Error, Urn};

/// Manifests in an object store, each under its name and digest: two that are published under one name at once do not
/// overwrite each other, and what is there never changes.
pub(crate) struct Objects {
    url: Url,
    store: Box<dyn ObjectStore>,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Objects").field(&self.url.as_str()).finish()
    }
}

impl Objects {
    /// The store at a URL: `file:///srv/manifests`, a folder made when missing, synced at each write; or `memory:///`,
    /// for as long as this value lives.
    pub fn open(url: &str) -> Result<Self, Error> {
        let wrong = |detail: String| Error::Place { place: url.to_owned(), detail };
        let url = Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        let store: Box<dyn ObjectStore> = if url.scheme() == "file" {
            let folder = url.to_file_path().map_err(|()| wrong("not the path of a folder".to_owned()))?;
            std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
            let store =
                LocalFileSystem::new_with_prefix(&folder).map_err(|error| wrong(error.to_string()))?;
            Box::new(store.with_fsync(true))
        } else if url.scheme() != "memory" {
            return Err(wrong("manifests are kept in a folder, file:///PATH".to_owned()));
        } else {
            let (store, prefix) = object_store::parse_url(&url).map_err(|error| wrong(error.to_string()))?;
            Box::new(PrefixStore::new(store, prefix))
        };
        Ok(Self { url, store })
    }

    /// Stores a manifest; it stays from here on.
    pub async fn put(&self, urn: Urn, manifest: &[u8]) -> Result<(), Error> {
        let key = key(urn, &digest(manifest));
        self.store
            .put(&key, PutPayload::from(manifest.to_vec()))
            .await
            .map(drop)
            .map_err(|error| self.failed("write", &key, &error))
    }

    /// Reads a manifest and holds it against the digest that the database has.
    pub async fn read(&self, urn: Urn, expected: &[u8]) -> Result<Vec<u8>, Error> {
        let key = key(urn, expected);
        let read = async {
            let found = self.store.get(&key).await?;
            if found.meta.size > LARGEST as u64 { Ok(None) } else { found.bytes().await.map(Some) }
        };
        match read.await {
            Ok(Some(manifest)) if digest(&manifest)[..] == *expected => Ok(manifest.to_vec()),
            Ok(_) => Err(self.malformed(&key, "changed since it was registered; restore it from an export")),
            Err(object_store::Error::NotFound { .. }) => {
                Err(self.malformed(&key, "the registry lacks this manifest; restore it from an export"))
            }
            Err(error) => Err(self.failed("read", &key, &error)),
        }
    }

    fn malformed(&self, key: &Key, detail: &str) -> Error {
        Error::Malformed { path: format!("{}/{key}", self.url).into(), detail: detail.to_owned() }
    }

    fn failed(&self, action: &str, key: &Key, error: &object_store::Error) -> Error {
        Error::Database { path: self.url.as_str().into(), detail: format!("can't {action} {key}: {error}") }
    }
}

/// `manifests/6f/6f1c….0123456789abcdef….c2pa`.
fn key(urn: Urn, digest: &[u8]) -> Key {
    let uuid = urn.uuid();
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Key::from(format!("manifests/{}/{uuid}.{digest}.c2pa", &uuid[..2]))
}

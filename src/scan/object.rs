use std::fmt;
use std::fs::File;
use std::future::poll_fn;
use std::io::{Seek as _, Write as _};
use std::ops::ControlFlow;
use std::path::Path;

use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _};
use tokio::runtime::{Builder, Runtime};
use url::Url;

use crate::{Error, Stores};

/// Largest object that is fetched, bytes.
const LARGEST: u64 = 64 << 30;

/// Faults one after the other from which a listing is given up.
const FAULTS: usize = 100;

/// A place in an object store.
pub(crate) struct Bucket {
    url: Url,
    store: Box<dyn ObjectStore>,
    prefix: Key,
    /// It is on the network, and the environment has no credentials.
    keyless: bool,
    runtime: Runtime,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&shown(&self.url)).finish()
    }
}

/// A URL without its password and parameters.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Fails for URLs that can have none.
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

impl Bucket {
    /// The place that a URL names.
    pub fn open(url: &Url, stores: &Stores) -> Result<Self, Error> {
        let wrong = |detail: String| Error::Source { place: shown(url), detail };
        // The client of stores takes what the process has; another that was set before does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let opened = object_store::parse_url_opts(url, stores.settings());
        let (store, prefix) = opened.map_err(|error| {
            wrong(format!("{}; use s3://BUCKET/PREFIX, gs://…, az://… or file:///…", one_line(&error)))
        })?;
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(|error| wrong(error.to_string()))?;
        let keyless = url.scheme() != "file" && !stores.name_somebody();
        Ok(Self { url: url.clone(), store, prefix, keyless, runtime })
    }

    /// The place, as a URL.
    pub fn place(&self) -> String {
        shown(&self.url)
    }

    /// URL of an object.
    pub fn name(&self, key: &Key) -> String {
        let mut url = self.url.clone();
        url.set_path(&format!("/{key}"));
        shown(&url)
    }

    /// Visits the keys under the place, as they come, and what is wrong with those that can't be listed.
    ///
    /// # Errors
    /// Nothing but a fault, or many one after the other: the store does not answer.
    pub fn each(
        &self,
        visit: &mut dyn FnMut(Result<Key, String>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        self.runtime.block_on(async {
            let mut objects = self.store.list(Some(&self.prefix));
            let (mut faults, mut none) = (0, true);
            // Kept back until something follows: a listing that is nothing but a fault is that of a store which does not answer.
            let mut held = None;
            loop {
                let next = poll_fn(|context| objects.as_mut().poll_next(context)).await;
                if let Some(error) = held.take() {
                    if next.is_none() && none {
                        return Err(self.failed(&error));
                    }
                    if visit(Err(one_line(&error))).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                match next {
                    None => return Ok(ControlFlow::Continue(())),
                    Some(Ok(object)) => {
                        (faults, none) = (0, false);
                        if visit(Ok(object.location)).is_break() {
                            return Ok(ControlFlow::Break(()));
                        }
                    }
                    Some(Err(error)) if faults < FAULTS => {
                        faults += 1;
                        held = Some(error);
                    }
                    Some(Err(error)) => return Err(self.failed(&error)),
                }
            }
        })
    }

    /// Whether the place is one object rather than what begins with it.
    pub fn is_object(&self) -> bool {
        self.runtime.block_on(self.store.head(&self.prefix)).is_ok()
    }

    /// The place itself, as a key.
    pub fn key(&self) -> Key {
        self.prefix.clone()
    }

    /// Fetches an object into a file without a name: it goes when it is closed, whatever ends this program.
    pub fn fetch(&self, key: &Key, folder: &Path) -> Result<File, String> {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut file =
            tempfile::tempfile_in(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        self.runtime.block_on(async {
            let object = self.store.get(key).await.map_err(|error| one_line(&error))?;
            if object.meta.size > LARGEST {
                return Err(format!("{} bytes are over the limit of {LARGEST}", object.meta.size));
            }
            let mut left = LARGEST;
            let mut parts = object.into_stream();
            while let Some(part) = poll_fn(|context| parts.as_mut().poll_next(context)).await {
                let part = part.map_err(|error| one_line(&error))?;
                left = left.checked_sub(part.len() as u64).ok_or("it is longer than was said")?;
                file.write_all(&part).map_err(|error| format!("{}: {error}", folder.display()))?;
            }
            Ok(())
        })?;
        file.rewind().map_err(|error| error.to_string())?;
        Ok(file)
    }

    fn failed(&self, error: &object_store::Error) -> Error {
        let hint = if self.keyless {
            "; the environment has no credentials (AWS_…, AZURE_…, GOOGLE_…)"
        } else {
            ""
        };
        Error::Source { place: shown(&self.url), detail: one_line(error) + hint }
    }
}

/// Most of what a store says, characters.
const LONGEST: usize = 300;

/// A store's fault in a line: servers answer in pages of XML.
fn one_line(error: &object_store::Error) -> String {
    let text = error.to_string();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|character| !character.is_control()).take(LONGEST).collect()
}

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use filigrane_pipeline::Ward;
use filigrane_registry::Registry;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::newsroom::Newsroom;
use crate::problem::Problem;
use crate::{Scope, ServiceLimits, TokenFile};

/// Seconds until a look-up that was turned away makes sense again, and a video.
const SOON: u32 = 1;
const LATER: u32 = 10;

/// Who may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Whoever speaks to this machine from within.
    Here,
    /// Everybody.
    Public,
    /// Whoever has a token for it.
    Token,
}

/// What every request is answered from.
pub(crate) struct State {
    pub registry: Arc<Registry>,
    pub tokens: TokenFile,
    pub reading: Reading,
    pub limits: ServiceLimits,
    /// Where videos are kept while they are looked at.
    pub uploads: PathBuf,
    /// Where they are looked at; in this process without.
    pub ward: Option<Ward>,
    newsroom: Option<Arc<Newsroom>>,
    lookups: Arc<Semaphore>,
    manifests: Arc<Semaphore>,
    videos: Arc<Semaphore>,
}

impl State {
    pub fn new(
        registry: Registry,
        tokens: TokenFile,
        reading: Reading,
        uploads: PathBuf,
        limits: ServiceLimits,
    ) -> Self {
        Self {
            registry: Arc::new(registry),
            tokens,
            reading,
            limits,
            uploads,
            ward: None,
            newsroom: None,
            lookups: Arc::new(Semaphore::new(limits.lookups)),
            manifests: Arc::new(Semaphore::new(limits.manifests)),
            videos: Arc::new(Semaphore::new(limits.videos)),
        }
    }

    /// The same with a newsroom.
    pub fn with_newsroom(self, newsroom: Option<Arc<Newsroom>>) -> Self {
        Self { newsroom, ..self }
    }

    /// The same that has videos looked at in a jail.
    pub fn with_ward(self, ward: Option<Ward>) -> Self {
        Self { ward, ..self }
    }

    /// The newsroom, where there is one.
    pub fn newsroom(&self) -> Result<&Arc<Newsroom>, Problem> {
        let none = || Problem::new(StatusCode::NOT_FOUND, "this server has a registry alone, and no page");
        self.newsroom.as_ref().ok_or_else(none)
    }

    /// A place for one manifest in memory.
    pub fn manifest_place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.manifests).try_acquire_owned().map_err(|_| Problem::busy(SOON))
    }

    /// A place for one video on disk and in the decoder.
    pub fn video_place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.videos).try_acquire_owned().map_err(|_| Problem::busy(LATER))
    }

    /// Asks the registry on a thread where that may take its time. The place among the look-ups is given back when the
    /// work is done, whether or not somebody still waits for it.
    pub async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Registry) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = Arc::clone(&self.lookups).try_acquire_owned().map_err(|_| Problem::busy(SOON))?;
        self.work(permit, work).await
    }

    /// As [`ask`](Self::ask), for work that has its place already.
    pub async fn work<T: Send + 'static>(
        &self,
        permit: OwnedSemaphorePermit,
        work: impl FnOnce(&Registry) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let registry = Arc::clone(&self.registry);
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&registry)
        });
        done.await.map_err(Problem::internal)?
    }

    /// Lets through who may read.
    pub async fn reader(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match self.reading {
            Reading::Here | Reading::Public => Ok(()),
            Reading::Token => self.holder(headers, Scope::FetchManifests).await,
        }
    }

    /// Lets through who has a token with this scope.
    pub async fn holder(&self, headers: &HeaderMap, scope: Scope) -> Result<(), Problem> {
        let unauthorized = |what| Problem::new(StatusCode::UNAUTHORIZED, what);
        let header = headers.get(header::AUTHORIZATION).and_then(|header| header.to_str().ok());
        let secret = header
            .and_then(|header| header.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, secret)| secret.trim().to_owned())
            .ok_or_else(|| unauthorized("this takes a token: Authorization: Bearer …"))?;
        let tokens = self.tokens.clone();
        let found = tokio::task::spawn_blocking(move || tokens.holder(&secret));
        match found.await.map_err(Problem::internal)?.map_err(Problem::internal)? {
            None => Err(unauthorized("the token is not known here")),
            Some(token) if token.has_ended() => Err(unauthorized("the token ran out")),
            Some(token) if token.scopes.contains(&scope) => Ok(()),
            Some(_) => Err(Problem::new(StatusCode::FORBIDDEN, format!("the token lacks the scope {scope}"))),
        }
    }
}

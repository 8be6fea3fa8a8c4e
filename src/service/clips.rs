use std::sync::Arc;

use axum::Json;
use axum::body::{Body, HttpBody as _};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use filigrane_archive::{Clip, NewClip, Note, Search, State as ClipState};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::newsroom::{Newsroom, Stage, kind};
use crate::problem::Problem;
use crate::state::State;
use crate::who::Caller;
use crate::{Scope, receive, stamps, upload};

/// Videos in one answer, when nothing else is asked for.
const USUALLY: u32 = 50;

/// A video and what is known about it.
#[derive(Debug, Serialize)]
pub(crate) struct ClipView {
    /// Its name here, and in its permanent address `/clips/{id}`.
    pub id: Uuid,
    /// What the sender calls it.
    pub name: String,
    /// `check` or `stamp`.
    pub kind: &'static str,
    /// `receiving`, `queued`, `running`, `done`, `failed` or `cancelled`.
    pub state: &'static str,
    /// Bytes of the whole.
    pub size: u64,
    /// SHA-256 of the whole, once it has come.
    pub sha256: Option<String>,
    /// When it was announced, RFC 3339.
    pub created_at: String,
    /// When the work ended, RFC 3339.
    pub finished_at: Option<String>,
    /// The code of the verdict, as `filigrane verify --json` has it.
    pub verdict: Option<String>,
    /// Why there is no answer.
    pub failure: Option<String>,
    /// How far the work is.
    pub stage: Option<StageView>,
    /// What it was found under again.
    pub tags: Vec<String>,
    /// For a check, the document of `filigrane verify --json`; for a stamp, what was written.
    pub answer: Option<Value>,
}

/// How far the work on a video is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct StageView {
    /// What is being done.
    pub name: &'static str,
    /// Pictures that went through it.
    pub done: u64,
    /// Pictures in all, where known.
    pub of: Option<u64>,
}

impl From<Stage> for StageView {
    fn from(stage: Stage) -> Self {
        Self { name: stage.name, done: stage.done, of: stage.of }
    }
}

/// Several videos, the newest first.
#[derive(Debug, Serialize)]
pub(crate) struct ClipList {
    pub clips: Vec<ClipView>,
    /// Whether there are more behind these.
    pub more: bool,
}

/// What is looked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Looked {
    /// Part of the name, of a note or of a tag; or the beginning of the SHA-256.
    #[serde(default)]
    pub q: String,
    /// The code of the verdict.
    #[serde(default)]
    pub verdict: String,
    /// A whole tag.
    #[serde(default)]
    pub tag: String,
    /// Most answers, up to 200.
    pub limit: Option<u32>,
    /// Answers left out at the beginning.
    #[serde(default)]
    pub offset: u32,
}

/// What a video that is sent is called, and what is wanted of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    /// What it is called.
    #[serde(default)]
    pub name: String,
    /// `check`, which is meant when nothing is said, or `stamp`.
    #[serde(default)]
    pub kind: String,
    /// Who signs, for a stamp.
    #[serde(default)]
    pub identity: String,
    /// How it came to be, for a stamp: `camera`, `edited`, `composite` or `generated`.
    #[serde(default)]
    pub origin: String,
}

/// A note beside a video.
#[derive(Debug, Serialize)]
pub(crate) struct NoteView {
    pub author: String,
    pub text: String,
    /// When, RFC 3339.
    pub at: String,
}

impl From<Note> for NoteView {
    fn from(note: Note) -> Self {
        Self { author: note.author, text: note.text, at: note.at }
    }
}

/// A note to add.
#[derive(Debug, Deserialize)]
pub(crate) struct NewNote {
    /// 1 to 4000 characters.
    pub text: String,
    /// Who writes it; the name of the key counts where there is one.
    #[serde(default)]
    pub author: String,
}

/// A tag to add.
#[derive(Debug, Deserialize)]
pub(crate) struct NewTag {
    /// 1 to 40 characters.
    pub tag: String,
}

/// A video to fetch.
#[derive(Debug, Deserialize)]
pub(crate) struct Address {
    /// `https://…` on a host that the operator has allowed.
    pub url: String,
}

/// Takes a video in and lets it wait for its turn. One that may break off goes to `/v1/uploads`.
pub(crate) async fn post(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    sent: Result<Query<Sent>, QueryRejection>,
    mut body: Body,
) -> Result<impl IntoResponse, Problem> {
    let newsroom = state.newsroom()?;
    let caller = state.caller(&headers, Scope::Check).await?;
    let Query(sent) = sent.map_err(|error| Problem::bad_request(error.body_text()))?;
    let media = upload::media_type(&headers);
    if !media.starts_with("video/")
        && !["application/mp4", "application/octet-stream"].contains(&media.as_str())
    {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send a video, as video/…"));
    }
    let kind = kind(&sent.kind)?;
    let wish = stamps::wish(&state, &caller, kind, &sent.identity, &sent.origin)?;
    let _place = newsroom.upload_place().await?;
    let size = body.size_hint().lower();
    let new = NewClip { name: &sent.name, kind, size, owner: &caller.name, wish: &wish };
    let id = newsroom.announce(&caller, &new).await?;
    receive::whole(newsroom, id, state.limits.upload_bytes, &mut body, state.limits.patience).await?;
    let clip = view(newsroom, id).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, format!("/v1/clips/{id}"))], Json(clip)))
}

/// Fetches a video from a host that the operator has allowed, and lets it wait for its turn.
pub(crate) async fn fetch(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    let caller = state.caller(&headers, Scope::Check).await?;
    let address: Address = upload::json(&headers, body, state.limits.json_bytes).await?;
    let id = fetched(&state, &caller, &address.url).await?;
    let clip = view(state.newsroom()?, id).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, format!("/v1/clips/{id}"))], Json(clip)))
}

/// Fetches a video; gives the name under which it is kept.
pub(crate) async fn fetched(state: &State, caller: &Caller, address: &str) -> Result<Uuid, Problem> {
    let newsroom = state.newsroom()?;
    let (url, name) = newsroom.sources.allow(address)?;
    let _place = newsroom.upload_place().await?;
    let most = state.limits.upload_bytes;
    let (size, mut pieces) = newsroom.sources.fetch(url, most).await?;
    let size = size.unwrap_or(0);
    let new =
        NewClip { name: &name, kind: filigrane_archive::Kind::Check, size, owner: &caller.name, wish: "" };
    let id = newsroom.announce(caller, &new).await?;
    receive::whole(newsroom, id, most, &mut pieces, state.limits.patience).await?;
    Ok(id)
}

/// Lists videos, the newest first.
pub(crate) async fn list(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    looked: Result<Query<Looked>, QueryRejection>,
) -> Result<Json<ClipList>, Problem> {
    let newsroom = state.newsroom()?;
    state.caller(&headers, Scope::Read).await?;
    let Query(looked) = looked.map_err(|error| Problem::bad_request(error.body_text()))?;
    let limit = looked.limit.unwrap_or(USUALLY);
    if !(1..=200).contains(&limit) {
        return Err(Problem::bad_request("limit is 1 to 200"));
    }
    let Looked { q, verdict, tag, offset, .. } = looked;
    let search = Search { words: q, verdict, tag, limit, offset };
    let (found, more) = newsroom.archive.search(&search).await?;
    let mut clips = Vec::with_capacity(found.len());
    for clip in found {
        clips.push(complete(newsroom, clip).await?);
    }
    Ok(Json(ClipList { clips, more }))
}

/// Says what is known about a video.
pub(crate) async fn get(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<ClipView>, Problem> {
    let clip = known(&state, &headers, &id, Scope::Read).await?.0;
    Ok(Json(complete(state.newsroom()?, clip).await?))
}

/// Stops the work on a video and forgets it.
pub(crate) async fn delete(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let clip = known(&state, &headers, &id, Scope::Check).await?.0;
    state.newsroom()?.forget(clip.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stops the work on a video that has no answer yet; the video stays.
pub(crate) async fn cancel(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let clip = known(&state, &headers, &id, Scope::Check).await?.0;
    state.newsroom()?.cancel(clip.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The notes beside a video, the oldest first.
pub(crate) async fn notes(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Vec<NoteView>>, Problem> {
    let clip = known(&state, &headers, &id, Scope::Read).await?.0;
    let notes = state.newsroom()?.archive.notes(clip.id).await?;
    Ok(Json(notes.into_iter().map(Into::into).collect()))
}

/// Adds a note; everybody who may see the video sees it.
pub(crate) async fn add_note(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let (clip, caller) = known(&state, &headers, &id, Scope::Check).await?;
    let note: NewNote = upload::json(&headers, body, state.limits.json_bytes).await?;
    state.newsroom()?.archive.note(clip.id, &author(&caller, &note.author), &note.text).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a tag on a video.
pub(crate) async fn add_tag(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let clip = known(&state, &headers, &id, Scope::Check).await?.0;
    let tag: NewTag = upload::json(&headers, body, state.limits.json_bytes).await?;
    state.newsroom()?.archive.tag(clip.id, &tag.tag).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who writes a note: whose key it is, else whoever they say.
pub(crate) fn author(caller: &Caller, stated: &str) -> String {
    if caller.name.is_empty() { stated.to_owned() } else { caller.name.clone() }
}

/// The video of that name, for a caller with the scope.
pub(crate) async fn known(
    state: &State,
    headers: &HeaderMap,
    id: &str,
    scope: Scope,
) -> Result<(Clip, Caller), Problem> {
    let newsroom = state.newsroom()?;
    let caller = state.caller(headers, scope).await?;
    let id = id.parse::<Uuid>().map_err(|_| Problem::no_clip())?;
    let clip = newsroom.archive.clip(id).await?.ok_or_else(Problem::no_clip)?;
    Ok((clip, caller))
}

async fn view(newsroom: &Newsroom, id: Uuid) -> Result<ClipView, Problem> {
    let clip = newsroom.archive.clip(id).await?.ok_or_else(Problem::no_clip)?;
    complete(newsroom, clip).await
}

async fn complete(newsroom: &Newsroom, clip: Clip) -> Result<ClipView, Problem> {
    let tags = newsroom.archive.tags(clip.id).await?;
    Ok(ClipView {
        stage: newsroom.stage(clip.id).filter(|_| clip.state == ClipState::Running).map(Into::into),
        id: clip.id,
        name: clip.name,
        kind: clip.kind.as_str(),
        state: clip.state.as_str(),
        size: clip.size,
        sha256: clip.sha256,
        created_at: clip.created_at,
        finished_at: clip.finished_at,
        verdict: clip.verdict,
        failure: clip.failure,
        tags,
        answer: clip.answer.as_deref().and_then(|answer| serde_json::from_str(answer).ok()),
    })
}

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State as Extract;
use axum::extract::multipart::{Field, Multipart, MultipartRejection};
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use filigrane_archive::{Clip, NewClip, Search};
use serde::Deserialize;

use super::history::{Row, row};
use super::{Frame, shown, size};
use crate::newsroom::kind;
use crate::problem::Problem;
use crate::state::State;
use crate::{Scope, clips, receive, stamps};

/// Clips shown below the form.
const RECENT: u32 = 6;
/// Most videos in one form.
const MOST_FILES: usize = 100;
/// Longest field of a form that is no video, bytes.
const LONGEST_FIELD: usize = 1000;

#[derive(Template)]
#[template(path = "front.html")]
struct Page {
    f: Frame,
    recent: Vec<Row>,
    fetches: bool,
    most: String,
    most_bytes: u64,
}

/// `GET /`: drop a video.
pub(crate) async fn get(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let newsroom = state.newsroom()?;
    let caller = state.caller(&headers, Scope::Check).await?;
    let (recent, _) = newsroom.archive.search(&Search { limit: RECENT, ..Search::default() }).await?;
    let f = Frame::of(&state, &headers, &caller, "check", "/");
    let recent: Vec<Row> = recent.into_iter().map(|clip: Clip| row(f.t, clip, Vec::new())).collect();
    let most_bytes = state.limits.upload_bytes;
    let most = size(most_bytes, f.t);
    shown(&Page { f, recent, fetches: !newsroom.sources.is_empty(), most, most_bytes })
}

/// `POST /clips`: videos from a form, with what is wanted of them in the fields before.
pub(crate) async fn post(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let newsroom = state.newsroom()?;
    let caller = state.caller(&headers, Scope::Check).await?;
    let mut form = form.map_err(|error| Problem::bad_request(error.body_text()))?;
    let _place = newsroom.upload_place().await?;
    let (mut wanted, mut identity, mut origin) = (String::new(), String::new(), String::new());
    let mut taken = Vec::new();
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let size = stated.unwrap_or(0).min(state.limits.upload_bytes);
    let broken = |_| Problem::bad_request("the form broke off");
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        let name = field.name().map(str::to_owned);
        match name.as_deref() {
            Some("kind") => wanted = text(field).await?,
            Some("identity") => identity = text(field).await?,
            Some("origin") => origin = text(field).await?,
            Some("video") if taken.len() < MOST_FILES => {
                let name = field.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    continue;
                }
                let kind = kind(&wanted)?;
                let wish = stamps::wish(&state, &caller, kind, &identity, &origin)?;
                let new = NewClip { name: &name, kind, size, owner: &caller.name, wish: &wish };
                let id = newsroom.announce(&caller, &new).await?;
                let most = state.limits.upload_bytes;
                receive::whole(newsroom, id, most, &mut field, state.limits.patience).await?;
                taken.push(id);
            }
            _ => return Err(Problem::bad_request("the form has a field too many")),
        }
    }
    match &taken[..] {
        [] => Err(Problem::bad_request("choose a video first")),
        [id] => Ok(Redirect::to(&format!("/clips/{id}")).into_response()),
        _ => Ok(Redirect::to("/clips").into_response()),
    }
}

#[derive(Deserialize)]
pub(crate) struct Address {
    url: String,
}

/// `POST /fetch`: a video from an allowed host.
pub(crate) async fn fetch(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    form: Result<Form<Address>, FormRejection>,
) -> Result<Response, Problem> {
    let caller = state.caller(&headers, Scope::Check).await?;
    let Form(address) = form.map_err(|error| Problem::bad_request(error.body_text()))?;
    let id = clips::fetched(&state, &caller, &address.url).await?;
    Ok(Redirect::to(&format!("/clips/{id}")).into_response())
}

async fn text(mut field: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    let broken = |_| Problem::bad_request("the form broke off");
    while let Some(piece) = field.chunk().await.map_err(broken)? {
        if bytes.len() + piece.len() > LONGEST_FIELD {
            return Err(Problem::bad_request("a field of the form is too long"));
        }
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).map_err(|_| Problem::bad_request("a field of the form is no text"))
}

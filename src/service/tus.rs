//! Uploads that can be sent on after they broke off: the tus protocol, 1.0.0, with its extensions creation and
//! termination (<https://tus.io/protocols/resumable-upload>).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State as Extract};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use filigrane_archive::{Clip, NewClip, State as ClipState};
use uuid::Uuid;

use crate::newsroom::{Newsroom, kind};
use crate::problem::Problem;
use crate::state::State;
use crate::{Scope, receive, stamps, upload};

const VERSION: &str = "1.0.0";
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
/// Longest header of metadata looked at, bytes.
const LONGEST_METADATA: usize = 8 << 10;

/// What the protocol can do here.
pub(crate) async fn options(Extract(state): Extract<Arc<State>>) -> Response {
    let most = state.limits.upload_bytes.to_string();
    let headers = [
        ("tus-version", VERSION.to_owned()),
        ("tus-extension", "creation,termination".to_owned()),
        ("tus-max-size", most),
    ];
    answered(StatusCode::NO_CONTENT, headers)
}

/// Announces an upload and says where it goes.
pub(crate) async fn post(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let newsroom = state.newsroom()?;
    let caller = state.caller(&headers, Scope::Check).await?;
    versioned(&headers)?;
    let size = number(&headers, &LENGTH)?;
    let stated = metadata(&headers)?;
    let value = |key: &str| stated.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value);
    let kind = kind(value("kind"))?;
    let wish = stamps::wish(&state, &caller, kind, value("identity"), value("origin"))?;
    if size == 0 {
        return Err(Problem::bad_request("the video is empty"));
    }
    let new = NewClip { name: value("filename"), kind, size, owner: &caller.name, wish: &wish };
    let id = newsroom.announce(&caller, &new).await?;
    Ok(answered(StatusCode::CREATED, [("location", format!("/v1/uploads/{id}"))]))
}

/// How much has come.
pub(crate) async fn head(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (newsroom, clip) = announced(&state, &headers, &id).await?;
    versioned(&headers)?;
    let offset = newsroom.archive.received(clip.id).await?;
    let said = [("upload-offset", offset.to_string()), ("upload-length", clip.size.to_string())];
    Ok(answered(StatusCode::OK, said))
}

/// Takes in the next part; the last one hands the whole to the workers.
pub(crate) async fn patch(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    mut body: Body,
) -> Result<Response, Problem> {
    let (newsroom, clip) = announced(&state, &headers, &id).await?;
    versioned(&headers)?;
    if upload::media_type(&headers) != "application/offset+octet-stream" {
        let why = "send the part as application/offset+octet-stream";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
    }
    let stated = number(&headers, &OFFSET)?;
    let _place = newsroom.upload_place().await?;
    let _held = newsroom.hold(clip.id)?;
    if clip.state != ClipState::Receiving {
        return Err(Problem::new(StatusCode::GONE, "this upload was stopped, or is whole"));
    }
    let offset = newsroom.archive.received(clip.id).await?;
    if stated != offset {
        return Err(Problem::new(StatusCode::CONFLICT, format!("{offset} bytes have come, not {stated}")));
    }
    let size =
        receive::append(newsroom, clip.id, offset, clip.size, &mut body, state.limits.patience).await?;
    if size == clip.size {
        receive::complete(newsroom, clip.id, size).await?;
    }
    Ok(answered(StatusCode::NO_CONTENT, [("upload-offset", size.to_string())]))
}

/// Stops an upload and forgets what has come of it.
pub(crate) async fn delete(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (newsroom, clip) = announced(&state, &headers, &id).await?;
    versioned(&headers)?;
    let _held = newsroom.hold(clip.id)?;
    if clip.state != ClipState::Receiving {
        return Err(Problem::new(StatusCode::GONE, "this upload is whole: delete the clip"));
    }
    newsroom.archive.remove(clip.id).await?;
    Ok(answered(StatusCode::NO_CONTENT, []))
}

/// The upload of that name, for whoever announced it.
async fn announced<'a>(
    state: &'a State,
    headers: &HeaderMap,
    id: &str,
) -> Result<(&'a Arc<Newsroom>, Clip), Problem> {
    let newsroom = state.newsroom()?;
    let caller = state.caller(headers, Scope::Check).await?;
    let id = id.parse::<Uuid>().map_err(|_| Problem::no_clip())?;
    let clip = newsroom.archive.clip(id).await?.filter(|clip| clip.owner == caller.name);
    Ok((newsroom, clip.ok_or_else(Problem::no_clip)?))
}

fn versioned(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(&RESUMABLE) {
        Some(version) if version == VERSION => Ok(()),
        _ => Err(Problem::new(StatusCode::PRECONDITION_FAILED, "send Tus-Resumable: 1.0.0")),
    }
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Result<u64, Problem> {
    let stated = headers.get(name).and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
    stated.ok_or_else(|| Problem::bad_request(format!("send {name} with a number of bytes")))
}

/// The pairs of `Upload-Metadata`.
fn metadata(headers: &HeaderMap) -> Result<Vec<(String, String)>, Problem> {
    let wrong = || Problem::bad_request("Upload-Metadata is pairs of a key and a value in base64");
    let Some(stated) = headers.get(&METADATA) else { return Ok(Vec::new()) };
    let stated = stated.to_str().map_err(|_| wrong())?;
    if stated.len() > LONGEST_METADATA {
        return Err(wrong());
    }
    let pairs = stated.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = STANDARD.decode(value.trim()).map_err(|_| wrong())?;
        Ok((key.to_owned(), String::from_utf8_lossy(&value).into_owned()))
    });
    pairs.collect()
}

fn answered<const N: usize>(status: StatusCode, headers: [(&'static str, String); N]) -> Response {
    let mut response = (status, [(RESUMABLE, HeaderValue::from_static(VERSION))]).into_response();
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}

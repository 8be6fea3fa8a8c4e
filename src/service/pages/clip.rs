use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State as Extract};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use filigrane_archive::{Clip, Kind, LONGEST_NOTE, LONGEST_TAG, Note, State as ClipState};
use filigrane_report::{Heat, Parts, beside, heat, pair, parts, placement, tree};
use filigrane_verdict::visible;
use serde::Deserialize;

use super::{Frame, day, shown, size};
use crate::clips::{author, known};
use crate::problem::Problem;
use crate::state::State;
use crate::who::{NAME_COOKIE, cookie, set_cookie};
use crate::{Scope, Stamped, exports};

/// A picture of the video, and when it is shown.
struct Shot {
    number: usize,
    time: f64,
    clock: String,
    strength: String,
}

#[derive(Template)]
#[template(path = "verdict.html")]
struct VerdictPage {
    f: Frame,
    id: String,
    title: String,
    parts: Parts,
    shots: Vec<Shot>,
    /// The registered picture beside a still.
    pair: Option<String>,
    placement: Option<String>,
    heat: Option<Heat>,
    tree: Option<String>,
    duration: f64,
    fps: f64,
    notes: Vec<Note>,
    tags: Vec<String>,
    author: String,
    longest_note: usize,
    longest_tag: usize,
}

#[derive(Template)]
#[template(path = "progress.html")]
struct ProgressPage {
    f: Frame,
    id: String,
    name: String,
    size: String,
    state: &'static str,
    words: &'static str,
    done: u64,
    of: u64,
}

#[derive(Template)]
#[template(path = "stopped.html")]
struct StoppedPage {
    f: Frame,
    id: String,
    name: String,
    title: &'static str,
    why: String,
    again: bool,
}

#[derive(Template)]
#[template(path = "stamped.html")]
struct StampedPage {
    f: Frame,
    id: String,
    name: String,
    made: Stamped,
    notes: Vec<String>,
}

/// `GET /clips/{id}`: the permanent address of a clip, whatever its state.
pub(crate) async fn get(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (clip, caller) = known(&state, &headers, &id, Scope::Read).await?;
    let f = Frame::of(&state, &headers, &caller, "", &format!("/clips/{}", clip.id));
    let name =
        if clip.name.is_empty() { f.t.say("without a name").to_owned() } else { visible(&clip.name, 200) };
    let id = clip.id.to_string();
    match clip.state {
        ClipState::Done if clip.kind == Kind::Stamp => {
            let made = exports::written(&clip).ok_or_else(Problem::no_clip)?;
            let notes = made.notes.iter().map(|note| visible(&f.t.message(note), 500)).collect();
            shown(&StampedPage { f, id, name, made, notes })
        }
        ClipState::Done => verdict(&state, &headers, &clip, f).await,
        ClipState::Failed | ClipState::Cancelled => {
            let failed = clip.state == ClipState::Failed;
            let title = if failed { f.t.say("There is no answer on this video") } else { f.t.say("Stopped") };
            let why = clip.failure.as_deref();
            let why = why.map(|why| visible(&f.t.message(why), 400)).unwrap_or_default();
            shown(&StoppedPage { f, id, name, title, why, again: clip.sha256.is_some() })
        }
        ClipState::Receiving | ClipState::Queued | ClipState::Running => {
            let stage = state.newsroom()?.stage(clip.id).unwrap_or_default();
            let words = match (clip.state, stage.name) {
                (ClipState::Receiving, _) => f.t.say("On its way"),
                (ClipState::Queued, _) => f.t.say("Waiting for its turn"),
                (_, "opening" | "credentials") => f.t.say("Reading the credentials"),
                (_, "sealing") => f.t.say("Weighing the evidence"),
                _ => f.t.say("Looking at the pictures"),
            };
            let (size, state) = (size(clip.size, f.t), clip.state.as_str());
            shown(&ProgressPage {
                f,
                id,
                name,
                size,
                state,
                words,
                done: stage.done,
                of: stage.of.unwrap_or(0),
            })
        }
    }
}

async fn verdict(state: &State, headers: &HeaderMap, clip: &Clip, f: Frame) -> Result<Response, Problem> {
    let newsroom = state.newsroom()?;
    let report = exports::report(clip)?;
    let times = exports::times(state, clip).await?;
    let manifests = exports::manifests(state, clip).await?;
    let tree = manifests
        .and_then(|text| serde_json::from_str(&text).ok())
        .and_then(|document| tree(&document, &report, f.t));
    let original = exports::registered(state, clip).await?;
    let pair = original.and_then(|_| {
        let number = beside(&report, &times)?;
        let address = format!("/v1/clips/{}", clip.id);
        let (original, still) = (format!("{address}/original"), format!("{address}/frames/{number}"));
        pair(&report, &original, &still, times.get(number).copied()?, f.t)
    });
    let shots = times.iter().enumerate().map(|(number, time)| Shot {
        number,
        time: *time,
        clock: filigrane_report::clock(*time),
        strength: exports::strength(&report, *time),
    });
    let media = report.media.as_ref();
    let author = cookie(headers, NAME_COOKIE).and_then(|name| decoded(&name)).unwrap_or_default();
    let page = VerdictPage {
        id: clip.id.to_string(),
        title: visible(&report.file, 80),
        parts: parts(&report, &times, f.t),
        shots: shots.collect(),
        pair,
        placement: placement(&report, f.t),
        heat: heat(&report, &times, f.t),
        tree,
        duration: media.and_then(|media| media.duration).unwrap_or(0.0),
        fps: media.and_then(|media| media.fps).unwrap_or(25.0),
        notes: newsroom.archive.notes(clip.id).await?.into_iter().map(readable).collect(),
        tags: newsroom.archive.tags(clip.id).await?,
        author: if f.who.is_empty() { author } else { f.who.clone() },
        longest_note: LONGEST_NOTE,
        longest_tag: LONGEST_TAG,
        f,
    };
    shown(&page)
}

fn readable(note: Note) -> Note {
    Note { at: day(&note.at), ..note }
}

#[derive(Deserialize)]
pub(crate) struct Written {
    text: String,
    #[serde(default)]
    author: String,
}

/// `POST /clips/{id}/notes`.
pub(crate) async fn note(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    form: Result<Form<Written>, FormRejection>,
) -> Result<Response, Problem> {
    let (clip, caller) = known(&state, &headers, &id, Scope::Check).await?;
    let Form(written) = form.map_err(|error| Problem::bad_request(error.body_text()))?;
    let author = author(&caller, &written.author);
    state.newsroom()?.archive.note(clip.id, &author, &written.text).await?;
    let back = Redirect::to(&format!("/clips/{}#notes", clip.id));
    let kept: String = url::form_urlencoded::byte_serialize(author.trim().as_bytes()).collect();
    Ok(([(header::SET_COOKIE, set_cookie(NAME_COOKIE, Some(&kept), true))], back).into_response())
}

/// A value that was kept as in an address.
fn decoded(kept: &str) -> Option<String> {
    let text = format!("v={kept}");
    let (_, value) = url::form_urlencoded::parse(text.as_bytes()).next()?;
    Some(visible(&value, 80))
}

#[derive(Deserialize)]
pub(crate) struct Tagged {
    tag: String,
}

/// `POST /clips/{id}/tags`.
pub(crate) async fn tag(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    form: Result<Form<Tagged>, FormRejection>,
) -> Result<Response, Problem> {
    let clip = known(&state, &headers, &id, Scope::Check).await?.0;
    let Form(tagged) = form.map_err(|error| Problem::bad_request(error.body_text()))?;
    state.newsroom()?.archive.tag(clip.id, &tagged.tag).await?;
    Ok(Redirect::to(&format!("/clips/{}#notes", clip.id)).into_response())
}

/// `POST /clips/{id}/untag`.
pub(crate) async fn untag(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    form: Result<Form<Tagged>, FormRejection>,
) -> Result<Response, Problem> {
    let clip = known(&state, &headers, &id, Scope::Check).await?.0;
    let Form(tagged) = form.map_err(|error| Problem::bad_request(error.body_text()))?;
    state.newsroom()?.archive.untag(clip.id, &tagged.tag).await?;
    Ok(Redirect::to(&format!("/clips/{}#notes", clip.id)).into_response())
}

/// `POST /clips/{id}/cancel`.
pub(crate) async fn cancel(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let clip = known(&state, &headers, &id, Scope::Check).await?.0;
    state.newsroom()?.cancel(clip.id).await?;
    Ok(Redirect::to(&format!("/clips/{}", clip.id)).into_response())
}

/// `POST /clips/{id}/again`: the same video, with the trust and the registry of now.
pub(crate) async fn again(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let clip = known(&state, &headers, &id, Scope::Check).await?.0;
    let newsroom = state.newsroom()?;
    newsroom.archive.again(clip.id).await?;
    newsroom.bell.notify_one();
    Ok(Redirect::to(&format!("/clips/{}", clip.id)).into_response())
}

/// `POST /clips/{id}/delete`.
pub(crate) async fn delete(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let clip = known(&state, &headers, &id, Scope::Check).await?.0;
    state.newsroom()?.forget(clip.id).await?;
    Ok(Redirect::to("/clips").into_response())
}

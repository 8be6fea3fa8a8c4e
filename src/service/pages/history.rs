use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use filigrane_archive::{Clip, Kind, Search, State as ClipState};
use filigrane_report::headline_of;
use filigrane_verdict::{Code, Language, visible};
use serde::Deserialize;

use super::{Frame, day, shown, size};
use crate::Scope;
use crate::problem::Problem;
use crate::retention::days;
use crate::state::State;

const PAGE: u32 = 50;

/// One line of a list of clips.
pub(crate) struct Row {
    pub id: String,
    pub name: String,
    pub size: String,
    pub day: String,
    pub symbol: &'static str,
    pub words: &'static str,
    pub tone: &'static str,
    pub tags: Vec<String>,
}

/// What a list says of a clip.
pub(crate) fn row(t: Language, clip: Clip, tags: Vec<String>) -> Row {
    let code =
        clip.verdict.as_deref().and_then(|code| Code::ALL.into_iter().find(|known| known.as_str() == code));
    let (symbol, words, tone) = match (clip.state, clip.kind) {
        (ClipState::Done, Kind::Check) => {
            let headline = headline_of(code, t);
            (headline.symbol, headline.words, headline.tone)
        }
        (ClipState::Done, Kind::Stamp) => ("✒", t.say("Marked and signed"), "sound"),
        (ClipState::Failed, _) => ("!", t.say("No answer"), "wrong"),
        (ClipState::Cancelled, _) => ("–", t.say("Stopped"), "open"),
        (ClipState::Receiving, _) => ("…", t.say("On its way"), "open"),
        (ClipState::Queued, _) => ("…", t.say("Waiting"), "open"),
        (ClipState::Running, _) => ("…", t.say("Being looked at"), "open"),
    };
    let name =
        if clip.name.is_empty() { t.say("without a name").to_owned() } else { visible(&clip.name, 120) };
    Row {
        id: clip.id.to_string(),
        name,
        size: size(clip.size, t),
        day: day(&clip.created_at),
        symbol,
        words,
        tone,
        tags,
    }
}

#[derive(Deserialize)]
pub(crate) struct Looked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    tag: String,
    #[serde(default)]
    from: u32,
}

struct Choice {
    code: &'static str,
    words: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "history.html")]
struct Page {
    f: Frame,
    rows: Vec<Row>,
    q: String,
    tag: String,
    choices: Vec<Choice>,
    searched: bool,
    next: Option<String>,
    previous: Option<String>,
    kept: String,
}

/// `GET /clips`: what was checked, and a search in it.
pub(crate) async fn get(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    looked: Result<Query<Looked>, QueryRejection>,
) -> Result<Response, Problem> {
    let newsroom = state.newsroom()?;
    let caller = state.caller(&headers, Scope::Read).await?;
    let Query(looked) = looked.map_err(|error| Problem::bad_request(error.body_text()))?;
    let f = Frame::of(&state, &headers, &caller, "history", "/clips");
    let search = Search {
        words: looked.q.clone(),
        verdict: looked.verdict.clone(),
        tag: looked.tag.clone(),
        limit: PAGE,
        offset: looked.from,
    };
    let (found, more) = newsroom.archive.search(&search).await?;
    let mut rows = Vec::with_capacity(found.len());
    for clip in found {
        let tags = newsroom.archive.tags(clip.id).await?;
        rows.push(row(f.t, clip, tags));
    }
    let choices = Code::ALL.into_iter().map(|code| Choice {
        code: code.as_str(),
        words: headline_of(Some(code), f.t).words,
        chosen: code.as_str() == looked.verdict,
    });
    let address = |from: u32| {
        let mut address = url::form_urlencoded::Serializer::new(String::new());
        address
            .append_pair("q", &looked.q)
            .append_pair("verdict", &looked.verdict)
            .append_pair("tag", &looked.tag);
        format!("/clips?{}", address.append_pair("from", &from.to_string()).finish())
    };
    let kept = match state.limits.kept_for.map(days) {
        None => f.t.say("Videos are kept here until somebody removes them.").to_owned(),
        Some(1) => {
            f.t.say("Videos are removed one day after they came, with their answers and notes.").to_owned()
        }
        Some(days) => f.t.fill(
            "Videos are removed {} days after they came, with their answers and notes.",
            &[&days.to_string()],
        ),
    };
    shown(&Page {
        kept,
        rows,
        choices: choices.collect(),
        searched: ![&looked.q, &looked.verdict, &looked.tag].into_iter().all(String::is_empty),
        next: more.then(|| address(looked.from.saturating_add(PAGE))),
        previous: (looked.from > 0).then(|| address(looked.from.saturating_sub(PAGE))),
        q: visible(&looked.q, 200),
        tag: visible(&looked.tag, 40),
        f,
    })
}

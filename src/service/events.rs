use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State as Extract};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use filigrane_archive::State as ClipState;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use crate::Scope;
use crate::clips::{StageView, known};
use crate::newsroom::Newsroom;
use crate::problem::Problem;
use crate::state::State;

/// How often it is looked how far a job is: often enough for a bar that moves, seldom enough for a hundred watchers.
const GLANCE: Duration = Duration::from_millis(250);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Seen {
    state: &'static str,
    stage: Option<StageView>,
}

struct Watching {
    newsroom: Arc<Newsroom>,
    id: Uuid,
    last: Option<Seen>,
    over: bool,
    _place: OwnedSemaphorePermit,
}

/// Tells how far the work on a video is, as it goes on: events `progress`, then one `end`.
pub(crate) async fn get(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let clip = known(&state, &headers, &id, Scope::Read).await?.0;
    let newsroom = Arc::clone(state.newsroom()?);
    let place = newsroom.watch_place()?;
    let watching = Watching { newsroom, id: clip.id, last: None, over: false, _place: place };
    let events = stream::unfold(watching, |watching| async move { next(watching).await });
    let alive = KeepAlive::new().interval(Duration::from_secs(10));
    // Proxies must not wait for more before they pass an event on.
    Ok(([("x-accel-buffering", "no")], Sse::new(events).keep_alive(alive)).into_response())
}

async fn next(mut watching: Watching) -> Option<(Result<Event, Infallible>, Watching)> {
    if watching.over {
        return None;
    }
    loop {
        if watching.newsroom.is_ending() {
            // The caller asks again, and finds the job where the next start of the program resumes it.
            return None;
        }
        let clip = watching.newsroom.archive.clip(watching.id).await.ok()??;
        let stage = watching.newsroom.stage(clip.id).filter(|_| clip.state == ClipState::Running);
        let seen = Seen { state: clip.state.as_str(), stage: stage.map(Into::into) };
        if watching.last.as_ref() != Some(&seen) {
            let data = serde_json::to_string(&seen).unwrap_or_default();
            watching.over = clip.state.is_final();
            let name = if watching.over { "end" } else { "progress" };
            watching.last = Some(seen);
            return Some((Ok(Event::default().event(name).data(data)), watching));
        }
        tokio::time::sleep(GLANCE).await;
    }
}

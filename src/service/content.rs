use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use filigrane_frame::Limits;
use filigrane_pipeline::{Cancel, by_binding, by_content};
use serde::Deserialize;

use crate::matches::{Matches, decode, most};
use crate::problem::Problem;
use crate::state::State;
use crate::upload;

/// Where videos are sent to.
pub(crate) const PATH: &str = "/matches/byContent";
/// Longest video looked at, seconds: what is recognised at all is recognised by then.
const LONGEST: f64 = 3600.0;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    alg: Option<String>,
    hint_alg: Option<String>,
    hint_value: Option<String>,
    max_results: Option<String>,
}

/// Stops the decoder when nobody waits for it any longer.
struct Waiting(Cancel);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// `POST /matches/byContent`.
pub(crate) async fn post(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    query: Result<Query<Asked>, QueryRejection>,
    body: Body,
) -> Result<Json<Matches>, Problem> {
    state.reader(&headers).await?;
    let Query(asked) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let most = most(asked.max_results.as_deref(), state.limits.matches)?;
    let hint = match (asked.hint_alg, asked.hint_value) {
        (Some(alg), Some(value)) => Some((alg, decode(&value.replace(' ', "+"))?)),
        (None, None) => None,
        _ => return Err(Problem::bad_request("hintAlg and hintValue go together")),
    };
    let kind = upload::media_type(&headers);
    if !kind.starts_with("video/") && kind != "application/mp4" {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send a video, as video/…"));
    }
    let place = state.video_place()?;
    let file = upload::file(body, &state.uploads, state.limits.video_bytes).await?;
    let waiting = Waiting(Cancel::default());
    let cancel = waiting.0.clone();
    let ward = state.ward.clone();
    let looked = state.work(place, move |registry| {
        let limits = Limits { seconds: LONGEST, ..Limits::default() };
        let asked = (asked.alg.as_deref(), most);
        let found = by_content(registry, &file, asked, ward.as_ref(), &limits, &cancel);
        // A hint is for where the content alone says nothing.
        match (found, hint) {
            (Ok(found), Some((alg, value))) if found.is_empty() => {
                Ok(by_binding(registry, &alg, &value, most)?)
            }
            (found, _) => Ok(found?),
        }
    });
    let found = looked.await?;
    drop(waiting);
    Ok(Json(found.into()))
}

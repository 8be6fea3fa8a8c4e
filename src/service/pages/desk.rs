use std::sync::Arc;

use askama::Template;
use axum::extract::State as Extract;
use axum::http::HeaderMap;
use axum::response::Response;

use super::{Frame, shown, size};
use crate::Scope;
use crate::problem::Problem;
use crate::state::State;

#[derive(Template)]
#[template(path = "stamp.html")]
struct Page {
    f: Frame,
    identities: Vec<String>,
    most: String,
    most_bytes: u64,
}

/// `GET /stamp`: mark and sign a video.
pub(crate) async fn get(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let caller = state.caller(&headers, Scope::Stamp).await?;
    let identities = state.newsroom()?.desk.identities();
    let most_bytes = state.limits.upload_bytes;
    let f = Frame::of(&state, &headers, &caller, "stamp", "/stamp");
    let most = size(most_bytes, f.t);
    shown(&Page { f, identities, most, most_bytes })
}

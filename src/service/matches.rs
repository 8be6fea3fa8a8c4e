use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use filigrane_pipeline::{Found, by_binding};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::state::State;
use crate::upload;

/// Longest value in an address; longer ones are posted.
const LONGEST_VALUE: usize = 8 << 10;
/// Matches given when nothing else is asked for, as the API has it.
const USUALLY: usize = 10;

/// Padded or not: callers differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    value: Option<String>,
    alg: Option<String>,
    max_results: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Binding {
    value: String,
    alg: String,
}

#[derive(Serialize)]
pub(crate) struct Matches {
    matches: Vec<Match>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    manifest_id: String,
    similarity_score: u32,
}

impl From<Vec<Found>> for Matches {
    fn from(found: Vec<Found>) -> Self {
        let one = |found: Found| Match {
            manifest_id: found.manifest.to_string(),
            similarity_score: found.similarity,
        };
        Self { matches: found.into_iter().map(one).collect() }
    }
}

/// `GET /matches/byBinding`.
pub(crate) async fn get(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Matches>, Problem> {
    state.reader(&headers).await?;
    let Query(asked) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let most = most(asked.max_results.as_deref(), state.limits.matches)?;
    let value = asked.value.ok_or_else(|| Problem::bad_request("value is missing"))?;
    let alg = asked.alg.ok_or_else(|| Problem::bad_request("alg is missing"))?;
    if value.len() > LONGEST_VALUE {
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "post a value of this length"));
    }
    // An unescaped plus sign arrives as a space.
    look_up(&state, alg, decode(&value.replace(' ', "+"))?, most).await
}

/// `POST /matches/byBinding`.
pub(crate) async fn post(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    query: Result<Query<Asked>, QueryRejection>,
    body: Body,
) -> Result<Json<Matches>, Problem> {
    state.reader(&headers).await?;
    let Query(asked) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let most = most(asked.max_results.as_deref(), state.limits.matches)?;
    let Binding { value, alg } = upload::json(&headers, body, state.limits.json_bytes).await?;
    look_up(&state, alg, decode(&value)?, most).await
}

async fn look_up(state: &State, alg: String, value: Vec<u8>, most: usize) -> Result<Json<Matches>, Problem> {
    let found = state.ask(move |registry| Ok(by_binding(registry, &alg, &value, most)?)).await?;
    Ok(Json(found.into()))
}

/// How many matches are wanted; more than `limit` are never given.
pub(crate) fn most(text: Option<&str>, limit: usize) -> Result<usize, Problem> {
    let Some(text) = text else { return Ok(USUALLY.min(limit)) };
    match text.parse::<u64>() {
        Ok(most) if most >= 1 => Ok(usize::try_from(most).unwrap_or(limit).min(limit)),
        _ => Err(Problem::bad_request("maxResults is a whole number from 1 on")),
    }
}

/// A value in base64, in either alphabet.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Problem> {
    let text = text.replace('-', "+").replace('_', "/");
    BASE64.decode(text).map_err(|_| Problem::bad_request("the value is not base64"))
}

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use filigrane_pipeline::{ALGORITHMS, AlgorithmKind};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Scope;
use crate::problem::Problem;
use crate::router::BASE;
use crate::state::State;

/// The version of C2PA whose interface this is.
const VERSION: &str = "2.4.0";
/// The interface, for programs; a test holds it against the routes.
pub(crate) const OPENAPI: &str = include_str!("openapi.json");

/// `GET /services/supportedAlgorithms`.
pub(crate) async fn algorithms() -> Json<Value> {
    let of = |kind: AlgorithmKind| -> Vec<Value> {
        let known = ALGORITHMS.iter().filter(|known| known.kind == kind);
        known.map(|known| json!({ "alg": known.name })).collect()
    };
    Json(
        json!({ "watermarks": of(AlgorithmKind::Watermark), "fingerprints": of(AlgorithmKind::Fingerprint) }),
    )
}

/// `GET /services/capabilities`: storing is among them as soon as somebody may do it.
pub(crate) async fn capabilities(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    let tokens = state.tokens.clone();
    let tokens = tokio::task::spawn_blocking(move || tokens.list());
    let tokens = tokens.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
    let someone = |scope| tokens.iter().any(|token| token.scopes.contains(&scope));
    let mut can = vec!["queryByBinding", "queryByContent", "org.filigrane.revocations"];
    if someone(Scope::StoreManifests) {
        can.extend(["storeManifests", "org.filigrane.bindings"]);
    }
    if someone(Scope::StoreBindings) {
        can.push("storeBindings");
    }
    Ok(Json(json!({ "c2paSpecificationVersion": VERSION, "supportedCapabilities": can })))
}

/// `GET /services/status`.
pub(crate) async fn status(Extract(state): Extract<Arc<State>>) -> Json<Value> {
    let status = if answers(&state).await.is_ok() { "ok" } else { "down" };
    let now = OffsetDateTime::now_utc().truncate_to_second().format(&Rfc3339).unwrap_or_default();
    Json(json!({ "status": status, "timestamp": now }))
}

/// `GET /.well-known/c2pa-soft-binding-resolution`.
pub(crate) async fn discovery() -> Json<Value> {
    Json(json!({
        "apiEndpoint": BASE,
        "c2paSpecificationVersion": VERSION,
        "capabilitiesEndpoint": format!("{BASE}/services/capabilities"),
        "statusEndpoint": format!("{BASE}/services/status"),
    }))
}

/// `GET /v1/openapi.json`.
pub(crate) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

/// `GET /healthz`: the process runs.
pub(crate) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /readyz`: the registry answers, too.
pub(crate) async fn ready(Extract(state): Extract<Arc<State>>) -> Result<Json<Value>, Problem> {
    match answers(&state).await {
        Ok(()) => Ok(Json(json!({ "status": "ok" }))),
        Err(_) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the registry does not answer")),
    }
}

/// `GET /metrics`: numbers for Prometheus, for this machine or with a key.
pub(crate) async fn metrics(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    state.caller(&headers, Scope::Metrics).await?;
    let newsroom = state.newsroom()?;
    let text = newsroom.metrics.text(&newsroom.archive.counts().await?);
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}

async fn answers(state: &State) -> Result<(), Problem> {
    if let Ok(newsroom) = state.newsroom() {
        newsroom.archive.counts().await?;
    }
    state.ask(|registry| Ok(registry.list(1, 0)?)).await.map(drop)
}

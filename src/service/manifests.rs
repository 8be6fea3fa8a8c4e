use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use filigrane_frame::Limits;
use filigrane_pipeline::{active_manifest, entry_of_manifest};
use filigrane_registry::{Error as RegistryError, Published, Record, Registry};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::held::Held;
use crate::name::Name;
use crate::problem::Problem;
use crate::state::State;
use crate::{Scope, upload};

/// What a manifest store is called among media types.
const MANIFEST: &str = "application/c2pa";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wanted {
    return_active_manifest: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Storing {
    return_receipt: Option<bool>,
}

/// `GET /manifests/{manifestId}`.
pub(crate) async fn get(
    Extract(state): Extract<Arc<State>>,
    Name(name): Name,
    headers: HeaderMap,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    state.reader(&headers).await?;
    let Query(wanted) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let place = state.manifest_place()?;
    let manifest = state
        .ask(move |registry| {
            let manifest = record(registry, &name)?.entry.manifest.ok_or_else(Problem::not_registered)?;
            match wanted.return_active_manifest {
                Some(true) => active_manifest(&manifest)
                    .ok_or_else(|| Problem::internal(format!("{name}: no manifest store"))),
                _ => Ok(manifest),
            }
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, MANIFEST)], Held::body(manifest, place)).into_response())
}

/// `POST /manifests`: takes a manifest in whose signature holds, and everything that it is found by out of it.
pub(crate) async fn post(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    query: Result<Query<Storing>, QueryRejection>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    state.holder(&headers, Scope::StoreManifests).await?;
    let Query(storing) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    if storing.return_receipt == Some(true) {
        return Err(Problem::bad_request("no receipts are given here: leave returnReceipt out"));
    }
    if upload::media_type(&headers) != MANIFEST {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/c2pa"));
    }
    let _place = state.manifest_place()?;
    let manifest = upload::bytes(body, state.limits.manifest_bytes).await?;
    let (name, published) = state
        .ask(move |registry| {
            let entry = entry_of_manifest(manifest, &Limits::default())?;
            let published = registry.publish(&entry)?;
            Ok((entry.urn, published))
        })
        .await?;
    Ok(Json(json!({ "manifestId": name.to_string(), "known": published == Published::Known })))
}

/// `DELETE /manifests/{manifestId}`: never done, and said why.
pub(crate) async fn delete(
    Extract(state): Extract<Arc<State>>,
    Name(name): Name,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.holder(&headers, Scope::StoreManifests).await?;
    state.ask(move |registry| record(registry, &name).map(drop)).await?;
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "records are only ever added here: have the signer withdraw the manifest (POST …/revocations)",
    ))
}

/// The record of a manifest; a name that none can have is one that none has.
pub(crate) fn record(registry: &Registry, name: &str) -> Result<Record, Problem> {
    match registry.by_urn(name) {
        Ok(Some(record)) => Ok(record),
        Ok(None) | Err(RegistryError::Urn(_)) => Err(Problem::not_registered()),
        Err(error) => Err(error.into()),
    }
}

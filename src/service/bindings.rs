use std::sync::Arc;

use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode};
use filigrane_frame::Limits;
use filigrane_pipeline::binds;
use serde::Deserialize;

use crate::manifests::record;
use crate::matches::decode;
use crate::problem::Problem;
use crate::state::State;
use crate::{Scope, upload};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Binding {
    binding_value: String,
    manifest_id: String,
}

/// `POST /bindings`, and `PUT`. What a manifest is found by stands under its signature and nowhere else: such a binding is
/// there since the manifest is, and any other would be on somebody's mere word.
pub(crate) async fn store(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    state.holder(&headers, Scope::StoreBindings).await?;
    let Binding { binding_value, manifest_id } =
        upload::json(&headers, body, state.limits.json_bytes).await?;
    let _place = state.manifest_place()?;
    let value = decode(&binding_value)?;
    let bound = state
        .ask(move |registry| {
            let manifest = record(registry, &manifest_id)?.entry.manifest;
            let manifest = manifest.ok_or_else(Problem::not_registered)?;
            Ok(binds(&manifest, &value, &Limits::default())?)
        })
        .await?;
    if bound {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "the manifest does not bind this value under its signature, and on no other word is it kept",
    ))
}

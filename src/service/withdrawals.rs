//! An extension of this program: what signers say of manifests that they no longer stand by.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use filigrane_frame::Limits;
use filigrane_pipeline::accept_withdrawal;
use filigrane_registry::Revocation;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::manifests::record;
use crate::matches::decode;
use crate::name::Name;
use crate::problem::Problem;
use crate::state::State;
use crate::{Scope, upload};

#[derive(Serialize, Deserialize)]
pub(crate) struct Withdrawal {
    /// Whose consent it is about; none where the whole manifest is withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    reason: String,
    at: String,
    /// In base64.
    signature: String,
}

/// `GET /manifests/{manifestId}/revocations`.
pub(crate) async fn get(
    Extract(state): Extract<Arc<State>>,
    Name(name): Name,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    state.reader(&headers).await?;
    let revocations = state.ask(move |registry| Ok(record(registry, &name)?.revocations)).await?;
    let shown = |one: Revocation| Withdrawal {
        subject: one.subject,
        reason: one.reason,
        at: one.at,
        signature: STANDARD.encode(one.signature),
    };
    let revocations: Vec<Withdrawal> = revocations.into_iter().map(shown).collect();
    Ok(Json(json!({ "revocations": revocations })))
}

/// `POST /manifests/{manifestId}/revocations`: taken from the manifest's own signer alone.
pub(crate) async fn post(
    Extract(state): Extract<Arc<State>>,
    Name(name): Name,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    state.holder(&headers, Scope::StoreManifests).await?;
    let Withdrawal { subject, reason, at, signature } =
        upload::json(&headers, body, state.limits.json_bytes).await?;
    let revocation = Revocation { subject, reason, at, signature: decode(&signature)? };
    let _place = state.manifest_place()?;
    state
        .ask(move |registry| {
            record(registry, &name)?;
            Ok(accept_withdrawal(registry, &name, &revocation, &Limits::default())?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

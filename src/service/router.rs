use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::assets::Kept;
use crate::observe::{Observer, observe};
use crate::problem::Problem;
use crate::state::State;
use crate::{
    bindings, clips, content, events, exports, manifests, matches, pages, services, tus, withdrawals,
};

/// Where the interface begins.
pub(crate) const BASE: &str = "/v1";

/// Every path that is answered, and how.
pub(crate) fn routes() -> Vec<(String, MethodRouter<Arc<State>>)> {
    let interface: [(&str, MethodRouter<Arc<State>>); 10] = [
        ("/matches/byBinding", get(matches::get).post(matches::post)),
        (content::PATH, post(content::post)),
        ("/manifests", post(manifests::post)),
        ("/manifests/{manifestId}", get(manifests::get).delete(manifests::delete)),
        ("/manifests/{manifestId}/revocations", get(withdrawals::get).post(withdrawals::post)),
        ("/bindings", post(bindings::store).put(bindings::store)),
        ("/services/supportedAlgorithms", get(services::algorithms)),
        ("/services/capabilities", get(services::capabilities)),
        ("/services/status", get(services::status)),
        ("/openapi.json", get(services::openapi)),
    ];
    let newsroom: [(&str, MethodRouter<Arc<State>>); 15] = [
        ("/clips", get(clips::list).post(clips::post)),
        ("/clips/{id}", get(clips::get).delete(clips::delete)),
        ("/clips/{id}/cancel", post(clips::cancel)),
        ("/clips/{id}/events", get(events::get)),
        ("/clips/{id}/notes", get(clips::notes).post(clips::add_note)),
        ("/clips/{id}/tags", post(clips::add_tag)),
        ("/clips/{id}/video", get(exports::video)),
        ("/clips/{id}/stamped", get(exports::stamped)),
        ("/clips/{id}/frames/{number}", get(exports::frame)),
        ("/clips/{id}/original", get(exports::original)),
        ("/clips/{id}/report.json", get(exports::json)),
        ("/clips/{id}/report.crjson", get(exports::crjson)),
        ("/clips/{id}/report.html", get(exports::html)),
        ("/fetches", post(clips::fetch)),
        ("/uploads", post(tus::post).options(tus::options)),
    ];
    let upload = ("/uploads/{id}", axum::routing::patch(tus::patch).head(tus::head).delete(tus::delete));
    let newsroom = newsroom.into_iter().chain([upload]);
    let beside = [
        ("/.well-known/c2pa-soft-binding-resolution", get(services::discovery)),
        ("/healthz", get(services::health)),
        ("/readyz", get(services::ready)),
        ("/metrics", get(services::metrics)),
    ];
    let interface =
        interface.into_iter().chain(newsroom).map(|(path, route)| (format!("{BASE}{path}"), route));
    interface.chain(beside.map(|(path, route)| (path.to_owned(), route))).collect()
}

/// Whether a path belongs to the registry's interface, whose errors have a form of their own.
pub(crate) fn is_of_the_registry(path: &str) -> bool {
    if ["/healthz", "/readyz", "/.well-known/c2pa-soft-binding-resolution"].contains(&path) {
        return true;
    }
    let Some(rest) = path.strip_prefix(BASE) else { return false };
    !["/clips", "/uploads", "/fetches"].iter().any(|part| {
        rest.strip_prefix(part).is_some_and(|behind| behind.is_empty() || behind.starts_with('/'))
    })
}

/// Whether a request brings a video for the newsroom.
pub(crate) fn brings_a_video(method: &Method, path: &str) -> bool {
    let sends = [Method::POST, Method::PATCH].contains(method);
    sends
        && (["/clips", "/fetch", "/v1/clips", "/v1/fetches"].contains(&path)
            || path.starts_with("/v1/uploads"))
}

/// The whole service, but for connections.
pub(crate) fn router(state: Arc<State>, observer: Observer) -> Router {
    let router = routes().into_iter().fold(Router::new(), |router, (path, route)| router.route(&path, route));
    let router = pages::routes().into_iter().fold(router, |router, (path, route)| router.route(path, route));
    let always = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    router
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "there is nothing at this address"))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this address does not take that method")
        })
        .with_state(Arc::clone(&state))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            Problem::internal("a request made the service panic").into_response()
        }))
        .layer(from_fn_with_state((state, observer), observe))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(map_response(keep))
}

/// Says how long an answer may be kept: not at all, unless it says so itself.
async fn keep(mut response: Response) -> Response {
    let kept = response.extensions_mut().remove::<Kept>();
    let value = kept.map_or(HeaderValue::from_static("no-store"), |kept| kept.0);
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}

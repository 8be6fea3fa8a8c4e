use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::observe::{Observer, observe};
use crate::problem::Problem;
use crate::state::State;
use crate::{bindings, content, manifests, matches, services, withdrawals};

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
    let beside = [
        ("/.well-known/c2pa-soft-binding-resolution", get(services::discovery)),
        ("/healthz", get(services::health)),
        ("/readyz", get(services::ready)),
    ];
    let interface = interface.into_iter().map(|(path, route)| (format!("{BASE}{path}"), route));
    interface.chain(beside.map(|(path, route)| (path.to_owned(), route))).collect()
}

/// The whole service, but for connections.
pub(crate) fn router(state: Arc<State>, observer: Observer) -> Router {
    let router = routes().into_iter().fold(Router::new(), |router, (path, route)| router.route(&path, route));
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
        .layer(always(header::CACHE_CONTROL, "no-store"))
}

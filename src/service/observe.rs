use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State as Extract};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::problem::{Private, Problem, Said};
use crate::router::{BASE, brings_a_video, is_of_the_registry};
use crate::state::{Reading, State};
use crate::{content, pages};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// One request that was answered. Neither values nor tokens are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The name that the answer carries, too.
    pub id: Uuid,
    /// Method and path, as the caller wrote them.
    pub what: String,
    /// The pattern that the path fits, such as `/clips/{id}`; empty where it fits none. Names nobody and nothing.
    pub route: String,
    /// Status of the answer.
    pub status: u16,
    /// How long it took, milliseconds.
    pub milliseconds: u128,
    /// What went wrong, for the operator alone.
    pub failure: Option<String>,
}

/// Told of each request.
pub type Log = Arc<dyn Fn(&Told) + Send + Sync>;

pub(crate) type Observer = Log;

/// Bounds a request in time, gives it a name, and tells of it.
pub(crate) async fn observe(
    Extract((state, observer)): Extract<(Arc<State>, Observer)>,
    request: Request,
    next: Next,
) -> Response {
    let (id, start) = (Uuid::new_v4(), Instant::now());
    let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let path = uri.path();
    let limit = if brings_a_video(&method, path) {
        state.limits.upload
    } else if path.strip_prefix(BASE) == Some(content::PATH) {
        state.limits.content
    } else {
        state.limits.request
    };
    let mut response = if state.reading == Reading::Here && !is_for_here(&headers) {
        // Without a login, a page of somebody else's that a browser on this machine shows must not get in by a name
        // that it gave this address.
        Problem::new(StatusCode::MISDIRECTED_REQUEST, "ask for localhost, 127.0.0.1 or [::1]").into_response()
    } else if !method.is_safe() && is_from_elsewhere(&headers) {
        Problem::new(StatusCode::FORBIDDEN, "a page of another site may not do this").into_response()
    } else {
        match tokio::time::timeout(limit, next.run(request)).await {
            Ok(response) => response,
            Err(_) => {
                let seconds = limit.as_secs();
                let late = format!("the request took over {seconds} s");
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, late).into_response()
            }
        }
    };
    let failure = response.extensions_mut().remove::<Private>().map(|private| private.0);
    if let Some(said) = response.extensions_mut().remove::<Said>().filter(|_| !is_of_the_registry(path)) {
        response = formed(response, &headers, &uri, &said, &id.to_string());
    }
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let (status, took) = (response.status().as_u16(), start.elapsed());
    if let Ok(newsroom) = state.newsroom() {
        newsroom.metrics.request(method.as_str(), &route, status, took);
    }
    let what = format!("{method} {path}");
    observer(&Told { id, what, route, status, milliseconds: took.as_millis(), failure });
    response
}

/// A problem as the caller reads it: a page in a browser, else the document of RFC 9457.
fn formed(response: Response, headers: &HeaderMap, uri: &Uri, said: &Said, request: &str) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut formed = if accepts.contains("text/html") {
        pages::problem(headers, uri, said, request)
    } else {
        said.document(request, pages::language_of(headers))
    };
    for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE, header::ALLOW, header::CONTENT_RANGE] {
        if let Some(value) = response.headers().get(&name) {
            formed.headers_mut().insert(name, value.clone());
        }
    }
    formed
}

/// Whether a browser says that a page of another site asks. A program that sends its key is asked for nothing more.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("authorization").is_some() {
        return false;
    }
    if text("sec-fetch-site").is_some_and(|site| !["same-origin", "none"].contains(&site)) {
        return true;
    }
    let Some(origin) = text("origin") else { return false };
    let named = origin.split_once("://").map(|(_, authority)| authority);
    named != text("host")
}

/// Whether the caller named this machine as itself.
fn is_for_here(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let address = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    address || host.eq_ignore_ascii_case("localhost")
}

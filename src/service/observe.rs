use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State as Extract};
use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::content;
use crate::problem::{Private, Problem};
use crate::router::BASE;
use crate::state::{Reading, State};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// One request that was answered. Neither values nor tokens are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The name that the answer carries, too.
    pub id: Uuid,
    /// Method and path, as the caller wrote them.
    pub what: String,
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
    let path = request.uri().path();
    let what = format!("{} {path}", request.method());
    let with_video = path.strip_prefix(BASE) == Some(content::PATH);
    let limit = if with_video { state.limits.content } else { state.limits.request };
    let mut response = if state.reading == Reading::Here && !is_for_here(&request) {
        // Without a login, a page of somebody else's that a browser on this machine shows must not get in by a name
        // that it gave this address.
        Problem::new(StatusCode::MISDIRECTED_REQUEST, "ask for localhost, 127.0.0.1 or [::1]").into_response()
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
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    observer(&Told {
        id,
        what,
        status: response.status().as_u16(),
        milliseconds: start.elapsed().as_millis(),
        failure: response.extensions_mut().remove::<Private>().map(|private| private.0),
    });
    response
}

/// Whether the caller named this machine as itself.
fn is_for_here(request: &Request) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let address = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    address || host.eq_ignore_ascii_case("localhost")
}

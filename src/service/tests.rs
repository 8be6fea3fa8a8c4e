//! The interface without connections: who gets in, what is turned away, and that the document tells the truth.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Response;
use filigrane_registry::Registry;
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::router::{router, routes};
use crate::services::OPENAPI;
use crate::state::{Reading, State};
use crate::{Bounds, Scope, ServiceLimits, TokenFile, Told};

struct Service {
    home: tempfile::TempDir,
    router: Router,
    tokens: TokenFile,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Service {
    fn new(reading: Reading, limits: ServiceLimits) -> Self {
        let home = tempfile::tempdir().unwrap();
        let registry = Registry::open(&home.path().join("registry")).unwrap();
        let tokens = TokenFile::new(home.path().join("tokens.json"));
        let state = State::new(registry, tokens.clone(), reading, home.path().join("uploads"), limits);
        let told: Arc<Mutex<Vec<Told>>> = Arc::default();
        let log = Arc::clone(&told);
        let router = router(Arc::new(state), Arc::new(move |one| log.lock().unwrap().push(one.clone())));
        Self { home, router, tokens, told }
    }

    fn open() -> Self {
        Self::new(Reading::Public, ServiceLimits::default())
    }

    async fn ask(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn status(&self, method: &str, path: &str, token: Option<&str>) -> StatusCode {
        self.ask(request(method, path, token, "", Body::empty())).await.status()
    }
}

fn request(method: &str, path: &str, token: Option<&str>, kind: &str, body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost:8080");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request.header(header::CONTENT_TYPE, kind).body(body).unwrap()
}

async fn json(response: Response) -> Value {
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

/// A body of zeros that states no length: so many bytes, and then nothing more, or no end.
struct Zeros {
    left: usize,
    ends: bool,
}

impl HttpBody for Zeros {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let size = self.left.min(4096);
        self.left -= size;
        match size {
            0 if self.ends => Poll::Ready(None),
            0 => Poll::Pending,
            _ => Poll::Ready(Some(Ok(Frame::data(vec![0; size].into())))),
        }
    }
}

#[tokio::test]
async fn the_document_names_every_route_and_no_other() {
    let service = Service::open();
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let documented = document["paths"].as_object().unwrap();
    let mut paths: Vec<String> = routes().into_iter().map(|(path, _)| path).collect();
    paths.sort();
    let mut named: Vec<&String> = documented.keys().collect();
    named.sort();
    assert_eq!(paths.iter().collect::<Vec<_>>(), named);
    for path in &paths {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let known = documented[path].get(method.as_str().to_lowercase());
            let path =
                path.replace("{manifestId}", "urn:c2pa:x").replace("{id}", "x").replace("{number}", "0");
            let status = service.status(method.as_str(), &path, None).await;
            assert_eq!(
                known.is_some(),
                status != StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}: {status}"
            );
            if let Some(known) = known {
                assert!(known["responses"].get(status.as_str()).is_some(), "{method} {path}: {status}");
            }
        }
    }
}

#[tokio::test]
async fn storing_takes_a_token_with_the_scope_wherever_the_caller_is() {
    let service = Service::new(Reading::Here, ServiceLimits::default());
    let reader = service.tokens.create("reader", &[Scope::FetchManifests], &Bounds::default()).unwrap();
    let store = [
        ("POST", "/v1/manifests", Scope::StoreManifests),
        ("DELETE", "/v1/manifests/urn:c2pa:x", Scope::StoreManifests),
        ("POST", "/v1/manifests/urn:c2pa:x/revocations", Scope::StoreManifests),
        ("POST", "/v1/bindings", Scope::StoreBindings),
        ("PUT", "/v1/bindings", Scope::StoreBindings),
    ];
    for (number, (method, path, scope)) in store.into_iter().enumerate() {
        for token in [None, Some("not-a-real-token"), Some("")] {
            let answer = service.ask(request(method, path, token, "", Body::empty())).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], "Bearer");
        }
        assert_eq!(service.status(method, path, Some(&reader)).await, StatusCode::FORBIDDEN);
        let name = format!("token-{number}");
        let fitting = service.tokens.create(&name, &[scope], &Bounds::default()).unwrap();
        let status = service.status(method, path, Some(&fitting)).await;
        assert!(
            ![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status),
            "{method} {path}: {status}"
        );
        service.tokens.revoke(&name).unwrap();
        assert_eq!(service.status(method, path, Some(&fitting)).await, StatusCode::UNAUTHORIZED);
    }
    let told = service.told.lock().unwrap();
    assert!(told.len() > 20 && told.iter().all(|one| !format!("{one:?}").contains("filigrane_")));
}

#[tokio::test]
async fn from_other_machines_reading_takes_a_token_and_health_does_not() {
    let service = Service::new(Reading::Token, ServiceLimits::default());
    let reader = service.tokens.create("reader", &[Scope::FetchManifests], &Bounds::default()).unwrap();
    let writer = service.tokens.create("writer", &[Scope::StoreManifests], &Bounds::default()).unwrap();
    let look_up = "/v1/matches/byBinding?alg=org.filigrane.watermark.1&value=AAAAAAAAAAA%3D";
    assert_eq!(service.status("GET", look_up, None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(service.status("GET", look_up, Some(&writer)).await, StatusCode::FORBIDDEN);
    assert_eq!(service.status("GET", look_up, Some(&reader)).await, StatusCode::OK);
    for open in
        ["/healthz", "/readyz", "/v1/services/capabilities", "/.well-known/c2pa-soft-binding-resolution"]
    {
        assert_eq!(service.status("GET", open, None).await, StatusCode::OK, "{open}");
    }
}

#[tokio::test]
async fn a_name_given_to_this_machine_by_others_does_not_get_a_page_in() {
    let service = Service::new(Reading::Here, ServiceLimits::default());
    for (host, status) in [
        ("localhost:8080", StatusCode::OK),
        ("127.0.0.1", StatusCode::OK),
        ("[::1]:8080", StatusCode::OK),
        ("rebound.example", StatusCode::MISDIRECTED_REQUEST),
        ("localhost.example:8080", StatusCode::MISDIRECTED_REQUEST),
    ] {
        let request = Request::get("/healthz").header(header::HOST, host).body(Body::empty()).unwrap();
        assert_eq!(service.ask(request).await.status(), status, "{host}");
    }
}

#[tokio::test]
async fn bodies_over_their_limit_are_refused_whether_they_state_it_or_not() {
    let limits =
        ServiceLimits { json_bytes: 100, manifest_bytes: 100, video_bytes: 5000, ..ServiceLimits::default() };
    let service = Service::new(Reading::Public, limits);
    let token = service
        .tokens
        .create("desk", &[Scope::StoreManifests, Scope::StoreBindings], &Bounds::default())
        .unwrap();
    for (path, kind) in [
        ("/v1/matches/byBinding", "application/json"),
        ("/v1/matches/byContent", "video/mp4"),
        ("/v1/manifests", "application/c2pa"),
        ("/v1/bindings", "application/json; charset=utf-8"),
    ] {
        for body in [Body::from(vec![0; 6000]), Body::new(Zeros { left: 6000, ends: true })] {
            let answer = service.ask(request("POST", path, Some(&token), kind, body)).await;
            assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
            assert!(json(answer).await["error"].as_str().unwrap().contains("bytes"));
        }
        let answer = service.ask(request("POST", path, Some(&token), "image/png", Body::from("x"))).await;
        assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
    }
    let left = std::fs::read_dir(service.home.path().join("uploads")).unwrap().count();
    assert_eq!(left, 0, "what was refused is not kept");
}

#[tokio::test]
async fn callers_beyond_the_bound_are_told_when_to_come_again() {
    let none = ServiceLimits { lookups: 0, videos: 0, manifests: 0, ..ServiceLimits::default() };
    let service = Service::new(Reading::Public, none);
    let token = service.tokens.create("desk", &[Scope::StoreManifests], &Bounds::default()).unwrap();
    for (method, path, kind) in [
        ("GET", "/v1/matches/byBinding?alg=org.filigrane.watermark.1&value=AAAAAAAAAAA", ""),
        ("GET", "/v1/manifests/urn:c2pa:6f1c0a2b-1122-4344-8555-66778899aabb", ""),
        ("POST", "/v1/matches/byContent", "video/mp4"),
        ("POST", "/v1/manifests", "application/c2pa"),
    ] {
        let answer = service.ask(request(method, path, Some(&token), kind, Body::from("x"))).await;
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
        let seconds: u32 = answer.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..60).contains(&seconds));
    }
    assert_eq!(service.status("GET", "/readyz", None).await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up_and_its_place_is_free_again() {
    let limits = ServiceLimits { content: Duration::from_millis(200), videos: 1, ..ServiceLimits::default() };
    let service = Service::new(Reading::Public, limits);
    for _ in 0..2 {
        let body = Body::new(Zeros { left: 10_000, ends: false });
        let answer = service.ask(request("POST", "/v1/matches/byContent", None, "video/mp4", body)).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    assert_eq!(std::fs::read_dir(service.home.path().join("uploads")).unwrap().count(), 0);
}

#[tokio::test]
async fn wrong_questions_are_refused_in_one_line_and_every_answer_has_a_name() {
    let service = Service::open();
    let binding = "/v1/matches/byBinding?alg=org.filigrane.watermark.1&value=";
    for path in [
        "/v1/matches/byBinding".to_owned(),
        "/v1/matches/byBinding?alg=org.filigrane.watermark.1".to_owned(),
        "/v1/matches/byBinding?value=AAAA&alg=com.example.other".to_owned(),
        format!("{binding}AAAA"),
        format!("{binding}%2a%2a"),
        format!("{binding}AAAAAAAAAAA&maxResults=0"),
        format!("{binding}AAAAAAAAAAA&maxResults=many"),
        format!("{binding}AAAAAAAAAAA&value=AAAAAAAAAAA"),
    ] {
        let answer = service.ask(request("GET", &path, None, "", Body::empty())).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{path}");
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(service.told.lock().unwrap().iter().any(|told| told.id.to_string() == id));
        let error = json(answer).await["error"].as_str().unwrap().to_owned();
        assert!(!error.is_empty() && !error.contains('\n'), "{error}");
    }
    let long = format!("{binding}{}", "A".repeat(10_000));
    assert_eq!(service.status("GET", &long, None).await, StatusCode::URI_TOO_LONG);
    for value in
        ["AAAAAAAAAAA", "AAAAAAAAAAA=", "AAAAAAAAAAA%3D", "__________8", "//////////8=", "++++++++++8="]
    {
        assert_eq!(
            service.status("GET", &format!("{binding}{value}"), None).await,
            StatusCode::OK,
            "{value}"
        );
    }
    for name in ["urn:c2pa:conformance-does-not-exist", "..%2F..%2Fetc", "%00", "%FF"] {
        let path = format!("/v1/manifests/{name}");
        let status = service.status("GET", &path, None).await;
        assert!([StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST].contains(&status), "{name}: {status}");
    }
    let answer = service.ask(request("GET", "/", None, "", Body::empty())).await;
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json", "a server without a page");
    assert_eq!(json(answer).await["status"], 404);
    for path in ["/v1", "/v1/matches/byReference"] {
        let answer = service.ask(request("GET", path, None, "", Body::empty())).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert!(json(answer).await["error"].is_string());
    }
}

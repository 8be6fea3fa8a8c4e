//! Servers that are gone, slow, or lie: the rest of the verdict is given all the same, and in time.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::clip::other_footage;
use crate::program::User;
use crate::scene::{scene, urn};

/// What a server was asked.
pub struct Asked {
    pub path: String,
    /// The whole header, in lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl Asked {
    fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut chunk = vec![0; 64 << 10];
        loop {
            let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
            if let Some(end) = end {
                let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
                let path = head.split(' ').nth(1)?.to_owned();
                let head = head.to_lowercase();
                let length =
                    head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                if bytes.len() >= end + 4 + length.unwrap_or(0) {
                    return Some(Self { path, head, body: bytes.split_off(end + 4) });
                }
            }
            match stream.read(&mut chunk) {
                Ok(0) | Err(_) => return None,
                Ok(size) => bytes.extend_from_slice(&chunk[..size]),
            }
        }
    }
}

/// A server that answers each request by what was asked, for as long as the test runs.
pub fn server(answer: impl Fn(&Asked, &mut TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                if let Some(asked) = Asked::read(&mut stream) {
                    answer(&asked, &mut stream);
                }
            });
        }
    });
    address
}

/// Sends an answer with these further lines of header, each with its end.
pub fn send(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    // The caller may have enough already.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

/// What every lying server says first: that it knows the clip.
fn lead(asked: &Asked, stream: &mut TcpStream) -> bool {
    let matches = asked.path.contains("/matches/");
    if matches {
        let body = json!({ "matches": [{ "manifestId": urn() }] }).to_string();
        send(stream, "200 OK", "", body.as_bytes());
    }
    matches
}

/// The clip's mark is found whatever the server does, the registry has no say, and one error names the server.
#[track_caller]
fn is_unavailable(address: &str, within: u64) -> String {
    let start = Instant::now();
    let answer = User::new().verify(&scene().upload(), &format!("--registry {address}")).verdict("marked", 0);
    assert!(start.elapsed() < Duration::from_secs(within), "{:?}", start.elapsed());
    assert_eq!(answer["registry"]["state"], "unavailable", "{answer}");
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer}");
    errors[0].as_str().unwrap().to_owned()
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for path in ["", "/v1"] {
        let error = is_unavailable(&format!("http://{closed}{path}"), 60);
        assert!(error.contains(&closed.to_string()) && error.contains("does not answer"), "{error}");
    }
}

#[test]
fn plain_http_to_elsewhere_is_not_spoken() {
    let error = is_unavailable("http://registry.invalid/v1", 60);
    assert!(error.contains("https://"), "{error}");
}

#[test]
fn a_server_that_never_ends_its_answer_is_given_up() {
    let endless = server(|asked, stream| {
        if !lead(asked, stream) {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            while stream.write_all(&[0; 1 << 16]).is_ok() {}
        }
    });
    let error = is_unavailable(&format!("http://{endless}/v1"), 90);
    assert!(error.contains("larger than") || error.contains("in time"), "{error}");
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let silent = server(|_, _| std::thread::sleep(Duration::from_secs(120)));
    let error = is_unavailable(&format!("http://{silent}/v1"), 60);
    assert!(error.contains("in time"), "{error}");
}

#[test]
fn a_redirect_to_another_server_is_not_followed() {
    let away = server(|_, stream| send(stream, "302 Found", "Location: http://localhost:9/x\r\n", b""));
    let error = is_unavailable(&format!("http://{away}/v1"), 60);
    assert!(error.contains("another server"), "{error}");
    let discovered = server(|_, stream| {
        let body = json!({ "apiEndpoint": "http://localhost:9/v1", "c2paSpecificationVersion": "2.4.0" });
        send(stream, "200 OK", "", body.to_string().as_bytes());
    });
    let error = is_unavailable(&format!("http://{discovered}"), 60);
    assert!(error.contains("another server"), "{error}");
}

#[test]
fn nonsense_for_an_answer_is_said_to_be_that() {
    let odd = server(|_, stream| send(stream, "200 OK", "", b"<html>hello</html>"));
    let error = is_unavailable(&format!("http://{odd}/v1"), 60);
    assert!(error.contains("none of the C2PA"), "{error}");
    let failing = server(|_, stream| send(stream, "500 Oops", "", b"{\"error\": \"\\u001b[2Jgone\"}"));
    let error = is_unavailable(&format!("http://{failing}/v1"), 60);
    assert!(error.contains("gone"), "{error}");
}

#[test]
fn another_manifest_in_place_of_the_right_one_recovers_nothing() {
    let forger = User::new();
    let signed = forger.path("other.mp4");
    forger.stamp(&other_footage(), &signed, "--no-watermark").succeeds();
    let stores = forger.home().join("registry/manifests");
    let folder = std::fs::read_dir(stores).unwrap().flatten().find(|entry| entry.file_name() != ".new");
    let file = std::fs::read_dir(folder.unwrap().path()).unwrap().next().unwrap().unwrap().path();
    let manifest: &'static [u8] = std::fs::read(file).unwrap().leak();
    for bytes in [manifest, &manifest[..manifest.len() / 2], b""] {
        let lying = server(move |asked, stream| {
            if lead(asked, stream) {
            } else if asked.path.contains("/manifests/") {
                send(stream, "200 OK", "", bytes);
            } else {
                send(stream, "404 Not Found", "", b"");
            }
        });
        let address = format!("--registry http://{lying}/v1");
        let answer = User::new().verify(&scene().upload(), &address).verdict("marked", 0);
        assert_ne!(answer["registry"]["state"], "match", "{answer}");
    }
}

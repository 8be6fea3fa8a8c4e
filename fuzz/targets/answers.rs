//! What a registry behind HTTP answers, which may be anybody's: no answer makes the asker panic, wait or take another's word.
//!
//! The first byte says what is asked; the answers follow, parted by a line of `--`. The first byte of each is its status.
#![no_main]

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Mutex, OnceLock};

use filigrane::pipeline::by_binding;
use filigrane::registry::{Access, Registry};
use libfuzzer_sys::fuzz_target;

const WATERMARK: &str = "org.filigrane.watermark.1";
const PAYLOAD: u64 = 0x0123_4567_89ab_cdef;
const NAME: &str = "urn:c2pa:01234567-89ab-4def-8123-456789abcdef";
const STATUS: [&str; 8] = [
    "200 OK",
    "204 No Content",
    "302 Found",
    "400 Bad Request",
    "401 Unauthorized",
    "404 Not Found",
    "429 Too Many Requests",
    "500 Internal Server Error",
];

static ANSWERS: Mutex<VecDeque<Vec<u8>>> = Mutex::new(VecDeque::new());

/// Reads one request, as far as its end can be told, and answers with what is next.
fn answer(stream: &mut TcpStream) -> std::io::Result<()> {
    let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut chunk)? {
            0 => return Ok(()),
            size => request.extend_from_slice(&chunk[..size]),
        }
    }
    let next = ANSWERS.lock().map(|mut answers| answers.pop_front()).unwrap_or_default();
    let next = next.unwrap_or_else(|| vec![5]);
    let (status, body) = next.split_first().unwrap_or((&5, &[]));
    let status = STATUS[usize::from(*status) % STATUS.len()];
    let place = if status.starts_with('3') {
        let place = String::from_utf8_lossy(body).replace(|c: char| c.is_control(), "");
        format!("Location: {place}\r\n")
    } else {
        String::new()
    };
    let head =
        format!("HTTP/1.1 {status}\r\n{place}Connection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

fn server() -> SocketAddr {
    static SERVER: OnceLock<SocketAddr> = OnceLock::new();
    *SERVER.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                // The asker may have had enough.
                let _ = answer(&mut stream);
            }
        });
        address
    })
}

fuzz_target!(|bytes: &[u8]| {
    let Some((what, answers)) = bytes.split_first() else { return };
    let mut parts = VecDeque::new();
    let mut rest = answers;
    while let Some(at) = rest.windows(4).position(|window| window == b"\n--\n") {
        parts.push_back(rest[..at].to_vec());
        rest = &rest[at + 4..];
    }
    parts.push_back(rest.to_vec());
    *ANSWERS.lock().expect("no holder panics") = parts;
    let path = if what & 8 == 0 { "/v1" } else { "" };
    let Ok(Some(registry)) =
        Registry::reach(&format!("http://{}{path}", server()), false, &Access::default())
    else {
        return;
    };
    match what % 5 {
        0 => {
            for record in registry.by_payload(PAYLOAD).unwrap_or_default() {
                assert_eq!(record.entry.urn.payload(), PAYLOAD, "a name that the mark does not lead to");
            }
        }
        1 => drop(registry.by_urn(NAME)),
        2 => drop(registry.names(PAYLOAD)),
        3 => drop(registry.resembling(WATERMARK, &PAYLOAD.to_be_bytes())),
        _ => {
            let found = by_binding(&registry, WATERMARK, &PAYLOAD.to_be_bytes(), 8).unwrap_or_default();
            assert!(found.len() <= 8);
        }
    }
});

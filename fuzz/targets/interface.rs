//! Requests to the registry's interface: an answer to each, and never that the service failed.
//!
//! A request is a line `METHOD PATH`, lines of header, an empty line and a body; `%TOKEN%` stands for one that may do all.
#![no_main]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use filigrane::registry::Registry;
use filigrane::service::{Bounds, Options, Scope, Server, ServiceLimits, TokenFile};
use libfuzzer_sys::{Corpus, fuzz_target};

const SCOPES: [Scope; 4] =
    [Scope::FetchManifests, Scope::StoreManifests, Scope::StoreBindings, Scope::Metrics];
/// Of one answer: more than a look-up may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

struct Service {
    address: SocketAddr,
    token: String,
    // Removed with the process.
    _folder: tempfile::TempDir,
}

fn service() -> &'static Service {
    static SERVICE: OnceLock<Service> = OnceLock::new();
    SERVICE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let tokens = TokenFile::new(folder.path().join("tokens.json"));
        let token = tokens.create("fuzzer", &SCOPES, &Bounds::default()).expect("a token");
        let options = Options {
            listen: "127.0.0.1:0".to_owned(),
            public: false,
            tokens,
            uploads: folder.path().join("uploads"),
            limits: ServiceLimits::default(),
            ward: None,
            log: Arc::new(|_| ()),
            newsroom: None,
        };
        let registry = Registry::open(&folder.path().join("registry")).expect("a registry");
        let server = Server::bind(registry, options).expect("a free port");
        let address = server.address();
        std::thread::spawn(move || server.run(&|| false));
        Service { address, token, _folder: folder }
    })
}

fn split(bytes: &[u8], at: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let found = bytes.windows(at.len()).position(|window| window == at)?;
    Some((bytes[..found].to_vec(), bytes[found + at.len()..].to_vec()))
}

fuzz_target!(
    // What the service or the C2PA engine catches is no crash; what it does not ends the process all the same.
    init: std::panic::set_hook(Box::new(|_| ())),
    |bytes: &[u8]| -> Corpus {
        let Some((head, body)) = split(bytes, b"\n\n") else { return Corpus::Reject };
        let Ok(head) = String::from_utf8(head) else { return Corpus::Reject };
        // It hands the body to FFmpeg, which is for the jail to contain.
        if head.lines().next().is_some_and(|first| first.contains("matches/byC")) {
            return Corpus::Reject;
        }
        let service = service();
        let mut lines = head.lines();
        let mut request = format!("{} HTTP/1.1\r\n", lines.next().unwrap_or_default());
        for line in lines.map(|line| line.replace("%TOKEN%", &service.token)) {
            request += &format!("{line}\r\n");
        }
        request += &format!(
            "Host: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            service.address,
            body.len()
        );
        let mut stream = TcpStream::connect(service.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time");
        // It may have refused before it read all.
        let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.write_all(&body));
        let mut answer = Vec::new();
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
        }
        assert!(!answer.starts_with(b"HTTP/1.1 500"), "{}", String::from_utf8_lossy(&answer));
        Corpus::Keep
    }
);

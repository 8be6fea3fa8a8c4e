use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::*;

/// Runs a service with these bounds while `call` speaks to it, and ends it.
fn served(limits: ServiceLimits, call: impl FnOnce(SocketAddr)) {
    let home = tempfile::tempdir().unwrap();
    let options = Options {
        listen: "127.0.0.1:0".to_owned(),
        public: false,
        tokens: TokenFile::new(home.path().join("tokens.json")),
        uploads: home.path().join("uploads"),
        limits,
        ward: None,
        log: Arc::new(|_| {}),
        newsroom: None,
    };
    let registry = Registry::open(&home.path().join("registry")).unwrap();
    let server = Server::bind(registry, options).unwrap();
    let address = server.address();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let running = scope.spawn(|| server.run(&|| stop.load(Ordering::Relaxed)));
        call(address);
        stop.store(true, Ordering::Relaxed);
        running.join().unwrap();
    });
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Asks for a path and gives all that comes until the server closes.
fn ask(stream: &mut TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn callers_who_do_not_finish_their_question_make_room_for_others() {
    let limits =
        ServiceLimits { connections: 2, patience: Duration::from_millis(300), ..ServiceLimits::default() };
    served(limits, |address| {
        let silent = connect(address);
        let mut slow = connect(address);
        slow.write_all(b"GET /healthz HTT").unwrap();
        let start = Instant::now();
        let answer = ask(&mut connect(address), "/healthz");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(start.elapsed() >= Duration::from_millis(200), "both places were taken");
        drop((silent, slow));
    });
}

#[test]
fn a_caller_who_takes_no_answer_in_is_let_go() {
    let limits =
        ServiceLimits { connections: 1, patience: Duration::from_millis(500), ..ServiceLimits::default() };
    served(limits, |address| {
        let mut greedy = connect(address);
        greedy.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
        let question = "GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
        // Until neither side's buffers hold more, or the server has closed.
        for _ in 0..200 {
            if greedy.write_all(question.as_bytes()).is_err() {
                break;
            }
        }
        let answer = ask(&mut connect(address), "/healthz");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    });
}

#[test]
fn a_connection_has_an_end_whatever_goes_on_over_it() {
    let life = Duration::from_millis(400);
    served(ServiceLimits { connection_life: life, ..ServiceLimits::default() }, |address| {
        let (mut stream, start) = (connect(address), Instant::now());
        let mut buffer = [0; 4096];
        let mut live = true;
        while live && start.elapsed() < Duration::from_secs(10) {
            let asked = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
            live = asked.is_ok() && matches!(stream.read(&mut buffer), Ok(size) if size > 0);
        }
        assert!(!live, "it was closed");
    });
}

#[test]
fn an_address_that_is_taken_or_none_is_said() {
    served(ServiceLimits::default(), |address| {
        let home = tempfile::tempdir().unwrap();
        for listen in [address.to_string(), "nowhere".to_owned(), "203.0.113.1:80".to_owned()] {
            let options = Options {
                listen: listen.clone(),
                public: true,
                tokens: TokenFile::new(home.path().join("tokens.json")),
                uploads: home.path().join("uploads"),
                limits: ServiceLimits::default(),
                ward: None,
                log: Arc::new(|_| {}),
                newsroom: None,
            };
            let registry = Registry::open(&home.path().join("registry")).unwrap();
            let error = Server::bind(registry, options).err().unwrap();
            assert!(matches!(&error, Error::Listen { address, .. } if *address == listen), "{error}");
        }
    });
}

//! A registry that is served, and a caller that speaks HTTP by hand.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::program::{User, signal};

/// `filigrane serve` on a port of its own; it ends with the value.
pub struct Served {
    child: Child,
    pub address: SocketAddr,
}

impl Served {
    /// Serves the user's own registry; options are separated by spaces.
    pub fn by(user: &User, options: &str) -> Self {
        let mut command = user.command();
        command
            .args(["serve", "--json", "--quiet", "--listen", "127.0.0.1:0"])
            .args(options.split_whitespace());
        Self::of(&mut command)
    }

    /// What a command serves that was told to say so as JSON.
    pub fn of(command: &mut std::process::Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut document = String::new();
        while serde_json::from_str::<Value>(&document).is_err() {
            document.push_str(&lines.next().expect("an address").expect("text"));
        }
        let document: Value = serde_json::from_str(&document).expect("JSON");
        let address = document["listening"].as_str().expect("an address");
        let address = address.strip_prefix("http://").expect("http").parse().expect("an address");
        Self { child, address }
    }

    /// `--registry` with the address of the interface.
    pub fn option(&self) -> String {
        format!("--registry http://{}/v1", self.address)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        stream
    }

    /// Sends a request and reads the whole answer.
    pub fn ask(&self, method: &str, path: &str, token: Option<&str>, kind: &str, body: &[u8]) -> Reply {
        let mut stream = self.connect();
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{token}Content-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("sent");
        // A server that has refused does not read the rest.
        let _ = stream.write_all(body);
        Reply::read(stream)
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, None, "", b"")
    }

    /// Process that serves.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it and gives what it said on standard error, which must have been piped.
    pub fn log(mut self) -> String {
        signal(self.child.id(), "TERM");
        let mut log = String::new();
        self.child.stderr.take().expect("piped").read_to_string(&mut log).expect("text");
        log
    }

    /// Asks it to end, as a system does that shuts down; gives its exit status.
    pub fn end(mut self) -> Option<i32> {
        signal(self.child.id(), "TERM");
        self.child.wait().expect("a child").code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        // An answer to what was refused may be followed by a reset.
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a header");
        let head = String::from_utf8(bytes[..end].to_vec()).expect("text");
        let status = head.split(' ').nth(1).expect("a status").parse().expect("a status");
        Self { status, head: head.to_lowercase(), body: bytes.split_off(end + 4) }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Makes a token for the user's own service.
pub fn token(user: &User, name: &str, scopes: &str) -> String {
    let made = user.run(["--json", "serve", "token", "new", name, "--scope", scopes]).succeeds().json();
    made["token"].as_str().expect("a token").to_owned()
}

use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::mpsc;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use url::{Host, Url};

use crate::problem::Problem;
use crate::receive::Pieces;

/// Longest wait for a connection and for the header of an answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest time that fetching one video may take.
const OVERALL: Duration = Duration::from_secs(600);
/// Bytes fetched at a time.
const PIECE: usize = 256 << 10;
/// Pieces on their way to the disk: more are not taken from the network.
const PIECES: usize = 4;
const LONGEST_NAME: usize = 200;

/// The hosts that videos are fetched from, as the operator named them; none, unless they did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    hosts: Vec<String>,
    /// Also hosts within the own network, for an operator who keeps videos there, and for tests.
    private: bool,
}

impl Sources {
    /// Hosts by name, `example.org` or `example.org:8443`. With `private`, they may lie within the own network.
    pub fn new(hosts: impl IntoIterator<Item = String>, private: bool) -> Self {
        Self { hosts: hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect(), private }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// An address that may be fetched, and what the video is called there.
    pub(crate) fn allow(&self, address: &str) -> Result<(Url, String), Problem> {
        let wrong = |why: &str| Problem::bad_request(format!("that address is not fetched: {why}"));
        let url = Url::parse(address.trim()).map_err(|_| wrong("it is none"))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(wrong("it begins with neither https:// nor http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it holds a name or a password"));
        }
        let Some(Host::Domain(host)) = url.host() else { return Err(wrong("its host has no name")) };
        let with_port = url.port().map(|port| format!("{host}:{port}"));
        let asked = with_port.as_deref().unwrap_or(host);
        if !self.hosts.iter().any(|allowed| allowed == asked) {
            return Err(wrong("the operator has not allowed its host"));
        }
        let last = url.path_segments().and_then(|mut segments| segments.next_back());
        let name: String =
            last.filter(|name| !name.is_empty()).unwrap_or("video").chars().take(LONGEST_NAME).collect();
        Ok((url, name))
    }

    /// Begins to fetch; gives the size where it is stated, and what comes.
    pub(crate) async fn fetch(&self, url: Url, most: u64) -> Result<(Option<u64>, Fetched), Problem> {
        let private = self.private;
        let (header, size) = tokio::sync::oneshot::channel();
        let (send, pieces) = mpsc::channel(PIECES);
        tokio::task::spawn_blocking(move || bring(&url, private, most, header, &send));
        let size = size.await.map_err(Problem::internal)??;
        Ok((size, Fetched(pieces)))
    }
}

/// What comes from elsewhere.
pub(crate) struct Fetched(mpsc::Receiver<Result<Bytes, Problem>>);

impl Pieces for Fetched {
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        self.0.recv().await.transpose()
    }
}

fn bring(
    url: &Url,
    private: bool,
    most: u64,
    header: tokio::sync::oneshot::Sender<Result<Option<u64>, Problem>>,
    pieces: &mpsc::Sender<Result<Bytes, Problem>>,
) {
    let config = Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_global(Some(OVERALL))
        .user_agent(concat!("filigrane/", env!("CARGO_PKG_VERSION")))
        .build();
    let agent = Agent::with_parts(config, DefaultConnector::default(), Outside { private });
    let failed = |why: String| Problem::bad_request(format!("the video could not be fetched: {why}"));
    let answer = agent.get(url.as_str()).call().map_err(|error| failed(error.to_string()));
    let answer = answer.and_then(|answer| match answer.status().as_u16() {
        200 => Ok(answer),
        300..400 => Err(failed("the host sends its callers elsewhere, which is not followed".to_owned())),
        status => Err(failed(format!("the host answers with status {status}"))),
    });
    let answer = match answer {
        Ok(answer) => answer,
        Err(problem) => {
            // Whoever asked may be gone.
            let _ = header.send(Err(problem));
            return;
        }
    };
    let stated = answer.body().content_length();
    if stated.is_some_and(|size| size > most) {
        let _ = header.send(Err(Problem::too_large(most)));
        return;
    }
    if header.send(Ok(stated)).is_err() {
        return;
    }
    let mut body = answer.into_body().into_reader();
    let mut piece = vec![0; PIECE];
    loop {
        let next = match body.read(&mut piece) {
            Ok(0) => return,
            Ok(size) => Ok(Bytes::copy_from_slice(piece.get(..size).unwrap_or_default())),
            Err(error) => Err(failed(error.to_string())),
        };
        let last = next.is_err();
        if pieces.blocking_send(next).is_err() || last {
            return;
        }
    }
}

/// Finds the addresses of a host, and leaves out those within the own network: a name says nothing about where it leads.
#[derive(Debug)]
struct Outside {
    private: bool,
}

impl Resolver for Outside {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        let mut outside = self.empty();
        for address in found.iter().filter(|address| self.private || is_public(address.ip())) {
            outside.push(*address);
        }
        if outside.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        Ok(outside)
    }
}

/// Whether an address is one of the public network.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    let benchmarks = first == 198 && (18..20).contains(&second);
    let protocols = first == 192 && second == 0 && third == 0;
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || first == 0
        || first >= 240
        || shared
        || benchmarks
        || protocols)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4() {
        return is_public_v4(mapped);
    }
    let [first, second, ..] = address.segments();
    // Global unicast, without documentation, Teredo and 6to4, which lead to IPv4 addresses.
    (0x2000..0x4000).contains(&first)
        && first != 0x2002
        && !(first == 0x2001 && (second == 0 || second == 0xdb8))
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;

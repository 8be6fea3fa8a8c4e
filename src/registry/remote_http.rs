use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ureq::http::{Response, header};
use ureq::{Agent, Body};
use url::{Host, Url};

use crate::{Access, Error, shown};

/// Longest wait for one answer, connecting included.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest that all requests of one look-up may take together.
const OVERALL: Duration = Duration::from_secs(30);
/// Most bytes taken in over one look-up: one manifest of the largest size that a registry keeps, and then some.
const MOST_BYTES: u64 = 72 << 20;
/// Largest answer that is not a manifest.
pub(crate) const LARGEST_MESSAGE: u64 = 2 << 20;
/// Most of a refusal that is read.
const LARGEST_REFUSAL: u64 = 16 << 10;
/// Most redirects followed, all within the server.
const MOST_REDIRECTS: usize = 3;
const LONGEST_REASON: usize = 300;

/// What one look-up may still take, however many requests it needs.
pub(crate) struct Budget {
    until: Instant,
    bytes: u64,
}

impl Budget {
    pub fn new() -> Self {
        Self { until: Instant::now() + OVERALL, bytes: MOST_BYTES }
    }
}

/// An answer with a status that the caller has to make sense of.
pub(crate) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// What the server says is the matter, in one line.
    pub fn reason(&self) -> String {
        let stated = serde_json::from_slice::<serde_json::Value>(&self.body).ok();
        let stated = stated.as_ref().and_then(|stated| stated.get("error")?.as_str());
        match stated {
            Some(reason) => one_line(reason),
            None => format!("HTTP status {}", self.status),
        }
    }
}

/// A connection to one server, and to no other.
pub(crate) struct Http {
    agent: Agent,
    base: Url,
    token: Option<String>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Http").field(&self.base.as_str()).finish()
    }
}

impl Http {
    /// # Errors
    /// The address is none of a server, says more than where it is, or leads away from this machine unencrypted.
    pub fn new(address: &str, access: &Access) -> Result<Self, Error> {
        let wrong = |detail: &str| Error::Place { place: shown(address), detail: detail.to_owned() };
        let mut base = Url::parse(address).map_err(|error| wrong(&error.to_string()))?;
        let bare = base.username().is_empty() && base.password().is_none();
        if !bare || base.query().is_some() || base.fragment().is_some() {
            return Err(wrong("give the plain address of the registry, without password or parameters"));
        }
        if base.scheme() == "http" && !access.plain_http && !is_here(&base) {
            return Err(wrong(
                "plain http shows others what is looked for and the token: use https://, or set \
                 FILIGRANE_PLAIN_HTTP=1 where the network is your own",
            ));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let agent = Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent("filigrane")
            .build()
            .into();
        Ok(Self { agent, base, token: access.token.clone() })
    }

    /// What errors call the server.
    pub fn place(&self) -> PathBuf {
        self.base.as_str().trim_end_matches('/').into()
    }

    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Whether the address is that of a whole server, and not of an interface on it.
    pub fn is_root(&self) -> bool {
        self.base.path() == "/"
    }

    /// Goes on under another path of the same server.
    ///
    /// # Errors
    /// The path leads to another one.
    pub fn move_to(&mut self, path: &str) -> Result<(), Error> {
        let mut there = self.base.join(path).map_err(|error| self.failed(error.to_string()))?;
        if there.origin() != self.base.origin() {
            return Err(
                self.failed(format!("it sends to another server ({}): name that one", origin(&there)))
            );
        }
        if !there.path().ends_with('/') {
            there.set_path(&format!("{}/", there.path()));
        }
        there.set_query(None);
        there.set_fragment(None);
        self.base = there;
        Ok(())
    }

    /// Asks for what stands under these steps of a path; at most `largest` bytes of it.
    pub fn get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        largest: u64,
        budget: &mut Budget,
    ) -> Result<Answer, Error> {
        let mut url = self.address(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        for _ in 0..=MOST_REDIRECTS {
            let time = self.time(budget)?;
            let mut request = self.agent.get(url.as_str()).config().timeout_global(Some(time)).build();
            if let Some(token) = &self.token {
                request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
            }
            let answer = request.call().map_err(|error| self.unanswered(error))?;
            let Some(target) = redirect(&answer) else { return self.read(answer, largest, budget) };
            let next = url.join(&target).map_err(|error| self.failed(error.to_string()))?;
            if next.origin() != self.base.origin() {
                return Err(self.failed(format!(
                    "it sends to another server ({}), which is not followed",
                    origin(&next)
                )));
            }
            url = next;
        }
        Err(self.failed("it sends round in circles".to_owned()))
    }

    /// Sends `body` to these steps of a path. No redirect is followed: a body goes where it was meant for, or nowhere.
    pub fn post(&self, path: &[&str], kind: &str, body: &[u8], budget: &mut Budget) -> Result<Answer, Error> {
        let url = self.address(path)?;
        let time = self.time(budget)?;
        let mut request = self.agent.post(url.as_str()).config().timeout_global(Some(time)).build();
        request = request.header(header::CONTENT_TYPE, kind);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = request.send(body).map_err(|error| self.unanswered(error))?;
        self.read(answer, LARGEST_MESSAGE, budget)
    }

    /// An error about this server.
    pub fn failed(&self, detail: String) -> Error {
        Error::Remote { place: self.place(), detail }
    }

    fn address(&self, path: &[&str]) -> Result<Url, Error> {
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments.pop_if_empty().extend(path);
            }
            Err(()) => return Err(self.failed("the address has no path".to_owned())),
        }
        Ok(url)
    }

    fn time(&self, budget: &Budget) -> Result<Duration, Error> {
        match budget.until.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(left.min(PATIENCE)),
            _ => Err(self.failed(format!("its answers took over {} s", OVERALL.as_secs()))),
        }
    }

    fn read(&self, mut answer: Response<Body>, largest: u64, budget: &mut Budget) -> Result<Answer, Error> {
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config();
        if status != 200 {
            let body = body.limit(LARGEST_REFUSAL).read_to_vec().unwrap_or_default();
            return Ok(Answer { status, body });
        }
        let largest = largest.min(budget.bytes);
        let body = body.limit(largest).read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => {
                self.failed(format!("its answer is larger than the {largest} bytes taken"))
            }
            error => self.unanswered(error),
        })?;
        budget.bytes = budget.bytes.saturating_sub(body.len() as u64);
        Ok(Answer { status, body })
    }

    fn unanswered(&self, error: ureq::Error) -> Error {
        self.failed(match error {
            ureq::Error::Timeout(_) => "the server does not answer in time".to_owned(),
            error => format!("the server does not answer ({})", one_line(&error.to_string())),
        })
    }
}

/// Whether an address leads nowhere but to this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn redirect(answer: &Response<Body>) -> Option<String> {
    let redirects = matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let target = answer.headers().get(header::LOCATION)?.to_str().ok()?;
    redirects.then(|| target.to_owned())
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization().chars().take(LONGEST_REASON).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to_without_encryption() {
        let open = |address: &str, plain_http| Http::new(address, &Access { token: None, plain_http });
        for here in
            ["http://localhost:8080", "http://127.9.9.9/v1", "http://[::1]:80/v1/", "https://a.example"]
        {
            assert!(open(here, false).is_ok(), "{here}");
        }
        for away in ["http://a.example/v1", "http://10.0.0.1", "http://localhost.example/", "http://[::2]/"] {
            let error = open(away, false).unwrap_err().to_string();
            assert!(error.contains("https://"), "{error}");
            assert!(open(away, true).is_ok(), "{away}");
        }
    }

    #[test]
    fn an_address_with_secrets_or_parameters_is_refused_without_repeating_them() {
        for address in
            ["https://me:secret@a.example/v1", "https://a.example/v1?key=secret", "https://a.example/#secret"]
        {
            let error = Http::new(address, &Access::default()).unwrap_err().to_string();
            assert!(error.contains("plain address") && !error.contains("secret"), "{error}");
        }
        let access = Access { token: Some("secret".to_owned()), plain_http: false };
        let http = Http::new("https://a.example/v1", &access).unwrap();
        assert!(!format!("{http:?} {access:?}").contains("secret"));
    }

    #[test]
    fn steps_of_a_path_stay_steps_and_moves_stay_on_the_server() {
        let mut http = Http::new("https://a.example/v1", &Access::default()).unwrap();
        let url = http.address(&["manifests", "../../x?y#z"]).unwrap();
        assert_eq!(url.as_str(), "https://a.example/v1/manifests/..%2F..%2Fx%3Fy%23z");
        assert_eq!(http.place(), Path::new("https://a.example/v1"));
        http.move_to("/other/v2?x").unwrap();
        assert_eq!(http.place(), Path::new("https://a.example/other/v2"));
        for away in ["https://b.example/v1", "//b.example/v1", "http://a.example/", "https://a.example:444/"]
        {
            assert!(http.move_to(away).is_err(), "{away}");
        }
    }
}

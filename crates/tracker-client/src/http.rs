//! One HTTP exchange: bounded in time and size, never following a redirect, cancelled when somebody asks to end.
//!
//! Proxies come from the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`), TLS is always verified.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::http::HeaderMap;

use crate::Error;

/// How often a waiting call looks whether somebody asked to end.
const GLANCE: Duration = Duration::from_millis(20);
/// Time to find out that nobody listens.
const CONNECT: Duration = Duration::from_secs(10);

/// How long to wait, and how often to try.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For one exchange from dialling to the last byte.
    pub timeout: Duration,
    /// Attempts at a call that does no harm when it is made twice.
    pub attempts: u32,
    /// Before the second attempt; twice as long before each further one. Half to all of it is waited, at random, so
    /// that many agents do not come back in one moment.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(20), attempts: 3, pause: Duration::from_millis(500) }
    }
}

/// What to ask for.
#[derive(Clone)]
pub struct Request {
    /// Whole URL; shown by nobody.
    url: String,
    headers: Vec<(&'static str, String)>,
    /// POST with this content type and body; GET without.
    body: Option<(String, Vec<u8>)>,
    /// The largest body taken, in bytes.
    limit: u64,
    /// Instead of [`Patience::timeout`].
    timeout: Option<Duration>,
}

impl Request {
    /// GET.
    pub fn get(url: impl Into<String>) -> Self {
        Self { url: url.into(), headers: Vec::new(), body: None, limit: 256 * 1024, timeout: None }
    }

    /// POST of `body`.
    pub fn post(url: impl Into<String>, content_type: impl Into<String>, body: Vec<u8>) -> Self {
        Self { body: Some((content_type.into(), body)), ..Self::get(url) }
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With at most `bytes` in the reply.
    #[must_use]
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// With this time for the exchange.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Whether its URL names this page.
    pub(crate) fn is_for(&self, page: &str) -> bool {
        self.url.contains(page)
    }

    /// Scheme, host and port: what may be shown.
    #[must_use]
    pub fn endpoint(&self) -> String {
        endpoint(&self.url)
    }
}

/// What came back.
#[derive(Clone)]
pub struct Reply {
    /// HTTP status; means nothing on Ocelot and on Gazelle's ajax pages.
    pub status: u16,
    headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// Who answered.
    pub endpoint: String,
}

impl Reply {
    /// A header, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All headers of a name that are text.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// That it is not `what`.
    pub(crate) fn foreign(&self, what: &'static str, reason: impl Into<String>) -> Error {
        Error::Foreign { endpoint: self.endpoint.clone(), what, reason: reason.into() }
    }

    /// That it refused `what`.
    pub(crate) fn refused(&self, what: &'static str, reason: impl Into<String>) -> Error {
        Error::Refused { endpoint: self.endpoint.clone(), what, reason: reason.into() }
    }
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Http {
    agent: Agent,
    patience: Patience,
    cancelled: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("patience", &self.patience).finish_non_exhaustive()
    }
}

impl Http {
    /// A client that ends its calls soon after `cancelled` gives true.
    pub fn new(patience: Patience, cancelled: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Gazelle throttles the names of common libraries.
            .user_agent(concat!("mkt-tracker-publish/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT.min(patience.timeout)))
            .max_response_header_size(32 * 1024)
            // Ocelot closes after each reply unless told otherwise; a stale connection would look like a fault.
            .max_idle_connections(0)
            .build();
        Self { agent: config.new_agent(), patience, cancelled: Arc::new(cancelled) }
    }

    /// One exchange. Any status is an answer.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Foreign`] for a body over the limit, [`Error::Cancelled`].
    pub fn once(&self, request: &Request) -> Result<Reply, Error> {
        let (sender, answer) = mpsc::sync_channel(1);
        let (agent, wanted) = (self.agent.clone(), request.clone());
        let timeout = request.timeout.unwrap_or(self.patience.timeout);
        let unreachable = |reason: String| Error::Unreachable { endpoint: request.endpoint(), reason };
        // On a thread of its own: a blocking read cannot be woken, but it can be left behind.
        thread::Builder::new()
            .name("http".into())
            .spawn(move || {
                let _nobody_waits = sender.send(exchange(&agent, &wanted, timeout));
            })
            .map_err(|error| unreachable(error.to_string()))?;
        let deadline = Instant::now() + timeout + Duration::from_secs(1);
        loop {
            match answer.recv_timeout(GLANCE) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Timeout) if (self.cancelled)() => return Err(Error::Cancelled),
                Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => {}
                Err(RecvTimeoutError::Timeout) => return Err(unreachable(no_answer(timeout))),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(unreachable("the exchange ended without a result".to_owned()));
                }
            }
        }
    }

    /// An exchange that does no harm when it is made twice; repeated while nobody answers.
    ///
    /// # Errors
    /// Those of [`Self::once`].
    pub fn repeat(&self, request: &Request) -> Result<Reply, Error> {
        let mut attempt = 1;
        loop {
            match self.once(request) {
                Err(error) if error.is_unreachable() && attempt < self.patience.attempts => {
                    log::debug!("{error}; attempt {attempt}");
                    let pause = self.patience.pause * 2_u32.saturating_pow(attempt - 1);
                    self.wait(pause.mul_f64(0.5 + fastrand::f64() / 2.0))?;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// Waits, but ends at once when somebody asked to.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn wait(&self, time: Duration) -> Result<(), Error> {
        let until = Instant::now() + time;
        loop {
            if (self.cancelled)() {
                return Err(Error::Cancelled);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(GLANCE));
        }
    }
}

fn exchange(agent: &Agent, request: &Request, timeout: Duration) -> Result<Reply, Error> {
    let endpoint = request.endpoint();
    let failed = |error: ureq::Error| failure(&endpoint, request.limit, timeout, &error);
    let mut response = match &request.body {
        None => {
            let mut call = agent.get(&request.url);
            for (name, value) in &request.headers {
                call = call.header(*name, value);
            }
            call.config().timeout_global(Some(timeout)).build().call()
        }
        Some((content_type, body)) => {
            let mut call = agent.post(&request.url).header("Content-Type", content_type);
            for (name, value) in &request.headers {
                call = call.header(*name, value);
            }
            call.config().timeout_global(Some(timeout)).build().send(body.as_slice())
        }
    }
    .map_err(failed)?;
    let body = response.body_mut().with_config().limit(request.limit).read_to_vec().map_err(failed)?;
    let (parts, _) = response.into_parts();
    Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body, endpoint })
}

/// The error without the URL, which ureq puts into some of its texts.
fn failure(endpoint: &str, limit: u64, timeout: Duration, error: &ureq::Error) -> Error {
    let unreachable = |reason: String| Error::Unreachable { endpoint: endpoint.to_owned(), reason };
    match error {
        ureq::Error::BodyExceedsLimit(_) => Error::Foreign {
            endpoint: endpoint.to_owned(),
            what: "the expected server",
            reason: format!("its reply is longer than {limit} bytes"),
        },
        ureq::Error::Timeout(_) => unreachable(no_answer(timeout)),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => unreachable(no_answer(timeout)),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            unreachable("the reply was cut off".to_owned())
        }
        ureq::Error::Io(error) => unreachable(error.to_string()),
        ureq::Error::HostNotFound => unreachable("no such host".to_owned()),
        ureq::Error::ConnectionFailed => unreachable("connection failed".to_owned()),
        ureq::Error::Tls(reason) => unreachable(format!("TLS: {reason}")),
        ureq::Error::Rustls(reason) => unreachable(format!("TLS: {reason}")),
        ureq::Error::ConnectProxyFailed(_) | ureq::Error::InvalidProxyUrl => {
            unreachable("the proxy of the environment did not connect".to_owned())
        }
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            Error::Argument { what: endpoint.to_owned(), reason: "does not make a URL that can be asked" }
        }
        ureq::Error::Decompress(kind, _) => Error::Foreign {
            endpoint: endpoint.to_owned(),
            what: "the expected server",
            reason: format!("its {kind} reply cannot be unpacked"),
        },
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => Error::Foreign {
            endpoint: endpoint.to_owned(),
            what: "the expected server",
            reason: "it does not speak HTTP".to_owned(),
        },
        _ => unreachable("the exchange failed".to_owned()),
    }
}

fn no_answer(timeout: Duration) -> String {
    format!("no whole answer within {:.1} s", timeout.as_secs_f64())
}

/// Scheme, host and port of a URL, without what may be a secret.
pub(crate) fn endpoint(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_shows_no_path_and_no_password() {
        assert_eq!(endpoint("https://u:p@t.example:81/k3y/announce?x"), "https://t.example:81");
        assert_eq!(endpoint("http://t?k3y"), "http://t");
    }
}

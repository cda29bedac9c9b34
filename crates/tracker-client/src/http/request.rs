//! What is asked, and what comes back.

use std::time::Duration;

use ureq::http::HeaderMap;

use super::endpoint::endpoint;
use crate::Error;

/// What to ask for.
#[derive(Clone)]
pub struct Request {
    /// Whole URL; shown by nobody.
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    /// POST with this content type and body; GET without.
    pub(super) body: Option<(String, Vec<u8>)>,
    /// The largest body taken, in bytes.
    pub(super) limit: u64,
    /// Instead of [`Patience::timeout`](super::Patience::timeout).
    pub(super) timeout: Option<Duration>,
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
    pub(super) headers: HeaderMap,
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

    /// Where it sends us, if it is a redirect (RFC 9110, 15.4).
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.header("location").filter(|_| (300..400).contains(&self.status))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// That it is not `what`. A redirect says where it leads: the address that should have been named.
    pub(crate) fn foreign(&self, what: &'static str, reason: impl Into<String>) -> Error {
        let reason = match self.location().filter(|to| to.starts_with("http")) {
            Some(to) => format!("it redirects to `{}`", endpoint(to)),
            None => reason.into(),
        };
        Error::Foreign { endpoint: self.endpoint.clone(), what, reason }
    }

    /// That it refused `what`.
    pub(crate) fn refused(&self, what: &'static str, reason: impl Into<String>) -> Error {
        Error::Refused { endpoint: self.endpoint.clone(), what, reason: reason.into() }
    }
}

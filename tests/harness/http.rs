//! What a visitor gets.

use std::time::Duration;

/// Status and body of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// Body as text.
    pub body: String,
}

impl Page {
    /// The value after `key: ` on a line of its own.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&str> {
        self.body.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
    }
}

/// Asks for `url`; any status is an answer.
///
/// # Panics
/// When there is no answer.
#[must_use]
pub fn get(url: &str) -> Page {
    get_as(None, url)
}

/// The same with the name of a site, for servers that have several.
///
/// # Panics
/// When there is no answer.
#[must_use]
pub fn get_as(site: Option<&str>, url: &str) -> Page {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(10)))
        .proxy(None)
        .build();
    let mut request = ureq::Agent::new_with_config(config).get(url);
    if let Some(site) = site {
        request = request.header("Host", site);
    }
    let mut answer = request.call().unwrap_or_else(|e| panic!("GET {url}: {e}"));
    let status = answer.status().as_u16();
    let body = answer.body_mut().read_to_string().unwrap_or_else(|e| panic!("GET {url}: {e}"));
    Page { status, body }
}

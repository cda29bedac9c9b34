//! `[health]`: what a live release must answer.

use std::time::Duration;

use crate::{Host, Template};

/// The check as configured, for all hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The page asked for, of the host itself. This or `command`, or both, are there.
    pub url: Option<Template>,
    /// More pages of the same server, each from `/` on; they need the status alone.
    pub paths: Vec<String>,
    /// Whether PHP must name the release, asked so that no cache can answer.
    pub by_code: bool,
    /// The name of the site that goes with it, for servers that have several.
    pub host: Option<Template>,
    /// Headers that go with it.
    pub headers: Vec<(String, Template)>,
    /// A command run on the host, an argv list; it is well when that ends with 0.
    pub command: Option<Vec<Template>>,
    /// The longest time an answer may take and still be good.
    pub max_latency: Option<Duration>,
    /// How many answers in a row must be good, at least 1.
    pub in_a_row: u32,
    /// The HTTP status that is right.
    pub status: u16,
    /// What the page must hold as a word of its own.
    pub contains: Option<Template>,
    /// A header that must be there, `Name: value`, the value being the whole one.
    pub header: Option<Template>,
    /// How many bad answers make it ill, at least 1.
    pub attempts: u32,
    /// The pause between two attempts.
    pub interval: Duration,
    /// The time for one answer.
    pub timeout: Duration,
}

/// One page that is asked of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The page, with the server's own address.
    pub url: String,
    /// The name of the site, as a visitor's browser would say it.
    pub host: Option<String>,
    /// Headers that go with it.
    pub headers: Vec<(String, String)>,
    /// What is right.
    pub expected: Expected,
}

/// What is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The HTTP status.
    pub status: u16,
    /// Name and value of a header; the value is the whole one.
    pub header: Option<(String, String)>,
    /// What the page holds as a word of its own.
    pub contains: Option<String>,
    /// The release that PHP itself must name; asked so that no cache can answer.
    pub release: Option<String>,
}

/// The check for one host and one release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// The pages asked for, one after the other; each must be answered well.
    pub questions: Vec<Question>,
    /// The command run on the host, if any.
    pub command: Option<Vec<String>>,
    /// The longest time an answer may take and still be good.
    pub max_latency: Option<Duration>,
    /// How many answers in a row must be good.
    pub in_a_row: u32,
    /// How many bad answers make it ill.
    pub attempts: u32,
    /// The pause between two attempts.
    pub interval: Duration,
    /// The time for one answer.
    pub timeout: Duration,
}

impl Health {
    /// The check with host and release filled in.
    #[must_use]
    pub fn for_host(&self, host: &Host, release: &str) -> HealthCheck {
        self.fill(host, release, true)
    }

    /// The same for a release that was not built here and does not know its name: what it would have to say its name for is
    /// not asked of it.
    #[must_use]
    pub fn for_adopted(&self, host: &Host, release: &str) -> HealthCheck {
        self.fill(host, release, false)
    }

    fn fill(&self, host: &Host, release: &str, knows_its_name: bool) -> HealthCheck {
        let value = |name: &str| match name {
            "address" => host.address.to_string(),
            "name" => host.name.to_string(),
            _ => release.to_owned(),
        };
        let in_url = |name: &str| match (name, host.address.ip()) {
            // RFC 3986, 3.2.2: an IPv6 address stands between brackets.
            ("address", Some(ip)) if ip.is_ipv6() => format!("[{ip}]"),
            _ => value(name),
        };
        let expect = |text: &Template| {
            (knows_its_name || !text.has_placeholder("release")).then(|| text.render(value))
        };
        let question = |url: &Template| Question {
            url: url.render(in_url),
            host: self.host.as_ref().map(|host| host.render(in_url)),
            headers: self.headers.iter().map(|(name, text)| (name.clone(), text.render(value))).collect(),
            expected: Expected {
                status: self.status,
                header: self.header.as_ref().and_then(expect).map(|text| split_header(&text)),
                contains: self.contains.as_ref().and_then(expect),
                release: (self.by_code && knows_its_name).then(|| release.to_owned()),
            },
        };
        // A page whose very path names the release is not there under a name that the release does not know.
        let is_there = |url: &&Template| knows_its_name || !names_release_in_path(url);
        let mut questions: Vec<Question> = self.url.iter().filter(is_there).map(question).collect();
        if let Some(first) = questions.first().cloned() {
            questions.extend(self.paths.iter().map(|path| {
                let expected = Expected { header: None, contains: None, ..first.expected.clone() };
                Question { url: format!("{}{path}", server(&first.url)), expected, ..first.clone() }
            }));
        }
        HealthCheck {
            questions,
            command: self
                .command
                .as_ref()
                .filter(|command| {
                    knows_its_name || !command.iter().any(|part| part.has_placeholder("release"))
                })
                .map(|command| command.iter().map(|part| part.render(value)).collect()),
            max_latency: self.max_latency,
            in_a_row: self.in_a_row,
            attempts: self.attempts,
            interval: self.interval,
            timeout: self.timeout,
        }
    }
}

/// Whether it has `{release}` before the query.
fn names_release_in_path(url: &Template) -> bool {
    const MARK: char = '\u{1}';
    let marked = url.render(|name| if name == "release" { MARK.into() } else { String::new() });
    marked.split(['?', '#']).next().is_some_and(|path| path.contains(MARK))
}

/// An address without its path.
fn server(url: &str) -> &str {
    let from = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(from..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(url.len(), |at| from + at);
    url.get(..end).unwrap_or(url)
}

/// `Name: value` as a pair.
fn split_header(text: &str) -> (String, String) {
    let (name, value) = text.split_once(':').unwrap_or((text, ""));
    (name.trim().to_owned(), value.trim().to_owned())
}

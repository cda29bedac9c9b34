//! `[health]`: what a live release must answer.

use std::time::Duration;

use super::{Host, Template};

/// The check as configured, for all hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The page asked for, of the host itself. This or `command`, or both, are there.
    pub url: Option<Template>,
    /// A command run on the host, an argv list; it is well when that ends with 0.
    pub command: Option<Vec<Template>>,
    /// The longest time an answer may take and still be good.
    pub max_latency: Option<Duration>,
    /// How many answers in a row must be good, at least 1.
    pub in_a_row: u32,
    /// The HTTP status that is right.
    pub status: u16,
    /// What the body must hold.
    pub contains: Option<Template>,
    /// A header that must be there, `Name: value`.
    pub header: Option<Template>,
    /// How many bad answers make it ill, at least 1.
    pub attempts: u32,
    /// The pause between two attempts.
    pub interval: Duration,
    /// The time for one answer.
    pub timeout: Duration,
}

/// The check for one host and one release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// The page asked for, if any.
    pub url: Option<String>,
    /// The command run on the host, if any.
    pub command: Option<Vec<String>>,
    /// The longest time an answer may take and still be good.
    pub max_latency: Option<Duration>,
    /// How many answers in a row must be good.
    pub in_a_row: u32,
    /// The HTTP status that is right.
    pub status: u16,
    /// What the body must hold.
    pub contains: Option<String>,
    /// Name and value of a header that must be there.
    pub header: Option<(String, String)>,
    /// How many bad answers make it ill.
    pub attempts: u32,
    /// The pause between two attempts.
    pub interval: Duration,
    /// The time for one answer.
    pub timeout: Duration,
}

impl Health {
    /// The check with host and release filled in.
    pub fn for_host(&self, host: &Host, release: &str) -> HealthCheck {
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
        HealthCheck {
            url: self.url.as_ref().map(|url| url.render(in_url)),
            command: self
                .command
                .as_ref()
                .map(|command| command.iter().map(|part| part.render(value)).collect()),
            max_latency: self.max_latency,
            in_a_row: self.in_a_row,
            status: self.status,
            contains: self.contains.as_ref().map(|text| text.render(value)),
            header: self.header.as_ref().map(|text| split_header(&text.render(value))),
            attempts: self.attempts,
            interval: self.interval,
            timeout: self.timeout,
        }
    }
}

/// `Name: value` as a pair.
fn split_header(text: &str) -> (String, String) {
    let (name, value) = text.split_once(':').unwrap_or((text, ""));
    (name.trim().to_owned(), value.trim().to_owned())
}

//! `[health]` from the file to a check that can be made.

use std::time::Duration;

use ureq::http::{HeaderName, HeaderValue};

use super::place::Place;
use crate::file::{HealthTable, Prove};
use crate::{Error, Health, Template};

/// Applies defaults and refuses what cannot be asked.
pub(super) fn health(at: &Place<'_>, table: HealthTable, drupal: bool) -> Result<Health, Error> {
    match (&table.url, &table.command) {
        (None, None) => return Err(at.refuse("health.url", "there must be a `url` or a `command`")),
        (None, Some(_)) if is_about_a_page(&table) => {
            let keys =
                "`status`, `contains`, `header`, `host`, `headers`, `paths` and `prove` are about a page";
            return Err(at.refuse("health.url", keys));
        }
        (_, Some(command)) if command.is_empty() => {
            return Err(at.refuse("health.command", "a command has at least a program"));
        }
        _ => {}
    }
    if let Some(url) = table.url.as_ref().map(ToString::to_string)
        && !(url.starts_with("http://") || url.starts_with("https://"))
    {
        return Err(at.refuse("health.url", format!("`{url}` does not begin with http:// or https://")));
    }
    if let Some(path) = table.paths.iter().find(|path| !is_path(path)) {
        return Err(
            at.refuse("health.paths", format!("`{path}` is no path: it begins with / and has no spaces"))
        );
    }
    if table.prove == Some(Prove::Code) && !drupal {
        return Err(at.refuse("health.prove", "`code` goes with `[site] drupal`"));
    }
    let status = table.status.unwrap_or(200);
    if !(100..600).contains(&status) {
        return Err(at.refuse("health.status", format!("{status} is not an HTTP status")));
    }
    if let Some(header) = table.header.as_ref().map(ToString::to_string) {
        let (name, _) = header.split_once(':').unwrap_or_default();
        if HeaderName::try_from(name.trim()).is_err() {
            return Err(at.refuse("health.header", "a header is written `Name: value`"));
        }
    }
    if let Some(host) = table.host.as_ref().map(ToString::to_string)
        && !is_host(&host)
    {
        let why =
            format!("`{host}` is not the name of a site, as in `www.example.org` or `www.example.org:8080`");
        return Err(at.refuse("health.host", why));
    }
    for (name, value) in &table.headers {
        header(name, value).map_err(|why| at.refuse(&format!("health.headers.{name}"), why))?;
    }
    if table.in_a_row == Some(0) {
        return Err(at.refuse("health.in_a_row", "at least one answer must be good"));
    }
    if table.attempts == Some(0) {
        return Err(at.refuse("health.attempts", "there must be at least one attempt"));
    }
    Ok(Health {
        by_code: drupal && table.url.is_some() && table.prove != Some(Prove::Page),
        url: table.url,
        paths: table.paths,
        host: table.host,
        headers: table.headers.into_iter().collect(),
        command: table.command,
        max_latency: table.max_latency.map(|span| span.0),
        in_a_row: table.in_a_row.unwrap_or(1),
        status,
        contains: table.contains,
        header: table.header,
        attempts: table.attempts.unwrap_or(10),
        interval: table.interval.map_or(Duration::from_millis(500), |span| span.0),
        timeout: table.timeout.map_or(Duration::from_secs(5), |span| span.0),
    })
}

fn is_about_a_page(table: &HealthTable) -> bool {
    table.contains.is_some()
        || table.header.is_some()
        || table.status.is_some()
        || table.host.is_some()
        || !table.headers.is_empty()
        || !table.paths.is_empty()
        || table.prove.is_some()
}

fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.starts_with("//") && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A name or address, perhaps with a port; placeholders included.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]{}".contains(c))
}

fn header(name: &str, value: &Template) -> Result<(), &'static str> {
    let name = HeaderName::try_from(name).map_err(|_| "this cannot be the name of a header")?;
    if name == HeaderName::from_static("host") {
        return Err("the site's name is given as `host`");
    }
    match HeaderValue::try_from(value.to_string()) {
        Ok(value) if value.to_str().is_ok() => Ok(()),
        Ok(_) | Err(_) => Err("a header holds printable ASCII only"),
    }
}

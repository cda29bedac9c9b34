//! One exchange through ureq, and its errors without the URL.

use std::io;
use std::time::Duration;

use ureq::{Agent, Proxy};

use super::request::{Reply, Request};
use crate::Error;

/// Asks and reads the whole answer, through `proxy` if there is one.
pub(super) fn exchange(
    agent: &Agent,
    proxy: Option<&Proxy>,
    request: &Request,
    timeout: Duration,
) -> Result<Reply, Error> {
    let endpoint = request.endpoint();
    let failed = |error: ureq::Error| {
        let through = proxy.map(|proxy| format!("{}:{}", proxy.host(), proxy.port()));
        failure(&endpoint, through.as_deref(), request.limit, timeout, &error)
    };
    let mut response = match &request.body {
        None => {
            let mut call = agent.get(&request.url);
            for (name, value) in &request.headers {
                call = call.header(*name, value);
            }
            call.config().proxy(proxy.cloned()).timeout_global(Some(timeout)).build().call()
        }
        Some((content_type, body)) => {
            let mut call = agent.post(&request.url).header("Content-Type", content_type);
            for (name, value) in &request.headers {
                call = call.header(*name, value);
            }
            call.config().proxy(proxy.cloned()).timeout_global(Some(timeout)).build().send(body.as_slice())
        }
    }
    .map_err(failed)?;
    let body = response.body_mut().with_config().limit(request.limit).read_to_vec().map_err(failed)?;
    let (parts, _) = response.into_parts();
    Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body, endpoint })
}

/// The error without the URL, which ureq puts into some of its texts.
fn failure(endpoint: &str, proxy: Option<&str>, limit: u64, timeout: Duration, error: &ureq::Error) -> Error {
    let unreachable = |reason: String| {
        let reason = match proxy {
            Some(proxy) => format!("through the proxy `{proxy}`: {reason}"),
            None => reason,
        };
        Error::Unreachable { endpoint: endpoint.to_owned(), reason }
    };
    let foreign = |reason: String| Error::Foreign {
        endpoint: endpoint.to_owned(),
        what: "the expected server",
        reason,
    };
    match error {
        ureq::Error::BodyExceedsLimit(_) => foreign(format!("its reply is longer than {limit} bytes")),
        ureq::Error::Timeout(_) => unreachable(no_answer(timeout)),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => unreachable(no_answer(timeout)),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            unreachable("the reply was cut off".to_owned())
        }
        ureq::Error::Io(error) => match untrusted(&error.to_string()) {
            Some(reason) => Error::Untrusted { endpoint: endpoint.to_owned(), reason },
            None => unreachable(error.to_string()),
        },
        ureq::Error::Rustls(error) => match untrusted(&error.to_string()) {
            Some(reason) => Error::Untrusted { endpoint: endpoint.to_owned(), reason },
            None => unreachable(format!("TLS: {error}")),
        },
        ureq::Error::HostNotFound => unreachable("no such host".to_owned()),
        ureq::Error::ConnectionFailed => unreachable("connection failed".to_owned()),
        ureq::Error::Tls(reason) => unreachable(format!("TLS: {reason}")),
        ureq::Error::ConnectProxyFailed(reason) => unreachable(format!("it opens no tunnel: {reason}")),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            Error::Argument { what: endpoint.to_owned(), reason: "does not make a URL that can be asked" }
        }
        ureq::Error::Decompress(kind, _) => foreign(format!("its {kind} reply cannot be unpacked")),
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
            foreign("it does not speak HTTP".to_owned())
        }
        _ => unreachable("the exchange failed".to_owned()),
    }
}

/// What rustls says of a certificate that it does not take.
fn untrusted(text: &str) -> Option<String> {
    let (_, reason) = text.split_once("invalid peer certificate: ")?;
    Some(match reason {
        // The latter: it names a trusted one and was signed by another.
        "UnknownIssuer" | "BadSignature" => "an authority that is not trusted has signed it".to_owned(),
        "CaUsedAsEndEntity" => "it is an authority's own, marked CA:TRUE, and not a server's".to_owned(),
        reason => reason.to_owned(),
    })
}

/// That time is over.
pub(super) fn no_answer(timeout: Duration) -> String {
    format!("no whole answer within {:.1} s", timeout.as_secs_f64())
}

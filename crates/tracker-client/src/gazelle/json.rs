//! ajax.php's answers: `status`, then `response` or `error`, whatever the HTTP status.

use serde_json::Value;

use super::html::plain;
use crate::{Error, Reply};

/// What answers there.
const SITE: &str = "a Gazelle";

/// `response` of a success, the site's words of a failure.
pub(super) enum Ajax {
    Success(Value),
    Failure(String),
}

/// Reads an answer.
pub(super) fn read(reply: &Reply, credential: &'static str) -> Result<Ajax, Error> {
    if is_login(reply) {
        return Err(Error::LoggedOut { endpoint: reply.endpoint.clone(), credential });
    }
    let foreign = |reason: &str| {
        let kind = reply.header("content-type").unwrap_or("no type");
        reply
            .foreign(SITE, format!("{reason}; status {}, {} bytes of {kind}", reply.status, reply.body.len()))
    };
    let mut value: Value =
        serde_json::from_slice(&reply.body).map_err(|_| foreign("its answer is not JSON"))?;
    match value.get("status").and_then(Value::as_str) {
        Some("success") => Ok(Ajax::Success(value.get_mut("response").map(Value::take).unwrap_or_default())),
        Some("failure") => {
            let error = value.get("error").and_then(Value::as_str).unwrap_or("it gives no reason");
            Ok(Ajax::Failure(plain(error)))
        }
        _ => Err(foreign("its answer has no status")),
    }
}

/// Whether we are sent to the login: the session is over, or there is none.
pub(super) fn is_login(reply: &Reply) -> bool {
    let location = reply.header("location").unwrap_or_default();
    (300..400).contains(&reply.status) && location.contains("login.php")
}

/// Whether the answer is that there were too many calls: a text with status 200, or a status that says so.
pub(super) fn is_rate_limit(reply: &Reply) -> bool {
    let says = || {
        let value: Value = serde_json::from_slice(&reply.body).ok()?;
        let error = value.get("error")?.as_str()?.to_lowercase();
        Some(error.contains("rate limit"))
    };
    reply.status == 429 || (reply.body.len() < 4096 && says().unwrap_or(false))
}

/// A positive number; sites write some as text.
pub(super) fn number(value: &Value) -> Option<u32> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    u32::try_from(number).ok().filter(|number| *number > 0)
}

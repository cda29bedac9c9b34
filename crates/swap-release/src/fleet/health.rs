//! Is the release that is live on a host the new one, and does it work? Asked of the server itself, never of the
//! balancer.

use std::time::Instant;

use cli::{Abort, human};
use fleet::{Health, HealthCheck};
use record::ReleaseId;
use ureq::Agent;

use super::member::Member;

/// The most of a page that is looked at, in bytes.
const LARGEST_PAGE: u64 = 1024 * 1024;

/// Asks until the host answers as it should, at most `attempts` times.
pub(crate) fn probe(member: &mut Member, health: &Health, release: &ReleaseId, abort: &Abort) {
    let check = health.for_host(&member.host, release.as_str());
    let agent = Agent::config_builder()
        .timeout_global(Some(check.timeout))
        .http_status_as_error(false)
        // A redirect is an answer like any other: 301 to the public name would ask the balancer.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("swap-release/", env!("CARGO_PKG_VERSION")))
        .proxy(None)
        .build()
        .new_agent();
    let mut last = String::from("not asked");
    for attempt in 1..=check.attempts.max(1) {
        if abort.is_set() {
            member.fail("terminated");
            return;
        }
        let asked = Instant::now();
        match ask(&agent, &check) {
            Ok(seen) => {
                let took = human::seconds(asked.elapsed());
                member.health = Some(format!("{seen} in {took}, attempt {attempt}"));
                return;
            }
            Err(why) => last = why,
        }
        if attempt < check.attempts && abort.sleep(check.interval).is_err() {
            break;
        }
    }
    member.health = Some(last.clone());
    member.fail(format!("`{}` is not healthy: {last}", check.url));
}

/// One request; `Ok` says what was seen, `Err` what was wrong with it.
fn ask(agent: &Agent, check: &HealthCheck) -> Result<String, String> {
    let mut response = agent.get(&check.url).call().map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    if status != check.status {
        return Err(format!("status {status}, not {}", check.status));
    }
    if let Some((name, expected)) = &check.header {
        let found = response.headers().get(name).and_then(|value| value.to_str().ok());
        match found {
            Some(found) if found.contains(expected.as_str()) => {}
            Some(found) => return Err(format!("header {name} is `{found}`, without `{expected}`")),
            None => return Err(format!("no header {name}")),
        }
    }
    if let Some(expected) = &check.contains {
        let body = response.body_mut().with_config().limit(LARGEST_PAGE).lossy_utf8(true).read_to_string();
        let body = body.map_err(|error| error.to_string())?;
        if !body.contains(expected.as_str()) {
            return Err(format!("status {status}, but `{expected}` is not in the page"));
        }
    }
    Ok(format!("status {status}"))
}

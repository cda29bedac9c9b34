//! Is the release that is live on a host the new one, and does it work? Asked of the server itself, never of the
//! balancer.

use std::time::{Duration, Instant};

use cli::{Abort, human};
use fleet::{Argv, Health, HealthCheck};
use record::ReleaseId;
use ureq::Agent;

use super::member::Member;

/// The most of a page that is looked at, in bytes.
const LARGEST_PAGE: u64 = 1024 * 1024;

/// Asks until the host has answered as it should `in_a_row` times, or badly `attempts` times. `every` is how often the
/// host is to hear that we live.
pub(crate) fn probe(
    member: &mut Member,
    health: &Health,
    release: &ReleaseId,
    abort: &Abort,
    every: Duration,
) {
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
    let (mut good, mut bad) = (0, 0);
    loop {
        if abort.is_set() {
            member.fail("terminated");
            return;
        }
        member.renew(every);
        let asked = Instant::now();
        let answer = ask(member, &agent, &check).and_then(|seen| in_time(seen, asked.elapsed(), &check));
        match answer {
            Ok(seen) => {
                good += 1;
                if good >= check.in_a_row {
                    let times = if good > 1 { format!(", {good} times in a row") } else { String::new() };
                    let bad = if bad > 0 { format!(", after {bad} bad") } else { String::new() };
                    let took = human::seconds(asked.elapsed());
                    member.health = Some(format!("{seen} in {took}{times}{bad}"));
                    return;
                }
            }
            Err(why) => {
                good = 0;
                bad += 1;
                member.health = Some(why.clone());
                if bad >= check.attempts {
                    let what = check.url.as_deref().map_or_else(|| "it".to_owned(), |url| format!("`{url}`"));
                    member.refuted = true;
                    member.fail(format!("{what} is not healthy: {why}"));
                    return;
                }
            }
        }
        let _ended = abort.sleep(check.interval);
    }
}

/// An answer that comes too late is none.
fn in_time(seen: String, took: Duration, check: &HealthCheck) -> Result<String, String> {
    match check.max_latency {
        Some(most) if took > most => {
            Err(format!("{seen}, but in {} and not {}", human::seconds(took), human::seconds(most)))
        }
        _ => Ok(seen),
    }
}

/// Page and command, as far as they are configured; `Ok` says what was seen, `Err` what was wrong with it.
fn ask(member: &Member, agent: &Agent, check: &HealthCheck) -> Result<String, String> {
    let page = check.url.as_deref().map(|url| ask_page(agent, url, check)).transpose()?;
    let command = check.command.as_deref().map(|argv| run(member, argv, check.timeout)).transpose()?;
    Ok([page, command].into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn run(member: &Member, argv: &[String], timeout: Duration) -> Result<String, String> {
    let remote = member.remote.as_ref().ok_or("not connected")?;
    let (program, arguments) = argv.split_first().ok_or("no command")?;
    let argv = Argv::new(program).args(arguments.iter().cloned());
    let output = remote.exec(&argv, b"", timeout).map_err(|error| error.to_string())?;
    let name = argv.program_name();
    if output.status.success() {
        Ok(format!("`{name}` well"))
    } else {
        Err(format!("`{name}` failed: {}", output.reason()))
    }
}

fn ask_page(agent: &Agent, url: &str, check: &HealthCheck) -> Result<String, String> {
    let mut response = agent.get(url).call().map_err(|error| error.to_string())?;
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

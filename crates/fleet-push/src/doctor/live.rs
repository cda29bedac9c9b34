//! What the server of a host answers now, before anything is deployed: whether the health check passes on what is live, and
//! whether it is `current` that is served.

use std::time::{Duration, Instant};

use inventory::{Expected, Question};
use inventory::{Health, HealthCheck, Host};
use record::host::{HostStatus, Origin};
use remote::health::{Verdict, ask};
use remote::{Argv, LineRead, Remote};

const SERVE: &str = include_str!("serve.sh");
const BRIEF: Duration = Duration::from_secs(15);
/// A page that is generated for the first time may take longer than the next time.
const TRIES: u32 = 2;

/// All of it. Nothing where `[health]` is not there, or the host did not say what is live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Live {
    /// What the check of the live release gave, or before the first release, that of anything.
    pub(crate) health: Verdict,
    /// The page that was asked for, and by which name.
    pub(crate) page: Option<(String, Option<String>)>,
    /// A release is live, and `[health]` was asked about it.
    pub(crate) is_live: bool,
    pub(crate) served: Served,
}

/// Whether `current` is what is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Served {
    /// The release said its own name, or a file that was put there came back.
    Yes,
    /// It did not come back; what did.
    No(String),
    /// It cannot be told, and why.
    Untold(String),
}

/// Asks.
pub(super) fn live(
    remote: &dyn Remote,
    host: &Host,
    health: &Health,
    status: &HostStatus,
) -> Result<Live, remote::HostError> {
    // Whether PHP names the release is a check of its own, `health_code`.
    let health = &Health { by_code: false, ..health.clone() };
    let id = status.current.as_ref();
    let adopted = id.and_then(|id| match &status.release(id)?.origin {
        Origin::Adopted { directory } => Some(directory),
        Origin::Built => None,
    });
    let is_adopted = adopted.is_some();
    let name = id.map_or("none", |id| id.as_str());
    let check =
        if is_adopted || id.is_none() { health.for_adopted(host, name) } else { health.for_host(host, name) };
    let page = check.questions.first().map(|page| (page.url.clone(), page.host.clone()));
    let place = || format!("{}/releases/{name}", host.deploy_to);
    let directory = adopted.or(status.foreign.as_ref()).cloned().unwrap_or_else(place);
    let verdict = well(remote, &check, &variables(host, name, directory))?;
    let served = match (id, check.questions.first()) {
        (None, _) => Served::Untold("nothing is live yet: it is seen with the first release".to_owned()),
        (_, None) if health.url.is_some() => Served::Untold(
            "`url` of [health] asks for the release by name, which what was taken over does not know"
                .to_owned(),
        ),
        (_, None) => Served::Untold("[health] has no `url` to ask by".to_owned()),
        (Some(_), Some(question))
            if !is_adopted && says_name(question, name) && matches!(verdict, Verdict::Good(_)) =>
        {
            Served::Yes
        }
        (Some(_), Some(question)) => served(remote, host, question, check.timeout)?,
    };
    Ok(Live { health: verdict, page, is_live: id.is_some(), served })
}

/// Whether a right answer names the release.
fn says_name(question: &Question, id: &str) -> bool {
    let Expected { header, contains, .. } = &question.expected;
    contains.as_ref().is_some_and(|text| text.contains(id))
        || header.as_ref().is_some_and(|(_, value)| value.contains(id))
}

fn well(
    remote: &dyn Remote,
    check: &HealthCheck,
    variables: &[String],
) -> Result<Verdict, remote::HostError> {
    let mut last = Verdict::Good("nothing is asked".to_owned());
    for _ in 0..TRIES.min(check.attempts) {
        last = once(remote, check, variables)?;
        if matches!(last, Verdict::Good(_)) {
            break;
        }
    }
    Ok(last)
}

fn once(
    remote: &dyn Remote,
    check: &HealthCheck,
    variables: &[String],
) -> Result<Verdict, remote::HostError> {
    let mut seen = Vec::new();
    for question in &check.questions {
        let asked = Instant::now();
        match (ask(question, check.timeout), check.max_latency) {
            (Verdict::Good(_), Some(most)) if asked.elapsed() > most => {
                return Ok(Verdict::Bad(format!(
                    "it takes longer than {}",
                    humantime::format_duration(most)
                )));
            }
            (Verdict::Good(text), _) => seen.push(text),
            (other, _) if check.questions.len() > 1 => return Ok(other.about(&question.url)),
            (other, _) => return Ok(other),
        }
    }
    if let Some(command) = &check.command {
        let output = remote.exec(
            &Argv::new("env").args(variables.iter().cloned()).args(command.clone()),
            b"",
            check.timeout,
        )?;
        let name = command.first().map_or("", String::as_str);
        if !output.status.success() {
            return Ok(Verdict::Bad(format!("`{name}` failed: {}", output.reason())));
        }
        seen.push(format!("`{name}` well"));
    }
    Ok(Verdict::Good(seen.join(", ")))
}

/// What a command of `[health]` finds in its environment, of the release in `directory`.
fn variables(host: &Host, id: &str, directory: String) -> Vec<String> {
    let base = &host.deploy_to;
    [
        ("PHASE", "health".to_owned()),
        ("VERB", "doctor".to_owned()),
        ("RELEASE", id.to_owned()),
        ("RELEASE_DIR", directory),
        ("DEPLOY_TO", base.to_string()),
        ("CURRENT", format!("{base}/current")),
        ("SHARED", format!("{base}/shared")),
    ]
    .map(|(name, value)| format!("MKT_{name}={value}"))
    .into()
}

/// Puts a file into what is live, asks for it, and takes it away.
fn served(
    remote: &dyn Remote,
    host: &Host,
    question: &Question,
    timeout: Duration,
) -> Result<Served, remote::HostError> {
    let mark = format!("{:032x}", fastrand::u128(..));
    // Of a kind that every server gives as it is, and that none keeps from visitors.
    let name = format!("mkt-doctor-{mark}.css");
    let argv = Argv::new("sh").args(["-c", SERVE, "sh", host.deploy_to.as_str(), &name, &mark]);
    let mut process = remote.spawn(&argv)?;
    let until = Instant::now() + BRIEF;
    let put = loop {
        match process.read_line(until)? {
            LineRead::Line(line) => {
                if let Some(said) = line.strip_prefix("served ") {
                    break said.to_owned();
                }
            }
            LineRead::TimedOut | LineRead::End => break String::new(),
        }
    };
    let found = if put == "put" { look_for(question, &name, &mark, timeout) } else { untold(&put) };
    let _gone = process.close_stdin();
    let _gone = process.wait(Instant::now() + BRIEF);
    Ok(found)
}

fn untold(said: &str) -> Served {
    Served::Untold(match said.strip_prefix("refused ") {
        Some(why) => format!(
            "no file can be put beside the site's index.php: {}",
            why.chars().take(200).collect::<String>()
        ),
        None => "no index.php or index.html was found in it".to_owned(),
    })
}

fn look_for(question: &Question, name: &str, mark: &str, timeout: Duration) -> Served {
    let mut said = Vec::new();
    for base in places(&question.url) {
        let page = Question {
            url: format!("{base}{name}"),
            expected: Expected { status: 200, header: None, contains: Some(mark.to_owned()), release: None },
            ..question.clone()
        };
        match ask(&page, timeout) {
            Verdict::Good(_) => return Served::Yes,
            Verdict::NoAnswer(why) => return Served::Untold(format!("nothing answers: {why}")),
            Verdict::Bad(why) => said.push(why),
        }
    }
    let said = said.pop().unwrap_or_default();
    // Who sends elsewhere, or asks who one is, says nothing of files.
    if ["status 30", "status 401", "status 403"].iter().any(|other| said.starts_with(other)) {
        return Served::Untold(said);
    }
    Served::No(said)
}

/// Where the document root may be: the directory of the page, and the top.
fn places(url: &str) -> Vec<String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (server, path) = rest.split_at(end);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut places = vec![format!("{scheme}://{server}{folder}/"), format!("{scheme}://{server}/")];
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_looked_for_beside_the_page_and_at_the_top() {
        let top = ["http://10.0.0.1:8080/"];
        assert_eq!(places("http://10.0.0.1:8080"), top);
        assert_eq!(places("http://10.0.0.1:8080/?x=/a/b"), top);
        assert_eq!(places("http://10.0.0.1:8080/index.php#a"), top);
        assert_eq!(
            places("https://[2001:db8::1]/blog/user/login?x"),
            ["https://[2001:db8::1]/blog/user/", "https://[2001:db8::1]/"]
        );
    }
}

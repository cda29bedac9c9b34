//! Is the release that is live on a host healthy? Asked of the server itself, never of the balancer, until it is known.

use std::time::{Duration, Instant};

use cli::{Abort, human};
use inventory::{Health, HealthCheck};
use record::ReleaseId;
use remote::Argv;
use remote::health::{CLOSED, HEADER, Verdict, ask};

use super::host_task::HostTask;
use super::plan::Plan;

/// What a shell gives for a program that is not there, or that is none (POSIX, 2.8.2): it was not run, and said nothing.
const NOT_RUN: [i32; 2] = [126, 127];

/// Checks the health of the host on the release that it was switched to. `every` is how often its lease is renewed meanwhile.
pub(crate) fn probe(task: &mut HostTask, health: &Health, plan: &Plan, abort: &Abort, every: Duration) {
    let to = plan.to_on(task);
    let check = check(health, task, to);
    let variables = variables(task, plan, to);
    let Some(verdict) = examine(task, &check, &variables, abort, every) else {
        task.fail("terminated");
        return;
    };
    let what = match check.questions.as_slice() {
        [page] => format!("`{}`", page.url),
        // The verdict names the page.
        _ => "it".to_owned(),
    };
    match &verdict {
        Verdict::Good(_) => {}
        Verdict::Bad(why) => task.fail(format!("{what} is not healthy: {why}")),
        Verdict::NoAnswer(why) => task.fail(format!("{what} does not answer: {why}")),
    }
    task.health = Some(text(&verdict).to_owned());
    task.finding = Some(verdict);
}

/// Asks the same of the release that was put back, to know what a bad answer says of the other one.
pub(crate) fn ask_former(task: &mut HostTask, health: &Health, plan: &Plan, abort: &Abort) {
    let Some(former) = task.before.clone() else { return };
    let check = check(health, task, &former);
    let variables = variables(task, plan, &former);
    task.former = examine(task, &check, &variables, abort, plan.renew_every());
}

/// Before anything is switched or closed: does PHP say which release it runs? Asked of the live one. If that is not well at
/// all, the question is left open, for the next one may be what puts it right. A site that somebody has closed stays closed, and would
/// answer 503 after the switch as well.
pub(crate) fn ask_ahead(task: &mut HostTask, health: &Health, abort: &Abort, every: Duration) {
    let Some(live) = task.before.clone() else { return };
    let check = check(health, task, &live);
    let Some(question) = check.questions.first().filter(|question| question.expected.release.is_some())
    else {
        return;
    };
    let mut asked = 0;
    loop {
        task.renew(every);
        let verdict = ask(question, check.timeout);
        asked += 1;
        let why = match verdict {
            Verdict::Bad(why) if why.contains(HEADER) || why.contains(CLOSED) => why,
            Verdict::Good(_) | Verdict::Bad(_) | Verdict::NoAnswer(_) => return,
        };
        // opcache may look at settings.php and what it includes every few seconds only.
        if asked >= check.attempts || abort.sleep(check.interval).is_err() {
            let help = if why.contains(CLOSED) {
                "open the site first, or let [health] want `status = 503` as long as it is closed"
            } else {
                "have settings.php include shared/drupal.settings.php at its end (where `$mkt_health_from` is set it must have the \
                 address of this machine), or say `[health] prove = \"page\"`"
            };
            task.fail(format!("`{}`: {why}; {help}", question.url));
            return;
        }
    }
}

/// What a verdict says.
pub(crate) fn text(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Good(text) | Verdict::Bad(text) | Verdict::NoAnswer(text) => text,
    }
}

fn check(health: &Health, task: &HostTask, release: &ReleaseId) -> HealthCheck {
    if task.adopted.iter().any(|(adopted, _)| adopted == release) {
        health.for_adopted(&task.host, release.as_str())
    } else {
        health.for_host(&task.host, release.as_str())
    }
}

/// Asks until the host has answered as it should `in_a_row` times, or otherwise `attempts` times; then the last answer
/// counts. `None` if it was ended.
fn examine(
    task: &mut HostTask,
    check: &HealthCheck,
    variables: &[String],
    abort: &Abort,
    every: Duration,
) -> Option<Verdict> {
    let (mut good, mut bad) = (0, 0);
    loop {
        if abort.is_set() {
            return None;
        }
        task.renew(every);
        let asked = Instant::now();
        match once(task, check, variables) {
            Verdict::Good(seen) => {
                good += 1;
                if good >= check.in_a_row {
                    let times = if good > 1 { format!(", {good} times in a row") } else { String::new() };
                    let bad = if bad > 0 { format!(", after {bad} bad") } else { String::new() };
                    let took = human::seconds(asked.elapsed());
                    return Some(Verdict::Good(format!("{seen} in {took}{times}{bad}")));
                }
            }
            other => {
                good = 0;
                bad += 1;
                if bad >= check.attempts {
                    return Some(other);
                }
            }
        }
        let _ended = abort.sleep(check.interval);
    }
}

/// Pages and command, as far as they are configured: good if all are, else the first that is not.
fn once(task: &HostTask, check: &HealthCheck, variables: &[String]) -> Verdict {
    let all = || {
        let mut seen = Vec::new();
        for question in &check.questions {
            let answer = in_time(check, || ask(question, check.timeout));
            let is_one_of_several = check.questions.len() > 1;
            seen.push(answer.map_err(|bad| if is_one_of_several { bad.about(&question.url) } else { bad })?);
        }
        if let Some(argv) = &check.command {
            seen.push(in_time(check, || run(task, argv, variables, check.timeout))?);
        }
        seen.dedup();
        Ok(seen.join(", "))
    };
    all().map_or_else(|verdict| verdict, Verdict::Good)
}

/// Asks, and takes a good answer that comes too late as a bad one; `Err` is what is not good.
fn in_time(check: &HealthCheck, asking: impl FnOnce() -> Verdict) -> Result<String, Verdict> {
    let asked = Instant::now();
    let verdict = asking();
    let took = asked.elapsed();
    match (verdict, check.max_latency) {
        (Verdict::Good(seen), Some(most)) if took > most => Err(Verdict::Bad(format!(
            "{seen}, but in {} and not {}",
            human::seconds(took),
            human::seconds(most)
        ))),
        (Verdict::Good(seen), _) => Ok(seen),
        (other, _) => Err(other),
    }
}

fn run(task: &HostTask, argv: &[String], variables: &[String], timeout: Duration) -> Verdict {
    let Some(remote) = &task.remote else { return Verdict::NoAnswer("not connected".into()) };
    let name = argv.first().map_or("", |program| program.rsplit('/').next().unwrap_or(program));
    let command = Argv::new("env").args(variables.iter().cloned()).args(argv.iter().cloned());
    match remote.exec(&command, b"", timeout) {
        Err(error) => Verdict::NoAnswer(error.to_string()),
        Ok(output) if output.status.success() => Verdict::Good(format!("`{name}`: healthy")),
        Ok(output) if output.status.code().is_some_and(|code| NOT_RUN.contains(&code)) => {
            Verdict::NoAnswer(format!("`{name}` cannot be run: {}", output.reason()))
        }
        Ok(output) => Verdict::Bad(format!("`{name}` failed: {}", output.reason())),
    }
}

/// What a command finds in its environment: what hooks find.
fn variables(task: &HostTask, plan: &Plan, release: &ReleaseId) -> Vec<String> {
    let deploy_to = &task.host.deploy_to;
    // What was taken over lies where it was.
    let dir = |id: &ReleaseId| match task.adopted.iter().find(|(adopted, _)| adopted == id) {
        Some((_, directory)) => directory.clone(),
        None => format!("{deploy_to}/releases/{id}"),
    };
    let previous = task.before.as_ref().filter(|before| *before != release);
    let variables = [
        ("PHASE", "health".to_owned()),
        ("VERB", plan.verb_name().to_owned()),
        ("RELEASE", release.to_string()),
        ("RELEASE_DIR", dir(release)),
        ("PREVIOUS", previous.map(ToString::to_string).unwrap_or_default()),
        ("PREVIOUS_DIR", previous.map(dir).unwrap_or_default()),
        ("DEPLOY_TO", deploy_to.to_string()),
        ("CURRENT", format!("{deploy_to}/current")),
        ("SHARED", format!("{deploy_to}/shared")),
        ("OWNER", crate::fleet::controller::owner(plan.owner.as_deref()).unwrap_or_default()),
    ];
    variables.into_iter().map(|(name, value)| format!("MKT_{name}={value}")).collect()
}

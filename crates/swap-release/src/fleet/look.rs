//! The verbs that switch nothing: status, verify and prune, on every host.

use std::time::Duration;

use fleet::{Argv, Host, Interrupt, Outcome, fan_out};
use record::host::{HostStatus, PruneReply, VerifyReply};
use record::{ExitCode, ReleaseId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::host::{Fault, ask, parse, remedies, warnings};
use super::own_name::own_name;
use super::{AT_ONCE, Controller};
use crate::Error;
use crate::job::PruneJob;

/// Hashing or deleting a large tree on a slow disk.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

/// What one host answered.
#[derive(Debug, Serialize)]
pub(super) struct Answer<T> {
    pub(super) host: String,
    pub(super) reply: Option<T>,
    pub(super) error: Option<String>,
    /// What helps with that, as far as it is known.
    #[serde(skip)]
    pub(super) hint: Option<String>,
}

/// Who serves what.
pub(crate) fn status(controller: &Controller<'_>, json: bool) -> Result<ExitCode, Error> {
    let answers = ask_all::<HostStatus>(controller, |host| controller.argv(host, "status").arg("--json"));
    let most = most(&answers);
    let mut replies = answers.iter().filter_map(|answer| answer.reply.as_ref());
    let theirs = most.as_ref().and_then(|id| replies.find_map(|status| status.release(id)));
    let is_theirs = |status: &HostStatus| {
        let own = theirs.and_then(|known| own_name(status, &known.release));
        status.current == most || (own.is_some() && own == status.current)
    };
    let row = |answer: &Answer<HostStatus>| {
        let name = |id: Option<&ReleaseId>| id.map_or_else(|| "-".to_owned(), ToString::to_string);
        let status = answer.reply.as_ref();
        let since = status
            .and_then(|status| status.current.as_ref().and_then(|id| status.release(id)))
            .map_or_else(|| "-".to_owned(), |known| known.since.clone());
        vec![
            answer.host.clone(),
            name(status.and_then(|status| status.current.as_ref())),
            match status {
                None => "?".to_owned(),
                Some(status) if is_theirs(status) => "-".to_owned(),
                Some(_) => "differs".to_owned(),
            },
            since,
            name(status.and_then(|status| status.previous.as_ref())),
            answer
                .error
                .clone()
                .or_else(|| status.and_then(|status| status.busy.clone()))
                .or_else(|| {
                    let foreign = status.and_then(|status| status.foreign.as_ref())?;
                    Some(format!("`current` leads to {foreign}"))
                })
                .unwrap_or_default(),
        ]
    };
    let head = ["host", "current", "drift", "since", "previous", ""];
    let result = finish(controller, &answers, json, &head, row);
    if !json {
        tell_undone(controller, &answers);
    }
    result
}

/// What deployments that were taken back left: of each host the caches that it owes, and once what remains for a person.
fn tell_undone(controller: &Controller<'_>, answers: &[Answer<HostStatus>]) {
    let mut told = None;
    for answer in answers {
        let Some(status) = &answer.reply else { continue };
        for hook in &status.hooks {
            controller.console.warn(format!("{}: {}", answer.host, crate::verbs::status::follows_not(hook)));
        }
        if let Some(owed) = &status.owed {
            controller.console.warn(format!("{}: {}", answer.host, crate::verbs::status::owes(owed)));
        }
        if let Some(remains) = &status.remains
            && told != Some((&remains.release, &remains.at))
        {
            told = Some((&remains.release, &remains.at));
            for line in crate::verbs::status::told(remains).lines() {
                controller.console.warn(line);
            }
        }
    }
}

/// What most of those that answered serve; a host that serves anything else has drifted.
fn most(answers: &[Answer<HostStatus>]) -> Option<ReleaseId> {
    let served: Vec<&Option<ReleaseId>> =
        answers.iter().filter_map(|answer| answer.reply.as_ref()).map(|status| &status.current).collect();
    let count = |id: &Option<ReleaseId>| served.iter().filter(|other| **other == id).count();
    served.iter().max_by_key(|id| count(id)).and_then(|id| (*id).clone())
}

/// Who has exactly what was built.
pub(crate) fn verify(
    controller: &Controller<'_>,
    release: Option<&ReleaseId>,
    json: bool,
) -> Result<ExitCode, Error> {
    let argv = |host: &Host| {
        let argv = controller.argv(host, "verify").arg("--json");
        release.map_or(argv.clone(), |release| argv.arg(release.as_str()))
    };
    let answers = on_all(controller, argv, examine);
    let differ: Vec<String> = answers
        .iter()
        .filter(|answer| answer.reply.as_ref().is_some_and(|reply: &VerifyReply| !reply.ok))
        .map(|answer| answer.host.clone())
        .collect();
    let told = tell_verified(controller, &answers, json, "exactly what was built", "differs");
    match told {
        Ok(_) | Err(Error::FleetVerb { .. }) if !differ.is_empty() => Err(Error::FleetDrift {
            hosts: differ,
            unknown: answers.iter().filter(|answer| answer.error.is_some()).count(),
            all: answers.len(),
            fleet: controller.inventory.path.clone(),
            release: release.cloned(),
        }),
        told => told,
    }
}

/// Has every host put right what differs there, from its own copy of the payload.
pub(crate) fn repair(
    controller: &Controller<'_>,
    release: Option<&ReleaseId>,
    json: bool,
) -> Result<ExitCode, Error> {
    let argv = |host: &Host| {
        let argv = controller.argv(host, "verify").args(["--repair", "--json"]);
        release.map_or(argv.clone(), |release| argv.arg(release.as_str()))
    };
    let answers = on_all(controller, argv, |remote, argv| ask(remote, argv, PATIENCE));
    tell_verified(controller, &answers, json, "exactly what was built", "put right")
}

/// What a host found, also when it is not what was built.
fn examine(remote: &dyn fleet::Remote, argv: &Argv) -> Result<VerifyReply, Fault> {
    let output = remote.exec(argv, b"", PATIENCE)?;
    let differs = Some(ExitCode::Mismatch.number().into());
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.success() || (output.status.code() == differs && !text.trim().is_empty()) {
        return parse("verify", text.trim());
    }
    Err(Fault::failed("verify", &output))
}

/// Differences that a row names; all are in the JSON.
const NAMED: usize = 3;

fn tell_verified(
    controller: &Controller<'_>,
    answers: &[Answer<VerifyReply>],
    json: bool,
    same: &str,
    other: &str,
) -> Result<ExitCode, Error> {
    let found = |reply: &VerifyReply| {
        let lists = [("missing", &reply.missing), ("changed", &reply.changed), ("extra", &reply.extra)];
        let all =
            lists.iter().flat_map(|(what, paths)| paths.iter().map(move |path| format!("{what} {path}")));
        let named: Vec<String> = all.take(NAMED).collect();
        let more = if reply.differences > named.len() as u64 { ", ..." } else { "" };
        format!("{other} in {} places: {}{more}", reply.differences, named.join(", "))
    };
    let row = |answer: &Answer<VerifyReply>| {
        let reply = answer.reply.as_ref();
        vec![
            answer.host.clone(),
            reply.map_or_else(|| "-".to_owned(), |reply| reply.release.to_string()),
            reply.map_or_else(
                || "-".to_owned(),
                |reply| reply.tree_digest.to_string().chars().take(12).collect(),
            ),
            match (&answer.error, reply) {
                (Some(error), _) => error.clone(),
                (None, Some(reply)) if !reply.ok => found(reply),
                (None, Some(reply)) if reply.adopted => "taken over, nothing to compare with".to_owned(),
                (None, _) => same.to_owned(),
            },
        ]
    };
    finish(controller, answers, json, &["host", "release", "tree", ""], row)
}

/// Runs a verb that answers with words; gives what it said.
pub(super) fn run(remote: &dyn fleet::Remote, argv: &Argv, verb: &str) -> Result<String, Fault> {
    let output = remote.exec(argv, b"", PATIENCE)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    } else {
        Err(Fault::failed(verb, &output))
    }
}

/// Passes on why a host could not, and what it warned of.
pub(super) fn tell(controller: &Controller<'_>, answers: &[Answer<String>]) {
    for answer in answers {
        let warnings = warnings(answer.reply.as_deref().unwrap_or_default());
        for text in answer.error.as_deref().into_iter().chain(warnings) {
            controller.console.warn(format!("{}: {text}", answer.host));
        }
    }
    tell_remedies(controller, answers);
}

/// What helps those that could not.
pub(super) fn tell_remedies<T>(controller: &Controller<'_>, answers: &[Answer<T>]) {
    let hints = answers.iter().map(|answer| (answer.host.as_str(), answer.hint.as_deref()));
    remedies(hints).iter().for_each(|line| controller.console.say(line));
}

/// Says on every host that what a deployment left in the database is seen to. One after the other: the first rebuilds caches
/// that are owed, and the others find that done.
pub(crate) fn settle(controller: &Controller<'_>) -> Result<ExitCode, Error> {
    let mut failed = 0;
    for host in &controller.hosts {
        controller.abort.check()?;
        let one = Controller { hosts: vec![host.clone()], ..controller.clone() };
        let answers =
            on_all(&one, |host| one.argv(host, "settle"), |remote, argv| run(remote, argv, "settle"));
        tell(controller, &answers);
        failed += answers.iter().filter(|answer| answer.error.is_some()).count();
    }
    result(failed, controller.hosts.len())
}

/// Removes old releases everywhere.
pub(crate) fn prune(controller: &Controller<'_>, job: PruneJob, asked_for: bool) -> Result<ExitCode, Error> {
    let keep = job.keep.unwrap_or(controller.inventory.site.keep).to_string();
    let grace = job.grace.map(|grace| format!("{}s", grace.as_secs()));
    let answers = ask_all::<PruneReply>(controller, |host: &Host| {
        let argv = controller.argv(host, "prune").args(["--json", "--keep", keep.as_str()]);
        let argv = grace.as_deref().map_or(argv.clone(), |grace| argv.args(["--grace", grace]));
        if job.dry_run { argv.arg("--dry-run") } else { argv }
    });
    if job.json {
        return finish(controller, &answers, true, &[], |_| Vec::new());
    }
    for Answer { host, reply, error, .. } in &answers {
        let mut lines = reply.as_ref().map(PruneReply::lines).unwrap_or_default();
        if lines.is_empty() && job.dry_run && error.is_none() {
            lines.push("nothing to remove".to_owned());
        }
        for line in lines.iter().map(|line| format!("{host}: {line}")) {
            // After a commit it is one of the things that are done on the way.
            if asked_for {
                answer(controller, &cli::sanitize(&line))?;
            } else {
                controller.console.say(line);
            }
        }
        let warnings = reply.as_ref().map(PruneReply::warnings).unwrap_or_default();
        for text in error.iter().chain(&warnings) {
            controller.console.warn(format!("{host}: {text}"));
        }
    }
    tell_remedies(controller, &answers);
    result(answers.iter().filter(|answer| answer.error.is_some()).count(), answers.len())
}

fn ask_all<T>(controller: &Controller<'_>, argv: impl Fn(&Host) -> Argv) -> Vec<Answer<T>>
where
    T: DeserializeOwned + Send + 'static,
{
    on_all(controller, argv, |remote, argv| ask(remote, argv, PATIENCE))
}

pub(super) fn on_all<T: Send + 'static>(
    controller: &Controller<'_>,
    argv: impl Fn(&Host) -> Argv,
    work: impl Fn(&dyn fleet::Remote, &Argv) -> Result<T, Fault> + Send + Sync + 'static,
) -> Vec<Answer<T>> {
    let items: Vec<(Host, Argv)> = controller.hosts.iter().map(|host| (host.clone(), argv(host))).collect();
    let dial = controller.dial.clone();
    let interrupt = Interrupt::from(controller.abort.flag());
    let outcomes = fan_out::<_, _, (), _>(
        items,
        AT_ONCE,
        &interrupt,
        |_| {},
        move |(host, argv), _| dial(&host).map_err(Fault::from).and_then(|remote| work(&*remote, &argv)),
    );
    let answer = |(outcome, host): (Outcome<Result<T, Fault>>, &Host)| {
        let mut hint = None;
        let (reply, error) = match outcome {
            Outcome::Done(Ok(reply)) => (Some(reply), None),
            Outcome::Done(Err(fault)) => {
                hint = fault.hint();
                (None, Some(fault.to_string()))
            }
            Outcome::NotBegun | Outcome::LeftBehind => (None, Some("terminated".to_owned())),
            Outcome::Panicked => {
                (None, Some("a defect in swap-release ended the work on this host".to_owned()))
            }
        };
        Answer { host: host.name.to_string(), reply, error, hint }
    };
    outcomes.into_iter().zip(&controller.hosts).map(answer).collect()
}

/// Says what was asked for.
pub(super) fn answer(controller: &Controller<'_>, text: &str) -> Result<(), Error> {
    let out = std::path::Path::new("standard output");
    controller.console.answer(text).map_err(|source| Error::write(out, source))
}

fn finish<T: Serialize>(
    controller: &Controller<'_>,
    answers: &[Answer<T>],
    json: bool,
    head: &[&str],
    row: impl Fn(&Answer<T>) -> Vec<String>,
) -> Result<ExitCode, Error> {
    if json {
        let out = std::path::Path::new("standard output");
        let mut bytes = serde_json::to_vec_pretty(answers)
            .map_err(|source| Error::State { path: out.to_owned(), source })?;
        bytes.push(b'\n');
        controller.console.data(&bytes).map_err(|source| Error::write(out, source))?;
    } else {
        let rows: Vec<Vec<String>> = answers.iter().map(row).collect();
        answer(controller, &cli::table(head, &rows))?;
        tell_remedies(controller, answers);
    }
    controller.abort.check()?;
    result(answers.iter().filter(|answer| answer.error.is_some()).count(), answers.len())
}

pub(super) fn result(failed: usize, all: usize) -> Result<ExitCode, Error> {
    if failed == 0 { Ok(ExitCode::Ok) } else { Err(Error::FleetVerb { failed, all }) }
}

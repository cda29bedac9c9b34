//! Whether every host has exactly what was built; and putting right what differs.

use agent::AgentError;
use inventory::Host;
use record::host::VerifyReply;
use record::{ExitCode, ReleaseId};
use remote::{Argv, Remote};

use super::answers::{Answer, PATIENCE, finish, on_all};
use super::controller::Controller;
use super::host::Fault;
use super::run::Run;
use crate::Error;

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
        Ok(_) | Err(Error::FleetVerb { .. }) if !differ.is_empty() => {
            let unknown = answers.iter().filter(|answer| answer.error.is_some()).count();
            Err(Error::fleet_drift(&differ, unknown, answers.len(), &controller.inventory.path, release))
        }
        told => told,
    }
}

/// Has every host put right what differs there, from its own copy of the payload.
pub(crate) fn repair(
    controller: &Controller<'_>,
    release: Option<&ReleaseId>,
    json: bool,
) -> Result<ExitCode, Error> {
    let run = Run::new("repair");
    let argv = |host: &Host| {
        let argv = run.with(controller.argv(host, "verify").args(["--repair", "--json"]), host);
        release.map_or(argv.clone(), |release| argv.arg(release.as_str()))
    };
    let answers = on_all(controller, argv, |remote, argv| Ok(agent::ask(remote, argv, b"", PATIENCE)?));
    tell_verified(controller, &answers, json, "exactly what was built", "put right")
}

/// What a host found, also when it is not what was built.
fn examine(remote: &dyn Remote, argv: &Argv) -> Result<VerifyReply, Fault> {
    let output = remote.exec(argv, b"", PATIENCE)?;
    let differs = Some(ExitCode::Mismatch.number().into());
    if output.status.success() || (output.status.code() == differs && !output.stdout.trim_ascii().is_empty())
    {
        return Ok(agent::read("verify", &output)?);
    }
    Err(AgentError::failed("verify", &output).into())
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

//! `swap-release` on a host: what it has, and staging what was downloaded.

use std::time::{Duration, Instant};

use agent::{AgentError, command, exit_code};
use inventory::{Host, SharedPaths};
use record::ExitCode;
use record::host::{HostStatus, Obstacle, StageReply};
use remote::{Argv, Remote};

use crate::error::Fault;
use crate::job::Job;
use crate::job::clock::Clock;

/// Reading the state of a few releases.
const STATUS: Duration = Duration::from_secs(60);
/// How long a held lock is waited for: a staging that a broken connection left running ends in this time.
const BUSY: Duration = Duration::from_secs(90);
/// Between two looks at a held lock.
const AGAIN: Duration = Duration::from_millis(250);

/// What the host has.
pub(crate) fn status(remote: &dyn Remote, host: &Host) -> Result<HostStatus, Fault> {
    status_with(remote, host, &SharedPaths::default())
}

/// The same, with how it stands with these shared paths.
pub(crate) fn status_with(
    remote: &dyn Remote,
    host: &Host,
    shared: &SharedPaths,
) -> Result<HostStatus, Fault> {
    let argv = command(host, "status").arg("--json");
    let asking = shared.iter().fold(argv.clone(), |argv, path| argv.arg("--shared").arg(path.to_string()));
    let mut answer = agent::ask(remote, &asking, b"", STATUS);
    if !shared.is_empty() && matches!(&answer, Err(error) if error.exit_code() == Some(ExitCode::Usage)) {
        // One of before there was that question.
        answer = agent::ask(remote, &argv, b"", STATUS);
    }
    let status: HostStatus = answer?;
    if status.schema != HostStatus::SCHEMA {
        return Err(Fault::Answer {
            verb: "status".into(),
            answer: status.schema.chars().take(80).collect(),
            what: format!("not {}", HostStatus::SCHEMA),
        });
    }
    Ok(status)
}

/// Refuses a release that would hide from visitors what they find today.
pub(crate) fn expect_nothing_at_stake(status: &HostStatus) -> Result<(), Fault> {
    match status.shared.at_stake.first() {
        None => Ok(()),
        Some(Obstacle { found, commands, .. }) => Err(Fault::AtStake {
            found: cli::sanitize(found),
            command: commands.first().map(|command| cli::sanitize(&command.command)),
        }),
    }
}

/// Leaves word on the host that the release is wanted, so that the events of its rtorrent stage it should we be gone by
/// then. While somebody else holds the lock nothing is left, and false is given; we are still here to stage it.
pub(crate) fn want(remote: &dyn Remote, host: &Host, job: &Job) -> Result<bool, Fault> {
    let output = remote.exec(&with_record(host, job, "want"), &job.record, STATUS)?;
    match exit_code(&output.status) {
        Some(ExitCode::Ok) => Ok(true),
        Some(ExitCode::Busy) => {
            log::info!("{}: {}", host.name, output.reason());
            Ok(false)
        }
        _ => Err(AgentError::failed("want", &output).into()),
    }
}

/// Has the host unpack the payload at `place` and prove its tree; waits while somebody else holds the lock.
pub(crate) fn stage(
    remote: &dyn Remote,
    host: &Host,
    job: &Job,
    place: &str,
    manifest: Option<&str>,
    clock: &Clock,
) -> Result<StageReply, Fault> {
    let argv = stage_argv(host, job, place, manifest);
    let until = Instant::now() + BUSY;
    loop {
        clock.check()?;
        match agent::ask(remote, &argv, &job.record, clock.left()).map_err(refused) {
            Err(Fault::Busy { .. }) if Instant::now() < until => clock.pause(AGAIN)?,
            Err(fault) => return Err(fault),
            Ok(reply) => return prove(job, reply),
        }
    }
}

fn stage_argv(host: &Host, job: &Job, place: &str, manifest: Option<&str>) -> Argv {
    let argv = with_record(host, job, "stage").args(["--payload", place, "--json"]);
    match manifest {
        Some(manifest) => argv.args(["--manifest", manifest]),
        None => argv,
    }
}

/// A verb that is given our record on its standard input.
fn with_record(host: &Host, job: &Job, verb: &str) -> Argv {
    let mut argv = command(host, verb).args(["--record", "-"]);
    for shared in job.shared.iter() {
        argv = argv.arg("--shared").arg(shared.to_string());
    }
    if let Some(owner) = &job.owner {
        argv = argv.args(["--owner", owner]);
    }
    argv
}

/// What it means that a payload was not staged.
fn refused(error: AgentError) -> Fault {
    match (error.exit_code(), error) {
        (Some(ExitCode::Busy), AgentError::Failed { reason, .. }) => Fault::Busy { reason },
        // `Unexpected` is what a payload ends with that is gone or cannot be read.
        (Some(ExitCode::Mismatch | ExitCode::Unexpected), AgentError::Failed { reason, .. }) => {
            Fault::Payload { reason }
        }
        (_, error) => error.into(),
    }
}

pub(crate) fn prove(job: &Job, reply: StageReply) -> Result<StageReply, Fault> {
    let (found, expected) = (reply.tree_digest, job.release.tree_digest);
    if reply.release != job.release.id {
        return Err(Fault::OtherTree { release: reply.release, found });
    }
    if found == expected { Ok(reply) } else { Err(Fault::OtherProof { found, expected }) }
}

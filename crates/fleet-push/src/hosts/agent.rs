//! `swap-release` on a host: what it has, and staging what was downloaded.

use std::time::{Duration, Instant};

use inventory::{Host, SharedPaths};
use record::ExitCode;
use record::host::{HostStatus, Obstacle, StageReply};
use remote::{Argv, Output, Remote};

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
    let argv = Argv::new(host.swap_release.as_str()).args([
        "status",
        "--deploy-to",
        host.deploy_to.as_str(),
        "--json",
    ]);
    let asking = shared.iter().fold(argv.clone(), |argv, path| argv.arg("--shared").arg(path.to_string()));
    let mut output = remote.exec(&asking, b"", STATUS)?;
    if !shared.is_empty() && exit_code(&output) == Some(ExitCode::Usage) {
        // One of before there was that question.
        output = remote.exec(&argv, b"", STATUS)?;
    }
    if !output.status.success() {
        return Err(Fault::Command {
            command: "swap-release status".into(),
            reason: output.reason(),
            hint: output.hint(),
        });
    }
    let status: HostStatus = parse("status", &output)?;
    if status.schema != HostStatus::SCHEMA {
        return Err(Fault::Answer {
            verb: "status",
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
    match exit_code(&output) {
        Some(ExitCode::Ok) => Ok(true),
        Some(ExitCode::Busy) => {
            log::info!("{}: {}", host.name, output.reason());
            Ok(false)
        }
        _ => Err(Fault::Command {
            command: "swap-release want".into(),
            reason: output.reason(),
            hint: output.hint(),
        }),
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
        match judge(remote.exec(&argv, &job.record, clock.left())?) {
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
    let mut argv = Argv::new(host.swap_release.as_str());
    argv = argv.args([verb, "--deploy-to", host.deploy_to.as_str(), "--record", "-"]);
    for shared in job.shared.iter() {
        argv = argv.arg("--shared").arg(shared.to_string());
    }
    if let Some(owner) = &job.owner {
        argv = argv.args(["--owner", owner]);
    }
    argv
}

fn judge(output: Output) -> Result<StageReply, Fault> {
    match exit_code(&output) {
        Some(ExitCode::Ok) => parse("stage", &output),
        Some(ExitCode::Busy) => Err(Fault::Busy { reason: output.reason() }),
        // `Unexpected` is what a payload ends with that is gone or cannot be read.
        Some(ExitCode::Mismatch | ExitCode::Unexpected) => Err(Fault::Payload { reason: output.reason() }),
        _ => Err(Fault::Command {
            command: "swap-release stage".into(),
            reason: output.reason(),
            hint: output.hint(),
        }),
    }
}

fn exit_code(output: &Output) -> Option<ExitCode> {
    output.status.code().and_then(|code| u8::try_from(code).ok()).and_then(ExitCode::from_number)
}

pub(crate) fn prove(job: &Job, reply: StageReply) -> Result<StageReply, Fault> {
    let (found, expected) = (reply.tree_digest, job.release.tree_digest);
    if reply.release != job.release.id {
        return Err(Fault::OtherTree { release: reply.release, found });
    }
    if found == expected { Ok(reply) } else { Err(Fault::OtherProof { found, expected }) }
}

/// The one line of JSON, which may follow what a login script prints.
fn parse<T: serde::de::DeserializeOwned>(verb: &'static str, output: &Output) -> Result<T, Fault> {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    serde_json::from_str(line).map_err(|error| Fault::Answer {
        verb,
        answer: line.chars().take(80).collect(),
        what: error.to_string(),
    })
}

//! How a swap ended, and what the program says of it.

use inventory::Phase;
use record::{Caches, ExitCode, HookRun, Outcome, Undone};

use super::diagnosis::Diagnosis;
use super::host_task::HostTask;
use super::plan::Plan;
use super::{switch, undo};
use crate::Error;

/// How a swap ended.
pub(super) struct Ended {
    pub(super) tasks: Vec<HostTask>,
    pub(super) outcome: Outcome,
    /// What was done about what the release did to the shared database, where it was taken back.
    pub(super) undone: Option<Undone>,
    /// What a failed health check says of the release; `None` if nobody was found ill.
    pub(super) diagnosis: Option<Diagnosis>,
}

pub(super) fn end(plan: &Plan, ended: &Ended, aborted: bool) -> Result<ExitCode, Error> {
    let Ended { tasks, outcome, undone, diagnosis } = ended;
    let bad: Vec<&str> =
        tasks.iter().filter(|task| !task.is_good()).map(|task| task.host.name.as_str()).collect();
    let names = bad.join(", ");
    let to = &plan.to;
    let database = undone.as_ref().map(undo::told).unwrap_or_default();
    let owed = undone.as_ref().is_some_and(|undone| undone.caches == Caches::Owed);
    let left = left_behind(tasks);
    let (summary, code) = match *outcome {
        Outcome::Committed => return Ok(ExitCode::Ok),
        Outcome::Mixed => (format!("the fleet is left mixed: {names}{database}"), ExitCode::Mixed),
        _ if aborted => return Err(Error::Aborted),
        _ if !left.is_empty() => (
            format!(
                "`{to}` failed on {names}; every host is on the release it had{database}; but a hook that has its web server \
                 follow failed, so `{to}` may still be served by {}: see swap-release status",
                left.join(", ")
            ),
            ExitCode::Mixed,
        ),
        // Every host is on its release, and still they cannot be said to serve it.
        _ if owed => (
            format!("`{to}` failed on {names}; every host is on the release it had{database}"),
            ExitCode::Mixed,
        ),
        Outcome::RolledBack => (
            format!(
                "`{to}` failed on {names}; every host is on the release it had{}{database}",
                verdict(diagnosis.as_ref(), tasks)
            ),
            ExitCode::RolledBack,
        ),
        Outcome::Refused => {
            let code = if tasks.iter().any(|task| task.busy) {
                ExitCode::Busy
            } else if bad.len() == tasks.len() {
                ExitCode::NoHostSucceeded
            } else {
                ExitCode::SomeHostsFailed
            };
            // What is live already was asked whether it is well, and nothing more.
            let ill = |task: &HostTask| task.finding.is_some() && switch::is_there(task, plan);
            let mut failed = tasks.iter().filter(|task| !task.is_good()).peekable();
            let summary = if failed.peek().is_some() && failed.all(ill) {
                format!(
                    "`{to}`, which is live already, is not well on {names}; nothing was switched{database}"
                )
            } else {
                format!("no host was switched to `{to}`: {names} not ready{database}")
            };
            (summary, code)
        }
    };
    let hint = match diagnosis {
        Some(Diagnosis::Inconclusive { suspects_check: true, .. }) => Some(
            "what [health] of fleet.toml asks for is not what this site answers: the answers are in the table and in swap.json",
        ),
        _ if tasks.iter().any(|task| task.marked) => Some(
            "see the table and swap.json; it is taken again after another push, or with activate --retry-failed",
        ),
        Some(_) => Some("see the table and swap.json; when that is mended, activate the same release again"),
        None => None,
    };
    Err(Error::swap(summary, code, hint))
}

/// Hosts on which a hook did its work after the switch, and not after the release was taken back.
fn left_behind(tasks: &[HostTask]) -> Vec<&str> {
    let was = |run: &HookRun, phase: Phase, ok| run.phase == phase.as_str() && run.ok == ok;
    let is_left = |task: &&HostTask| {
        let hooks = &task.hooks;
        hooks.iter().filter(|run| was(run, Phase::AfterRevert, false)).any(|failed| {
            hooks.iter().any(|run| run.name == failed.name && was(run, Phase::AfterSwitch, true))
        })
    };
    tasks.iter().filter(is_left).map(|task| task.host.name.as_str()).collect()
}

/// What is said of the release.
fn verdict(diagnosis: Option<&Diagnosis>, tasks: &[HostTask]) -> String {
    match diagnosis {
        Some(Diagnosis::Inconclusive { why, .. }) => format!("; {why}"),
        Some(Diagnosis::Bad) if tasks.iter().any(|task| task.marked) => "; it is marked as failed".to_owned(),
        Some(Diagnosis::Bad) | None => String::new(),
    }
}

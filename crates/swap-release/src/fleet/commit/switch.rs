//! Phase two on a host: hold, switch, and then commit or revert.

use std::thread;
use std::time::{Duration, Instant};

use agent::{AgentError, Conversation};
use cli::Abort;
use inventory::Phase;
use record::host::{HostStatus, ReleaseState, ReleaseStatus, SwitchEvent};
use record::{ExitCode, HostOutcome, ReleaseId};

use super::host_task::HostTask;
use super::plan::Plan;
use super::talk::{hear_out, hear_owes, next_event, obey, say, tell};
use crate::fleet::controller::{Dial, argv};
use crate::fleet::host::Fault;

/// A switch is some renames and syncs; a disk under load may take seconds.
const SWITCH: Duration = Duration::from_secs(30);
/// The host does nothing but answer.
const PING: Duration = Duration::from_secs(5);
const COMMIT: Duration = Duration::from_secs(15);
/// What a revert may take; and what it may take when SIGTERM has come (the process must be gone within 3 s).
const REVERT: Duration = Duration::from_secs(20);
const REVERT_IN_HASTE: Duration = Duration::from_millis(800);
/// How often a commit that was decided is tried on a host that did not answer.
const TRIES: u32 = 3;

/// Whether the host has the release live already: it is left as it is.
pub(super) fn is_there(task: &HostTask, plan: &Plan) -> bool {
    task.before.as_ref() == Some(plan.to_on(task))
}

/// Takes the lock on this host and has it wait for `go`; nothing is changed yet.
pub(crate) fn hold(task: &mut HostTask, plan: &Plan) {
    if is_there(task, plan) {
        return;
    }
    if let Err(fault) = try_hold(task, plan) {
        task.busy = matches!(fault, Fault::Busy(_));
        task.fail_by(&fault);
    }
}

fn try_hold(task: &mut HostTask, plan: &Plan) -> Result<(), Fault> {
    let Some(remote) = &task.remote else { return Err(Fault::NotReady("not connected".into())) };
    let mut process = Conversation::start(&**remote, &plan.in_step(task))?;
    match next_event(&mut process, plan.verb_name(), Instant::now() + SWITCH)? {
        SwitchEvent::Ready { from, .. } if from == task.before => {
            task.process = Some(process);
            task.touch();
            Ok(())
        }
        SwitchEvent::Ready { .. } => Err(Fault::NotReady("another release went live meanwhile".into())),
        event => Err(Fault::NotReady(format!("it did not wait for the word: {event:?}"))),
    }
}

/// Makes the release live on this host, unconfirmed.
pub(crate) fn switch(task: &mut HostTask, plan: &Plan) {
    if is_there(task, plan) {
        return;
    }
    if let Err(fault) = try_switch(task, plan) {
        task.fail_by(&fault);
    }
}

fn try_switch(task: &mut HostTask, plan: &Plan) -> Result<(), Fault> {
    // From here on the host may have switched, whatever it answers.
    task.outcome = HostOutcome::Unknown;
    match say(task, "go", plan.verb_name(), Instant::now() + SWITCH) {
        Ok(SwitchEvent::Switched { .. }) => {
            task.switched_at = Some(Instant::now());
            task.after = Some(plan.to_on(task).clone());
            task.touch();
            Ok(())
        }
        Ok(event) => Err(Fault::NotReady(format!("it did not switch: {event:?}"))),
        Err(fault) => {
            if matches!(fault, Fault::Agent(AgentError::Failed { .. })) {
                // It ended by itself, with its own words: then nothing was switched, or it was put back.
                task.outcome = HostOutcome::Untouched;
                task.process = None;
            }
            Err(fault)
        }
    }
}

/// Asks whether the host is still there, after all that may have taken its time: one that was cut off meanwhile would be
/// the one that does not hear the commit.
pub(crate) fn ping(task: &mut HostTask, plan: &Plan) {
    if is_there(task, plan) {
        return;
    }
    match say(task, "ping", plan.verb_name(), Instant::now() + PING) {
        Ok(SwitchEvent::Waiting { .. }) => task.touch(),
        Ok(event) => task.fail(format!("it does not wait any more: {event:?}")),
        Err(fault) => task.fail_by(&fault),
    }
}

/// The decision is made: this host goes on to the release, and is asked again if it does not answer.
///
/// `follow` is what has the servers of a host follow `current`: one that put itself back needs it again.
pub(crate) fn commit(task: &mut HostTask, plan: &Plan, dial: &Dial) {
    if is_there(task, plan) {
        task.outcome = HostOutcome::Committed;
        return;
    }
    let mut result = say(task, "commit", plan.verb_name(), Instant::now() + COMMIT);
    if matches!(result, Ok(SwitchEvent::Committed { .. })) {
        task.outcome = HostOutcome::Committed;
        hear_out(task, Phase::AfterCommit, Instant::now() + plan.afterwards);
        return;
    }
    // It had put itself back, or does not answer: the fleet's decision stands, so it is activated outright, which does nothing if
    // it did hear. While it runs what a revert ends with it holds its lock.
    let until = Instant::now() + COMMIT + plan.back;
    let mut tries = 0;
    while tries < TRIES {
        result = insist(task, plan, dial);
        match &result {
            Ok(SwitchEvent::Committed { .. }) => {
                task.outcome = HostOutcome::Committed;
                task.after = Some(plan.to_on(task).clone());
                return;
            }
            Err(Fault::Busy(_)) if Instant::now() < until => thread::sleep(BUSY_FOR),
            _ => tries += 1,
        }
    }
    let fault = match result {
        Ok(event) => format!("would not commit: {event:?}"),
        Err(fault) => fault.to_string(),
    };
    // What counts is what is live there for good, whatever it says of it.
    match status(task, plan, dial) {
        Ok(status) if serves(&status, plan.to_on(task)) => {
            task.outcome = HostOutcome::Committed;
            task.after = Some(plan.to_on(task).clone());
            let live = format!("`{}` is live, although: {fault}", plan.to_on(task));
            task.remarks.push(live);
        }
        Ok(_) | Err(_) => {
            task.outcome = HostOutcome::Unknown;
            task.fail(fault);
        }
    }
}

/// Whether the release is live, and nothing on the host will put another one back.
fn serves(status: &HostStatus, release: &ReleaseId) -> bool {
    let is_active = |known: &ReleaseStatus| known.state == ReleaseState::Active;
    status.current.as_ref() == Some(release) && status.release(release).is_some_and(is_active)
}

fn insist(task: &mut HostTask, plan: &Plan, dial: &Dial) -> Result<SwitchEvent, Fault> {
    let remote = dial(&task.host)?;
    let follow = task.follow.clone();
    if follow.is_empty() {
        let output = remote.exec(&plan.argv(task), b"", SWITCH)?;
        return match output.status.code() {
            Some(0) => Ok(SwitchEvent::Committed { to: plan.to_on(task).clone() }),
            Some(code) if code == i32::from(ExitCode::Busy.number()) => Err(Fault::Busy(output.reason())),
            _ => Err(AgentError::failed(plan.verb_name(), &output).into()),
        };
    }
    let verb = plan.verb_name();
    let mut process = Conversation::start(&*remote, &plan.in_step(task))?;
    next_event(&mut process, verb, Instant::now() + SWITCH)?;
    (task.remote, task.process) = (Some(remote), Some(process));
    say(task, "go", verb, Instant::now() + SWITCH)?;
    for order in &follow {
        // The decision stands. That the hook failed is reported.
        if let Err(fault) = obey(task, order, verb, &Abort::default()) {
            task.remarks.push(fault.to_string());
        }
    }
    say(task, "commit", verb, Instant::now() + COMMIT)
}

/// Puts the former release back; says nothing against the other one, which is judged once all hosts are back.
const BACK: &str = "withdraw";
/// While a host ends what it did last it holds its lock.
const BUSY_TRIES: u32 = 10;
const BUSY_FOR: Duration = Duration::from_millis(300);

/// This host goes back to the release it had, or gives up its lock if it did not switch. A controller that is being ended is in
/// haste: a host that hears nothing puts itself back at the end of input.
pub(crate) fn revert(task: &mut HostTask, plan: &Plan, dial: &Dial, in_haste: bool) {
    if is_there(task, plan) {
        return;
    }
    let patience = match (in_haste, task.error.is_some()) {
        (true, _) => REVERT_IN_HASTE,
        // Of one that has failed already not much is to be expected.
        (false, true) => PING,
        (false, false) => REVERT,
    };
    let until = Instant::now() + patience;
    // Its hooks come before what it says of caches, and before its end.
    let heard = until + if in_haste { patience } else { plan.back };
    if task.outcome == HostOutcome::Untouched {
        if task.process.is_some() && tell(task, BACK, until).is_ok() {
            if is_heard_later(task, plan, heard) {
                return;
            }
            hear_out(task, Phase::AfterRevert, heard);
        }
        task.process = None;
        return;
    }
    if let Ok(SwitchEvent::Reverted { to, .. }) = say(task, BACK, plan.verb_name(), until)
        && to == task.before
    {
        task.outcome = HostOutcome::Reverted;
        task.after = to;
        if is_heard_later(task, plan, heard) {
            return;
        }
        hear_out(task, Phase::AfterRevert, heard);
        return;
    }
    task.process = None;
    match status(task, plan, dial).map(|status| status.current) {
        Ok(now) if now == task.before => {
            task.outcome = HostOutcome::Reverted;
            task.after = now;
        }
        Ok(now) => {
            task.after = now;
            task.fail("did not go back");
        }
        Err(fault) => {
            task.after = None;
            task.fail_by(&fault);
        }
    }
}

/// Whether the host waits for a decision on the caches that all hosts share, before it is done.
fn is_heard_later(task: &mut HostTask, plan: &Plan, until: Instant) -> bool {
    if task.armed {
        hear_owes(task, plan.verb_name(), until);
    }
    task.owes
}

/// Writes down on the host that the release is bad there.
pub(crate) fn mark_failed(task: &mut HostTask, plan: &Plan) {
    let Some(remote) = &task.remote else { return };
    let argv = argv(&task.host, "mark-failed", plan.owner.as_deref());
    let to = plan.to_on(task).clone();
    let argv = argv.arg(to.as_str());
    for _ in 0..BUSY_TRIES {
        match remote.exec(&argv, b"", SWITCH) {
            Ok(output) if output.status.success() => task.marked = true,
            Ok(output) if output.status.code() == Some(ExitCode::Busy.number().into()) => {
                thread::sleep(BUSY_FOR);
                continue;
            }
            // It was live before.
            Ok(output) if output.status.code() == Some(ExitCode::BadInput.number().into()) => {
                log::info!("{}: {}", task.host.name, output.reason());
            }
            Ok(output) => {
                log::warn!("{}: `{}` is not marked: {}", task.host.name, to, output.reason());
            }
            Err(error) => log::warn!("`{to}` is not marked: {error}"),
        }
        return;
    }
}

/// What is live on the host now; its own reconciliation comes first.
fn status(task: &HostTask, plan: &Plan, dial: &Dial) -> Result<HostStatus, Fault> {
    let remote = dial(&task.host)?;
    let argv = argv(&task.host, "status", plan.owner.as_deref()).arg("--json");
    Ok(agent::ask(&*remote, &argv, b"", SWITCH)?)
}

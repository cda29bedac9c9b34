//! Phase two on a host: switch, and then commit or revert.

use std::time::{Duration, Instant};

use fleet::{LineRead, Process};
use record::host::{HostStatus, SwitchEvent};
use record::{HostOutcome, ReleaseId, Verb};

use super::Dial;
use super::host::{Fault, ask, parse};
use super::member::Member;

/// A switch is some renames and syncs; a disk under load may take seconds.
const SWITCH: Duration = Duration::from_secs(30);
const COMMIT: Duration = Duration::from_secs(15);
/// How often a commit that was decided is tried on a host that did not answer.
const TRIES: u32 = 3;

/// What is to be done on every host.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) verb: Verb,
    pub(crate) to: ReleaseId,
    /// The lease: without a word within this time a host puts itself back.
    pub(crate) within: Duration,
    pub(crate) owner: Option<String>,
    pub(crate) allow_older: bool,
}

impl Plan {
    fn argv(&self, member: &Member) -> fleet::Argv {
        let argv = super::argv(&member.host, self.verb_name(), self.owner.as_deref()).arg(self.to.as_str());
        if self.allow_older { argv.arg("--allow-older") } else { argv }
    }

    fn verb_name(&self) -> &'static str {
        match self.verb {
            Verb::Activate => "activate",
            Verb::Rollback => "rollback",
        }
    }
}

/// Takes the lock on this host and has it wait for the word; nothing is changed yet. A host that has the release live
/// already is left as it is.
pub(crate) fn hold(member: &mut Member, plan: &Plan) {
    if member.before.as_ref() == Some(&plan.to) {
        return;
    }
    if let Err(fault) = try_hold(member, plan) {
        member.fail(fault);
    }
}

fn try_hold(member: &mut Member, plan: &Plan) -> Result<(), Fault> {
    let Some(remote) = &member.remote else { return Err(Fault::NotReady("not connected".into())) };
    let within = humantime::format_duration(plan.within).to_string().replace(' ', "");
    let argv = plan.argv(member).args(["--in-step", "--confirm-within", within.as_str()]);
    let mut process = remote.spawn(&argv)?;
    match next_event(&mut *process, plan.verb_name(), Instant::now() + SWITCH)? {
        SwitchEvent::Ready { from, .. } if from == member.before => {
            member.process = Some(process);
            Ok(())
        }
        SwitchEvent::Ready { .. } => Err(Fault::NotReady("another release went live meanwhile".into())),
        event => Err(Fault::NotReady(format!("it did not wait for the word: {event:?}"))),
    }
}

/// Makes the release live on this host, unconfirmed.
pub(crate) fn switch(member: &mut Member, plan: &Plan) {
    if member.before.as_ref() == Some(&plan.to) {
        return;
    }
    if let Err(fault) = try_switch(member, plan) {
        member.fail(fault);
    }
}

fn try_switch(member: &mut Member, plan: &Plan) -> Result<(), Fault> {
    // From here on the host may have switched, whatever we hear of it.
    member.outcome = HostOutcome::Unknown;
    match say(member, "go", plan, Instant::now() + SWITCH) {
        Ok(SwitchEvent::Switched { .. }) => {
            member.switched_at = Some(Instant::now());
            member.after = Some(plan.to.clone());
            Ok(())
        }
        Ok(event) => Err(Fault::NotReady(format!("it did not switch: {event:?}"))),
        Err(Fault::Failed { verb, reason }) => {
            // It ended by itself, with its own words: then nothing was switched, or it was put back.
            member.outcome = HostOutcome::Untouched;
            Err(Fault::Failed { verb, reason })
        }
        Err(fault) => Err(fault),
    }
}

/// The decision is made: this host goes on to the release, and is asked again if it does not answer.
pub(crate) fn commit(member: &mut Member, plan: &Plan, dial: &Dial) {
    if member.before.as_ref() == Some(&plan.to) {
        member.outcome = HostOutcome::Committed;
        return;
    }
    let mut result = say(member, "commit", plan, Instant::now() + COMMIT);
    for _ in 0..TRIES {
        match result {
            Ok(SwitchEvent::Committed { .. }) => {
                member.outcome = HostOutcome::Committed;
                return;
            }
            // It had put itself back, or cannot be heard: the fleet's decision stands, so it is activated outright,
            // which does nothing if it did hear.
            _ => result = insist(member, plan, dial),
        }
    }
    member.outcome = HostOutcome::Unknown;
    member.fail(match result {
        Ok(event) => format!("would not commit: {event:?}"),
        Err(fault) => fault.to_string(),
    });
}

fn insist(member: &Member, plan: &Plan, dial: &Dial) -> Result<SwitchEvent, Fault> {
    let remote = dial(&member.host)?;
    let output = remote.exec(&plan.argv(member), b"", SWITCH)?;
    if output.status.success() {
        Ok(SwitchEvent::Committed { to: plan.to.clone() })
    } else {
        Err(Fault::Failed { verb: plan.verb_name().into(), reason: output.reason() })
    }
}

/// This host goes back to the release it had. `patience` is short when the controller itself is being ended: a host
/// that hears nothing puts itself back at the end of input.
pub(crate) fn revert(member: &mut Member, plan: &Plan, dial: &Dial, patience: Duration) {
    if member.outcome == HostOutcome::Untouched || member.before.as_ref() == Some(&plan.to) {
        return;
    }
    let until = Instant::now() + patience;
    if let Ok(SwitchEvent::Reverted { to, .. }) = say(member, "revert", plan, until)
        && to == member.before
    {
        member.outcome = HostOutcome::Reverted;
        member.after = to;
        return;
    }
    member.process = None;
    match live(member, plan, dial) {
        Ok(now) if now == member.before => {
            member.outcome = HostOutcome::Reverted;
            member.after = now;
        }
        Ok(now) => {
            member.after = now;
            member.fail("did not go back");
        }
        Err(fault) => {
            member.after = None;
            member.fail(fault);
        }
    }
}

/// What is live on the host now; its own reconciliation comes first.
fn live(member: &Member, plan: &Plan, dial: &Dial) -> Result<Option<ReleaseId>, Fault> {
    let remote = dial(&member.host)?;
    let argv = super::argv(&member.host, "status", plan.owner.as_deref()).arg("--json");
    let status: HostStatus = ask(&*remote, &argv, SWITCH)?;
    Ok(status.current)
}

fn say(member: &mut Member, word: &str, plan: &Plan, deadline: Instant) -> Result<SwitchEvent, Fault> {
    let Some(process) = &mut member.process else { return Err(Fault::NotReady("not connected".into())) };
    process.write(format!("{word}\n").as_bytes(), deadline)?;
    next_event(&mut **process, plan.verb_name(), deadline)
}

fn next_event(process: &mut dyn Process, verb: &str, deadline: Instant) -> Result<SwitchEvent, Fault> {
    match process.read_line(deadline)? {
        LineRead::Line(line) => parse(verb, &line),
        LineRead::TimedOut => Err(Fault::NotReady(format!("no answer to `{verb}` in time"))),
        LineRead::End => {
            let _ended = process.wait(deadline);
            let said = process.stderr();
            let reason = said.lines().rfind(|line| !line.trim().is_empty() && !line.starts_with("hint:"));
            let reason = reason.unwrap_or("it ended without a word").to_owned();
            Err(Fault::Failed { verb: verb.to_owned(), reason })
        }
    }
}

//! Phase two on a host: hold, switch, and then commit or revert.

use std::thread;
use std::time::{Duration, Instant};

use cli::Abort;
use fleet::Phase;
use record::host::{HostStatus, ReleaseState, ReleaseStatus, SwitchEvent};
use record::{ExitCode, HostOutcome, ReleaseId, Verb};

use super::Dial;
use super::host::{Fault, ask};
use super::member::Member;
use super::talk::{hear_out, hear_owes, next_event, obey, say, tell};
use crate::order::HookOrder;

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

/// What is to be done on every host.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) verb: Verb,
    pub(crate) to: ReleaseId,
    /// The lease: a host that hears nothing within this time puts itself back.
    pub(crate) within: Duration,
    pub(crate) owner: Option<String>,
    pub(crate) allow_older: bool,
    pub(crate) force: bool,
    /// Whether the hosts switch one after the other.
    pub(crate) in_batches: bool,
    /// `drupal.host` has the release live already: drush runs on the first of those that switch.
    pub(crate) anywhere: bool,
    /// Tells this swap from all others.
    pub(crate) swap: String,
    /// A release that failed is taken all the same, if its tree proves.
    pub(crate) retry_failed: bool,
    /// A bad release is marked as failed; not if hosts that were asked before serve it.
    pub(crate) condemns: bool,
    /// How long the hooks of after-commit and after-revert may take together.
    pub(crate) afterwards: Duration,
    /// How long those of after-revert may.
    pub(crate) back: Duration,
}

impl Plan {
    fn argv(&self, member: &Member) -> fleet::Argv {
        let argv = super::argv(&member.host, self.verb_name(), self.owner.as_deref());
        let mut argv = argv.arg(self.to_on(member).as_str());
        if self.allow_older {
            argv = argv.arg("--allow-older");
        }
        if self.retry_failed {
            argv = argv.arg("--retry-failed");
        }
        if self.force { argv.arg("--force") } else { argv }
    }

    /// To wait for our word at each step.
    fn in_step(&self, member: &Member) -> fleet::Argv {
        let within = humantime::format_duration(self.within).to_string().replace(' ', "");
        let part_of = format!("{}/{}", self.swap, member.host.name);
        let argv = self.argv(member).args(["--in-step", "--confirm-within", within.as_str()]);
        argv.args(["--part-of", part_of.as_str()])
    }

    /// What this host is led to, by its name there.
    pub(crate) fn to_on<'a>(&'a self, member: &'a Member) -> &'a ReleaseId {
        member.own.as_ref().unwrap_or(&self.to)
    }

    /// What is run around it.
    pub(crate) fn around<'a>(&'a self, inventory: &'a fleet::Inventory) -> super::steps::Around<'a> {
        let Self { verb, in_batches, anywhere, .. } = *self;
        super::steps::Around { inventory, verb, in_batches, anywhere, swap: &self.swap }
    }

    pub(crate) fn verb_name(&self) -> &'static str {
        match self.verb {
            Verb::Activate => "activate",
            Verb::Rollback => "rollback",
        }
    }

    /// How often a host that waits is told that we live: several times a lease, so that one lost word does no harm.
    pub(crate) fn renew_every(&self) -> Duration {
        (self.within / 4).clamp(Duration::from_millis(100), Duration::from_secs(15))
    }
}

/// Whether the host has the release live already: it is left as it is.
pub(super) fn is_there(member: &Member, plan: &Plan) -> bool {
    member.before.as_ref() == Some(plan.to_on(member))
}

/// Takes the lock on this host and has it wait for the word; nothing is changed yet.
pub(crate) fn hold(member: &mut Member, plan: &Plan) {
    if is_there(member, plan) {
        return;
    }
    if let Err(fault) = try_hold(member, plan) {
        member.busy = matches!(fault, Fault::Busy(_));
        member.fail_by(&fault);
    }
}

fn try_hold(member: &mut Member, plan: &Plan) -> Result<(), Fault> {
    let Some(remote) = &member.remote else { return Err(Fault::NotReady("not connected".into())) };
    let mut process = remote.spawn(&plan.in_step(member))?;
    match next_event(&mut *process, plan.verb_name(), Instant::now() + SWITCH)? {
        SwitchEvent::Ready { from, .. } if from == member.before => {
            member.process = Some(process);
            member.touch();
            Ok(())
        }
        SwitchEvent::Ready { .. } => Err(Fault::NotReady("another release went live meanwhile".into())),
        event => Err(Fault::NotReady(format!("it did not wait for the word: {event:?}"))),
    }
}

/// Makes the release live on this host, unconfirmed.
pub(crate) fn switch(member: &mut Member, plan: &Plan) {
    if is_there(member, plan) {
        return;
    }
    if let Err(fault) = try_switch(member, plan) {
        member.fail_by(&fault);
    }
}

fn try_switch(member: &mut Member, plan: &Plan) -> Result<(), Fault> {
    // From here on the host may have switched, whatever we hear of it.
    member.outcome = HostOutcome::Unknown;
    match say(member, "go", plan.verb_name(), Instant::now() + SWITCH) {
        Ok(SwitchEvent::Switched { .. }) => {
            member.switched_at = Some(Instant::now());
            member.after = Some(plan.to_on(member).clone());
            member.touch();
            Ok(())
        }
        Ok(event) => Err(Fault::NotReady(format!("it did not switch: {event:?}"))),
        Err(fault) => {
            if matches!(fault, Fault::Failed { .. }) {
                // It ended by itself, with its own words: then nothing was switched, or it was put back.
                member.outcome = HostOutcome::Untouched;
                member.process = None;
            }
            Err(fault)
        }
    }
}

/// Asks whether the host is still there, after all that may have taken its time: one that was cut off meanwhile would be
/// the one that does not hear the commit.
pub(crate) fn ping(member: &mut Member, plan: &Plan) {
    if is_there(member, plan) {
        return;
    }
    match say(member, "ping", plan.verb_name(), Instant::now() + PING) {
        Ok(SwitchEvent::Waiting { .. }) => member.touch(),
        Ok(event) => member.fail(format!("it does not wait any more: {event:?}")),
        Err(fault) => member.fail_by(&fault),
    }
}

/// The decision is made: this host goes on to the release, and is asked again if it does not answer.
///
/// `follow` is what has the servers of a host follow `current`: one that put itself back needs it again.
pub(crate) fn commit(member: &mut Member, plan: &Plan, dial: &Dial, follow: &[HookOrder]) {
    if is_there(member, plan) {
        member.outcome = HostOutcome::Committed;
        return;
    }
    let mut result = say(member, "commit", plan.verb_name(), Instant::now() + COMMIT);
    if matches!(result, Ok(SwitchEvent::Committed { .. })) {
        member.outcome = HostOutcome::Committed;
        hear_out(member, Phase::AfterCommit, Instant::now() + plan.afterwards);
        return;
    }
    // It had put itself back, or cannot be heard: the fleet's decision stands, so it is activated outright, which does nothing if
    // it did hear. While it runs what a revert ends with it holds its lock.
    let until = Instant::now() + COMMIT + plan.back;
    let mut tries = 0;
    while tries < TRIES {
        result = insist(member, plan, dial, follow);
        match &result {
            Ok(SwitchEvent::Committed { .. }) => {
                member.outcome = HostOutcome::Committed;
                member.after = Some(plan.to_on(member).clone());
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
    match status(member, plan, dial) {
        Ok(status) if serves(&status, plan.to_on(member)) => {
            member.outcome = HostOutcome::Committed;
            member.after = Some(plan.to_on(member).clone());
            let live = format!("`{}` is live, although: {fault}", plan.to_on(member));
            member.remarks.push(live);
        }
        Ok(_) | Err(_) => {
            member.outcome = HostOutcome::Unknown;
            member.fail(fault);
        }
    }
}

/// Whether the release is live, and nothing on the host will put another one back.
fn serves(status: &HostStatus, release: &ReleaseId) -> bool {
    let is_active = |known: &ReleaseStatus| known.state == ReleaseState::Active;
    status.current.as_ref() == Some(release) && status.release(release).is_some_and(is_active)
}

fn insist(member: &mut Member, plan: &Plan, dial: &Dial, follow: &[HookOrder]) -> Result<SwitchEvent, Fault> {
    let remote = dial(&member.host)?;
    if follow.is_empty() {
        let output = remote.exec(&plan.argv(member), b"", SWITCH)?;
        return match output.status.code() {
            Some(0) => Ok(SwitchEvent::Committed { to: plan.to_on(member).clone() }),
            Some(code) if code == i32::from(ExitCode::Busy.number()) => Err(Fault::Busy(output.reason())),
            _ => Err(Fault::failed(plan.verb_name(), &output)),
        };
    }
    let verb = plan.verb_name();
    let mut process = remote.spawn(&plan.in_step(member))?;
    next_event(&mut *process, verb, Instant::now() + SWITCH)?;
    (member.remote, member.process) = (Some(remote), Some(process));
    say(member, "go", verb, Instant::now() + SWITCH)?;
    for order in follow {
        // The decision stands. That it was not followed is told.
        if let Err(fault) = obey(member, order, verb, &Abort::default()) {
            member.remarks.push(fault.to_string());
        }
    }
    say(member, "commit", verb, Instant::now() + COMMIT)
}

/// Puts the former release back; says nothing against the other one, which is judged when all hosts are back.
const BACK: &str = "withdraw";
/// While a host ends what it did last it holds its lock.
const BUSY_TRIES: u32 = 10;
const BUSY_FOR: Duration = Duration::from_millis(300);

/// This host goes back to the release it had, or gives up its lock if it did not switch. A controller that is being ended is in
/// haste: a host that hears nothing puts itself back at the end of input.
pub(crate) fn revert(member: &mut Member, plan: &Plan, dial: &Dial, in_haste: bool) {
    if is_there(member, plan) {
        return;
    }
    let patience = match (in_haste, member.error.is_some()) {
        (true, _) => REVERT_IN_HASTE,
        // Of one that has failed already not much is to be heard.
        (false, true) => PING,
        (false, false) => REVERT,
    };
    let until = Instant::now() + patience;
    // Its hooks come before what it says of caches, and before its end.
    let heard = until + if in_haste { patience } else { plan.back };
    if member.outcome == HostOutcome::Untouched {
        if member.process.is_some() && tell(member, BACK, until).is_ok() {
            if is_heard_later(member, plan, heard) {
                return;
            }
            hear_out(member, Phase::AfterRevert, heard);
        }
        member.process = None;
        return;
    }
    if let Ok(SwitchEvent::Reverted { to, .. }) = say(member, BACK, plan.verb_name(), until)
        && to == member.before
    {
        member.outcome = HostOutcome::Reverted;
        member.after = to;
        if is_heard_later(member, plan, heard) {
            return;
        }
        hear_out(member, Phase::AfterRevert, heard);
        return;
    }
    member.process = None;
    match status(member, plan, dial).map(|status| status.current) {
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
            member.fail_by(&fault);
        }
    }
}

/// Whether the host waits for our word on the caches that all hosts share, before it is done.
fn is_heard_later(member: &mut Member, plan: &Plan, until: Instant) -> bool {
    if member.armed {
        hear_owes(member, plan.verb_name(), until);
    }
    member.owes
}

/// Writes down on the host that the release is bad there.
pub(crate) fn mark_failed(member: &mut Member, plan: &Plan) {
    let Some(remote) = &member.remote else { return };
    let argv = super::argv(&member.host, "mark-failed", plan.owner.as_deref());
    let to = plan.to_on(member).clone();
    let argv = argv.arg(to.as_str());
    for _ in 0..BUSY_TRIES {
        match remote.exec(&argv, b"", SWITCH) {
            Ok(output) if output.status.success() => member.marked = true,
            Ok(output) if output.status.code() == Some(ExitCode::Busy.number().into()) => {
                thread::sleep(BUSY_FOR);
                continue;
            }
            // It was live before.
            Ok(output) if output.status.code() == Some(ExitCode::BadInput.number().into()) => {
                log::info!("{}: {}", member.host.name, output.reason());
            }
            Ok(output) => {
                log::warn!("{}: `{}` is not marked: {}", member.host.name, to, output.reason());
            }
            Err(error) => log::warn!("`{to}` is not marked: {error}"),
        }
        return;
    }
}

/// What is live on the host now; its own reconciliation comes first.
fn status(member: &Member, plan: &Plan, dial: &Dial) -> Result<HostStatus, Fault> {
    let remote = dial(&member.host)?;
    let argv = super::argv(&member.host, "status", plan.owner.as_deref()).arg("--json");
    ask(&*remote, &argv, SWITCH)
}

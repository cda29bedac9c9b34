//! The two-phase commit of a fleet.
//!
//! Every host proves the release and takes its lock; nobody switches before all have. Then all switch at one word,
//! unconfirmed, and are asked whether they serve it. Commit all, or revert every host that switched to exactly the release it had. A host that
//! hears neither puts itself back when the lease or its input ends.

use std::num::NonZeroUsize;
use std::time::Duration;

use fleet::{Health, Interrupt};
use record::{ExitCode, HostOutcome, Input, Outcome, Release, Verb};

use super::member::{Member, each};
use super::switch::Plan;
use super::{AT_ONCE, Controller, health, look, prepare, report, switch};
use crate::Error;
use crate::job::FleetSwitch;

/// What a revert may take; and what it may take when SIGTERM has come (the process must be gone within 3 s).
const REVERT: Duration = Duration::from_secs(20);
const REVERT_IN_HASTE: Duration = Duration::from_millis(800);

/// The shortest lease that is chosen when nobody names one.
const LEASE: Duration = Duration::from_secs(60);

/// Brings the selected hosts to `release`, all or none, and leaves record and JUnit XML.
pub(crate) fn run(
    controller: &Controller<'_>,
    job: &FleetSwitch,
    verb: Verb,
    release: Release,
    input: Option<Input>,
) -> Result<ExitCode, Error> {
    let (console, abort) = (controller.console, controller.abort);
    let lease = job.confirm_within.unwrap_or_else(|| lease(controller.inventory.health.as_ref()));
    let plan = Plan {
        verb,
        to: release.id.clone(),
        within: lease,
        owner: controller.owner.clone(),
        allow_older: job.allow_older,
    };
    let (members, outcome) = two_phases(controller, &plan, &release);
    let aborted = abort.is_set();
    report::write(controller, job, &plan, &release, input, outcome, &members, aborted)?;
    if outcome == Outcome::Committed && verb == Verb::Activate {
        // Old releases are not worth failing a deployment for.
        if let Err(error) = look::prune(controller, None, None) {
            console.warn(format!("prune: {error}"));
        }
    }
    end(&plan, outcome, &members, aborted)
}

fn two_phases(controller: &Controller<'_>, plan: &Plan, release: &Release) -> (Vec<Member>, Outcome) {
    let (console, abort) = (controller.console, controller.abort);
    let interrupt = Interrupt::from(abort.flag());
    let members: Vec<Member> = controller.hosts.iter().cloned().map(Member::new).collect();
    let all = NonZeroUsize::new(members.len()).unwrap_or(NonZeroUsize::MIN);

    console.say(format!("asking {} hosts to prove `{}`", members.len(), plan.to));
    let (proved, dial, owner) = (release.clone(), controller.dial.clone(), controller.owner.clone());
    let members = each(members, AT_ONCE.min(all), &interrupt, move |member| {
        prepare::prepare(member, &proved, &dial, owner.as_deref());
    });
    if !members.iter().all(Member::is_good) || abort.is_set() {
        return (members, Outcome::Refused);
    }

    // All locks first: two controllers at once end here, with nothing switched. What is held is given up by dropping it.
    let ours = plan.clone();
    let members = each(members, all, &interrupt, move |member| switch::hold(member, &ours));
    if !members.iter().all(Member::is_good) || abort.is_set() {
        return (members, Outcome::Refused);
    }

    console.say(format!("all proved and locked; switching {} hosts to `{}`", members.len(), plan.to));
    let ours = plan.clone();
    let members = each(members, all, &interrupt, move |member| switch::switch(member, &ours));

    let members = if members.iter().all(Member::is_good) && !abort.is_set() {
        ask_health(controller, plan, members, all, &interrupt)
    } else {
        members
    };

    // From here on SIGTERM ends nothing half-way: the fleet is brought to one release first, in haste if need be.
    let healthy = members.iter().all(Member::is_good) && !abort.is_set();
    let (ours, dial) = (plan.clone(), controller.dial_on.clone());
    if healthy {
        console.say("every host is good; committing");
        let members =
            each(members, all, &Interrupt::never(), move |member| switch::commit(member, &ours, &dial));
        let committed = members.iter().all(|member| member.outcome == HostOutcome::Committed);
        return (members, if committed { Outcome::Committed } else { Outcome::Mixed });
    }
    for member in members.iter().filter(|member| !member.is_good()) {
        let error = member.error.as_deref().unwrap_or_default();
        console.say(format!("{} failed: {error}", member.host.name));
    }
    console.say("putting the former release back on every host that switched");
    let patience = if abort.is_set() { REVERT_IN_HASTE } else { REVERT };
    let switched = members.iter().any(|member| member.outcome != HostOutcome::Untouched);
    let members = each(members, all, &Interrupt::never(), move |member| {
        switch::revert(member, &ours, &dial, patience);
    });
    let back =
        members.iter().all(|member| matches!(member.outcome, HostOutcome::Reverted | HostOutcome::Untouched));
    let outcome = match (back, switched) {
        (true, true) => Outcome::RolledBack,
        (true, false) => Outcome::Refused,
        (false, _) => Outcome::Mixed,
    };
    (members, outcome)
}

fn ask_health(
    controller: &Controller<'_>,
    plan: &Plan,
    members: Vec<Member>,
    all: NonZeroUsize,
    interrupt: &Interrupt,
) -> Vec<Member> {
    let Some(health) = controller.inventory.health.clone() else {
        controller
            .console
            .warn("no [health] in the inventory: the hosts are not asked whether they serve the release");
        return members;
    };
    controller.console.say("switched; asking every host over HTTP");
    let (to, abort) = (plan.to.clone(), controller.abort.clone());
    each(members, all.min(AT_ONCE), interrupt, move |member| health::probe(member, &health, &to, &abort))
}

/// Long enough for every attempt of the probe to time out, and as much again for SSH.
fn lease(health: Option<&Health>) -> Duration {
    let probes = health.map_or(Duration::ZERO, |health| (health.interval + health.timeout) * health.attempts);
    (probes + LEASE / 2).max(LEASE)
}

fn end(plan: &Plan, outcome: Outcome, members: &[Member], aborted: bool) -> Result<ExitCode, Error> {
    let bad: Vec<&str> =
        members.iter().filter(|member| !member.is_good()).map(|member| member.host.name.as_str()).collect();
    let names = bad.join(", ");
    let to = &plan.to;
    let (summary, code) = match outcome {
        Outcome::Committed => return Ok(ExitCode::Ok),
        Outcome::Mixed => (format!("the fleet is left mixed: {names}"), ExitCode::Mixed),
        _ if aborted => return Err(Error::Aborted),
        Outcome::RolledBack => {
            (format!("`{to}` failed on {names}; every host is on the release it had"), ExitCode::RolledBack)
        }
        Outcome::Refused => {
            let code = if bad.len() == members.len() {
                ExitCode::NoHostSucceeded
            } else {
                ExitCode::SomeHostsFailed
            };
            (format!("no host was switched to `{to}`: {names} not ready"), code)
        }
    };
    Err(Error::FleetSwap { summary, code })
}

#[cfg(test)]
#[path = "commit_tests.rs"]
mod tests;

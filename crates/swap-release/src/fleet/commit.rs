//! The two-phase commit of a fleet.
//!
//! Every host proves the release and takes its lock; nobody switches before all have. Then all switch at one word,
//! unconfirmed, and are asked whether they serve it. Commit all, or revert every host that switched to exactly the release it had. A host that
//! hears neither puts itself back when the lease or its input ends.

use std::num::NonZeroUsize;
use std::time::Duration;

use fleet::{Canary, DatabaseMode, Health, Interrupt, Phase, Rollout};
use record::{Caches, ExitCode, HookRun, HostOutcome, Input, Outcome, Release, Undone, Verb};

use super::course::Course;
use super::judge::Judged;
use super::keeper::Keeper;
use super::member::{Member, each};
use super::switch::Plan;
use super::undo::{self, deeds};
use super::{AT_ONCE, Controller, judge, look, prepare, report, rollout, switch};
use crate::Error;
use crate::job::{FleetSwitch, PruneJob};

/// More of them would hide what else is said.
const MOST_WARNINGS: usize = 5;

/// The shortest lease that is chosen when nobody names one. It is renewed as long as the controller lives.
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
    let (rollout, in_batches) = rollout_of(controller, job, verb)?;
    let mut plan = Plan {
        verb,
        to: release.id.clone(),
        within: job.confirm_within.unwrap_or_else(|| lease(controller.inventory.health.as_ref())),
        owner: controller.owner.clone(),
        allow_older: job.allow_older,
        force: job.force,
        retry_failed: job.retry_failed,
        condemns: job.condemns && verb == Verb::Activate,
        in_batches,
        anywhere: false,
        swap: format!("{}.{}.{}", release.id, record::now().as_second(), std::process::id()),
        afterwards: Duration::ZERO,
        back: Duration::ZERO,
    };
    (plan.afterwards, plan.back) = afterwards(controller, &plan);
    if job.dry_run {
        return report::dry_run(controller, &plan, &rollout, &release);
    }
    report::expect_room(job)?;
    let ended = two_phases(controller, &plan, &rollout, &release);
    let (outcome, aborted) = (ended.outcome, abort.is_set());
    report::write(controller, job, &plan, &release, input, &ended, aborted);
    let result = end(&plan, &ended, aborted);
    // What is held is given up by dropping it: a prune needs the locks.
    drop(ended);
    if outcome == Outcome::Committed && verb == Verb::Activate {
        // Old releases are not worth failing a deployment for.
        if let Err(error) = look::prune(controller, PruneJob::default(), false) {
            console.warn(format!("prune: {error}"));
        }
    }
    result
}

/// How a swap ended.
pub(super) struct Ended {
    pub(super) members: Vec<Member>,
    pub(super) outcome: Outcome,
    /// What was done about what the release did to the shared database, where it was taken back.
    pub(super) undone: Option<Undone>,
    /// What a failed health check says of the release; `None` if nobody was found ill.
    pub(super) judged: Option<Judged>,
}

/// The file's rollout, with what the command line says instead; and whether the hosts switch one after the other.
fn rollout_of(controller: &Controller<'_>, job: &FleetSwitch, verb: Verb) -> Result<(Rollout, bool), Error> {
    let mut rollout = controller.inventory.rollout.clone();
    if let Some(canary) = job.canary {
        rollout.canary = Some(Canary::Quota(canary));
    }
    rollout.batch = job.batch.unwrap_or(rollout.batch);
    rollout.pause = job.pause.unwrap_or(rollout.pause);
    if let Some(quorum) = job.quorum {
        rollout.quorum = quorum;
        rollout.groups.clear();
    }
    let hosts: Vec<_> = controller.hosts.iter().collect();
    let in_turn = rollout::batches(&rollout, &hosts).iter().any(|batch| *batch > 1);
    let closes =
        controller.inventory.drupal.as_ref().is_some_and(|d| d.database == DatabaseMode::Maintenance);
    if in_turn && closes && verb == Verb::Activate {
        return Err(Error::Usage(
            "canary and batches do not go with `drupal.database = \"maintenance\"`, where old code must not meet the new \
             database; set it to \"expand\" (old code works with it) or \"none\""
                .into(),
        ));
    }
    if in_turn && controller.inventory.drupal.as_ref().is_some_and(fleet::Drupal::runs_drush) {
        controller.console.warn(
            "canary and batches with Drupal: until the last batch has switched, two releases share one set of caches; what one \
             of them has moved, such as a class or a template, the other may answer with 500 meanwhile",
        );
    }
    Ok((rollout, in_turn))
}

fn two_phases(controller: &Controller<'_>, plan: &Plan, rollout: &Rollout, release: &Release) -> Ended {
    let mut course = prove(controller, plan, release);
    leave_out(controller, rollout, &mut course.members);
    if !course.is_good() {
        return Ended { members: course.members, outcome: Outcome::Refused, undone: None, judged: None };
    }
    // All locks first: two controllers at once end here, with nothing switched.
    let ours = plan.clone();
    course.run(|_| true, move |member| switch::hold(member, &ours));
    let named = controller.inventory.drupal.as_ref().and_then(|drupal| drupal.host.as_ref());
    course.plan.anywhere = course
        .members
        .iter()
        .any(|member| Some(&member.host.name) == named && switch::is_there(member, &course.plan));
    if course.is_good() {
        course.give_what_comes_afterwards();
    }
    if course.is_good() {
        course.hooks(Phase::BeforeSwitch, None);
    }
    if course.is_good() {
        switch_in_batches(controller, rollout, &mut course);
    }
    if course.is_good() {
        course.hooks(Phase::BeforeCommit, None);
    }
    if course.is_good() {
        let ours = course.plan.clone();
        course.run(|_| true, move |member| switch::ping(member, &ours));
    }
    // From here on SIGTERM ends nothing half-way: the fleet is brought to one release first, in haste if need be.
    let (outcome, undone) = if course.is_good() {
        (commit(controller, &mut course), None)
    } else {
        revert(controller, &mut course)
    };
    // With caches that are not rebuilt the former release has nothing to say.
    let owed = undone.as_ref().is_some_and(|undone: &Undone| undone.caches == Caches::Owed);
    let judged = if outcome == Outcome::RolledBack && !owed { weigh(controller, &mut course) } else { None };
    Ended { members: course.members, outcome, undone, judged }
}

/// What a failed health check says of the release, now that the former one can be asked the same.
fn weigh(controller: &Controller<'_>, course: &mut Course<'_>) -> Option<Judged> {
    if controller.abort.is_set() {
        return None;
    }
    course.ask_former();
    let judged = judge::judge(&course.members)?;
    if controller.abort.is_set() {
        return None;
    }
    if judged == Judged::Bad && course.plan.condemns {
        course.mark_failed();
    }
    Some(judged)
}

/// `1 host`, `3 hosts`.
fn counted(count: usize) -> String {
    format!("{count} host{}", if count == 1 { "" } else { "s" })
}

/// Every host proves the release. Changes nothing.
pub(super) fn prove<'a>(controller: &'a Controller<'a>, plan: &Plan, release: &Release) -> Course<'a> {
    let members: Vec<Member> = controller.hosts.iter().cloned().map(Member::new).collect();
    let all = NonZeroUsize::new(members.len()).unwrap_or(NonZeroUsize::MIN);
    controller.console.say(format!("asking {} to prove `{}`", counted(members.len()), plan.to));
    let (proved, dial, ours) = (release.clone(), controller.dial.clone(), plan.clone());
    let interrupt = Interrupt::from(controller.abort.flag());
    let members = each(members, AT_ONCE.min(all), &interrupt, move |member| {
        prepare::prepare(member, &proved, &dial, &ours);
    });
    let told =
        members.iter().flat_map(|member| member.warnings.iter().map(move |what| (&member.host.name, what)));
    for (number, (host, what)) in told.enumerate() {
        if number == MOST_WARNINGS {
            controller.console.warn("and more: see swap-release lint on the servers, or fleet-push doctor");
            break;
        }
        controller.console.warn(format!("{host}: visitors will see the switch: {what}"));
    }
    Course::new(controller, plan, members)
}

/// Lets the hosts that are ready go without those that are not, if the quorum of every group allows it. A host on which
/// somebody else is at work is not missing: that is another deployment.
pub(super) fn leave_out(controller: &Controller<'_>, rollout: &Rollout, members: &mut [Member]) {
    if members.iter().all(Member::is_good) || members.iter().any(|member| member.busy) {
        return;
    }
    let ready: Vec<_> = members.iter().map(|member| (&member.host, member.is_good())).collect();
    if !ready.iter().any(|(_, ready)| *ready) {
        return;
    }
    match rollout::quorum(rollout, &ready) {
        Err(why) => controller.console.say(format!("no quorum: {why}")),
        Ok(()) => {
            for member in members.iter_mut().filter(|member| member.error.is_some()) {
                member.outcome = HostOutcome::LeftOut;
                let error = member.error.as_deref().unwrap_or_default();
                controller.console.warn(format!("{} is left out: {error}", member.host.name));
            }
        }
    }
}

/// One batch after the other: switch, hooks, health, and a pause to see whether it stays well.
fn switch_in_batches(controller: &Controller<'_>, rollout: &Rollout, course: &mut Course<'_>) {
    let hosts: Vec<_> = course.members.iter().filter(|m| !m.is_left_out()).map(|m| &m.host).collect();
    let batches = rollout::batches(rollout, &hosts);
    let last = batches.iter().copied().max().unwrap_or(1);
    for (member, batch) in course.members.iter_mut().filter(|member| !member.is_left_out()).zip(batches) {
        member.batch = Some(batch);
    }
    let asked = controller.inventory.health.is_some();
    if !asked {
        controller
            .console
            .warn("no [health] in the inventory: the hosts are not asked whether they serve the release");
    }
    for number in 1..=last {
        let in_batch = move |member: &Member| member.batch == Some(number);
        let count = course.members.iter().filter(|member| in_batch(member)).count();
        let of = if last > 1 { format!(" (batch {number} of {last})") } else { String::new() };
        controller.console.say(format!("switching {} to `{}`{of}", counted(count), course.plan.to));
        let ours = course.plan.clone();
        course.run(in_batch, move |member| switch::switch(member, &ours));
        if course.is_good() {
            course.hooks(Phase::AfterSwitch, Some((number, last)));
        }
        if course.is_good() && asked {
            controller.console.say("switched; asking every host whether it is well");
            course.ask_health(in_batch);
        }
        if course.is_good() && number < last && !rollout.pause.is_zero() {
            let time = humantime::format_duration(rollout.pause);
            controller.console.say(format!("watching for {time} before the next batch"));
            course.pause(rollout.pause);
            if course.is_good() {
                course.ask_health(move |member| member.batch.is_some_and(|batch| batch <= number));
            }
        }
        if !course.is_good() {
            return;
        }
    }
}

fn commit(controller: &Controller<'_>, course: &mut Course<'_>) -> Outcome {
    controller.console.say("every host is good; committing");
    let keeper = controller.keeper.as_ref().and_then(|arguments| {
        let mut arguments = arguments.clone();
        for member in &course.members {
            let flag = if member.is_left_out() { "--exclude" } else { "--only" };
            arguments.extend([flag.into(), member.host.name.as_str().into()]);
        }
        arguments.push(course.plan.to.as_str().into());
        let mut keeper = Keeper::start(&arguments)?;
        keeper.decided();
        Some(keeper)
    });
    let (ours, dial, follow) = (course.plan.clone(), controller.dial_on.clone(), course.following());
    course.run_to_the_end(
        |_| true,
        move |member| {
            let orders = follow.get(member.host.name.as_str()).map(Vec::as_slice).unwrap_or_default();
            switch::commit(member, &ours, &dial, orders);
        },
    );
    if let Some(keeper) = keeper {
        keeper.done();
    }
    for run in course.members.iter().flat_map(|member| &member.hooks).filter(|run| !run.ok) {
        controller.console.warn(format!("{}: hook `{}` failed: {}", run.host, run.name, run.output));
    }
    tell_warnings(controller, &course.members);
    let done = |member: &Member| matches!(member.outcome, HostOutcome::Committed | HostOutcome::LeftOut);
    if course.members.iter().all(done) { Outcome::Committed } else { Outcome::Mixed }
}

/// What the hosts warned of: done all the same.
fn tell_warnings(controller: &Controller<'_>, members: &[Member]) {
    for member in members {
        for warning in &member.remarks {
            controller.console.warn(format!("{}: {warning}", member.host.name));
        }
    }
}

fn revert(controller: &Controller<'_>, course: &mut Course<'_>) -> (Outcome, Option<Undone>) {
    let (console, abort) = (controller.console, controller.abort);
    for member in course.members.iter().filter(|member| !member.is_good()) {
        let error = member.error.as_deref().unwrap_or_default();
        console.say(format!("{} failed: {error}", member.host.name));
    }
    let switched = course
        .members
        .iter()
        .any(|member| !matches!(member.outcome, HostOutcome::Untouched | HostOutcome::LeftOut));
    if switched {
        console.say("putting the former release back on every host that switched");
    }
    let in_haste = abort.is_set();
    let mut undone = None;
    for deed in deeds(switched) {
        match deed {
            // Whoever is in haste leaves it to the hosts.
            undo::Deed::Close if !abort.is_set() => course.close(),
            undo::Deed::Back => {
                let (ours, dial) = (course.plan.clone(), controller.dial_on.clone());
                course.run_to_the_end(
                    |_| true,
                    move |member| {
                        switch::revert(member, &ours, &dial, in_haste);
                    },
                );
            }
            undo::Deed::Rebuild => undone = course.undo(switched),
            undo::Deed::Settle => course.settle(undone.as_ref()),
            undo::Deed::Close => {}
        }
    }
    // The preset's own are told as what they are.
    let failed = |run: &&HookRun| {
        !run.ok && run.phase == Phase::AfterRevert.as_str() && !run.name.starts_with("drupal: ")
    };
    for run in course.members.iter().flat_map(|member| &member.hooks).filter(failed) {
        console.warn(format!(
            "{}: hook `{}` failed: {}",
            run.host,
            run.name,
            crate::drupal::reason(&run.output)
        ));
    }
    tell_warnings(controller, &course.members);
    let back = course.members.iter().all(|member| {
        matches!(member.outcome, HostOutcome::Reverted | HostOutcome::Untouched | HostOutcome::LeftOut)
    });
    let outcome = match (back, switched) {
        (true, true) => Outcome::RolledBack,
        (true, false) => Outcome::Refused,
        (false, _) => Outcome::Mixed,
    };
    (outcome, undone)
}

/// Long enough for one attempt of the probe to time out, and for SSH.
fn lease(health: Option<&Health>) -> Duration {
    health.map_or(LEASE, |health| (health.timeout * 2 + LEASE / 2).max(LEASE))
}

/// What the hooks of after-commit and after-revert may take together, with the end of maintenance mode; and those of after-revert.
fn afterwards(controller: &Controller<'_>, plan: &Plan) -> (Duration, Duration) {
    let of = |phase| {
        let steps = plan.around(&controller.inventory).steps(phase).into_iter();
        steps.map(|step| step.timeout()).sum::<Duration>()
    };
    let back = of(Phase::AfterRevert);
    let drupal = controller.inventory.drupal.as_ref().map_or(Duration::ZERO, |drupal| drupal.timeout);
    (of(Phase::AfterCommit) + back + drupal + Duration::from_secs(10), back + Duration::from_secs(10))
}

fn end(plan: &Plan, ended: &Ended, aborted: bool) -> Result<ExitCode, Error> {
    let Ended { members, outcome, undone, judged } = ended;
    let bad: Vec<&str> =
        members.iter().filter(|member| !member.is_good()).map(|member| member.host.name.as_str()).collect();
    let names = bad.join(", ");
    let to = &plan.to;
    let database = undone.as_ref().map(undo::told).unwrap_or_default();
    let owed = undone.as_ref().is_some_and(|undone| undone.caches == Caches::Owed);
    let left = left_behind(members);
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
                verdict(judged.as_ref(), members)
            ),
            ExitCode::RolledBack,
        ),
        Outcome::Refused => {
            let code = if members.iter().any(|member| member.busy) {
                ExitCode::Busy
            } else if bad.len() == members.len() {
                ExitCode::NoHostSucceeded
            } else {
                ExitCode::SomeHostsFailed
            };
            (format!("no host was switched to `{to}`: {names} not ready{database}"), code)
        }
    };
    let hint = match judged {
        Some(Judged::Spared { suspects_check: true, .. }) => Some(
            "what [health] of fleet.toml asks for is not what this site answers: the answers are in the table and in swap.json",
        ),
        _ if members.iter().any(|member| member.marked) => Some(
            "see the table and swap.json; it is taken again after another push, or with activate --retry-failed",
        ),
        Some(_) => Some("see the table and swap.json; when that is mended, activate the same release again"),
        None => None,
    };
    Err(Error::FleetSwap { summary, code, hint })
}

/// Hosts on which a hook did its work after the switch, and not after the release was taken back.
fn left_behind(members: &[Member]) -> Vec<&str> {
    let was = |run: &HookRun, phase: Phase, ok| run.phase == phase.as_str() && run.ok == ok;
    let is_left = |member: &&Member| {
        let hooks = &member.hooks;
        hooks.iter().filter(|run| was(run, Phase::AfterRevert, false)).any(|failed| {
            hooks.iter().any(|run| run.name == failed.name && was(run, Phase::AfterSwitch, true))
        })
    };
    members.iter().filter(is_left).map(|member| member.host.name.as_str()).collect()
}

/// What is said of the release.
fn verdict(judged: Option<&Judged>, members: &[Member]) -> String {
    match judged {
        Some(Judged::Spared { why, .. }) => format!("; {why}"),
        Some(Judged::Bad) if members.iter().any(|member| member.marked) => {
            "; it is marked as failed".to_owned()
        }
        Some(Judged::Bad) | None => String::new(),
    }
}

#[cfg(test)]
#[path = "commit_tests.rs"]
mod tests;

//! The two-phase commit of a fleet.
//!
//! Every host proves the release and takes its lock; nobody switches before all have. Then all switch at one word,
//! unconfirmed, and are asked whether they serve it. Commit all, or revert every host that switched to exactly the release it had. A host that
//! hears neither puts itself back when the lease or its input ends.

use inventory::{Phase, Rollout};
use record::{Caches, HookRun, HostOutcome, Outcome, Release, Undone};

use super::coordinator::Coordinator;
use super::diagnosis::Diagnosis;
use super::ended::Ended;
use super::host_task::HostTask;
use super::plan::Plan;
use super::prove::{counted, leave_out, prove};
use super::successor::Successor;
use super::undo::{self, revert_steps};
use super::{diagnosis, rollout, switch};
use crate::fleet::controller::Controller;

/// Both phases.
pub(super) fn two_phases(
    controller: &Controller<'_>,
    plan: &Plan,
    rollout: &Rollout,
    release: &Release,
) -> Ended {
    let mut coordinator = prove(controller, plan, release);
    leave_out(controller, rollout, &mut coordinator.tasks);
    if !coordinator.is_good() {
        return Ended { tasks: coordinator.tasks, outcome: Outcome::Refused, undone: None, diagnosis: None };
    }
    // All locks first: two controllers at once end here, with nothing switched.
    let ours = plan.clone();
    coordinator.run(|_| true, move |task| switch::hold(task, &ours));
    let named = controller.inventory.drupal.as_ref().and_then(|drupal| drupal.host.as_ref());
    coordinator.plan.anywhere = coordinator
        .tasks
        .iter()
        .any(|task| Some(&task.host.name) == named && switch::is_there(task, &coordinator.plan));
    if coordinator.is_good() {
        coordinator.give_what_comes_afterwards();
    }
    if coordinator.is_good() {
        coordinator.hooks(Phase::BeforeSwitch, None);
    }
    if coordinator.is_good() {
        switch_in_batches(controller, rollout, &mut coordinator);
    }
    if coordinator.is_good() {
        coordinator.hooks(Phase::BeforeCommit, None);
    }
    if coordinator.is_good() {
        let ours = coordinator.plan.clone();
        coordinator.run(|_| true, move |task| switch::ping(task, &ours));
    }
    // From here on SIGTERM ends nothing half-way: the fleet is brought to one release first, in a hurry if need be.
    let (outcome, undone) = if coordinator.is_good() {
        (commit(controller, &mut coordinator), None)
    } else {
        revert(controller, &mut coordinator)
    };
    // With caches that are not rebuilt the former release has nothing to say.
    let owed = undone.as_ref().is_some_and(|undone: &Undone| undone.caches == Caches::Owed);
    let diagnosis =
        if outcome == Outcome::RolledBack && !owed { weigh(controller, &mut coordinator) } else { None };
    Ended { tasks: coordinator.tasks, outcome, undone, diagnosis }
}

/// What a failed health check says of the release, now that the former one can be asked the same.
fn weigh(controller: &Controller<'_>, coordinator: &mut Coordinator<'_>) -> Option<Diagnosis> {
    if controller.abort.is_set() {
        return None;
    }
    coordinator.ask_former();
    let diagnosis = diagnosis::diagnose(&coordinator.tasks)?;
    if controller.abort.is_set() {
        return None;
    }
    if diagnosis == Diagnosis::Bad && coordinator.plan.condemns {
        coordinator.mark_failed();
    }
    Some(diagnosis)
}

/// One batch after the other: switch, hooks, health, and a pause to see whether it stays well.
fn switch_in_batches(controller: &Controller<'_>, rollout: &Rollout, coordinator: &mut Coordinator<'_>) {
    let hosts: Vec<_> = coordinator.tasks.iter().filter(|m| !m.is_left_out()).map(|m| &m.host).collect();
    let batches = rollout::batches(rollout, &hosts);
    let last = batches.iter().copied().max().unwrap_or(1);
    for (task, batch) in coordinator.tasks.iter_mut().filter(|task| !task.is_left_out()).zip(batches) {
        task.batch = Some(batch);
    }
    let asked = controller.inventory.health.is_some();
    if !asked {
        controller
            .console
            .warn("no [health] in the inventory: the hosts are not asked whether they serve the release");
    }
    for number in 1..=last {
        let in_batch = move |task: &HostTask| task.batch == Some(number);
        let there = |task: &HostTask| switch::is_there(task, &coordinator.plan);
        let count = coordinator.tasks.iter().filter(|task| in_batch(task) && !there(task)).count();
        let live = coordinator.tasks.iter().filter(|task| in_batch(task) && there(task)).count();
        let of = if last > 1 { format!(" (batch {number} of {last})") } else { String::new() };
        let to = &coordinator.plan.to;
        if live > 0 {
            controller.console.say(format!("`{to}` is live already on {}{of}", counted(live)));
        }
        if count > 0 {
            controller.console.say(format!("switching {} to `{to}`{of}", counted(count)));
        }
        let ours = coordinator.plan.clone();
        coordinator.run(in_batch, move |task| switch::switch(task, &ours));
        if coordinator.is_good() {
            coordinator.hooks(Phase::AfterSwitch, Some((number, last)));
        }
        if coordinator.is_good() && asked {
            let switched = if count > 0 { "switched; " } else { "" };
            controller.console.say(format!("{switched}asking every host whether it is healthy"));
            coordinator.ask_health(in_batch);
        }
        if coordinator.is_good() && number < last && !rollout.pause.is_zero() {
            let time = humantime::format_duration(rollout.pause);
            controller.console.say(format!("watching for {time} before the next batch"));
            coordinator.pause(rollout.pause);
            if coordinator.is_good() {
                coordinator.ask_health(move |task| task.batch.is_some_and(|batch| batch <= number));
            }
        }
        if !coordinator.is_good() {
            return;
        }
    }
}

fn commit(controller: &Controller<'_>, coordinator: &mut Coordinator<'_>) -> Outcome {
    controller.console.say("every host is good; committing");
    let successor = controller.successor.as_ref().and_then(|arguments| {
        let mut arguments = arguments.clone();
        for task in &coordinator.tasks {
            let flag = if task.is_left_out() { "--exclude" } else { "--only" };
            arguments.extend([flag.into(), task.host.name.as_str().into()]);
        }
        arguments.push(coordinator.plan.to.as_str().into());
        let mut successor = Successor::start(&arguments)?;
        successor.decided();
        Some(successor)
    });
    coordinator.give_what_follows();
    let (ours, dial) = (coordinator.plan.clone(), controller.dial_on.clone());
    coordinator.run_to_the_end(|_| true, move |task| switch::commit(task, &ours, &dial));
    if let Some(successor) = successor {
        successor.done();
    }
    for run in coordinator.tasks.iter().flat_map(|task| &task.hooks).filter(|run| !run.ok) {
        controller.console.warn(format!("{}: hook `{}` failed: {}", run.host, run.name, run.output));
    }
    tell_warnings(controller, &coordinator.tasks);
    let done = |task: &HostTask| matches!(task.outcome, HostOutcome::Committed | HostOutcome::LeftOut);
    if coordinator.tasks.iter().all(done) { Outcome::Committed } else { Outcome::Mixed }
}

/// What the hosts warned of: done all the same.
fn tell_warnings(controller: &Controller<'_>, tasks: &[HostTask]) {
    for task in tasks {
        for warning in &task.remarks {
            controller.console.warn(format!("{}: {warning}", task.host.name));
        }
    }
}

fn revert(controller: &Controller<'_>, coordinator: &mut Coordinator<'_>) -> (Outcome, Option<Undone>) {
    let (console, abort) = (controller.console, controller.abort);
    for task in coordinator.tasks.iter().filter(|task| !task.is_left_out()) {
        if let Some(error) = &task.error {
            console.say(format!("{} failed: {error}", task.host.name));
        }
    }
    let switched = coordinator
        .tasks
        .iter()
        .any(|task| !matches!(task.outcome, HostOutcome::Untouched | HostOutcome::LeftOut));
    if switched {
        console.say("putting the former release back on every host that switched");
    }
    let in_haste = abort.is_set();
    let mut undone = None;
    for step in revert_steps(switched) {
        match step {
            // In a hurry it is left to the hosts.
            undo::RevertStep::Close if !abort.is_set() => coordinator.close(),
            undo::RevertStep::Back => {
                let (ours, dial) = (coordinator.plan.clone(), controller.dial_on.clone());
                coordinator.run_to_the_end(
                    |_| true,
                    move |task| {
                        switch::revert(task, &ours, &dial, in_haste);
                    },
                );
            }
            undo::RevertStep::Rebuild => undone = coordinator.undo(switched),
            undo::RevertStep::Settle => coordinator.settle(undone.as_ref()),
            undo::RevertStep::Close => {}
        }
    }
    // Those of the preset are reported elsewhere.
    let failed = |run: &&HookRun| {
        !run.ok && run.phase == Phase::AfterRevert.as_str() && !run.name.starts_with("drupal: ")
    };
    for run in coordinator.tasks.iter().flat_map(|task| &task.hooks).filter(failed) {
        console.warn(format!(
            "{}: hook `{}` failed: {}",
            run.host,
            run.name,
            crate::host::drupal::reason(&run.output)
        ));
    }
    tell_warnings(controller, &coordinator.tasks);
    let back = coordinator.tasks.iter().all(|task| {
        matches!(task.outcome, HostOutcome::Reverted | HostOutcome::Untouched | HostOutcome::LeftOut)
    });
    let outcome = match (back, switched) {
        (true, true) => Outcome::RolledBack,
        (true, false) => Outcome::Refused,
        (false, _) => Outcome::Mixed,
    };
    (outcome, undone)
}

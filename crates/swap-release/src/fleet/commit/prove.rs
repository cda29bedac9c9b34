//! Phase one: every host proves the release, and those that cannot may be left out.

use std::num::NonZeroUsize;

use inventory::Rollout;
use record::{HostOutcome, Release};
use remote::Interrupt;

use super::coordinator::Coordinator;
use super::host_task::{HostTask, each};
use super::plan::Plan;
use super::{prepare, rollout};
use crate::fleet::controller::{AT_ONCE, Controller};

/// More of them would hide what else is said.
const MOST_WARNINGS: usize = 5;

/// Every host proves the release. Changes nothing.
pub(super) fn prove<'a>(controller: &'a Controller<'a>, plan: &Plan, release: &Release) -> Coordinator<'a> {
    let tasks: Vec<HostTask> = controller.hosts.iter().cloned().map(HostTask::new).collect();
    let all = NonZeroUsize::new(tasks.len()).unwrap_or(NonZeroUsize::MIN);
    controller.console.say(format!("asking {} to prove `{}`", counted(tasks.len()), plan.to));
    let (proved, dial, ours) = (release.clone(), controller.dial.clone(), plan.clone());
    let interrupt = Interrupt::from(controller.abort.flag());
    let tasks = each(tasks, AT_ONCE.min(all), &interrupt, move |task| {
        prepare::prepare(task, &proved, &dial, &ours);
    });
    let told = tasks.iter().flat_map(|task| task.warnings.iter().map(move |what| (&task.host.name, what)));
    for (number, (host, what)) in told.enumerate() {
        if number == MOST_WARNINGS {
            controller.console.warn("and more: see swap-release lint on the servers, or fleet-push doctor");
            break;
        }
        controller.console.warn(format!("{host}: visitors will see the switch: {what}"));
    }
    Coordinator::new(controller, plan, tasks)
}

/// Lets the hosts that are ready go without those that are not, if the quorum of every group allows it. A host on which
/// somebody else is at work is not missing: that is another deployment.
pub(super) fn leave_out(controller: &Controller<'_>, rollout: &Rollout, tasks: &mut [HostTask]) {
    if tasks.iter().all(HostTask::is_good) || tasks.iter().any(|task| task.busy) {
        return;
    }
    let ready: Vec<_> = tasks.iter().map(|task| (&task.host, task.is_good())).collect();
    if !ready.iter().any(|(_, ready)| *ready) {
        return;
    }
    match rollout::quorum(rollout, &ready) {
        Err(why) => controller.console.say(format!("no quorum: {why}")),
        Ok(()) => {
            for task in tasks {
                if let Some(error) = &task.error {
                    task.outcome = HostOutcome::LeftOut;
                    controller.console.warn(format!("{} is left out: {error}", task.host.name));
                }
            }
        }
    }
}

/// `1 host`, `3 hosts`.
pub(super) fn counted(count: usize) -> String {
    format!("{count} host{}", if count == 1 { "" } else { "s" })
}

//! What a swap would do, host by host.

use inventory::{Host, Phase, Rollout, RunsOn};
use record::{ExitCode, Release, ReleaseId};

use super::plan::Plan;
use super::prove::{leave_out, prove};
use super::report::tell_remedies;
use super::rollout;
use super::switch::is_there;
use crate::Error;
use crate::fleet::answers::answer;
use crate::fleet::controller::Controller;

/// What would be done, host by host, as far as looking can tell; nothing is locked.
pub(crate) fn dry_run(
    controller: &Controller<'_>,
    plan: &Plan,
    rollout: &Rollout,
    release: &Release,
) -> Result<ExitCode, Error> {
    let mut coordinator = prove(controller, plan, release);
    controller.abort.check()?;
    leave_out(controller, rollout, &mut coordinator.tasks);
    let there: Vec<&Host> = coordinator.tasks.iter().filter(|m| !m.is_left_out()).map(|m| &m.host).collect();
    let mut batches = rollout::batches(rollout, &there).into_iter();
    let rows: Vec<Vec<String>> = coordinator
        .tasks
        .iter()
        .map(|task| {
            let batch = if task.is_left_out() { None } else { batches.next() };
            let name =
                |id: &Option<ReleaseId>| id.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            let what = match &task.error {
                Some(error) if task.is_left_out() => format!("left out: {error}"),
                Some(error) => format!("not ready: {error}"),
                None if is_there(task, plan) => "has it live already".to_owned(),
                None => format!("{} `{}`", plan.verb_name(), plan.to_on(task)),
            };
            let batch = batch.map_or_else(|| "-".to_owned(), |batch| batch.to_string());
            vec![task.host.name.to_string(), batch, name(&task.before), what]
        })
        .collect();
    answer(controller, &cli::table(&["host", "batch", "now", "would"], &rows))?;
    let phases = [
        Phase::BeforeSwitch,
        Phase::AfterSwitch,
        Phase::BeforeCommit,
        Phase::AfterCommit,
        Phase::AfterRevert,
    ];
    for step in phases.into_iter().flat_map(|phase| plan.around(&controller.inventory).steps(phase)) {
        let on = match &step.on {
            RunsOn::Every => "every host".to_owned(),
            RunsOn::Group(group) => format!("group {group}"),
            RunsOn::Once(Some(name)) => name.to_string(),
            RunsOn::Once(None) => "one host".to_owned(),
            RunsOn::Canary => "one host of the first batch".to_owned(),
        };
        answer(controller, &format!("{}: {} on {on}", step.phase.as_str(), step.name))?;
    }
    let bad = coordinator.tasks.iter().filter(|task| !task.is_good()).count();
    if bad == 0 {
        controller.console.say("nothing was changed: a dry run");
        return Ok(ExitCode::Ok);
    }
    tell_remedies(controller, &coordinator.tasks);
    Err(Error::FleetVerb { failed: bad, all: coordinator.tasks.len() })
}

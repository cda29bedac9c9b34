//! A swap of a fleet from its plan to its record.

use inventory::{Canary, DatabaseMode, Drupal, Rollout};
use record::{ExitCode, Input, Outcome, Release, Verb};

use super::dry_run::dry_run;
use super::ended::end;
use super::plan::Plan;
use super::two_phases::two_phases;
use super::{report, rollout};
use crate::Error;
use crate::fleet::controller::Controller;
use crate::fleet::job::FleetSwitch;
use crate::fleet::prune::prune;
use crate::host::job::PruneJob;

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
    let plan = Plan::new(controller, job, verb, release.id.clone(), in_batches);
    if job.dry_run {
        return dry_run(controller, &plan, &rollout, &release);
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
        if let Err(error) = prune(controller, PruneJob::default(), false) {
            console.warn(format!("prune: {error}"));
        }
    }
    result
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
    if in_turn && controller.inventory.drupal.as_ref().is_some_and(Drupal::runs_drush) {
        controller.console.warn(
            "canary and batches with Drupal: until the last batch has switched, two releases share one set of caches; what one \
             of them has moved, such as a class or a template, the other may answer with 500 meanwhile",
        );
    }
    Ok((rollout, in_turn))
}

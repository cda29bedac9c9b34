//! What is to be done on every host of a swap.

use std::time::Duration;

use inventory::{Health, Inventory, Phase};
use record::{ReleaseId, Verb};
use remote::Argv;

use super::host_task::HostTask;
use super::steps::Around;
use crate::fleet::controller::{self, Controller};
use crate::fleet::job::FleetSwitch;

/// The shortest lease that is chosen when nobody names one. It is renewed as long as the controller lives.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// What is to be done on every host.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) verb: Verb,
    pub(super) to: ReleaseId,
    /// The lease: a host that gets nothing within this time reverts by itself.
    pub(super) within: Duration,
    pub(super) owner: Option<String>,
    pub(super) allow_older: bool,
    pub(super) force: bool,
    /// Whether the hosts switch one after the other.
    pub(super) in_batches: bool,
    /// `drupal.host` has the release live already: drush runs on the first of those that switch.
    pub(super) anywhere: bool,
    /// Tells this swap from all others.
    pub(super) swap: String,
    /// A release that failed is taken all the same, if its tree proves.
    pub(super) retry_failed: bool,
    /// A bad release is marked as failed; not if hosts that were asked before serve it.
    pub(super) condemns: bool,
    /// How long the hooks of after-commit and after-revert may take together.
    pub(super) afterwards: Duration,
    /// How long those of after-revert may.
    pub(super) back: Duration,
}

impl Plan {
    /// As the command line and the inventory say.
    pub(super) fn new(
        controller: &Controller<'_>,
        job: &FleetSwitch,
        verb: Verb,
        to: ReleaseId,
        in_batches: bool,
    ) -> Self {
        let mut plan = Self {
            verb,
            swap: format!("{}.{}.{}", to, record::now().as_second(), std::process::id()),
            to,
            within: job.confirm_within.unwrap_or_else(|| lease(controller.inventory.health.as_ref())),
            owner: controller.owner.clone(),
            allow_older: job.allow_older,
            force: job.force,
            retry_failed: job.retry_failed,
            condemns: job.condemns && verb == Verb::Activate,
            in_batches,
            anywhere: false,
            afterwards: Duration::ZERO,
            back: Duration::ZERO,
        };
        (plan.afterwards, plan.back) = afterwards(controller, &plan);
        plan
    }

    pub(super) fn argv(&self, task: &HostTask) -> Argv {
        let argv = controller::argv(&task.host, self.verb_name(), self.owner.as_deref());
        let mut argv = argv.arg(self.to_on(task).as_str());
        if self.allow_older {
            argv = argv.arg("--allow-older");
        }
        if self.retry_failed {
            argv = argv.arg("--retry-failed");
        }
        if self.force { argv.arg("--force") } else { argv }
    }

    /// To wait for the controller at each step.
    pub(super) fn in_step(&self, task: &HostTask) -> Argv {
        let within = humantime::format_duration(self.within).to_string().replace(' ', "");
        let part_of = format!("{}/{}", self.swap, task.host.name);
        let argv = self.argv(task).args(["--in-step", "--confirm-within", within.as_str()]);
        argv.args(["--part-of", part_of.as_str()])
    }

    /// What this host is led to, by its name there.
    pub(super) fn to_on<'a>(&'a self, task: &'a HostTask) -> &'a ReleaseId {
        task.own.as_ref().unwrap_or(&self.to)
    }

    /// What is run around it.
    pub(super) fn around<'a>(&'a self, inventory: &'a Inventory) -> Around<'a> {
        let Self { verb, in_batches, anywhere, .. } = *self;
        Around { inventory, verb, in_batches, anywhere, swap: &self.swap }
    }

    pub(super) fn verb_name(&self) -> &'static str {
        match self.verb {
            Verb::Activate => "activate",
            Verb::Rollback => "rollback",
        }
    }

    /// How often a lease is renewed: several times within it, so that one lost message does no harm.
    pub(super) fn renew_every(&self) -> Duration {
        (self.within / 4).clamp(Duration::from_millis(100), Duration::from_secs(15))
    }
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

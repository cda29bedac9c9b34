//! What is run around a switch, and where: the hooks of `fleet.toml` and those that the Drupal preset stands for.

use std::time::Duration;

use inventory::{DatabaseMode, Drupal, Dump, Hook, HookAction, Host, HostName, Inventory, Phase, RunsOn};
use record::Verb;

use super::host_task::HostTask;
use crate::order::{Action, DrupalOrder, HookOrder};

/// One hook in one phase.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) phase: Phase,
    pub(super) on: RunsOn,
    /// Whether it has a server follow `current`.
    pub(super) follows: bool,
    action: StepAction,
    timeout: Duration,
}

#[derive(Debug, Clone)]
enum StepAction {
    Hook(HookAction),
    Ours(Action),
    /// An order that is another for each host.
    Arm {
        drupal: DrupalOrder,
        swap: String,
        ran: bool,
    },
}

/// Checks and directories.
const BRIEF: Duration = Duration::from_secs(60);

/// What steps are made of: they are the same before, while and after a switch is under way, in the guide, and in a dry run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) verb: Verb,
    /// Whether the hosts switch one after the other, and are asked in between whether they are well.
    pub(super) in_batches: bool,
    /// Whether another host than the one that is named runs drush, since that one has nothing to do.
    pub(super) anywhere: bool,
    /// Tells this swap from all others.
    pub(super) swap: &'a str,
}

impl Around<'_> {
    /// The steps of a phase in their order.
    ///
    /// Before the switch the preset comes last, but for what its undo needs: a site is not closed, and its database not changed,
    /// before everything else that may fail has not. After it the preset follows what has servers follow `current`: caches are
    /// rebuilt, and a site opened, once the code that rebuilds them is the code that is served. What else is run comes then.
    pub(super) fn steps(&self, phase: Phase) -> Vec<Step> {
        let inventory = self.inventory;
        let mut steps: Vec<Step> = inventory
            .hooks
            .iter()
            .filter(|hook| hook.phases.contains(&phase))
            .map(|hook| own(hook, phase))
            .collect();
        let Some(drupal) = &inventory.drupal else { return steps };
        let preset = self.preset(drupal, phase);
        if phase == Phase::BeforeSwitch {
            steps.extend(preset);
            if drupal.runs_drush() {
                steps.insert(0, self.arm(drupal));
            }
            return steps;
        }
        let (mut first, others): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(|step| step.follows);
        first.extend(preset);
        first.extend(others);
        first
    }

    /// On which host drush runs.
    pub(super) fn runs_drush_on(&self, drupal: &Drupal) -> RunsOn {
        RunsOn::Once(drupal.host.clone().filter(|_| !self.anywhere))
    }

    /// Before anything of the release is run, hooks included.
    fn arm(&self, drupal: &Drupal) -> Step {
        let runs = |hook: &&Hook| {
            let phases = [Phase::BeforeSwitch, Phase::AfterSwitch, Phase::BeforeCommit];
            matches!(hook.action, HookAction::Command(_))
                && hook.phases.iter().any(|phase| phases.contains(phase))
        };
        Step {
            name: "drupal: what an undo needs".into(),
            phase: Phase::BeforeSwitch,
            on: RunsOn::Every,
            follows: false,
            action: StepAction::Arm {
                drupal: DrupalOrder::from(drupal),
                swap: self.swap.to_owned(),
                // While one batch serves the release nobody is asked before code of it fills caches.
                ran: self.in_batches || self.inventory.hooks.iter().any(|hook| runs(&hook)),
            },
            timeout: BRIEF,
        }
    }

    /// The preset's steps of a phase.
    ///
    /// All releases share one database, and with it the caches in which code is named: those are rebuilt while the site is
    /// closed, by code that every host serves. Before that nothing is done that can be done while it is open.
    fn preset(&self, drupal: &Drupal, phase: Phase) -> Vec<Step> {
        let order = DrupalOrder::from(drupal);
        let step = |name: &str, on: RunsOn, timeout: Duration, action: Action| Step {
            name: format!("drupal: {name}"),
            phase,
            on,
            follows: false,
            action: StepAction::Ours(action),
            timeout,
        };
        let once =
            |name: &str, action: Action| step(name, self.runs_drush_on(drupal), drupal.timeout, action);
        let look = |updates| {
            let name = if updates { "pending updates" } else { "what is open" };
            once(name, Action::DrupalLook { drupal: order.clone(), updates })
        };
        let close = |if_pending| {
            once("maintenance mode on", Action::DrupalMaintenance { drupal: order.clone(), if_pending })
        };
        let open = || once("maintenance mode off", Action::DrupalNormal);
        let rebuild =
            |if_pending| once("caches", Action::DrupalRebuild { drupal: order.clone(), if_pending });
        let update = |alone| {
            let name = if alone { "database updates alone" } else { "updates, configuration and caches" };
            once(name, Action::DrupalUpdate { drupal: order.clone(), alone })
        };
        let updates = self.verb == Verb::Activate && drupal.database != DatabaseMode::None;
        let expand = updates && drupal.database == DatabaseMode::Expand;
        match phase {
            Phase::BeforeSwitch => {
                let mut steps = vec![step(
                    "settings",
                    RunsOn::Every,
                    BRIEF,
                    Action::DrupalPrepare { drupal: order.clone() },
                )];
                if !drupal.runs_drush() {
                    return steps;
                }
                steps.push(look(updates));
                if updates && drupal.dump != Dump::Never {
                    steps.push(once("dump", Action::DrupalDump { drupal: order.clone() }));
                }
                match (expand, self.in_batches) {
                    (true, true) => steps.extend([close(true), update(true), rebuild(true), open()]),
                    (true, false) => steps.extend([close(false), update(true)]),
                    (false, false) => steps.push(close(false)),
                    (false, true) => {}
                }
                steps
            }
            Phase::AfterSwitch if drupal.runs_drush() => {
                let mut steps = Vec::new();
                if self.in_batches {
                    steps.push(close(false));
                }
                steps.push(if updates { update(false) } else { rebuild(false) });
                // Before the hosts are asked: a site in maintenance answers 503.
                steps.push(open());
                steps
            }
            _ => Vec::new(),
        }
    }
}

fn own(hook: &Hook, phase: Phase) -> Step {
    Step {
        name: hook.name.clone(),
        phase,
        on: hook.on.clone(),
        follows: hook.follows(),
        action: StepAction::Hook(hook.action.clone()),
        timeout: hook.timeout,
    }
}

impl Step {
    /// The time it may take on a host.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether code of the release may run in it.
    pub(super) fn runs_code(&self) -> bool {
        match &self.action {
            StepAction::Hook(action) => matches!(action, HookAction::Command(_)),
            StepAction::Ours(Action::DrupalLook { updates, .. }) => *updates,
            StepAction::Ours(action) => matches!(
                action,
                Action::DrupalDump { .. } | Action::DrupalUpdate { .. } | Action::DrupalRebuild { .. }
            ),
            StepAction::Arm { .. } => false,
        }
    }

    /// Whether it closes the site to visitors, or opens it.
    pub(super) fn closes(&self) -> Option<bool> {
        match &self.action {
            StepAction::Ours(Action::DrupalMaintenance { .. }) => Some(true),
            StepAction::Ours(Action::DrupalNormal) => Some(false),
            _ => None,
        }
    }

    /// Whether it is the preset's.
    pub(super) fn is_presets(&self) -> bool {
        !matches!(self.action, StepAction::Hook(_))
    }

    /// Whether it writes what settings.php includes: then the live release can be asked, as the new one will be.
    pub(super) fn prepares_drupal(&self) -> bool {
        matches!(self.action, StepAction::Ours(Action::DrupalPrepare { .. }))
    }

    /// The order for one host, whose turn it is to take over after so many others.
    pub(super) fn order(&self, host: &Host, release: &str, turn: u32) -> HookOrder {
        let fill = |name: &str| match name {
            "address" => host.address.to_string(),
            "name" => host.name.to_string(),
            _ => release.to_owned(),
        };
        let action = match &self.action {
            StepAction::Ours(action) => action.clone(),
            StepAction::Arm { drupal, swap, ran } => {
                Action::DrupalArm { drupal: drupal.clone(), swap: swap.clone(), turn, ran: *ran }
            }
            StepAction::Hook(HookAction::Command(argv)) => {
                Action::Command { argv: argv.iter().map(|part| part.render(fill)).collect() }
            }
            StepAction::Hook(HookAction::OpcacheReset(fpm)) => Action::OpcacheReset { fpm: fpm.render(fill) },
            StepAction::Hook(HookAction::FpmReload(pid_file)) => {
                Action::FpmReload { pid_file: pid_file.render(fill).into() }
            }
        };
        let timeout_ms = u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX);
        HookOrder { name: self.name.clone(), phase: self.phase, timeout_ms, action }
    }
}

/// Which tasks a step is for, out of those of `batch` that hold their lock. Of a pinned host that is not switched,
/// since it has the release already, nothing is asked.
pub(super) fn chosen(on: &RunsOn, tasks: &[HostTask], batch: impl Fn(&HostTask) -> bool) -> Vec<bool> {
    let held = |task: &HostTask| task.process.is_some();
    let only = |name: Option<HostName>| {
        tasks.iter().map(|task| name.as_ref() == Some(&task.host.name)).collect::<Vec<_>>()
    };
    let first = |wanted: &dyn Fn(&HostTask) -> bool| {
        tasks.iter().find(|task| held(task) && wanted(task)).map(|task| task.host.name.clone())
    };
    match on {
        RunsOn::Every => tasks.iter().map(|task| held(task) && batch(task)).collect(),
        RunsOn::Group(group) => {
            let ours = |task: &HostTask| task.host.group.as_ref() == Some(group);
            tasks.iter().map(|task| held(task) && batch(task) && ours(task)).collect()
        }
        RunsOn::Once(Some(name)) => only(first(&|task| task.host.name == *name)),
        RunsOn::Once(None) => only(first(&|_| true)),
        RunsOn::Canary => only(first(&batch)),
    }
}

#[cfg(test)]
mod guide;

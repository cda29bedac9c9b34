//! What is run around a switch, and where: the hooks of `fleet.toml` and those that the Drupal preset stands for.

use std::time::Duration;

use fleet::{DatabaseMode, Drupal, Hook, HookAction, Host, HostName, Inventory, Phase, RunsOn};
use record::Verb;

use super::member::Member;
use crate::order::{Action, DrupalOrder, HookOrder};

/// One hook in one phase.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) phase: Phase,
    pub(super) on: RunsOn,
    action: StepAction,
    timeout: Duration,
}

#[derive(Debug, Clone)]
enum StepAction {
    Hook(HookAction),
    Ours(Action),
}

/// Checks and directories.
const BRIEF: Duration = Duration::from_secs(60);

/// The steps of a phase in their order. The preset comes first, but before the switch it comes last: a site is not
/// closed, and its database not changed, before everything else that may fail has not.
pub(super) fn steps(inventory: &Inventory, verb: Verb, phase: Phase) -> Vec<Step> {
    let mut steps: Vec<Step> = inventory
        .hooks
        .iter()
        .filter(|hook| hook.phases.contains(&phase))
        .map(|hook| own(hook, phase))
        .collect();
    let preset = inventory.drupal.as_ref().map(|drupal| preset(drupal, verb, phase)).unwrap_or_default();
    let at = if phase == Phase::BeforeSwitch { steps.len() } else { 0 };
    steps.splice(at..at, preset);
    steps
}

fn own(hook: &Hook, phase: Phase) -> Step {
    Step {
        name: hook.name.clone(),
        phase,
        on: hook.on.clone(),
        action: StepAction::Hook(hook.action.clone()),
        timeout: hook.timeout,
    }
}

fn preset(drupal: &Drupal, verb: Verb, phase: Phase) -> Vec<Step> {
    let order = DrupalOrder::from(drupal);
    let step = |name: &str, on: RunsOn, timeout: Duration, action: Action| Step {
        name: format!("drupal: {name}"),
        phase,
        on,
        action: StepAction::Ours(action),
        timeout,
    };
    let elected = || RunsOn::Once(drupal.host.clone());
    let update = || {
        step("database updates", elected(), drupal.timeout, Action::DrupalUpdate { drupal: order.clone() })
    };
    match (phase, verb, drupal.database) {
        (Phase::BeforeSwitch, Verb::Rollback, _) | (Phase::BeforeSwitch, _, DatabaseMode::None) => {
            vec![step("settings", RunsOn::Every, BRIEF, Action::DrupalPrepare { drupal: order })]
        }
        (Phase::BeforeSwitch, Verb::Activate, mode) => {
            let last = match mode {
                DatabaseMode::Expand => update(),
                DatabaseMode::Maintenance | DatabaseMode::None => step(
                    "maintenance mode on",
                    elected(),
                    drupal.timeout,
                    Action::DrupalMaintenance { drupal: order.clone() },
                ),
            };
            vec![
                step("settings", RunsOn::Every, BRIEF, Action::DrupalPrepare { drupal: order.clone() }),
                last,
            ]
        }
        (Phase::AfterSwitch, Verb::Activate, DatabaseMode::Maintenance) => vec![
            update(),
            // Before the hosts are asked: a site in maintenance answers 503.
            step("maintenance mode off", elected(), drupal.timeout, Action::DrupalNormal),
        ],
        (Phase::AfterSwitch, Verb::Rollback, DatabaseMode::Maintenance | DatabaseMode::Expand) => {
            vec![step("caches", elected(), drupal.timeout, Action::DrupalRebuild { drupal: order })]
        }
        _ => Vec::new(),
    }
}

impl Step {
    /// The time it may take on a host.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The order for one host.
    pub(super) fn order(&self, host: &Host, release: &str) -> HookOrder {
        let fill = |name: &str| match name {
            "address" => host.address.to_string(),
            "name" => host.name.to_string(),
            _ => release.to_owned(),
        };
        let action = match &self.action {
            StepAction::Ours(action) => action.clone(),
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

/// Which members a step is for, out of those of `batch` that hold their lock. Of a pinned host that is not switched,
/// since it has the release already, nothing is asked.
pub(super) fn chosen(on: &RunsOn, members: &[Member], batch: impl Fn(&Member) -> bool) -> Vec<bool> {
    let held = |member: &Member| member.process.is_some();
    let only = |name: Option<HostName>| {
        members.iter().map(|member| name.as_ref() == Some(&member.host.name)).collect::<Vec<_>>()
    };
    let first = |wanted: &dyn Fn(&Member) -> bool| {
        members.iter().find(|member| held(member) && wanted(member)).map(|member| member.host.name.clone())
    };
    match on {
        RunsOn::Every => members.iter().map(|member| held(member) && batch(member)).collect(),
        RunsOn::Group(group) => {
            let ours = |member: &Member| member.host.group.as_ref() == Some(group);
            members.iter().map(|member| held(member) && batch(member) && ours(member)).collect()
        }
        RunsOn::Once(Some(name)) => only(first(&|member| member.host.name == *name)),
        RunsOn::Once(None) => only(first(&|_| true)),
        RunsOn::Canary => only(first(&batch)),
    }
}

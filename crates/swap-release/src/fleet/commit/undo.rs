//! Undoing, after the code is back, what the release did to the caches that all hosts share: by the host that ran drush, and if
//! that one cannot, by the next. No revert is done before that is.

use std::time::{Duration, Instant};

use inventory::Phase;
use record::{Caches, Remains, Undone};

use super::coordinator::Coordinator;
use super::host_task::HostTask;
use super::talk;
use crate::order::{Action, DrupalOrder, HookOrder};

/// A host only takes it down.
const SETTLED: Duration = Duration::from_secs(30);

/// The steps of a controller that takes a release back, in this order. The guide's table is made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RevertStep {
    /// Closes the site, as long as the new code serves.
    Close,
    /// Every host is back on its release, or gives up its lock.
    Back,
    /// One host rebuilds the caches, and opens the site.
    Rebuild,
    /// Every host is informed, with what remains.
    Settle,
}

/// What is done; before anybody switched there is nothing to close for.
pub(crate) const fn revert_steps(switched: bool) -> &'static [RevertStep] {
    match switched {
        true => &[RevertStep::Close, RevertStep::Back, RevertStep::Rebuild, RevertStep::Settle],
        false => &[RevertStep::Back, RevertStep::Rebuild, RevertStep::Settle],
    }
}

impl Coordinator<'_> {
    /// Closes the site before the former code meets caches that it cannot read. That it could not be closed is no reason to
    /// leave a bad release live.
    pub(super) fn close(&mut self) {
        let Some(drupal) = self.controller.inventory.drupal.as_ref() else { return };
        let (order, timeout) = (DrupalOrder::from(drupal), drupal.timeout);
        if self.closed {
            return;
        }
        let Some(name) = self.in_turn(|task| task.armed && task.process.is_some()).first().cloned() else {
            return;
        };
        self.controller.console.say("closing the site: the caches are rebuilt before it is open again");
        let order = HookOrder {
            name: "drupal: maintenance mode on".into(),
            // Now, and not once the release is back.
            phase: Phase::AfterSwitch,
            timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            action: Action::DrupalMaintenance { drupal: order, if_pending: false },
        };
        if let Err(why) = self.have(&name, order) {
            self.controller.console.warn(format!("{name}: the site could not be closed: {why}"));
        }
        self.closed = true;
    }

    /// Has one host rebuild the caches. Nothing if no host has written down anything for an undo.
    pub(super) fn undo(&mut self, switched: bool) -> Option<Undone> {
        let armed = self.tasks.iter().any(|task| task.armed);
        if !armed {
            return None;
        }
        let started = Instant::now();
        let (mut by, mut errors) = (None, Vec::new());
        let console = self.controller.console;
        for name in self.in_turn(|task| task.owes) {
            // Without us the hosts do it by themselves, one of them: none is ordered to in a hurry.
            if self.controller.abort.is_set() {
                break;
            }
            if self.ran || switched {
                console.say(format!("{name} rebuilds the caches by the release that is live again"));
            }
            match self.have(&name, self.rebuilding()) {
                Ok(()) => {
                    by = Some(name);
                    break;
                }
                Err(why) => {
                    console.warn(format!("{name} could not rebuild the caches: {why}"));
                    errors.push(format!("{name}: {why}"));
                }
            }
        }
        let remains = self.remains();
        let caches = match (by.is_some(), self.ran || switched) {
            (true, true) => Caches::Rebuilt,
            (_, false) => Caches::Untouched,
            (false, true) => Caches::Owed,
        };
        let seconds =
            (caches == Caches::Rebuilt).then(|| (started.elapsed().as_secs_f64() * 1e3).round() / 1e3);
        let by = if caches == Caches::Rebuilt { by } else { None };
        if let (Some(name), Some(seconds)) = (&by, seconds) {
            console.say(format!("the caches are rebuilt, by {name} in {seconds:.1} s"));
        }
        Some(Undone { caches, by, seconds, errors, remains })
    }

    fn rebuilding(&self) -> HookOrder {
        let timeout = self.controller.inventory.drupal.as_ref().map_or(SETTLED, |drupal| drupal.timeout);
        HookOrder {
            name: "drupal: caches of the former release".into(),
            phase: Phase::AfterRevert,
            timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            action: Action::DrupalUndo,
        }
    }

    /// What no rebuilding of caches undoes, in the words of the host that ran drush, or of the next that knows.
    fn remains(&self) -> Option<Remains> {
        let first = self.tasks.iter().find(|task| self.turn_at_arm(task) == 0);
        let mut all: Vec<&HostTask> = self.tasks.iter().collect();
        all.sort_by_key(|task| self.turn_at_arm(task));
        let remains = all.iter().find_map(|task| task.remains.clone())?;
        Some(Remains { host: first.map(|task| task.host.name.to_string()), ..remains })
    }

    /// Informs every host that waits, and reads what it answers. A controller that is being ended sends nothing: then every host does it by
    /// itself.
    pub(super) fn settle(&mut self, undone: Option<&Undone>) {
        let Some(undone) = undone.filter(|_| !self.controller.abort.is_set()) else { return };
        let (rebuilt, remains) = (undone.caches != Caches::Owed, undone.remains.as_ref());
        let order = HookOrder {
            name: "drupal: settled".into(),
            phase: Phase::AfterRevert,
            timeout_ms: u64::try_from(SETTLED.as_millis()).unwrap_or(u64::MAX),
            action: Action::DrupalSettled { rebuilt, remains: remains.cloned() },
        };
        let afterwards = self.plan.afterwards;
        self.run_to_the_end(
            |task| task.owes,
            move |task| {
                if talk::give(task, &order).is_ok() {
                    talk::hear_out(task, Phase::AfterRevert, Instant::now() + SETTLED + afterwards);
                }
                task.process = None;
                task.owes = false;
            },
        );
    }

    /// The names of these tasks, in the order in which they take over.
    fn in_turn(&self, wanted: impl Fn(&HostTask) -> bool) -> Vec<String> {
        let mut tasks: Vec<&HostTask> = self.tasks.iter().filter(|task| wanted(task)).collect();
        tasks.sort_by_key(|task| self.turn_at_arm(task));
        tasks.into_iter().map(|task| task.host.name.to_string()).collect()
    }

    /// The place that a host was given when it wrote down what an undo needs.
    fn turn_at_arm(&self, task: &HostTask) -> u32 {
        task.turn.unwrap_or(u32::MAX)
    }

    /// Has one host do something to its end.
    fn have(&mut self, name: &str, order: HookOrder) -> Result<(), String> {
        let (verb, abort) = (self.plan.verb_name(), self.controller.abort.clone());
        let result = std::sync::Arc::new(std::sync::Mutex::new(Err("it was not asked".to_owned())));
        let (told, wanted) = (result.clone(), name.to_owned());
        self.run_to_the_end(
            |task| task.host.name.as_str() == name,
            move |task| {
                if task.host.name.as_str() == wanted {
                    let said = talk::obey(task, &order, verb, &abort).map_err(|fault| fault.to_string());
                    *told.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = said;
                }
            },
        );
        let mut result = result.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::replace(&mut *result, Ok(()))
    }
}

/// What became of it, after `every host is on the release it had`.
pub(super) fn told(undone: &Undone) -> String {
    let mut text = match (undone.caches, undone.by.as_deref()) {
        (Caches::Untouched, _) => String::new(),
        (Caches::Rebuilt, by) => format!(", and {} has rebuilt the caches by it", by.unwrap_or("a host")),
        (Caches::Owed, _) if undone.errors.is_empty() => {
            ", but no host said that the caches which all releases share are rebuilt: see swap-release status"
                .to_owned()
        }
        (Caches::Owed, _) => {
            format!(
                ", but the caches which all releases share could not be rebuilt ({})",
                undone.errors.join("; ")
            )
        }
    };
    if let Some(remains) = &undone.remains {
        let mut what = Vec::new();
        if !remains.updates.is_empty() {
            what.push("updates");
        }
        if !remains.configuration.is_empty() {
            what.push("configuration");
        }
        let what = what.join(" and ");
        text.push_str(&format!(
            "; the database keeps {what} of `{}`, see below and swap-release status",
            remains.release
        ));
    }
    text
}

//! Hooks on a host: commands, php-fpm, and the steps of the Drupal preset, each bounded in time, its output kept.

use std::ffi::OsString;
use std::time::Instant;

use record::DrupalFacts;
use record::host::{HOOK_OUTPUT, SwitchEvent};

use super::{fpm, opcache};
use crate::host::drupal;
use crate::host::process::{self, Stop};
use crate::host::site::{SwitchKind, Switching};
use crate::order::{Action, HookOrder};

/// Runs a hook and writes down in history that it was run. `Ok` and `Err` are as the hook was, `Err` with the reason.
pub(crate) fn run(switching: Switching<'_>, order: &HookOrder, stop: &mut Stop<'_>) -> SwitchEvent {
    let started = Instant::now();
    let mut closed = None;
    let result = act(switching, order, &mut closed, stop);
    let seconds = (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    let (ok, output) = match result {
        Ok(output) => (true, output),
        Err(reason) => (false, reason),
    };
    let site = &switching.locked.site;
    // Also of an update that failed: it may be half done.
    let database = match order.action {
        Action::DrupalUpdate { .. } => site.known(switching.to).ok().flatten().and_then(|file| file.database),
        _ => None,
    };
    let drupal = match order.action {
        Action::DrupalUndo | Action::DrupalSettled { .. } => closed.map(|_| DrupalFacts::default()),
        _ if order.action.is_drupals() => drupal::facts(site),
        _ => None,
    };
    let drupal = drupal.map(|facts| DrupalFacts { closed_seconds: closed, ..facts });
    let output = bounded(&output);
    let what = format!("hook {} {}{}", order.phase.as_str(), order.name, if ok { "" } else { " failed" });
    switching.locked.log_with(&what, switching.to, switching.from, Some(output.clone()));
    SwitchEvent::Hook { name: order.name.clone(), ok, seconds, output, database, drupal }
}

/// `closed` is how long the site was closed to visitors, where an action has opened it again.
fn act(
    switching: Switching<'_>,
    order: &HookOrder,
    closed: &mut Option<f64>,
    stop: &mut Stop<'_>,
) -> Result<String, String> {
    let until = Instant::now() + order.timeout();
    let locked = switching.locked;
    match &order.action {
        Action::Command { argv } => {
            // A release that is gone may have been taken back by a process that was killed.
            let tree = locked.site.tree(switching.to);
            let command = process::Command {
                argv,
                dir: if tree.is_dir() { &tree } else { locked.site.paths.deploy_to() },
                env: &environment(switching, order),
                until,
                apart: false,
                note: Some(&locked.site.paths.running()),
            };
            process::run(&command, stop)
        }
        Action::OpcacheReset { fpm } => opcache::reset(&locked.site.paths, fpm, order.timeout()),
        Action::FpmReload { pid_file } => fpm::reload(pid_file, order.phase),
        Action::DrupalPrepare { drupal } => drupal::prepare(switching, drupal),
        Action::DrupalArm { drupal, swap, turn, ran } => drupal::arm(switching, drupal, swap, *turn, *ran),
        Action::DrupalLook { drupal, updates } => drupal::look(switching, drupal, *updates, until, stop),
        Action::DrupalKnow { facts } => drupal::know(locked, facts),
        Action::DrupalDump { drupal } => drupal::dump(switching, drupal, until, stop),
        Action::DrupalMaintenance { drupal, if_pending } => {
            drupal::maintenance_on(switching, drupal, *if_pending, until, stop)
        }
        Action::DrupalNormal => {
            let (said, seconds) = drupal::normal(locked, until, stop)?;
            *closed = seconds;
            Ok(said)
        }
        Action::DrupalUpdate { drupal, alone } => drupal::update(switching, drupal, *alone, until, stop),
        Action::DrupalRebuild { drupal, if_pending } => {
            drupal::rebuild(switching, drupal, *if_pending, until, stop)
        }
        Action::DrupalUndo => {
            let (said, seconds) = drupal::pay(locked, false, until, stop)?;
            *closed = seconds;
            Ok(said)
        }
        Action::DrupalSettled { rebuilt, remains } => drupal::settled(locked, *rebuilt, remains.as_ref()),
        Action::DatabaseUpdated { update } => {
            drupal::remember(locked, switching.to, update).map_err(|error| error.to_string())?;
            Ok("noted".to_owned())
        }
    }
}

/// What a hook finds in its environment. README has the list.
fn environment(switching: Switching<'_>, order: &HookOrder) -> Vec<(&'static str, OsString)> {
    let paths = &switching.locked.site.paths;
    let verb = match switching.kind {
        SwitchKind::Activate => "activate",
        SwitchKind::Rollback => "rollback",
    };
    vec![
        ("MKT_PHASE", order.phase.as_str().into()),
        ("MKT_HOOK", order.name.clone().into()),
        ("MKT_VERB", verb.into()),
        ("MKT_RELEASE", switching.to.as_str().into()),
        ("MKT_RELEASE_DIR", switching.locked.site.tree(switching.to).into()),
        ("MKT_PREVIOUS", switching.from.map_or_else(OsString::new, |id| id.as_str().into())),
        (
            "MKT_PREVIOUS_DIR",
            switching.from.map_or_else(OsString::new, |id| switching.locked.site.tree(id).into()),
        ),
        ("MKT_DEPLOY_TO", paths.deploy_to().into()),
        ("MKT_CURRENT", paths.current().into()),
        ("MKT_SHARED", paths.shared().into()),
        ("MKT_OWNER", switching.locked.owner.clone().into()),
    ]
}

/// An output of at most [`HOOK_OUTPUT`] bytes: of a longer one beginning and end, where the reasons are.
fn bounded(output: &str) -> String {
    let output = output.trim();
    if output.len() <= HOOK_OUTPUT {
        return output.to_owned();
    }
    // Room for the line between them.
    let fits = |room: &mut usize, c: char| {
        let left = room.checked_sub(c.len_utf8());
        *room = left.unwrap_or(0);
        left.is_some()
    };
    let mut room = (HOOK_OUTPUT - 64) / 2;
    let head: String = output.chars().take_while(|c| fits(&mut room, *c)).collect();
    let mut room = (HOOK_OUTPUT - 64) / 2;
    let tail: Vec<char> = output.chars().rev().take_while(|c| fits(&mut room, *c)).collect();
    let tail: String = tail.into_iter().rev().collect();
    format!("{head}\n  | [{} bytes left out]\n{tail}", output.len() - head.len() - tail.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_output_both_ends_are_kept() {
        assert_eq!(bounded(" ok \n"), "ok");
        let long = format!("the cause\n{}{}", "ü".repeat(HOOK_OUTPUT), "the end");
        let kept = bounded(&long);
        assert!(kept.starts_with("the cause\n") && kept.ends_with("the end"), "{kept}");
        assert!(kept.contains("bytes left out") && kept.len() <= HOOK_OUTPUT);
    }
}

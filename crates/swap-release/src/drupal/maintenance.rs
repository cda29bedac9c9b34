//! Maintenance mode: on where it was off, and off again whatever happens.
//!
//! What is to be turned off is written down, durably, before it is turned on. Whoever ends the switch (commit, revert,
//! end of input) turns it off; and if that process was killed, the next invocation of any verb does.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fleet::Core;
use record::ReleaseId;
use record::host::SwitchEvent;
use serde::{Deserialize, Serialize};

use super::drush::Drush;
use super::words;
use crate::Error;
use crate::hooks::{Stop, Switching};
use crate::order::DrupalOrder;
use crate::site::LockedSite;

/// `.swap/maintenance.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct On {
    drupal: DrupalOrder,
    /// URIs of the sites that are to be turned off; one that was in maintenance before is not among them.
    sites: Vec<String>,
    /// The release whose drush turned them on, for a site without a live one.
    release: ReleaseId,
}

/// Turns maintenance mode on for every site that is not in it.
pub(crate) fn on(
    switching: Switching<'_>,
    drupal: &DrupalOrder,
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<String, String> {
    let locked = switching.locked;
    // The code that serves knows its own database; of a first release there is none yet.
    let release = switching.from.unwrap_or(switching.to);
    let drush = Drush { order: drupal, tree: locked.site.tree(release), until };
    let mut sites = Vec::new();
    for (_, uri) in &drupal.sites {
        let get = match drupal.core {
            Core::EightUp => drush.call(uri, &["state:get", "system.maintenance_mode"], stop)?,
            // drush 8 fails for a variable that was never set.
            Core::Seven => {
                drush.call(uri, &["vget", "--exact", "maintenance_mode"], stop).unwrap_or_default()
            }
        };
        if !words::is_true(&get) {
            sites.push(uri.clone());
        }
    }
    let journal = On { drupal: drupal.clone(), sites, release: release.clone() };
    let path = locked.site.paths.maintenance();
    let bytes = serde_json::to_vec(&journal).map_err(|error| error.to_string())?;
    locked.site.disk.write(&path, &bytes).map_err(|error| Error::write(&path, error).to_string())?;
    for uri in &journal.sites {
        set(&drush, uri, true, stop)?;
    }
    Ok(match journal.sites.as_slice() {
        [] => "every site is in maintenance mode already, and stays in it".into(),
        sites => format!("maintenance mode on: {}", sites.join(", ")),
    })
}

/// As an ordered step: off again where this deployment turned it on.
pub(crate) fn normal(locked: &LockedSite<'_>, until: Instant, stop: &mut Stop<'_>) -> Result<String, String> {
    let Some(journal) = read(locked).map_err(|error| error.to_string())? else {
        return Ok("no maintenance mode to end".into());
    };
    let live = locked.site.current().ok().and_then(crate::site::Current::into_id);
    let release = live.as_ref().unwrap_or(&journal.release);
    let drush = Drush { order: &journal.drupal, tree: locked.site.tree(release), until };
    // One site that cannot be asked must not keep the others closed.
    let failed: Vec<String> =
        journal.sites.iter().filter_map(|uri| set(&drush, uri, false, stop).err()).collect();
    if !failed.is_empty() {
        return Err(failed.join("\n"));
    }
    let path = locked.site.paths.maintenance();
    locked.site.disk.remove(&path).map_err(|error| Error::write(&path, error).to_string())?;
    Ok(format!("maintenance mode off: {}", journal.sites.join(", ")))
}

/// On every way out of a switch, and first thing in the next run; gives what was done, if there was anything to do.
/// What cannot be done now is told and stays written down.
pub(crate) fn restore(locked: &LockedSite<'_>) -> Option<SwitchEvent> {
    let started = Instant::now();
    let timeout = match read(locked) {
        Ok(journal) => Duration::from_millis(journal?.drupal.timeout_ms),
        Err(error) => {
            log::warn!("{error}");
            return None;
        }
    };
    let result = normal(locked, started + timeout, &mut || None);
    if let Err(why) = &result {
        log::warn!("maintenance mode could not be ended, the next run tries again: {why}");
    }
    Some(SwitchEvent::Hook {
        name: "drupal: maintenance mode off".into(),
        ok: result.is_ok(),
        seconds: started.elapsed().as_secs_f64(),
        output: result.unwrap_or_else(|why| why),
        database: None,
    })
}

fn read(locked: &LockedSite<'_>) -> Result<Option<On>, Error> {
    let path: PathBuf = locked.site.paths.maintenance();
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|source| Error::State { path, source }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path, source }),
    }
}

fn set(drush: &Drush<'_>, uri: &str, on: bool, stop: &mut Stop<'_>) -> Result<(), String> {
    let value = if on { "1" } else { "0" };
    let arguments: &[&str] = match drush.order.core {
        Core::EightUp => &["state:set", "system.maintenance_mode", value, "--input-format=integer", "-y"],
        Core::Seven => &["vset", "--exact", "maintenance_mode", value, "-y"],
    };
    drush.call(uri, arguments, stop).map(drop)
}

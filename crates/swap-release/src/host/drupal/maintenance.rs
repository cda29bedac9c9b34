//! Maintenance mode: on where it was off, and off again whatever happens.
//!
//! What is to be turned off is written down, durably, before it is turned on. Whoever ends the switch (commit, revert,
//! end of input) turns it off; and if that process was killed, the next invocation of any verb does.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use inventory::Core;
use jiff::Timestamp;
use record::host::SwitchEvent;
use record::{DrupalFacts, ReleaseId};
use serde::{Deserialize, Serialize};

use super::drush::Drush;
use super::{commands, journal, words};
use crate::Error;
use crate::host::process::Stop;
use crate::host::site::{LockedSite, Switching};
use crate::order::DrupalOrder;

/// `.swap/maintenance.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct On {
    drupal: DrupalOrder,
    /// URIs of the sites that are to be turned off; one that was in maintenance before is not among them.
    sites: Vec<String>,
    /// The release whose drush turned them on, for a site without a live one.
    release: ReleaseId,
    /// When the first of them was turned on.
    #[serde(default)]
    since: Option<Timestamp>,
}

/// Which sites are open to visitors, or closed by an earlier deployment of ours.
pub(super) fn open(
    switching: Switching<'_>,
    drupal: &DrupalOrder,
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<Vec<String>, String> {
    let locked = switching.locked;
    let ours = read(locked).map_err(|error| error.to_string())?.map(|on| on.sites).unwrap_or_default();
    // The code that serves knows its own database; of a first release there is none yet.
    let release = switching.from.unwrap_or(switching.to);
    let drush = Drush {
        order: drupal,
        tree: locked.site.tree(release),
        until,
        note: Some(locked.site.paths.running()),
    };
    let mut open = Vec::new();
    for (_, uri) in &drupal.sites {
        let get = match drush.call(uri, commands::is_closed(drupal.core), stop) {
            // Any other failure says nothing of the site, and one that somebody has closed must not be opened for it.
            Err(why) if drupal.core == Core::Seven && why.contains(commands::NEVER_SET) => String::new(),
            said => said?,
        };
        if !words::is_true(&get, commands::closed_by(drupal.core)) || ours.contains(uri) {
            open.push(uri.clone());
        }
    }
    Ok(open)
}

/// As an ordered step: maintenance mode on for the sites that were found open.
pub(crate) fn on(
    switching: Switching<'_>,
    drupal: &DrupalOrder,
    if_pending: bool,
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<String, String> {
    let facts = journal::expect(switching.locked)?.facts;
    if if_pending && facts.pending.is_empty() {
        return Ok("no database updates are pending: the sites stay open".into());
    }
    close(switching.locked, drupal, switching.from.unwrap_or(switching.to), &facts.open, until, stop)
}

/// Turns maintenance mode on for these sites. `other` is the release that is asked when the live one cannot.
pub(super) fn close(
    locked: &LockedSite<'_>,
    drupal: &DrupalOrder,
    other: &ReleaseId,
    sites: &[String],
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<String, String> {
    let live = locked.site.current().ok().and_then(crate::host::site::Current::into_id);
    let release = live.as_ref().unwrap_or(other);
    let earlier = read(locked).map_err(|error| error.to_string())?;
    let since = earlier.as_ref().and_then(|on| on.since).unwrap_or_else(Timestamp::now);
    let mut ours = earlier.map(|on| on.sites).unwrap_or_default();
    ours.extend(sites.iter().filter(|uri| !ours.contains(uri)).cloned().collect::<Vec<_>>());
    let journal = On { drupal: drupal.clone(), sites: ours, release: release.clone(), since: Some(since) };
    let path = locked.site.paths.maintenance();
    let bytes = serde_json::to_vec(&journal).map_err(|error| error.to_string())?;
    locked.site.disk.write(&path, &bytes).map_err(|error| Error::write(&path, error).to_string())?;
    for uri in &journal.sites {
        set(locked, drupal, [release, other], uri, true, until, stop)?;
    }
    Ok(match journal.sites.as_slice() {
        [] => "every site is in maintenance mode already, and stays in it".into(),
        sites => format!("maintenance mode on: {}", sites.join(", ")),
    })
}

/// As an ordered step: off again where this deployment turned it on. Gives how long the sites were closed, in seconds.
pub(crate) fn normal(
    locked: &LockedSite<'_>,
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<(String, Option<f64>), String> {
    let Some(journal) = read(locked).map_err(|error| error.to_string())? else {
        return Ok(("no maintenance mode to end".into(), None));
    };
    let live = locked.site.current().ok().and_then(crate::host::site::Current::into_id);
    let release = live.as_ref().unwrap_or(&journal.release);
    // One site that cannot be asked must not keep the others closed.
    let failed: Vec<String> = journal
        .sites
        .iter()
        .filter_map(|uri| {
            set(locked, &journal.drupal, [release, &journal.release], uri, false, until, stop).err()
        })
        .collect();
    if !failed.is_empty() {
        return Err(failed.join("\n"));
    }
    let path = locked.site.paths.maintenance();
    locked.site.disk.remove(&path).map_err(|error| Error::write(&path, error).to_string())?;
    if journal.sites.is_empty() {
        return Ok(("every site stays in maintenance mode".into(), None));
    }
    let closed = journal.since.map(|since| Timestamp::now().duration_since(since).as_secs_f64().max(0.0));
    let seconds = closed.map_or_else(String::new, |closed| format!(" after {closed:.1} s"));
    Ok((format!("maintenance mode off: {}{seconds}", journal.sites.join(", ")), closed))
}

/// On every way out of a switch, and first thing in the next run; gives what was done, if there was anything to do.
/// What cannot be done now is reported and stays in the journal.
pub(crate) fn restore(locked: &LockedSite<'_>) -> Option<SwitchEvent> {
    let started = Instant::now();
    let timeout = match read(locked) {
        Ok(journal) => Duration::from_millis(journal?.drupal.timeout_ms),
        Err(error) => {
            log::warn!("{error}");
            return None;
        }
    };
    // Nobody is let in before caches that the live code cannot read are rebuilt, as long as somebody is about to do that.
    if journal::is_awaited(locked) {
        return None;
    }
    let result = normal(locked, started + timeout, &mut Stop::never());
    if let Err(why) = &result {
        let why = words::reason(why);
        log::warn!("maintenance mode could not be ended, the next run tries again: {why}");
    }
    let closed = result.as_ref().ok().and_then(|(_, closed)| *closed);
    Some(SwitchEvent::Hook {
        name: "drupal: maintenance mode off".into(),
        ok: result.is_ok(),
        seconds: started.elapsed().as_secs_f64(),
        output: result.map_or_else(|why| why, |(said, _)| said),
        database: None,
        drupal: closed.map(|closed| DrupalFacts { closed_seconds: Some(closed), ..DrupalFacts::default() }),
    })
}

/// Whether this host has closed sites, and not opened them again.
pub(super) fn is_ours(locked: &LockedSite<'_>) -> bool {
    read(locked).is_ok_and(|on| on.is_some())
}

fn read(locked: &LockedSite<'_>) -> Result<Option<On>, Error> {
    let path: PathBuf = locked.site.paths.maintenance();
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|source| Error::State { path, source }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path, source }),
    }
}

/// The first of these releases whose drush can.
fn set(
    locked: &LockedSite<'_>,
    order: &DrupalOrder,
    releases: [&ReleaseId; 2],
    uri: &str,
    on: bool,
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<(), String> {
    let mut call = |release: &ReleaseId| {
        let drush =
            Drush { order, tree: locked.site.tree(release), until, note: Some(locked.site.paths.running()) };
        drush.call(uri, commands::close(order.core, on), stop)?;
        match commands::forget_closed(order.core).filter(|_| !on) {
            Some(command) => drush.call(uri, command, stop).map(drop),
            None => Ok(()),
        }
    };
    let [first, second] = releases;
    match call(first) {
        Err(why) if first != second => {
            log::info!("drush of `{first}` cannot, that of `{second}` is asked: {why}");
            call(second).map_err(|_| why)
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_version_0_1_left_closed_is_opened() {
        let old = r#"{"drupal":{"core":"8+","docroot":"web","sites":[["default","https://a"]],"drush":["vendor/bin/drush"],
            "database":"maintenance","dump":false,"retries":0,"timeout_ms":1000},"sites":["https://a"],"release":"r1"}"#;
        let on: On = serde_json::from_str(old).unwrap();
        assert_eq!((on.drupal.dump, on.since, on.sites.len()), (inventory::Dump::Never, None, 1));
    }
}

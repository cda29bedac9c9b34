//! Undoing what a release did to the caches that all releases share: rebuilt by the code that is live again, once, by one host.
//!
//! Which host that is the controller says, as long as it lives. Without it every host acts by itself: the one that ran drush
//! after a moment, the next ones each some time later, if the database does not say by then that it is done; and whoever
//! was killed meanwhile, in its next run of any verb.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::drush::Drush;
use super::journal::{EACH, Undo};
use super::{commands, journal, maintenance, words};
use crate::Error;
use crate::host::process::Stop;
use crate::host::site::{Lock, LockedSite, Site};

/// Between two tries of something that failed.
const AGAIN: Duration = Duration::from_secs(60);
/// The last one in the order that waits for its turn; for the others any verb does.
const LAST: u32 = 3;

/// How long until the turn of this host, if it owes something and a process is to wait for that.
pub(crate) fn turn(locked: &LockedSite<'_>) -> Option<Duration> {
    let undo = journal::read(&locked.site).ok()??;
    let owed = undo.owed.as_ref().filter(|owed| owed.error.is_none())?;
    let left = owed.not_before.duration_since(Timestamp::now());
    (undo.turn <= LAST).then(|| Duration::try_from(left).unwrap_or_default() + Duration::from_millis(50))
}

/// This host's turn has come: without the lock it asks whether another one was faster, for a new deployment may be about to begin.
/// Whether this one is to do it, by reconciling.
pub(crate) fn take_over(site: &Site<'_>, owner: &str) -> Result<bool, Error> {
    let Some(undo) = journal::read(site)?.filter(|undo| undo.owed.is_some()) else { return Ok(false) };
    if let Some(live) = site.current()?.into_id() {
        let until = Instant::now() + Duration::from_millis(undo.drupal.timeout_ms);
        let drush = Drush { order: &undo.drupal, tree: site.tree(&live), until, note: None };
        if let Some(when) = done_elsewhere(&drush, &undo, &mut Stop::never()) {
            log::info!("another host has rebuilt the caches at {when}");
            let _lock = Lock::take(&site.paths.lock(), owner)?;
            if journal::read(site)?.as_ref() == Some(&undo) {
                let path = site.paths.undo();
                site.disk.remove(&path).map_err(|source| Error::write(&path, source))?;
            }
            return Ok(false);
        }
    }
    Ok(true)
}

/// First thing in the next run: what a killed process, or nobody, has done. With `now` nobody else's turn is waited for.
pub(crate) fn reconcile(locked: &LockedSite<'_>, now: bool) {
    let undo = match journal::read(&locked.site) {
        Ok(None) => return,
        Ok(Some(undo)) => undo,
        Err(error) => {
            log::warn!("{error}");
            return;
        }
    };
    let to = undo.to.clone();
    let result = match undo.owed {
        Some(_) => Ok(Some(undo)),
        // Killed: whether it was switched is what the link says, which is in order already.
        None => {
            let each = EACH.min(Duration::from_millis(undo.drupal.timeout_ms));
            journal::owe(locked, true, each * undo.turn)
        }
    };
    match result {
        Ok(Some(undo)) => {
            let waits = undo.owed.as_ref().is_some_and(|owed| owed.not_before > Timestamp::now());
            if waits && !now {
                return;
            }
            let until = Instant::now() + Duration::from_millis(undo.drupal.timeout_ms);
            match pay(locked, true, until, &mut Stop::never()) {
                Ok((said, _)) => log::info!("{said}"),
                Err(why) => {
                    let why = words::reason(&why);
                    log::warn!("what `{}` left in shared caches is still there: {why}", undo.to);
                }
            }
        }
        // The release is live: it was committed.
        Ok(None) => {
            if let Err(error) = journal::committed(locked, &to, true) {
                log::warn!("{error}");
            }
        }
        Err(error) => log::warn!("{error}"),
    }
}

/// What failed before `began` is tried at once: somebody has mended it, and says so.
pub(crate) fn again(locked: &LockedSite<'_>, began: Timestamp) {
    let owed = journal::read(&locked.site).ok().flatten().and_then(|undo| undo.owed);
    let again = AGAIN.try_into().unwrap_or_default();
    if owed.is_some_and(|owed| owed.error.is_some() && owed.not_before.duration_since(began) <= again) {
        reconcile(locked, true);
        maintenance::restore(locked);
    }
}

/// The steps of an undo on the host that does it, in this order. The guide's table is made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UndoStep {
    /// Asks the database whether another host has done it.
    Ask,
    /// Closes the site, if code was switched.
    Close,
    /// Rebuilds caches.
    Rebuild,
    /// Writes into the database that it is done.
    Mark,
    /// Opens the site.
    Open,
}

/// What is done; `alone` is without a controller.
pub(crate) const fn undo_steps(alone: bool) -> &'static [UndoStep] {
    match alone {
        true => &[UndoStep::Ask, UndoStep::Close, UndoStep::Rebuild, UndoStep::Mark, UndoStep::Open],
        false => &[UndoStep::Close, UndoStep::Rebuild, UndoStep::Mark, UndoStep::Open],
    }
}

/// Does it. What cannot be done stays written down.
pub(crate) fn pay(
    locked: &LockedSite<'_>,
    alone: bool,
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<(String, Option<f64>), String> {
    let undo = journal::expect(locked)?;
    let result = try_pay(locked, &undo, alone, until, stop);
    match &result {
        Ok(_) => journal::paid(locked).map_err(|error| error.to_string())?,
        Err(why) => {
            let first = why.lines().next().unwrap_or_default().to_owned();
            journal::amend(locked, |undo| {
                if let Some(owed) = &mut undo.owed {
                    owed.error = Some(first);
                    let now = Timestamp::now();
                    owed.not_before = now.checked_add(AGAIN).unwrap_or(now);
                }
            })?;
        }
    }
    result
}

fn try_pay(
    locked: &LockedSite<'_>,
    undo: &Undo,
    alone: bool,
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<(String, Option<f64>), String> {
    let current = locked.site.current().map_err(|error| error.to_string())?.into_id();
    let Some(live) = current else {
        let said = "no release is live: there is nothing to rebuild caches for".to_owned();
        return Ok((said, None));
    };
    let drupal = &undo.drupal;
    let drush = Drush {
        order: drupal,
        tree: locked.site.tree(&live),
        until,
        note: Some(locked.site.paths.running()),
    };
    let switched = undo.owed.as_ref().is_some_and(|owed| owed.switched);
    // Only the host that runs drush knows that it did not.
    let needed = undo.turn > 0 || undo.ran || switched;
    let mut said = String::new();
    let mut closed = None;
    for step in undo_steps(alone) {
        match step {
            UndoStep::Ask => {
                if let Some(when) = done_elsewhere(&drush, undo, stop) {
                    return Ok((format!("another host has rebuilt the caches at {when}"), None));
                }
            }
            UndoStep::Close if needed && switched && !maintenance::is_ours(locked) => {
                // Without it the site is broken a moment longer; no reason not to mend it.
                if let Err(why) = maintenance::close(locked, drupal, &undo.to, &undo.facts.open, until, stop)
                {
                    log::warn!("the site could not be closed for it: {}", words::reason(&why));
                }
            }
            UndoStep::Rebuild if needed => {
                for (_, uri) in &drupal.sites {
                    drush.order(uri, commands::rebuild(drupal.core), stop)?;
                    said.push_str(&format!("caches of {uri} rebuilt by `{live}`\n"));
                }
            }
            UndoStep::Rebuild => said.push_str(&format!("no code of `{}` ran: nothing to undo\n", undo.to)),
            UndoStep::Mark if needed || alone => mark(&drush, undo, stop)?,
            UndoStep::Open => {
                let (opened, seconds) = maintenance::normal(locked, until, stop)?;
                said.push_str(&opened);
                closed = seconds;
            }
            UndoStep::Close | UndoStep::Mark => {}
        }
    }
    Ok((said, closed))
}

/// The mark: which deployment's caches were rebuilt, and when. It lies in the first site's database.
fn mark(drush: &Drush<'_>, undo: &Undo, stop: &mut Stop<'_>) -> Result<(), String> {
    let Some((_, uri)) = undo.drupal.sites.first() else { return Ok(()) };
    let value = format!("{}@{}", undo.swap, Timestamp::now());
    let mut arguments = commands::set_mark(undo.drupal.core).to_vec();
    arguments.extend([value.as_str(), "-y"]);
    drush.order(uri, &arguments, stop).map(drop)
}

/// When another host has done it, if it did so after this host was back.
fn done_elsewhere(drush: &Drush<'_>, undo: &Undo, stop: &mut Stop<'_>) -> Option<Timestamp> {
    let (_, uri) = undo.drupal.sites.first()?;
    // One that cannot be asked has not done it.
    let said = drush.call(uri, commands::mark(undo.drupal.core), stop).ok()?;
    let when = marked(&said, &undo.swap)?;
    (when >= undo.owed.as_ref()?.at).then_some(when)
}

/// drush 8 says the name before the value, either may quote it.
fn marked(said: &str, swap: &str) -> Option<Timestamp> {
    let value =
        said.split_whitespace().map(|word| word.trim_matches(['\'', '"'])).find(|word| word.contains('@'))?;
    let (name, when) = value.split_once('@')?;
    if name == swap { when.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_of_another_deployment_is_none() {
        let at: Timestamp = "2026-11-30T10:00:00.5Z".parse().unwrap();
        for said in [
            "s1@2026-11-30T10:00:00.5Z\n",
            "mkt_undone: 's1@2026-11-30T10:00:00.5Z'\n",
            "PHP Notice: x\ns1@2026-11-30T10:00:00.5Z",
        ] {
            assert_eq!(marked(said, "s1"), Some(at), "{said}");
        }
        for other in ["", "0\n", "s2@2026-11-30T10:00:00.5Z", "s1@soon", "No matching variable found."] {
            assert_eq!(marked(other, "s1"), None, "{other}");
        }
    }
}

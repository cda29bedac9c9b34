//! `.swap/afterwards.json`: hooks of after-revert, from before the switch until they have done their work. Whoever finds the file
//! after a kill runs them: a web server that follows `current` by a hook must not stay with a release that was taken back.

use std::fs;
use std::io::ErrorKind;
use std::time::Duration;

use jiff::Timestamp;
use record::host::SwitchEvent;
use record::{HookOwed, ReleaseId};
use serde::{Deserialize, Serialize};

use super::run;
use crate::Error;
use crate::host::process::Stop;
use crate::host::site::{LockedSite, Site, SwitchKind, Switching};
use crate::order::{Action, HookOrder};

/// Between two tries of what failed: verbs that only look do not wait for it each time.
const AGAIN: Duration = Duration::from_secs(60);

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    kind: SwitchKind,
    from: Option<ReleaseId>,
    to: ReleaseId,
    orders: Vec<HookOrder>,
    /// Once they were run: all that is left has failed then.
    tried: Option<Tried>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tried {
    /// For the first time.
    since: Timestamp,
    not_before: Timestamp,
    /// Why each failed, in the order of the hooks.
    why: Vec<String>,
}

/// Writes down what is to be run should the switch be taken back.
pub(crate) fn keep(switching: Switching<'_>, orders: Vec<HookOrder>) -> Result<(), Error> {
    let Switching { locked, kind, from, to } = switching;
    write(locked, &Kept { kind, from: from.cloned(), to: to.clone(), orders, tried: None })
}

/// The release stays: what follows `current` has followed it.
pub(crate) fn forget(locked: &LockedSite<'_>) -> Result<(), Error> {
    let path = locked.site.paths.afterwards();
    locked.site.disk.remove(&path).map_err(|source| Error::write(&path, source))
}

/// Runs what was kept, each whatever became of the others; what fails stays written down.
pub(crate) fn run_back(locked: &LockedSite<'_>, mut tell: impl FnMut(&SwitchEvent)) -> Result<(), Error> {
    let Some(mut kept) = read(&locked.site)? else { return Ok(()) };
    let (mut left, mut why) = (Vec::new(), Vec::new());
    for order in std::mem::take(&mut kept.orders) {
        let switching = Switching { locked, kind: kept.kind, from: kept.from.as_ref(), to: &kept.to };
        let event = run(switching, &order, &mut Stop::never());
        tell(&event);
        if let SwitchEvent::Hook { ok: false, output, .. } = event {
            why.push(crate::host::drupal::reason(&output));
            left.push(order);
        }
    }
    if left.is_empty() {
        return forget(locked);
    }
    let now = Timestamp::now();
    let since = kept.tried.map_or(now, |tried| tried.since);
    let tried = Some(Tried { since, not_before: now.checked_add(AGAIN).unwrap_or(now), why });
    write(locked, &Kept { orders: left, tried, ..kept })
}

/// First thing in the next run, once `current` is where it belongs.
pub(crate) fn reconcile(locked: &LockedSite<'_>) {
    let result = read(&locked.site).and_then(|kept| {
        let Some(kept) = kept else { return Ok(()) };
        if locked.site.current()?.id() == Some(&kept.to) {
            return forget(locked);
        }
        if kept.tried.is_some_and(|tried| tried.not_before > Timestamp::now()) {
            return Ok(());
        }
        run_back(locked, |event| {
            let SwitchEvent::Hook { name, ok, output, .. } = event else { return };
            match ok {
                true => log::info!("hook `{name}`, since `{}` was taken back: done", kept.to),
                false => {
                    let why = crate::host::drupal::reason(output);
                    log::warn!("hook `{name}`, since `{}` was taken back, failed: {why}", kept.to);
                }
            }
        })
    });
    if let Err(error) = result {
        log::warn!("{error}");
    }
}

/// The same at once, if the last try was before `began`: somebody has mended it, and says so.
pub(crate) fn again(locked: &LockedSite<'_>, began: Timestamp) -> Result<(), Error> {
    let tried = read(&locked.site)?.and_then(|kept| kept.tried);
    match tried {
        Some(tried) if tried.not_before.duration_since(began) <= AGAIN.try_into().unwrap_or_default() => {
            run_back(locked, |_| {})
        }
        Some(_) | None => Ok(()),
    }
}

/// For `status`: hooks that have failed.
pub(crate) fn owed(site: &Site<'_>) -> Result<Vec<HookOwed>, Error> {
    let Some(Kept { to, orders, tried: Some(tried), .. }) = read(site)? else { return Ok(Vec::new()) };
    let owed = orders.into_iter().zip(tried.why).map(|(order, error)| HookOwed {
        release: to.clone(),
        command: shown(&order.action),
        name: order.name,
        since: tried.since.to_string(),
        error,
    });
    Ok(owed.collect())
}

/// As a person types it; nothing for what is no command.
fn shown(action: &Action) -> Option<String> {
    let Action::Command { argv } = action else { return None };
    let (program, arguments) = argv.split_first()?;
    Some(remote::Argv::new(program.as_str()).args(arguments.iter().cloned()).to_string())
}

fn read(site: &Site<'_>) -> Result<Option<Kept>, Error> {
    let path = site.paths.afterwards();
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|source| Error::State { path, source }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path, source }),
    }
}

fn write(locked: &LockedSite<'_>, kept: &Kept) -> Result<(), Error> {
    let path = locked.site.paths.afterwards();
    let bytes = serde_json::to_vec(kept).map_err(|source| Error::State { path: path.clone(), source })?;
    locked.site.disk.write(&path, &bytes).map_err(|source| Error::write(&path, source))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use inventory::Phase;

    use super::*;
    use crate::host::disk::RealDisk;
    use crate::host::site::testing::{id, site_with};
    use crate::host::verbs::switch::switch;

    fn lock(root: &Path) -> LockedSite<'static> {
        crate::host::recovery::lock(Site::open(root, &RealDisk).unwrap(), "test".into()).unwrap()
    }

    /// Writes down which release is live when it runs; fails as long as `broken` is there.
    fn follow() -> HookOrder {
        let script =
            "readlink \"$MKT_CURRENT\" >> \"$MKT_DEPLOY_TO/served\"; test ! -e \"$MKT_DEPLOY_TO/broken\"";
        HookOrder {
            name: "apache".into(),
            phase: Phase::AfterRevert,
            timeout_ms: 20_000,
            action: Action::Command { argv: ["sh", "-c", script].map(str::to_owned).to_vec() },
        }
    }

    #[test]
    fn a_killed_switch_has_its_hooks_run_by_the_next_run_and_what_fails_is_told_until_it_does_not() {
        let root = site_with(&["r1", "r2"]);
        let served = || fs::read_to_string(root.path().join("served")).unwrap_or_default();
        let (r1, r2) = (id("r1"), id("r2"));
        let locked = lock(root.path());
        switch(&locked, SwitchKind::Activate, &r1, None).unwrap();
        let keep = |locked: &LockedSite<'_>| {
            let switching = Switching { locked, kind: SwitchKind::Activate, from: Some(&r1), to: &r2 };
            keep(switching, vec![follow()]).unwrap();
        };
        // Killed when it was switched, and when it was committed.
        keep(&locked);
        drop(locked);
        drop(lock(root.path()));
        assert_eq!(served(), "releases/r1\n");
        let locked = lock(root.path());
        keep(&locked);
        switch(&locked, SwitchKind::Activate, &r2, None).unwrap();
        drop(locked);
        let locked = lock(root.path());
        assert_eq!(served(), "releases/r1\n", "it stays");
        assert!(!locked.site.paths.afterwards().exists());

        switch(&locked, SwitchKind::Rollback, &r1, None).unwrap();
        keep(&locked);
        fs::write(root.path().join("broken"), "").unwrap();
        drop(locked);
        let locked = lock(root.path());
        let [owed] = <[HookOwed; 1]>::try_from(owed(&locked.site).unwrap()).unwrap();
        assert!(owed.command.unwrap().starts_with("sh -c") && owed.release == r2, "{}", owed.error);
        // Not with every verb at once.
        drop(locked);
        let locked = lock(root.path());
        assert_eq!(served().lines().count(), 2);
        fs::remove_file(root.path().join("broken")).unwrap();
        again(&locked, Timestamp::now()).unwrap();
        assert!(super::owed(&locked.site).unwrap().is_empty() && served().lines().count() == 3);
    }
}

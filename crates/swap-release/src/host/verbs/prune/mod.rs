//! Removing old releases, by state and never by mtime.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use record::ReleaseId;
use record::host::{Left, PruneReply, ReleaseState};

use crate::Error;
use crate::host::site::{BESIDE, Current, LockedSite, Needed, Pending, ReleaseFile, Site};

/// Longer than the longest request and most cron jobs: what was live a moment ago may still be read.
pub(crate) const GRACE: Duration = Duration::from_secs(15 * 60);

/// What a prune would do, with what has to stay.
struct Plan {
    releases: Vec<ReleaseId>,
    left: Vec<Left>,
    needed: Needed,
}

/// What a prune would do; nothing is changed.
pub(crate) fn dry_run(site: &Site<'_>, keep: usize, grace: Duration) -> Result<PruneReply, Error> {
    let plan = plan(site, keep, grace)?;
    let payloads = site.unneeded_payloads(&plan.releases)?;
    let (forgotten, removed) = plan.releases.into_iter().partition(|id| is_elsewhere(site, id));
    Ok(PruneReply { dry_run: true, removed, forgotten, payloads, left: plan.left })
}

/// Keeps the live release, the one before it, pinned ones, the newest `keep` good ones, what was live until `grace` ago,
/// and what was staged after the live one. What embedded peers brought for the others goes with them.
pub(crate) fn prune(locked: &LockedSite<'_>, keep: usize, grace: Duration) -> Result<PruneReply, Error> {
    let Plan { releases, mut left, needed } = plan(&locked.site, keep, grace)?;
    let (mut removed, mut forgotten) = (Vec::new(), Vec::new());
    for release in releases {
        match locked.begin(&Pending::Prune { release: release.clone() }) {
            // It is what makes room. Killed in the middle it leaves a release of which the next one finds nothing.
            Err(Error::Write { source, .. }) if source.kind() == ErrorKind::StorageFull => {
                log::warn!("there is no room for a journal; going on without");
            }
            begun => begun?,
        }
        let elsewhere = is_elsewhere(&locked.site, &release);
        match take_away(locked, &needed, &release, &mut left)? {
            Some(error) => left.push(told(&locked.site.paths.release(&release), &error)),
            None if elsewhere => forgotten.push(release),
            None => removed.push(release),
        }
    }
    let mut received = Vec::new();
    let payloads = locked.remove_received(&needed, &mut received)?;
    left.extend(received.into_iter().map(|(path, why)| Left { path: path.display().to_string(), why }));
    sweep(locked, &needed, &mut left);
    Ok(PruneReply { dry_run: false, removed, forgotten, payloads, left })
}

fn plan(site: &Site<'_>, keep: usize, grace: Duration) -> Result<Plan, Error> {
    let live = match site.current()? {
        Current::Release { id, .. } => Some(id),
        Current::None | Current::Foreign(_) => None,
        // Whatever was live is not there just now: nobody knows what may go.
        Current::Dangling { target } => {
            return Err(Error::dangling_current(&site.paths.current(), &target));
        }
    };
    let grace = i64::try_from(grace.as_secs()).unwrap_or(i64::MAX);
    let since = record::now().as_second().saturating_sub(grace);
    let needed = site.needed()?;
    let (mut releases, mut left) = (Vec::new(), Vec::new());
    // What somebody else removed takes no place of those that are there, and is forgotten; but for what a push can bring back.
    let (gone, known): (Vec<_>, Vec<_>) = site.all_known()?.into_iter().partition(|file| site.is_gone(file));
    let back = live.as_ref().and_then(|live| known.iter().find(|file| file.id() == live)?.follows.clone());
    // Where none is left, the disk of releases/ may be away for the moment.
    let is_there = known.iter().any(|file| file.adopted.is_none());
    let lost = gone.iter().filter(|file| is_there && !file.pinned && Some(file.id()) != back.as_ref());
    let lost = lost.map(|file| file.id().clone());
    for id in to_remove(&known, live.as_ref(), keep, since).into_iter().chain(lost) {
        let tree = site.paths.release(&id);
        match needed.objection(&tree) {
            Some(why) if !is_elsewhere(site, &id) => {
                left.push(Left { path: tree.display().to_string(), why });
            }
            Some(_) | None => releases.push(id),
        }
    }
    Ok(Plan { releases, left, needed })
}

/// Whether a release was taken over where it lies, and never was ours to delete: it is forgotten, and stays.
fn is_elsewhere(site: &Site<'_>, id: &ReleaseId) -> bool {
    site.tree(id) != site.paths.release(id)
}

fn told(path: &Path, error: &Error) -> Left {
    Left { path: path.display().to_string(), why: format!("it could not be deleted: {error}") }
}

/// Which releases go; what changed state after `grace_from` (seconds since the epoch) may still be in use. Pure.
fn to_remove(
    known: &[ReleaseFile],
    live: Option<&ReleaseId>,
    keep: usize,
    grace_from: i64,
) -> Vec<ReleaseId> {
    let find = |id: &ReleaseId| known.iter().find(|file| file.id() == id);
    let live_file = live.and_then(find);
    let mut kept: HashSet<&ReleaseId> = live.into_iter().collect();
    kept.extend(live_file.and_then(|file| file.follows.as_ref()));
    // A failed release never uses a keep slot, so it never drives out the last good one.
    let was_good = |file: &&ReleaseFile| {
        matches!(file.state, ReleaseState::Active | ReleaseState::Retired | ReleaseState::Unconfirmed)
    };
    kept.extend(known.iter().rev().filter(was_good).take(keep.max(1)).map(ReleaseFile::id));
    kept.extend(known.iter().filter(|file| file.pinned).map(ReleaseFile::id));
    // Also a failed one: it was live when it was put back. A time that cannot be read does not keep it for ever.
    let changed_at =
        |file: &ReleaseFile| file.since.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_second);
    let in_grace = |file: &&ReleaseFile| {
        matches!(file.state, ReleaseState::Retired | ReleaseState::Failed) && changed_at(file) > grace_from
    };
    kept.extend(known.iter().filter(in_grace).map(ReleaseFile::id));
    let newest_live = live_file.map_or(0, |file| file.sequence);
    let waiting = |file: &&ReleaseFile| {
        matches!(file.state, ReleaseState::Staged | ReleaseState::Staging) && file.sequence > newest_live
    };
    kept.extend(known.iter().filter(waiting).map(ReleaseFile::id));
    known.iter().map(ReleaseFile::id).filter(|id| !kept.contains(id)).cloned().collect()
}

/// Removes a release, or says why it cannot go.
pub(crate) fn remove(locked: &LockedSite<'_>, release: &ReleaseId) -> Result<(), Error> {
    let mut left = Vec::new();
    let kept = take_away(locked, &locked.site.needed()?, release, &mut left)?;
    for Left { path, why } in left {
        log::warn!("`{path}`: {why}");
    }
    kept.map_or(Ok(()), Err)
}

/// Finishes what a killed prune left, unless it must not be done any more.
pub(crate) fn recover(locked: &LockedSite<'_>, release: &ReleaseId) -> Result<(), Error> {
    match remove(locked, release) {
        Err(error) if locked.site.paths.release(release).symlink_metadata().is_ok() => {
            log::warn!("{error}");
            locked.end()
        }
        result => result,
    }
}

/// Takes a release away: out of `releases/` by one rename, then forgotten. Gives why it could not even be moved, if so;
/// then all is as before.
fn take_away(
    locked: &LockedSite<'_>,
    needed: &Needed,
    release: &ReleaseId,
    left: &mut Vec<Left>,
) -> Result<Option<Error>, Error> {
    let paths = &locked.site.paths;
    let tree = paths.release(release);
    if !is_elsewhere(&locked.site, release)
        && let Err(error) = locked.discard(needed, &tree, release.as_str())
    {
        locked.end()?;
        return Ok(Some(error));
    }
    // What it compiled at run time, and the dumps made before its updates, go with it.
    for (path, name) in [
        (paths.php_storage(release), format!("{release}.php")),
        (paths.dumps(release), format!("{release}.dumps")),
    ] {
        if let Err(error) = locked.discard(needed, &path, &name) {
            left.push(told(&path, &error));
        }
    }
    locked.forget(release)?;
    locked.log("pruned", release, None);
    locked.end()?;
    Ok(None)
}

/// Deletes what is in the trash, or beside where it was. What cannot be deleted (files of another user, what is mounted in it)
/// is reported, and never fails a deployment.
fn sweep(locked: &LockedSite<'_>, needed: &Needed, left: &mut Vec<Left>) {
    let paths = &locked.site.paths;
    let trash = paths.trash();
    let beside = [paths.releases(), paths.all_php_storage(), paths.all_dumps()];
    for folder in beside.iter().chain([&trash]) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if *folder != trash && !entry.file_name().to_string_lossy().starts_with(BESIDE) {
                continue;
            }
            let path = entry.path();
            let why = needed.objection(&path).or_else(|| {
                let removed = locked.site.disk.remove_tree(&path);
                removed.err().map(|error| format!("it could not be deleted and is out of the way: {error}"))
            });
            left.extend(why.map(|why| Left { path: path.display().to_string(), why }));
        }
    }
}

#[cfg(test)]
mod tests;

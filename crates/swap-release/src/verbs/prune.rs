//! Removing old releases, by state and never by mtime.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use record::ReleaseId;
use record::host::ReleaseState;

use crate::Error;
use crate::site::{LockedSite, Pending, ReleaseFile};

/// What a prune did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pruned {
    /// Releases that are gone.
    pub(crate) removed: Vec<ReleaseId>,
    /// Directories that could not be deleted; they are out of the way in `.swap/trash`.
    pub(crate) left: Vec<PathBuf>,
}

/// Longer than the longest request and most cron jobs: what was live a moment ago may still be read.
pub(crate) const GRACE: Duration = Duration::from_secs(15 * 60);

/// Keeps the live release, the one before it, pinned ones, the newest `keep` good ones, what was live until `grace` ago,
/// and what was staged after the live one. What embedded peers brought for the others goes with them.
pub(crate) fn prune(locked: &LockedSite<'_>, keep: usize, grace: Duration) -> Result<Pruned, Error> {
    let live = locked.site.current()?.into_id();
    let grace = i64::try_from(grace.as_secs()).unwrap_or(i64::MAX);
    let since = record::now().as_second().saturating_sub(grace);
    let removed = to_remove(&locked.site.all_known()?, live.as_ref(), keep, since);
    let mut pruned = Pruned::default();
    for release in removed {
        locked.begin(&Pending::Prune { release: release.clone() })?;
        match recover(locked, &release) {
            Ok(()) => pruned.removed.push(release),
            // Its directory cannot even be moved: told, and the others go all the same.
            Err(error @ Error::Write { .. }) if locked.site.paths.release(&release).is_dir() => {
                log::warn!("{error}");
                locked.end()?;
                pruned.left.push(locked.site.paths.release(&release));
            }
            Err(error) => return Err(error),
        }
    }
    pruned.left.extend(locked.remove_received()?);
    pruned.left.extend(empty_trash(locked));
    Ok(pruned)
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

/// Takes a release away: out of `releases/` by one rename, then forgotten. Also finishes what a killed prune left.
pub(crate) fn recover(locked: &LockedSite<'_>, release: &ReleaseId) -> Result<(), Error> {
    let paths = &locked.site.paths;
    let tree = paths.release(release);
    // What it compiled at run time, and the dumps made before its updates, go with it.
    for (path, name) in [
        (&tree, release.to_string()),
        (&paths.php_storage(release), format!("{release}.php")),
        (&paths.dumps(release), format!("{release}.dumps")),
    ] {
        if path.symlink_metadata().is_ok() {
            let trash = free_name(paths.trash().join(name));
            locked.site.disk.rename_new(path, &trash).map_err(|source| Error::write(path, source))?;
        }
    }
    locked.forget(release)?;
    locked.log("pruned", release, None);
    locked.end()
}

/// A release may have been pruned, built again and pruned again while its first tree could not be deleted.
pub(super) fn free_name(path: PathBuf) -> PathBuf {
    let mut candidate = path.clone();
    let mut count = 1;
    while candidate.symlink_metadata().is_ok() {
        candidate = path.with_extension(count.to_string());
        count += 1;
    }
    candidate
}

/// Deletes what is in the trash. What cannot be deleted (files of another user) is told, and never fails a
/// deployment.
fn empty_trash(locked: &LockedSite<'_>) -> Vec<PathBuf> {
    let trash = locked.site.paths.trash();
    let entries = match fs::read_dir(&trash) {
        Ok(entries) => entries,
        Err(error) => {
            log::warn!("cannot read `{}`: {error}", trash.display());
            return vec![trash];
        }
    };
    let mut left = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        let mut result = locked.site.disk.remove_tree(&path);
        if result.is_err() {
            // Drupal takes the write permission off sites/default; what is ours may be given it back.
            open_folders(&path);
            result = locked.site.disk.remove_tree(&path);
        }
        if let Err(error) = result {
            log::warn!("cannot delete `{}`: {error}", path.display());
            left.push(path);
        }
    }
    left
}

/// Makes directories writable for their owner, as far as they are ours.
fn open_folders(path: &Path) {
    let Ok(meta) = path.symlink_metadata() else { return };
    if !meta.is_dir() {
        return;
    }
    let _foreign = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        open_folders(&entry.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;
    use crate::disk::recording::RecordingDisk;
    use crate::site::testing::{id, live, payload, release, site_with};
    use crate::site::{Site, SwitchKind};
    use crate::verbs::switch::switch;

    fn file(name: &str, sequence: u64, state: ReleaseState, follows: Option<&str>) -> ReleaseFile {
        ReleaseFile {
            release: release(name),
            build: None,
            state,
            pinned: false,
            shared: vec![],
            sequence,
            follows: follows.map(id),
            since: String::new(),
            database: None,
            adopted: None,
        }
    }

    fn names(ids: &[ReleaseId]) -> Vec<&str> {
        ids.iter().map(ReleaseId::as_str).collect()
    }

    #[test]
    fn failed_ones_go_first_and_use_no_slot() {
        use ReleaseState::{Active, Failed, Retired, Staged};
        let known = [
            file("r1", 1, Retired, None),
            file("r2", 2, Retired, Some("r1")),
            file("r3", 3, Failed, None),
            file("r4", 4, Active, Some("r2")),
            file("r5", 5, Failed, None),
            file("r6", 6, Staged, None),
        ];
        assert_eq!(names(&to_remove(&known, Some(&id("r4")), 2, 0)), ["r1", "r3", "r5"]);
        assert_eq!(names(&to_remove(&known, Some(&id("r4")), 9, 0)), ["r3", "r5"]);
        // The release before the live one stays even with keep 1: it is what a rollback needs.
        assert_eq!(names(&to_remove(&known, Some(&id("r4")), 1, 0)), ["r1", "r3", "r5"]);
    }

    #[test]
    fn pinned_ones_and_those_in_grace_stay() {
        use ReleaseState::{Active, Failed, Retired};
        let mut known = [
            file("r1", 1, Retired, None),
            file("r2", 2, Retired, None),
            file("r3", 3, Retired, None),
            file("r4", 4, Failed, None),
            file("r5", 5, Active, None),
        ];
        known[0].pinned = true;
        known[1].since = "2026-11-23T10:00:00Z".into();
        known[3].since = "2026-11-23T10:10:00Z".into();
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        let live = Some(&known[4]).map(|file| file.id().clone());
        let removed = |from| to_remove(&known, live.as_ref(), 1, at(from));
        assert_eq!(names(&removed("2026-11-23T09:59:59Z")), ["r3"]);
        assert_eq!(names(&removed("2026-11-23T10:05:00Z")), ["r2", "r3"]);
        assert_eq!(names(&removed("2026-11-23T11:00:00Z")), ["r2", "r3", "r4"]);
    }

    #[test]
    fn after_a_rollback_the_live_one_stays_although_it_is_old() {
        use ReleaseState::{Active, Retired, Staged};
        let known = [
            file("r1", 1, Active, None),
            file("r2", 2, Retired, Some("r1")),
            file("r3", 3, Retired, Some("r2")),
            file("r4", 4, Staged, None),
        ];
        assert_eq!(names(&to_remove(&known, Some(&id("r1")), 1, 0)), ["r2"]);
    }

    #[test]
    fn nothing_live_means_staged_ones_stay() {
        let known = [file("r1", 1, ReleaseState::Staged, None)];
        assert_eq!(to_remove(&known, None, 1, 0), []);
    }

    #[test]
    fn killed_at_every_effect_the_next_prune_finishes() {
        let mut kills = 0;
        loop {
            let root = site_with(&["r1", "r2", "r3"]);
            let locked = Site::open(root.path(), &RealDisk).unwrap().lock("test".into()).unwrap();
            for name in ["r1", "r2", "r3"] {
                switch(&locked, SwitchKind::Activate, &id(name), None).unwrap();
            }
            for name in ["r1", "r2", "r3"] {
                locked.site.note_receiving(&release(name)).unwrap();
                fs::write(payload(root.path(), name), name).unwrap();
            }
            drop(locked);
            let disk = RecordingDisk::killed_after(root.path(), kills);
            let outcome = Site::open(root.path(), &disk)
                .unwrap()
                .lock("test".into())
                .and_then(|locked| prune(&locked, 1, Duration::ZERO));
            let locked = Site::open(root.path(), &RealDisk).unwrap().lock("test".into()).unwrap();
            prune(&locked, 1, Duration::ZERO).unwrap();
            assert!(!root.path().join("releases/r1").exists());
            assert!(locked.site.known(&id("r1")).unwrap().is_none());
            assert_eq!(fs::read_dir(locked.site.paths.trash()).unwrap().count(), 0);
            assert_eq!(live(root.path()).as_deref(), Some("r3"));
            assert!(root.path().join("releases/r2").exists());
            let there = ["r1", "r2", "r3"].map(|name| payload(root.path(), name).exists());
            assert_eq!(there, [false, true, true]);
            if let Ok(pruned) = outcome
                && pruned.left.is_empty()
            {
                break;
            }
            kills += 1;
            assert!(kills < 100, "never came to an end");
        }
    }
}

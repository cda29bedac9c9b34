//! A journal that cannot be read: what was going on is read off the disk instead. One operation goes on at a time, and each
//! leaves a trace of its own.

use std::fs;

use record::ReleaseId;
use record::host::ReleaseState;

use crate::Error;
use crate::host::site::{LockedSite, SwitchKind};
use crate::host::verbs;
use crate::host::verbs::adopt::Adoption;
use crate::host::verbs::switch::Intent;

/// Finishes or undoes whatever left traces, as if it had not been confirmed. `error` says what is wrong with the journal,
/// which is kept beside.
pub(super) fn recover(locked: &LockedSite<'_>, error: &Error) -> Result<(), Error> {
    let paths = &locked.site.paths;
    let kept = paths.unreadable();
    log::warn!("{error}; it is kept as `{}`, and what it was about is read off the disk", kept.display());
    let bytes = fs::read(paths.pending()).map_err(|source| Error::Read { path: paths.pending(), source })?;
    locked.site.disk.write(&kept, &bytes).map_err(|source| Error::write(&kept, source))?;
    let known = locked.site.all_known()?;
    let live = locked.site.current().ok().and_then(crate::host::site::Current::into_id);
    for file in &known {
        let id = file.id();
        let is_live = live.as_ref() == Some(id);
        match file.state {
            ReleaseState::Staging if is_live || file.adopted.is_some() => {
                Adoption::of(file).recover(locked)?;
            }
            ReleaseState::Staging => verbs::stage::recover(locked, id)?,
            ReleaseState::Unconfirmed => {
                let from = known.iter().find(|other| other.state == ReleaseState::Active);
                let intent = Intent {
                    kind: SwitchKind::Activate,
                    from: from.map(crate::host::site::ReleaseFile::id).cloned(),
                    to: id.clone(),
                    was: ReleaseState::Staged,
                    link: None,
                };
                verbs::switch::recover(locked, &intent, false)?;
            }
            // A directory that was taken over, and is not there just now, was never ours to remove.
            _ if !is_live && file.adopted.is_none() && paths.release(id).symlink_metadata().is_err() => {
                verbs::prune::recover(locked, id)?;
            }
            _ => {}
        }
    }
    for id in half_trees(locked) {
        verbs::stage::recover(locked, &id)?;
    }
    locked.end()
}

/// Releases of which there is a tree that is not whole.
fn half_trees(locked: &LockedSite<'_>) -> Vec<ReleaseId> {
    let paths = &locked.site.paths;
    let entries = fs::read_dir(paths.releases()).into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.strip_prefix(".staging-")?.parse().ok());
    ids.filter(|id| paths.staging(id).symlink_metadata().is_ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::host::disk::recording::RecordingDisk;
    use crate::host::disk::{Disk, RealDisk};
    use crate::host::site::Site;
    use crate::host::site::testing::{id, live, site_with};
    use crate::host::verbs::switch::{Confirmation, Refusal, switch};

    struct Yes;

    impl Confirmation for Yes {
        fn switched(&mut self, _: Option<&ReleaseId>, _: &ReleaseId) {}
        fn wait(&mut self) -> Result<(), Refusal> {
            Ok(())
        }
    }

    fn lock<'a>(root: &Path, disk: &'a dyn Disk) -> Result<LockedSite<'a>, Error> {
        crate::host::recovery::lock(Site::open(root, disk)?, "test".into())
    }

    /// Three releases, the second one live; then `change`, killed at each of its effects, and its journal made unreadable.
    fn killed(change: impl Fn(&LockedSite<'_>) -> Result<(), Error>, check: impl Fn(&LockedSite<'_>, &Path)) {
        let mut lost = 0;
        for kills in 0.. {
            let root = site_with(&["r1", "r2", "r3"]);
            for name in ["r1", "r2"] {
                let locked = lock(root.path(), &RealDisk).unwrap();
                switch(&locked, SwitchKind::Activate, &id(name), None).unwrap();
            }
            let disk = RecordingDisk::killed_after(root.path(), kills);
            let outcome = lock(root.path(), &disk).and_then(|locked| change(&locked));
            let journal = root.path().join(".swap/pending.json");
            if journal.is_file() {
                fs::write(&journal, "{\"operation\":").unwrap();
                lost += 1;
            }
            let locked = lock(root.path(), &RealDisk).unwrap();
            assert!(!journal.exists(), "after {kills} effects");
            assert!(half_trees(&locked).is_empty());
            check(&locked, root.path());
            switch(&locked, SwitchKind::Activate, &id("r3"), None).unwrap();
            assert_eq!(live(root.path()).as_deref(), Some("r3"));
            if outcome.is_ok() && !disk.was_killed() {
                assert!(lost > 2, "the journal was there {lost} times");
                return;
            }
            assert!(kills < 100, "never came to an end");
        }
    }

    fn states(locked: &LockedSite<'_>) -> Vec<(String, ReleaseState)> {
        let known = locked.site.all_known().unwrap();
        known.into_iter().map(|file| (file.id().to_string(), file.state)).collect()
    }

    #[test]
    fn of_a_switch_it_is_the_old_release_or_the_new_and_both_are_known_as_that() {
        let change = |locked: &LockedSite<'_>| {
            switch(locked, SwitchKind::Activate, &id("r3"), Some(&mut Yes)).map(drop)
        };
        killed(change, |locked, root| {
            let name = live(root).unwrap();
            assert!(["r2", "r3"].contains(&name.as_str()), "{name}");
            for (release, state) in states(locked) {
                assert_eq!(
                    state == ReleaseState::Active,
                    release == name,
                    "{release} is {state}, {name} is live"
                );
            }
        });
    }

    #[test]
    fn of_a_prune_no_release_is_known_whose_tree_is_gone() {
        let change = |locked: &LockedSite<'_>| {
            // Else it is the way back, and stays.
            let file = locked.site.expect_known(&id("r2"))?;
            locked.amend(&crate::host::site::ReleaseFile { follows: None, ..file })?;
            locked.begin(&crate::host::site::Pending::Prune { release: id("r1") })?;
            verbs::prune::recover(locked, &id("r1"))
        };
        killed(change, |locked, root| {
            assert_eq!(live(root).as_deref(), Some("r2"));
            for (release, _) in states(locked) {
                assert!(locked.site.paths.release(&id(&release)).is_dir(), "{release}");
            }
        });
    }

    #[test]
    fn of_a_staging_the_half_tree_goes() {
        let root = site_with(&["r1"]);
        let locked = lock(root.path(), &RealDisk).unwrap();
        switch(&locked, SwitchKind::Activate, &id("r1"), None).unwrap();
        let file = locked.site.known(&id("r1")).unwrap().unwrap();
        let release = crate::host::site::testing::release("r9");
        fs::create_dir_all(root.path().join(".swap/releases/r9")).unwrap();
        fs::create_dir_all(root.path().join("releases/.staging-r9/half")).unwrap();
        locked
            .remember(&crate::host::site::ReleaseFile { release, state: ReleaseState::Staging, ..file })
            .unwrap();
        fs::write(root.path().join(".swap/pending.json"), [0; 100]).unwrap();
        drop(locked);
        let locked = lock(root.path(), &RealDisk).unwrap();
        assert_eq!(states(&locked), [("r1".to_owned(), ReleaseState::Active)]);
        assert!(!root.path().join("releases/.staging-r9").exists());
        assert_eq!(fs::read(root.path().join(".swap/pending.unreadable")).unwrap(), [0; 100]);
    }
}

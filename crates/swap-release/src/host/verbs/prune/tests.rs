//! What goes, what stays, and being killed at it.

use std::os::unix::fs::symlink;

use super::*;
use crate::host::disk::RealDisk;
use crate::host::disk::recording::RecordingDisk;
use crate::host::site::SwitchKind;
use crate::host::site::testing::{id, live, payload, release, site_with};
use crate::host::verbs::switch::switch;

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
        let locked =
            crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
        for name in ["r1", "r2", "r3"] {
            switch(&locked, SwitchKind::Activate, &id(name), None).unwrap();
        }
        for name in ["r1", "r2", "r3"] {
            locked.site.note_receiving(&release(name)).unwrap();
            fs::write(payload(root.path(), name), name).unwrap();
        }
        drop(locked);
        let disk = RecordingDisk::killed_after(root.path(), kills);
        let outcome = crate::host::recovery::lock(Site::open(root.path(), &disk).unwrap(), "test".into())
            .and_then(|locked| prune(&locked, 1, Duration::ZERO));
        let locked =
            crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
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

/// Three releases that were live one after the other.
fn deployed() -> tempfile::TempDir {
    let root = site_with(&["r1", "r2", "r3"]);
    let locked =
        crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
    for name in ["r1", "r2", "r3"] {
        switch(&locked, SwitchKind::Activate, &id(name), None).unwrap();
    }
    drop(locked);
    root
}

fn prune_all(root: &Path) -> PruneReply {
    let locked = crate::host::recovery::lock(Site::open(root, &RealDisk).unwrap(), "test".into()).unwrap();
    let foretold = dry_run(&locked.site, 1, Duration::ZERO).unwrap();
    let reply = prune(&locked, 1, Duration::ZERO).unwrap();
    assert_eq!(PruneReply { dry_run: true, ..reply.clone() }, foretold, "it does what it said it would");
    reply
}

fn link(root: &Path, text: impl AsRef<Path>, at: &str) {
    let _none = fs::remove_file(root.join(at));
    symlink(text, root.join(at)).unwrap();
}

#[test]
fn what_current_leads_to_or_through_stays_whatever_its_text() {
    let root = deployed();
    let absolute = root.path().join("releases/r3");
    fs::create_dir(root.path().join("releases/r3/web")).unwrap();
    fs::write(root.path().join("releases/r3/web/name"), "r3").unwrap();
    link(root.path(), "../r3", "releases/r1/next");
    for (text, stays) in [
        (absolute.to_str().unwrap(), false),
        ("./releases//r3/", false),
        ("releases/../releases/r3/web", false),
        // Through what is to go.
        ("releases/r1/../r3", true),
        ("releases/r1/next", true),
        ("releases/r1/next/web", true),
    ] {
        link(root.path(), text, "current");
        let reply = prune_all(root.path());
        assert_eq!(live(root.path()).as_deref(), Some("r3"), "{text}");
        assert!(root.path().join("releases/r2").exists(), "the way back");
        assert_eq!(root.path().join("releases/r1").exists(), stays, "{text}: {reply:?}");
        assert_eq!(reply.left.len(), usize::from(stays), "{text}: {reply:?}");
        if !stays {
            // For the next text.
            fs::create_dir(root.path().join("releases/r1")).unwrap();
            link(root.path(), "../r3", "releases/r1/next");
            let locked =
                crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into())
                    .unwrap();
            fs::create_dir(locked.site.paths.known_release(&id("r1"))).unwrap();
            locked.amend(&file("r1", 1, ReleaseState::Retired, None)).unwrap();
        }
    }
    // Set right by the next switch to it, it goes.
    let locked =
        crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
    switch(&locked, SwitchKind::Activate, &id("r3"), None).unwrap();
    assert_eq!(fs::read_link(root.path().join("current")).unwrap(), Path::new("releases/r3"));
    assert_eq!(locked.site.known(&id("r3")).unwrap().unwrap().follows, Some(id("r2")), "nothing else is new");
    drop(locked);
    assert_eq!(names(&prune_all(root.path()).removed), ["r1"]);
}

#[test]
fn what_somebody_else_removed_drives_out_nothing_and_is_forgotten() {
    let root = deployed();
    let locked =
        crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
    let file = locked.site.known(&id("r3")).unwrap().unwrap();
    locked.amend(&ReleaseFile { follows: None, ..file }).unwrap();
    fs::remove_dir_all(root.path().join("releases/r2")).unwrap();
    let reply = prune(&locked, 2, Duration::ZERO).unwrap();
    assert_eq!((names(&reply.removed), reply.left), (vec!["r2"], vec![]));
    assert!(root.path().join("releases/r1").exists(), "two are kept, and two are there");
    assert_eq!(locked.site.known(&id("r2")).unwrap(), None);
}

#[test]
fn what_a_shared_path_or_a_link_of_the_live_release_leads_to_stays() {
    for (text, at) in [
        ("../releases/r1/files", "shared/files"),
        ("../../r1/files", "releases/r3/web/files"),
        ("../../releases/r1/files", "shared/php/old"),
    ] {
        let root = deployed();
        fs::create_dir_all(root.path().join("releases/r1/files")).unwrap();
        fs::create_dir_all(root.path().join("releases/r3/web")).unwrap();
        fs::create_dir_all(root.path().join("shared/php")).unwrap();
        fs::write(root.path().join("releases/r1/files/upload"), "gold").unwrap();
        let locked =
            crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
        let file = locked.site.known(&id("r3")).unwrap().unwrap();
        locked.amend(&ReleaseFile { shared: vec!["php/old".into()], ..file }).unwrap();
        drop(locked);
        link(root.path(), text, at);
        let reply = prune_all(root.path());
        assert!(reply.removed.is_empty() && reply.left[0].why.contains("leads to"), "{at}: {reply:?}");
        assert!(reply.left[0].path.ends_with("releases/r1"), "{at}: {reply:?}");
        assert_eq!(fs::read_to_string(root.path().join(at).join("upload")).unwrap(), "gold");
    }
}

#[test]
fn what_was_taken_over_stays_until_it_is_unpinned_and_is_never_deleted_elsewhere() {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("name"), "old").unwrap();
    for (text, name, goes) in
        [("releases/7".into(), "7", true), (elsewhere.path().to_owned(), "before", false)]
    {
        let old = id(name);
        let root = site_with(&["r1", "r2", "r3"]);
        fs::create_dir(root.path().join("releases/7")).unwrap();
        fs::write(root.path().join("releases/7/name"), "old").unwrap();
        link(root.path(), &text, "current");
        let locked =
            crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
        crate::host::verbs::adopt::adopt(&locked, &old, &inventory::SharedPaths::default(), None).unwrap();
        for name in ["r1", "r2", "r3"] {
            switch(&locked, SwitchKind::Activate, &id(name), None).unwrap();
        }
        drop(locked);
        assert_eq!(names(&prune_all(root.path()).removed), ["r1"]);
        let locked =
            crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
        switch(&locked, SwitchKind::Rollback, &old, None).unwrap();
        assert_eq!(
            (live(root.path()).as_deref(), fs::read_link(root.path().join("current")).unwrap()),
            (Some("old"), text.clone())
        );
        crate::host::verbs::pin::pin(&locked, &old, false).unwrap();
        drop(locked);
        let reply = prune_all(root.path());
        assert!(names(&reply.removed).iter().all(|name| *name != old.as_str()), "it is live: {reply:?}");
        let locked =
            crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
        switch(&locked, SwitchKind::Activate, &id("r3"), None).unwrap();
        drop(locked);
        assert!(!prune_all(root.path()).removed.contains(&old), "it is the way back");
        let locked =
            crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
        let file = locked.site.known(&id("r3")).unwrap().unwrap();
        locked.amend(&ReleaseFile { follows: None, ..file }).unwrap();
        drop(locked);
        let reply = prune_all(root.path());
        assert_eq!((reply.removed.contains(&old), reply.forgotten.contains(&old)), (goes, !goes));
        assert_eq!(root.path().join("releases/7").exists(), !goes);
        assert!(elsewhere.path().join("name").exists());
    }
}

//! Switches on real and on killed disks.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::host::disk::recording::RecordingDisk;
use crate::host::disk::{Disk, RealDisk};
use crate::host::site::testing::{id, live, site_with};

/// Answers at once.
#[derive(Debug, Clone)]
struct Word(Result<(), Refusal>);

fn yes() -> Word {
    Word(Ok(()))
}

fn bad() -> Word {
    Word(Err(Refusal::Bad))
}

fn taken_back() -> Word {
    Word(Err(Refusal::TakenBack("end of input".into())))
}

impl Confirmation for Word {
    fn switched(&mut self, _: Option<&ReleaseId>, _: &ReleaseId) {}
    fn wait(&mut self) -> Result<(), Refusal> {
        self.0.clone()
    }
}

fn lock<'a>(root: &Path, disk: &'a dyn Disk) -> Result<LockedSite<'a>, Error> {
    crate::host::recovery::lock(Site::open(root, disk)?, "test".into())
}

#[test]
fn the_order_of_effects_of_a_confirmed_activation() {
    let root = site_with(&["r1", "r2"]);
    switch(&lock(root.path(), &RealDisk).unwrap(), SwitchKind::Activate, &id("r1"), None).unwrap();
    let disk = RecordingDisk::new(root.path());
    let locked = lock(root.path(), &disk).unwrap();
    let before = disk.log().len();
    switch(&locked, SwitchKind::Activate, &id("r2"), Some(&mut yes())).unwrap();
    assert_eq!(
        disk.log()[before..],
        [
            "write .swap/pending.json",
            "remove .current.next",
            "link .current.next -> releases/r2",
            "rename .current.next -> current",
            "write .swap/releases/r2/state.json",
            "write .swap/pending.json",
            "write .swap/releases/r2/state.json",
            "write .swap/releases/r1/state.json",
            "append .swap/history.jsonl",
            "remove .swap/pending.json",
        ]
    );
}

#[test]
fn a_second_rollback_goes_one_further_back() {
    let root = site_with(&["r1", "r2", "r3"]);
    let locked = lock(root.path(), &RealDisk).unwrap();
    for name in ["r1", "r2", "r3"] {
        switch(&locked, SwitchKind::Activate, &id(name), None).unwrap();
    }
    for name in ["r2", "r1"] {
        let target = rollback_target(&locked).unwrap();
        assert_eq!(target, id(name));
        switch(&locked, SwitchKind::Rollback, &target, None).unwrap();
        assert_eq!(live(root.path()).as_deref(), Some(name));
    }
    assert!(rollback_target(&locked).unwrap_err().to_string().contains("no release to roll back to"));
}

#[test]
fn an_older_build_of_the_same_job_is_refused() {
    let root = site_with(&["r7", "r8"]);
    let locked = lock(root.path(), &RealDisk).unwrap();
    for (name, number) in [("r7", 7), ("r8", 8)] {
        let build =
            record::Build { number: Some(number), job: Some("site".into()), ..record::Build::default() };
        let file = locked.site.known(&id(name)).unwrap().unwrap();
        locked.remember(&ReleaseFile { build: Some(build), ..file }).unwrap();
    }
    switch(&locked, SwitchKind::Activate, &id("r8"), None).unwrap();
    let error = expect_not_older(&locked.site, &id("r7")).unwrap_err();
    assert!(error.to_string().contains("of build 7, older than build 8"), "{error}");
    expect_not_older(&locked.site, &id("r8")).unwrap();
    let file = locked.site.known(&id("r7")).unwrap().unwrap();
    locked.remember(&ReleaseFile { build: None, ..file }).unwrap();
    expect_not_older(&locked.site, &id("r7")).unwrap();
}

#[test]
fn code_does_not_go_back_across_a_database_update() {
    let root = site_with(&["r1", "r2", "r3"]);
    let locked = lock(root.path(), &RealDisk).unwrap();
    let update = |expand_only| record::host::DatabaseUpdate {
        at: String::new(),
        complete: true,
        expand_only,
        dumps: vec![],
    };
    crate::host::drupal::remember(&locked, &id("r2"), &update(false)).unwrap();
    for (name, good) in [("r1", false), ("r2", true), ("r3", true)] {
        let result = expect_same_database(&locked.site, &id(name));
        assert_eq!(result.is_ok(), good, "{name}: {result:?}");
    }
    // By the site's rule its code works before and after the update.
    crate::host::drupal::remember(&locked, &id("r2"), &update(true)).unwrap();
    expect_same_database(&locked.site, &id("r1")).unwrap();
}

#[test]
fn a_current_that_is_not_ours_or_leads_nowhere_is_named_and_left_alone() {
    for target in ["/nowhere/old", "releases/gone", "/proc/self"] {
        let root = site_with(&["r1"]);
        let current = root.path().join("current");
        symlink(target, &current).unwrap();
        let locked = lock(root.path(), &RealDisk).unwrap();
        let error = switch(&locked, SwitchKind::Activate, &id("r1"), None).unwrap_err();
        assert!(error.to_string().contains(&format!("`{target}`")), "{error}");
        assert_eq!(fs::read_link(&current).unwrap().as_os_str(), target);
    }
}

#[test]
fn a_refused_release_goes_and_is_not_live_again_unstaged() {
    let root = site_with(&["r1", "r2"]);
    let locked = lock(root.path(), &RealDisk).unwrap();
    switch(&locked, SwitchKind::Activate, &id("r1"), None).unwrap();
    let error = switch(&locked, SwitchKind::Activate, &id("r2"), Some(&mut bad())).unwrap_err();
    assert!(matches!(error, Error::Reverted { .. }), "{error}");
    assert_eq!(live(root.path()).as_deref(), Some("r1"));
    let error = switch(&locked, SwitchKind::Activate, &id("r2"), None).unwrap_err();
    assert!(error.to_string().contains("is failed and cannot be made live"), "{error}");
}

#[test]
fn a_release_that_was_taken_back_is_what_it_was() {
    let root = site_with(&["r1", "r2"]);
    let locked = lock(root.path(), &RealDisk).unwrap();
    let state = |name: &str| locked.site.known(&id(name)).unwrap().unwrap().state;
    switch(&locked, SwitchKind::Activate, &id("r1"), None).unwrap();
    switch(&locked, SwitchKind::Activate, &id("r2"), Some(&mut taken_back())).unwrap_err();
    assert_eq!((state("r2"), live(root.path()).as_deref()), (ReleaseState::Staged, Some("r1")));
    switch(&locked, SwitchKind::Activate, &id("r2"), None).unwrap();
    // An operator who ends a rollback half-way can still roll back.
    switch(&locked, SwitchKind::Rollback, &id("r1"), Some(&mut taken_back())).unwrap_err();
    assert_eq!((state("r1"), live(root.path()).as_deref()), (ReleaseState::Retired, Some("r2")));
    switch(&locked, SwitchKind::Rollback, &id("r1"), None).unwrap();
    assert_eq!(live(root.path()).as_deref(), Some("r1"));
}

#[test]
fn a_release_whose_state_cannot_be_read_is_named_and_keeps_no_other_from_going_live() {
    let root = site_with(&["r1", "r2", "r3"]);
    let path = root.path().join(".swap/releases/r3/state.json");
    fs::write(&path, "{\"state\":").unwrap();
    let locked = lock(root.path(), &RealDisk).unwrap();
    for name in ["r1", "r2"] {
        switch(&locked, SwitchKind::Activate, &id(name), None).unwrap();
    }
    switch(&locked, SwitchKind::Rollback, &id("r1"), None).unwrap();
    let known = locked.site.all_known().unwrap();
    assert!(known.iter().map(|file| file.id().as_str()).eq(["r1", "r2"]));
    let error = switch(&locked, SwitchKind::Activate, &id("r3"), None).unwrap_err();
    assert!(error.to_string().contains("r3/state.json"), "{error}");
    assert_eq!(live(root.path()).as_deref(), Some("r1"));
}

#[test]
fn what_was_live_once_is_never_condemned() {
    let root = site_with(&["r1", "r2"]);
    let locked = lock(root.path(), &RealDisk).unwrap();
    let state = |name: &str| locked.site.known(&id(name)).unwrap().unwrap().state;
    for name in ["r1", "r2"] {
        switch(&locked, SwitchKind::Activate, &id(name), None).unwrap();
    }
    for kind in [SwitchKind::Rollback, SwitchKind::Activate] {
        switch(&locked, kind, &id("r1"), Some(&mut bad())).unwrap_err();
        assert_eq!((state("r1"), live(root.path()).as_deref()), (ReleaseState::Retired, Some("r2")));
    }
    switch(&locked, SwitchKind::Rollback, &id("r1"), None).unwrap();
}

/// Once it is decided nothing that cannot be written takes it back, and the next run catches up.
#[test]
fn what_cannot_be_written_after_the_decision_is_written_by_the_next_run() {
    let root = site_with(&["r1", "r2"]);
    switch(&lock(root.path(), &RealDisk).unwrap(), SwitchKind::Activate, &id("r1"), None).unwrap();
    // The journal and the new release are written twice: before the word, and after it.
    for (effect, times, decided) in [
        ("write .swap/releases/r2/state.json", 0, false),
        ("write .swap/pending.json", 1, false),
        ("write .swap/releases/r2/state.json", 1, true),
        ("write .swap/releases/r1/state.json", 0, true),
        ("append .swap/history.jsonl", 0, true),
        ("remove .swap/pending.json", 0, true),
    ] {
        let disk = RecordingDisk::new(root.path());
        let locked = lock(root.path(), &disk).unwrap();
        disk.refuse(effect, times);
        let outcome = switch(&locked, SwitchKind::Activate, &id("r2"), Some(&mut yes()));
        assert_eq!(outcome.is_ok(), decided, "{effect}: {outcome:?}");
        assert_eq!(live(root.path()).as_deref(), Some(if decided { "r2" } else { "r1" }), "{effect}");
        drop(locked);
        let locked = lock(root.path(), &RealDisk).unwrap();
        let state = |name: &str| locked.site.known(&id(name)).unwrap().unwrap().state;
        let states = (state("r1"), state("r2"));
        assert!(locked.site.paths.pending().symlink_metadata().is_err(), "{effect}");
        if decided {
            assert_eq!(states, (ReleaseState::Retired, ReleaseState::Active), "{effect}");
            assert_eq!(rollback_target(&locked).unwrap(), id("r1"), "{effect}");
            switch(&locked, SwitchKind::Rollback, &id("r1"), None).unwrap();
        } else {
            assert_eq!(states.0, ReleaseState::Active, "{effect}");
            assert_ne!(states.1, ReleaseState::Failed, "{effect}");
        }
    }
}

#[test]
fn a_refused_first_release_leaves_nothing_live() {
    let root = site_with(&["r1"]);
    let locked = lock(root.path(), &RealDisk).unwrap();
    switch(&locked, SwitchKind::Activate, &id("r1"), Some(&mut bad())).unwrap_err();
    assert_eq!(live(root.path()), None);
}

/// Kills before every single effect of an activation, with and without a word, and of a rollback. The next run
/// must find old or new, know it, and be able to go on.
#[test]
fn killed_at_every_effect_it_is_old_or_new() {
    for (kind, word) in [
        (SwitchKind::Activate, None),
        (SwitchKind::Activate, Some(yes())),
        (SwitchKind::Activate, Some(bad())),
        (SwitchKind::Activate, Some(taken_back())),
        (SwitchKind::Rollback, None),
        (SwitchKind::Rollback, Some(yes())),
        (SwitchKind::Rollback, Some(taken_back())),
    ] {
        let (old, new) = match kind {
            SwitchKind::Activate => ("r1", "r2"),
            SwitchKind::Rollback => ("r2", "r1"),
        };
        let mut kills = 0;
        loop {
            let root = site_with(&["r1", "r2"]);
            let locked = lock(root.path(), &RealDisk).unwrap();
            for name in ["r1", "r2"] {
                if name != new || kind == SwitchKind::Rollback {
                    switch(&locked, SwitchKind::Activate, &id(name), None).unwrap();
                }
            }
            drop(locked);
            assert_eq!(live(root.path()).as_deref(), Some(old));
            let disk = RecordingDisk::killed_after(root.path(), kills);
            let outcome = lock(root.path(), &disk).and_then(|locked| {
                let mut answer = word.clone();
                let confirmation = answer.as_mut().map(|word| word as &mut dyn Confirmation);
                switch(&locked, kind, &id(new), confirmation)
            });
            // The next run, on a disk that works.
            let locked = lock(root.path(), &RealDisk).unwrap();
            let now = live(root.path()).unwrap();
            assert!(now == old || now == new, "{kind:?} {word:?} killed after {kills}: {now}");
            assert!(locked.site.paths.pending().symlink_metadata().is_err(), "nothing is pending any more");
            let active: Vec<_> = locked
                .site
                .all_known()
                .unwrap()
                .into_iter()
                .filter(|file| file.state == ReleaseState::Active)
                .map(|file| file.id().to_string())
                .collect();
            assert_eq!(active, std::slice::from_ref(&now), "the state agrees with the link");
            // What it said was decided is so, also when the rest could not be written any more.
            if outcome.is_ok() {
                assert_eq!(now, new);
            } else if matches!(outcome, Err(Error::Reverted { .. })) {
                assert_eq!(now, old);
            }
            if !disk.was_killed() {
                break;
            }
            kills += 1;
            assert!(kills < 100, "never came to an end");
        }
        assert!(kills > 6, "{kind:?} {word:?} has more effects than {kills}");
    }
}

/// Where people have their site before us, by the text of `current`; DIR stands for deploy_to.
const FOREIGN: [&str; 6] = [
    "releases/7",
    "./releases/7/",
    "DIR/releases/7",
    "releases/7/web",
    "releases/../alias",
    "releases/r1/../7",
];

/// A site that another tool serves, with `r1` and `r2` staged beside it; gives the text of `current`.
fn served_by_another_tool(root: &Path, text: &str) -> String {
    fs::create_dir_all(root.join("releases/7/web")).unwrap();
    for name in ["releases/7/name", "releases/7/web/name"] {
        fs::write(root.join(name), "old").unwrap();
    }
    symlink("releases/7", root.join("alias")).unwrap();
    let text = text.replace("DIR", root.to_str().unwrap());
    symlink(&text, root.join("current")).unwrap();
    text
}

#[test]
fn there_is_a_way_back_to_another_tools_release_by_rollback_and_by_revert() {
    for text in FOREIGN {
        let root = site_with(&["r1", "r2"]);
        let text = served_by_another_tool(root.path(), text);
        let said =
            || fs::read_link(root.path().join("current")).unwrap().into_os_string().into_string().unwrap();
        let locked = lock(root.path(), &RealDisk).unwrap();
        let status =
            crate::host::verbs::status::status(&locked.site, None, &inventory::SharedPaths::default())
                .unwrap();
        assert_eq!(status.current, Some(id("7")), "{text}");
        for named in [None, Some(id("7"))] {
            let file = locked.site.expect_here(named.as_ref()).unwrap();
            assert_eq!(file.id(), &id("7"));
            crate::host::verbs::verify::expect_clean(&locked.site, &file, &|_| true).unwrap();
        }
        assert!(locked.site.known(&id("7")).unwrap().is_none(), "looking writes nothing down");
        for word in [bad(), taken_back()] {
            switch(&locked, SwitchKind::Activate, &id("r1"), Some(&mut word.clone())).unwrap_err();
            assert_eq!((said(), live(root.path()).as_deref()), (text.clone(), Some("old")), "{word:?}");
            let file = locked.site.known(&id("r1")).unwrap().unwrap();
            locked.remember(&ReleaseFile { state: ReleaseState::Staged, ..file }).unwrap();
        }
        switch(&locked, SwitchKind::Activate, &id("r1"), None).unwrap();
        switch(&locked, SwitchKind::Activate, &id("r2"), None).unwrap();
        assert_eq!(said(), "releases/r2");
        for expected in ["r1", "7"] {
            let target = rollback_target(&locked).unwrap();
            assert_eq!(target, id(expected));
            switch(&locked, SwitchKind::Rollback, &target, Some(&mut yes())).unwrap();
        }
        assert_eq!((said(), live(root.path()).as_deref()), (text.clone(), Some("old")));
        crate::host::verbs::verify::expect_clean(
            &locked.site,
            &locked.site.known(&id("7")).unwrap().unwrap(),
            &|_| true,
        )
        .unwrap();
        switch(&locked, SwitchKind::Activate, &id("r1"), None).unwrap();
        assert_eq!(rollback_target(&locked).unwrap(), id("7"));
        // A rollback to it that is refused says nothing against it.
        switch(&locked, SwitchKind::Rollback, &id("7"), Some(&mut bad())).unwrap_err();
        assert_eq!(locked.site.known(&id("7")).unwrap().unwrap().state, ReleaseState::Retired);
        fs::rename(root.path().join("releases/7"), root.path().join("away")).unwrap();
        let error = switch(&locked, SwitchKind::Rollback, &id("7"), None).unwrap_err();
        assert!(error.to_string().contains("is not there"), "{error}");
    }
}

#[test]
fn a_link_on_the_way_that_leads_elsewhere_since_then_does_not_mislead_the_way_back() {
    let root = site_with(&["r1"]);
    served_by_another_tool(root.path(), "alias");
    let locked = lock(root.path(), &RealDisk).unwrap();
    switch(&locked, SwitchKind::Activate, &id("r1"), None).unwrap();
    fs::remove_file(root.path().join("alias")).unwrap();
    symlink("releases/r1", root.path().join("alias")).unwrap();
    switch(&locked, SwitchKind::Rollback, &id("7"), None).unwrap();
    assert_eq!(live(root.path()).as_deref(), Some("old"));
}

#[test]
fn what_version_0_1_switched_away_from_unrecorded_is_a_release_again() {
    let root = site_with(&["r1"]);
    served_by_another_tool(root.path(), "releases/r1");
    let locked = lock(root.path(), &RealDisk).unwrap();
    let file = locked.site.known(&id("r1")).unwrap().unwrap();
    locked.remember(&ReleaseFile { state: ReleaseState::Active, follows: Some(id("7")), ..file }).unwrap();
    drop(locked);
    let locked = lock(root.path(), &RealDisk).unwrap();
    assert_eq!(rollback_target(&locked).unwrap(), id("7"));
    switch(&locked, SwitchKind::Rollback, &id("7"), None).unwrap();
    assert_eq!(live(root.path()).as_deref(), Some("old"));
}

/// The same for a switch from and to what another tool left.
#[test]
fn killed_at_every_effect_between_another_tools_release_and_ours_it_is_one_of_them() {
    for (kind, word) in [
        (SwitchKind::Activate, None),
        (SwitchKind::Activate, Some(yes())),
        (SwitchKind::Activate, Some(bad())),
        (SwitchKind::Rollback, None),
        (SwitchKind::Rollback, Some(yes())),
        (SwitchKind::Rollback, Some(taken_back())),
    ] {
        for kills in 0.. {
            let root = site_with(&["r1"]);
            let text = served_by_another_tool(root.path(), "DIR/releases/7/web");
            let target = if kind == SwitchKind::Rollback {
                let locked = lock(root.path(), &RealDisk).unwrap();
                switch(&locked, SwitchKind::Activate, &id("r1"), None).unwrap();
                id("7")
            } else {
                id("r1")
            };
            let disk = RecordingDisk::killed_after(root.path(), kills);
            let outcome = lock(root.path(), &disk).and_then(|locked| {
                let mut answer = word.clone();
                let confirmation = answer.as_mut().map(|word| word as &mut dyn Confirmation);
                switch(&locked, kind, &target, confirmation)
            });
            let locked = lock(root.path(), &RealDisk).unwrap();
            let now = live(root.path()).unwrap();
            assert!(now == "old" || now == "r1", "{kind:?} {word:?} killed after {kills}: {now}");
            if now == "old" {
                assert_eq!(fs::read_link(root.path().join("current")).unwrap(), Path::new(&text));
            }
            assert!(locked.site.paths.pending().symlink_metadata().is_err(), "nothing is pending any more");
            // Forth and back from wherever it is.
            let file = locked.site.known(&id("r1")).unwrap().unwrap();
            if file.state == ReleaseState::Failed {
                locked.remember(&ReleaseFile { state: ReleaseState::Staged, ..file }).unwrap();
            }
            switch(&locked, SwitchKind::Activate, &id("r1"), None).unwrap();
            switch(&locked, SwitchKind::Rollback, &rollback_target(&locked).unwrap(), None).unwrap();
            assert_eq!(fs::read_link(root.path().join("current")).unwrap(), Path::new(&text));
            if !disk.was_killed() {
                assert!(outcome.is_ok() || matches!(outcome, Err(Error::Reverted { .. })), "{outcome:?}");
                assert!(kills > 6, "more effects than {kills}");
                break;
            }
            assert!(kills < 100, "never came to an end");
        }
    }
}

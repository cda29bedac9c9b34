//! Making a release live. Activation and rollback are the same code, and so is putting the former release back.

use std::fmt;

use record::ReleaseId;
use record::host::ReleaseState;

use crate::Error;
use crate::site::{LockedSite, Pending, ReleaseFile, Site, SwitchKind};

/// Whoever has to say that the release is good before the switch counts.
pub(crate) trait Confirmation {
    /// `current` points to `to` now.
    fn switched(&mut self, from: Option<&ReleaseId>, to: &ReleaseId);
    /// Waits for the word. `Err` says why the former release must come back.
    fn wait(&mut self) -> Result<(), Refusal>;
}

/// Why a release does not stay live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It was found to be bad: unhealthy, or a hook failed. It is not activated again before it is staged again.
    Bad,
    /// It was taken back, or nobody said that it is good: nothing is known against it.
    TakenBack(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad => f.write_str("asked"),
            Self::TakenBack(why) => f.write_str(why),
        }
    }
}

/// Refuses an older build of the job that the live release comes from. Jenkins' milestones do this for pipelines; two
/// freestyle builds, or a person, can overtake each other.
pub(crate) fn expect_not_older(site: &Site<'_>, to: &ReleaseId) -> Result<(), Error> {
    let Some(live) = site.current()?.into_id().map(|id| site.known(&id)).transpose()?.flatten() else {
        return Ok(());
    };
    let candidate = site.expect_known(to)?;
    let (Some(old), Some(new)) = (&live.build, &candidate.build) else { return Ok(()) };
    match (old.number, new.number) {
        (Some(live_number), Some(number)) if old.job == new.job && number < live_number => {
            Err(Error::Older { release: to.clone(), number, live: live.release.id, live_number })
        }
        _ => Ok(()),
    }
}

/// Refuses a release that is older than a database update: its code may not know the schema. A release staged later was
/// built later, or is staged again on purpose.
pub(crate) fn expect_same_database(site: &Site<'_>, to: &ReleaseId) -> Result<(), Error> {
    let candidate = site.expect_known(to)?;
    let blocks = |file: &&ReleaseFile| {
        file.sequence > candidate.sequence && file.database.as_ref().is_some_and(|update| !update.expand_only)
    };
    match site.all_known()?.iter().rev().find(blocks) {
        None => Ok(()),
        Some(file) => Err(Error::DatabaseUpdated {
            release: to.clone(),
            by: file.id().clone(),
            dumps: file.database.clone().map(|update| update.dumps).unwrap_or_default(),
        }),
    }
}

/// What a switch did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Switched {
    /// The release that was live before.
    pub(crate) from: Option<ReleaseId>,
    /// The release that is live now.
    pub(crate) to: ReleaseId,
}

/// Points `current` to `to`. With a confirmation the former release comes back unless it is given.
///
/// Order of effects: intent, link, rename, (word), point of no return, states, history, intent removed. See the test.
pub(crate) fn switch(
    locked: &LockedSite<'_>,
    kind: SwitchKind,
    to: &ReleaseId,
    mut confirmation: Option<&mut dyn Confirmation>,
) -> Result<Switched, Error> {
    let site = &locked.site;
    let file = site.expect_known(to)?;
    // Nobody knows why it is so, and the way back would lead there: not silently replaced.
    if let Some(target) = site.dangling() {
        return Err(Error::DanglingCurrent { path: site.paths.current(), target });
    }
    let from = site.current()?.into_id();
    let switched = Switched { from: from.clone(), to: to.clone() };
    if from.as_ref() == Some(to) {
        // Already live: there is nothing to put back, whatever the word is.
        if let Some(confirmation) = confirmation.as_deref_mut() {
            confirmation.switched(from.as_ref(), to);
            return confirmation.wait().map(|()| switched).map_err(|why| reverted(to, &why, from.as_ref()));
        }
        return Ok(switched);
    }
    expect_ready(locked, &file)?;
    let was = file.state;
    let intent = |confirmed| Pending::Switch { kind, from: from.clone(), to: to.clone(), was, confirmed };
    locked.begin(&intent(confirmation.is_none()))?;
    if let Err(error) = site.point_current(Some(to)) {
        // Nothing live was changed, or rename(2) failed as a whole: undo the intent. If even that fails the next
        // run reverts.
        if let Err(undo) = put_back(locked, from.as_ref(), to, was) {
            log::warn!("after `{error}`: {undo}");
        }
        return Err(error);
    }
    if let Some(confirmation) = confirmation {
        locked.set_state(to, ReleaseState::Unconfirmed)?;
        confirmation.switched(from.as_ref(), to);
        if let Err(why) = confirmation.wait() {
            let now = if why == Refusal::Bad { ReleaseState::Failed } else { was };
            put_back(locked, from.as_ref(), to, now)?;
            return Err(reverted(to, &why, from.as_ref()));
        }
        locked.begin(&intent(true))?;
    }
    finish(locked, kind, from.as_ref(), to)?;
    Ok(switched)
}

/// Finishes or undoes a switch that a killed process left.
pub(crate) fn recover(
    locked: &LockedSite<'_>,
    kind: SwitchKind,
    from: Option<&ReleaseId>,
    to: &ReleaseId,
    was: ReleaseState,
    confirmed: bool,
) -> Result<(), Error> {
    if !confirmed {
        return put_back(locked, from, to, was);
    }
    if locked.site.current()?.id() != Some(to) {
        locked.site.point_current(Some(to))?;
    }
    finish(locked, kind, from, to)
}

/// After the point of no return: states, history, and the intent is done with.
fn finish(
    locked: &LockedSite<'_>,
    kind: SwitchKind,
    from: Option<&ReleaseId>,
    to: &ReleaseId,
) -> Result<(), Error> {
    let file = locked.site.expect_known(to)?;
    let follows = match kind {
        SwitchKind::Activate => from.cloned(),
        // A rollback does not change what came before; so a second rollback goes one further back.
        SwitchKind::Rollback => file.follows.clone(),
    };
    locked.remember(&ReleaseFile { state: ReleaseState::Active, follows, ..file })?;
    if let Some(from) = from {
        locked.set_state(from, ReleaseState::Retired)?;
    }
    let what = match kind {
        SwitchKind::Activate => "activated",
        SwitchKind::Rollback => "rolled back",
    };
    locked.log(what, to, from)?;
    locked.end()
}

/// The former release comes back, if the other one got as far as being live, which is `state` from now on.
fn put_back(
    locked: &LockedSite<'_>,
    from: Option<&ReleaseId>,
    to: &ReleaseId,
    state: ReleaseState,
) -> Result<(), Error> {
    if locked.site.current()?.id() == Some(to) {
        locked.site.point_current(from)?;
    }
    if let Some(file) = locked.site.known(to)?
        && file.state == ReleaseState::Unconfirmed
    {
        locked.remember(&ReleaseFile { state, ..file })?;
    }
    locked.log("reverted", to, from)?;
    locked.end()
}

/// Whether a release may go live here.
pub(crate) fn expect_ready(locked: &LockedSite<'_>, file: &ReleaseFile) -> Result<(), Error> {
    let good = match file.state {
        ReleaseState::Staged | ReleaseState::Retired | ReleaseState::Active | ReleaseState::Unconfirmed => {
            true
        }
        ReleaseState::Staging | ReleaseState::Failed => false,
    };
    if good && locked.site.paths.release(file.id()).is_dir() {
        Ok(())
    } else {
        Err(Error::NotReady { release: file.id().clone(), state: file.state })
    }
}

fn reverted(to: &ReleaseId, why: &Refusal, live: Option<&ReleaseId>) -> Error {
    let live = live.map_or_else(|| "nothing".to_owned(), |id| format!("`{id}`"));
    Error::Reverted { release: to.clone(), why: why.to_string(), live }
}

/// The release that a rollback without a name goes to: the one that was live when the live one was activated.
pub(crate) fn rollback_target(locked: &LockedSite<'_>) -> Result<ReleaseId, Error> {
    let nothing = |why: String| Error::NothingBefore { why };
    let Some(live) = locked.site.current()?.into_id() else {
        return Err(nothing("no release is live".into()));
    };
    let target = locked.site.expect_known(&live)?.follows;
    let target = target.ok_or_else(|| nothing(format!("`{live}` is the first release that was live")))?;
    match locked.site.known(&target)? {
        Some(_) => Ok(target),
        None => Err(nothing(format!("`{target}`, which was live before `{live}`, is not here any more"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::recording::RecordingDisk;
    use crate::disk::{Disk, RealDisk};
    use crate::site::testing::{id, live, site_with};

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

    fn lock<'a>(root: &std::path::Path, disk: &'a dyn Disk) -> Result<LockedSite<'a>, Error> {
        Site::open(root, disk)?.lock("test".into())
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
        assert!(matches!(rollback_target(&locked), Err(Error::NothingBefore { .. })));
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
        assert!(matches!(error, Error::Older { number: 7, live_number: 8, .. }), "{error}");
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
        crate::drupal::remember(&locked, &id("r2"), &update(false)).unwrap();
        for (name, good) in [("r1", false), ("r2", true), ("r3", true)] {
            let result = expect_same_database(&locked.site, &id(name));
            assert_eq!(result.is_ok(), good, "{name}: {result:?}");
        }
        // By the site's rule its code works before and after the update.
        crate::drupal::remember(&locked, &id("r2"), &update(true)).unwrap();
        expect_same_database(&locked.site, &id("r1")).unwrap();
    }

    #[test]
    fn a_current_that_is_not_ours_or_leads_nowhere_is_named_and_left_alone() {
        for target in ["/nowhere/old", "releases/gone", "/proc/self"] {
            let root = site_with(&["r1"]);
            let current = root.path().join("current");
            std::os::unix::fs::symlink(target, &current).unwrap();
            let locked = lock(root.path(), &RealDisk).unwrap();
            let error = switch(&locked, SwitchKind::Activate, &id("r1"), None).unwrap_err();
            assert!(error.to_string().contains(&format!("`{target}`")), "{error}");
            assert_eq!(std::fs::read_link(&current).unwrap().as_os_str(), target);
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
        assert!(matches!(error, Error::NotReady { state: ReleaseState::Failed, .. }), "{error}");
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
        std::fs::write(&path, "{\"state\":").unwrap();
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
                assert!(
                    locked.site.paths.pending().symlink_metadata().is_err(),
                    "nothing is pending any more"
                );
                let active: Vec<_> = locked
                    .site
                    .all_known()
                    .unwrap()
                    .into_iter()
                    .filter(|file| file.state == ReleaseState::Active)
                    .map(|file| file.id().to_string())
                    .collect();
                assert_eq!(active, std::slice::from_ref(&now), "the state agrees with the link");
                if outcome.is_ok() {
                    assert_eq!(now, new);
                    break;
                }
                if matches!(outcome, Err(Error::Reverted { .. })) {
                    assert_eq!(now, old);
                    break;
                }
                kills += 1;
                assert!(kills < 100, "never came to an end");
            }
            assert!(kills > 6, "{kind:?} {word:?} has more effects than {kills}");
        }
    }
}

//! Another chance for a release that was found to be bad.

use record::ReleaseId;
use record::host::ReleaseState;

use super::verify;
use crate::Error;
use crate::host::site::{LockedSite, ReleaseFile};

/// Takes a failed release as one that was staged just now, if its tree is still what was built. Any other is left as it is.
pub(crate) fn retry(
    locked: &LockedSite<'_>,
    release: &ReleaseId,
    progress: &payload::Progress<'_>,
) -> Result<(), Error> {
    let file = locked.site.expect_known(release)?;
    if file.state != ReleaseState::Failed {
        return Ok(());
    }
    verify::expect_clean(&locked.site, &file, progress)?;
    locked.remember(&ReleaseFile { state: ReleaseState::Staged, ..file })?;
    locked.log("given another chance", release, None);
    Ok(())
}

/// Says that a release is bad. One that is live, or was confirmed once, stays what it is: it is what one can go back to.
pub(crate) fn mark_failed(locked: &LockedSite<'_>, release: &ReleaseId) -> Result<(), Error> {
    let file = locked.site.expect_known(release)?;
    match file.state {
        ReleaseState::Failed => Ok(()),
        ReleaseState::Staged => {
            locked.remember(&ReleaseFile { state: ReleaseState::Failed, ..file })?;
            locked.log("marked as failed", release, None);
            Ok(())
        }
        ReleaseState::Staging | ReleaseState::Unconfirmed | ReleaseState::Active | ReleaseState::Retired => {
            Err(Error::not_marked(release, file.state))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::disk::RealDisk;
    use crate::host::site::testing::{id, site_with};
    use crate::host::site::{Site, SwitchKind};
    use crate::host::verbs::switch::switch;

    #[test]
    fn only_what_was_never_live_is_marked_and_a_tree_that_does_not_prove_has_no_other_chance() {
        let root = site_with(&["r1", "r2", "r3"]);
        let locked =
            crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
        let state = |name: &str| locked.site.known(&id(name)).unwrap().unwrap().state;
        for name in ["r1", "r2"] {
            switch(&locked, SwitchKind::Activate, &id(name), None).unwrap();
        }
        for (name, marked) in [("r1", false), ("r2", false), ("r3", true), ("r3", true)] {
            assert_eq!(mark_failed(&locked, &id(name)).is_ok(), marked, "{name}");
        }
        assert_eq!((state("r1"), state("r2")), (ReleaseState::Retired, ReleaseState::Active));
        // These have no manifest at all.
        assert!(retry(&locked, &id("r3"), &|_| true).is_err());
        assert_eq!(state("r3"), ReleaseState::Failed);
        retry(&locked, &id("r1"), &|_| true).unwrap();
        assert_eq!(state("r1"), ReleaseState::Retired);
    }
}

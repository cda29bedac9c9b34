//! What was going on when a process was killed is finished or undone, by what the journal says.

use record::host::ReleaseState;

use super::lost_journal;
use crate::Error;
use crate::host::site::{Current, LockedSite, Pending};
use crate::host::verbs;
use crate::host::verbs::adopt::Adoption;
use crate::host::verbs::switch::Intent;

/// Brings the site into a state that needs no explanation: nothing pending, no half tree, no leftovers.
pub(super) fn reconcile(locked: &LockedSite<'_>) -> Result<(), Error> {
    crate::host::process::end_orphan(&locked.site.paths.running());
    let pending = match locked.pending() {
        Err(error @ Error::State { .. }) => {
            lost_journal::recover(locked, &error)?;
            None
        }
        pending => pending?,
    };
    match pending {
        None => {}
        Some(Pending::Stage { release }) => {
            log::info!("finding the staging of `{release}` unfinished");
            verbs::stage::recover(locked, &release)?;
        }
        Some(Pending::Switch { kind, from, to, was, link, confirmed }) => {
            log::info!("finding the switch to `{to}` unfinished");
            verbs::switch::recover(locked, &Intent { kind, from, to, was, link }, confirmed)?;
        }
        Some(Pending::Adopt { release, shared, moves, protected, directory, known }) => {
            log::info!("finding the adoption of `{release}` unfinished");
            Adoption { release, shared, moves, protected, directory, known }.recover(locked)?;
        }
        Some(Pending::Repair { release }) => {
            log::info!("finding the repair of `{release}` unfinished");
            verbs::repair::recover(locked, &release)?;
        }
        Some(Pending::Prune { release }) => {
            log::info!("finding the removal of `{release}` unfinished");
            verbs::prune::recover(locked, &release)?;
        }
    }
    // After the code is where it belongs: that is what servers follow, and its drush is asked once they do.
    crate::host::hooks::kept::reconcile(locked);
    crate::host::drupal::reconcile(locked, false);
    crate::host::drupal::restore(locked);
    // A release that says it is live while `current` says otherwise was switched by hand or by an older tool;
    // `current` is the truth.
    let current = match locked.site.current() {
        // What is on a disk that is not mounted just now is neither live nor retired.
        Err(_) | Ok(Current::Dangling { .. }) => return Ok(()),
        Ok(current) => current,
    };
    let live = current.id();
    for file in locked.site.all_known()? {
        let is_live = live == Some(file.id());
        match file.state {
            ReleaseState::Active | ReleaseState::Unconfirmed if !is_live => {
                locked.set_state(file.id(), ReleaseState::Retired)?;
            }
            ReleaseState::Staged | ReleaseState::Retired | ReleaseState::Failed if is_live => {
                locked.set_state(file.id(), ReleaseState::Active)?;
            }
            _ => {}
        }
    }
    match locked.take_over_former() {
        // That keeps nothing else from going on.
        Err(error @ Error::CannotAdopt { .. }) => {
            log::warn!("{error}");
            Ok(())
        }
        result => result,
    }
}

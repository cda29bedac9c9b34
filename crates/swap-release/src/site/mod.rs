//! One site on one server: `deploy_to` with `current`, `releases/`, `shared/`, `incoming/` and the state in `.swap/`.
//!
//! Truth and explanation: `readlink current` says what is live; `.swap/pending.json` says what was going on. The
//! pending operation is written and durable before its first effect and removed after its last, so that whoever comes
//! next (see [`reconcile`]) can finish it or undo it without help.

mod current;
mod foreign;
mod history;
mod lock;
mod lost_journal;
mod needed;
mod paths;
mod pending;
mod received;
mod reconcile;
mod reserve;
mod sole;
mod state;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use current::Current;
pub(crate) use foreign::{Adopted, Foreign};
pub(crate) use history::HistoryLine;
pub(crate) use lock::Lock;
pub(crate) use needed::{BESIDE, Needed};
pub(crate) use paths::Paths;
pub(crate) use pending::{Pending, SwitchKind};
pub(crate) use state::ReleaseFile;

use std::io;
use std::path::Path;

use crate::Error;
use crate::disk::Disk;

/// A site, and the disk it is on.
pub(crate) struct Site<'a> {
    pub(crate) paths: Paths,
    pub(crate) disk: &'a dyn Disk,
}

/// A site that is locked for a change and reconciled.
pub(crate) struct LockedSite<'a> {
    pub(crate) site: Site<'a>,
    /// Held until dropped.
    lock: Lock,
    /// Says in history who did it.
    pub(crate) owner: String,
}

impl<'a> Site<'a> {
    /// The site below `deploy_to`, which must be a directory.
    pub(crate) fn open(deploy_to: &Path, disk: &'a dyn Disk) -> Result<Self, Error> {
        if !deploy_to.is_dir() {
            return Err(Error::NoDeployTo { path: deploy_to.to_owned() });
        }
        // drush and hooks are run in other directories.
        let deploy_to = std::path::absolute(deploy_to).unwrap_or_else(|_| deploy_to.to_owned());
        Ok(Self { paths: Paths::new(&deploy_to), disk })
    }

    /// Locks the site and finishes or undoes what a killed predecessor left.
    ///
    /// The folders of the layout are made first: a site whose state cannot be written is refused before anything is
    /// changed.
    pub(crate) fn lock(self, owner: String) -> Result<LockedSite<'a>, Error> {
        for folder in self.paths.folders() {
            self.disk.make_folder(&folder).map_err(|source| Error::write(&folder, source))?;
        }
        let lock = Lock::take(&self.paths.lock(), &owner)?;
        let locked = LockedSite { site: self, lock, owner };
        reconcile::reconcile(&locked)?;
        reserve::keep(&locked.site.paths);
        Ok(locked)
    }

    /// Like [`Site::lock`], for verbs that only look: if somebody is at work the site is looked at as it is.
    /// Gives the owner of the lock in that case.
    pub(crate) fn reconcile_if_idle(self, owner: String) -> Result<(Self, Option<String>), Error> {
        if !self.paths.state().is_dir() {
            return Ok((self, None));
        }
        let (paths, disk) = (self.paths.clone(), self.disk);
        match self.lock(owner) {
            Ok(locked) => Ok((locked.site, None)),
            Err(Error::Busy { owner, .. }) => Ok((Self { paths, disk }, Some(owner))),
            // Looking must work where writing does not, e.g. for another user or on a full or read-only disk.
            Err(Error::Write { source, .. }) if is_unwritable(&source) => Ok((Self { paths, disk }, None)),
            Err(error) => Err(error),
        }
    }
}

fn is_unwritable(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(error.kind(), Kind::PermissionDenied | Kind::ReadOnlyFilesystem | Kind::StorageFull)
}

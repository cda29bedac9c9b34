//! Opening a site, and locking it for a change.

use std::path::Path;
use std::time::Duration;

use cli::Abort;

use super::{Lock, Paths, reserve};
use crate::Error;
use crate::host::disk::Disk;

/// A site, and the disk it is on.
pub(crate) struct Site<'a> {
    pub(crate) paths: Paths,
    pub(crate) disk: &'a dyn Disk,
}

/// A site that is locked for a change.
pub(crate) struct LockedSite<'a> {
    pub(crate) site: Site<'a>,
    /// Held until dropped.
    pub(super) lock: Lock,
    /// Says in history who did it.
    pub(crate) owner: String,
}

impl<'a> Site<'a> {
    /// The site below `deploy_to`, which must be a directory.
    pub(crate) fn open(deploy_to: &Path, disk: &'a dyn Disk) -> Result<Self, Error> {
        if !deploy_to.is_dir() {
            return Err(Error::no_deploy_to(deploy_to));
        }
        // drush and hooks are run in other directories.
        let deploy_to = std::path::absolute(deploy_to).unwrap_or_else(|_| deploy_to.to_owned());
        Ok(Self { paths: Paths::new(&deploy_to), disk })
    }

    /// Locks the site as it is. A verb begins with `recovery::lock`, which also finishes or undoes what a killed predecessor left.
    ///
    /// The folders of the layout are made first: a site whose state cannot be written is refused before anything is
    /// changed.
    pub(crate) fn lock_as_is(self, owner: String) -> Result<LockedSite<'a>, Error> {
        self.make_folders()?;
        let lock = Lock::take(&self.paths.lock(), &owner)?;
        Ok(LockedSite { site: self, lock, owner })
    }

    /// The same, waiting for whoever has the lock, at most `within`.
    pub(crate) fn lock_as_is_when_free(
        self,
        owner: String,
        within: Duration,
        abort: &Abort,
    ) -> Result<LockedSite<'a>, Error> {
        self.make_folders()?;
        let lock = Lock::take_when_free(&self.paths.lock(), &owner, within, abort, &|| Ok(()))?;
        Ok(LockedSite { site: self, lock, owner })
    }

    fn make_folders(&self) -> Result<(), Error> {
        for folder in self.paths.folders() {
            self.disk.make_folder(&folder).map_err(|source| Error::write(&folder, source))?;
        }
        Ok(())
    }
}

impl LockedSite<'_> {
    /// Sets room aside for the next switch: it must work on a full disk.
    pub(crate) fn keep_reserve(&self) {
        reserve::keep(&self.site.paths);
    }
}

//! Opening a site, and locking it for a change.

use std::path::Path;
use std::time::Duration;

use cli::Abort;
use record::FileName;

use super::sole::Sole;
use super::{Lock, Paths, reserve};
use crate::Error;
use crate::host::disk::Disk;

/// A site, and the disk it is on.
#[derive(Clone)]
pub(crate) struct Site<'a> {
    pub(crate) paths: Paths,
    pub(crate) disk: &'a dyn Disk,
    /// The run of a fleet that this is part of, and what that calls this host.
    part_of: Option<(FileName, String)>,
}

/// A site that is locked for a change.
pub(crate) struct LockedSite<'a> {
    pub(crate) site: Site<'a>,
    /// Goes before the lock, which is held until dropped.
    _sole: Option<Sole>,
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
        Ok(Self { paths: Paths::new(&deploy_to), disk, part_of: None })
    }

    /// The same for a host of a run: it is not locked where another host of that run is at work.
    pub(crate) fn for_run(self, part_of: Option<(FileName, String)>) -> Self {
        Self { part_of, ..self }
    }

    /// Locks the site as it is. A verb begins with `recovery::lock`, which also finishes or undoes what a killed predecessor left.
    ///
    /// The folders of the layout are made first: a site whose state cannot be written is refused before anything is
    /// changed.
    pub(crate) fn lock_as_is(self, owner: String) -> Result<LockedSite<'a>, Error> {
        self.make_folders()?;
        let lock = Lock::take(&self.paths.lock(), &owner)?;
        self.locked(lock, owner)
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
        self.locked(lock, owner)
    }

    /// Where the lock excludes nobody the run does, before what another host has begun is finished or undone.
    fn locked(self, lock: Lock, owner: String) -> Result<LockedSite<'a>, Error> {
        let sole = self.part_of.as_ref().map(|(run, host)| Sole::take(&self.paths, run, host)).transpose()?;
        Ok(LockedSite { site: self, _sole: sole, lock, owner })
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::host::disk::RealDisk;

    #[test]
    fn every_lock_of_a_run_is_of_one_host() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".swap")).unwrap();
        let open = |host: &str| {
            let part_of = ("prune.1.2".parse().unwrap(), host.to_owned());
            Site::open(dir.path(), &RealDisk).unwrap().for_run(Some(part_of))
        };
        let held = open("web1").lock_as_is("test".into()).unwrap();
        // As on a network file system, where the lock excludes nobody.
        fs::remove_file(dir.path().join(".swap/lock")).unwrap();
        let told = open("web2").lock_as_is("test".into()).err().unwrap().to_string();
        assert!(told.contains("host `web1`"), "{told}");
        drop(held);
        drop(open("web2").lock_as_is("test".into()).unwrap());
        let left = fs::read_dir(dir.path().join(".swap")).unwrap().flatten();
        assert!(!left.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("sole.")));
    }
}

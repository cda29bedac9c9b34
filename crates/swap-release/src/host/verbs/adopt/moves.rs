//! Moving what outlives releases to `shared/` while it is served, and back.
//!
//! Both by renameat2(2) with RENAME_EXCHANGE: the link that is to stand in the place of what moves is made where that is to
//! go, with the text that will be right once the two have changed places. Whoever opens a path meanwhile finds what was
//! there or a link to it, at every moment.

use std::path::{Path, PathBuf};

use crate::Error;
use crate::host::site::{LockedSite, Move};

impl Move {
    /// The text of a link in the place of `inside`. What becomes a release lies where `releases/` leads to.
    fn text(&self, locked: &LockedSite<'_>) -> PathBuf {
        let paths = &locked.site.paths;
        if self.inside.starts_with("releases/") && !paths.releases_are_below() {
            return paths.shared_from_anywhere(&self.path);
        }
        format!("{}shared/{}", "../".repeat(self.inside.matches('/').count()), self.path).into()
    }

    fn inside(&self, locked: &LockedSite<'_>) -> PathBuf {
        locked.site.paths.deploy_to().join(&self.inside)
    }

    fn outside(&self, locked: &LockedSite<'_>) -> PathBuf {
        locked.site.paths.shared().join(&self.path)
    }

    /// Where an empty directory waits that was at the place of what moves.
    fn aside(&self, locked: &LockedSite<'_>) -> PathBuf {
        let outside = self.outside(locked);
        let name = outside.file_name().unwrap_or_default().to_string_lossy().into_owned();
        outside.with_file_name(format!(".{name}.before-adopt"))
    }

    /// Whether a path is the link that stands in the place of `inside`.
    fn is_ours(&self, locked: &LockedSite<'_>, path: &Path) -> bool {
        std::fs::read_link(path).is_ok_and(|target| target == self.text(locked))
    }

    /// Out of the release. Done already: nothing happens.
    pub(super) fn share(&self, locked: &LockedSite<'_>) -> Result<(), Error> {
        let disk = locked.site.disk;
        let (inside, outside) = (self.inside(locked), self.outside(locked));
        if self.is_ours(locked, &inside) {
            return Ok(());
        }
        let folder = outside.parent().unwrap_or(&outside);
        std::fs::create_dir_all(folder).map_err(|source| Error::write(folder, source))?;
        if !outside.is_symlink() && outside.is_dir() {
            let aside = self.aside(locked);
            disk.rename_new(&outside, &aside).map_err(|source| Error::write(&outside, source))?;
        }
        // One that an interrupted run left leads nowhere.
        if self.is_ours(locked, &outside) {
            disk.remove(&outside).map_err(|source| Error::write(&outside, source))?;
        }
        disk.link(&self.text(locked), &outside).map_err(|source| Error::write(&outside, source))?;
        disk.exchange(&outside, &inside).map_err(|source| Error::write(&inside, source))
    }

    /// Back into the release.
    pub(super) fn unshare(&self, locked: &LockedSite<'_>) -> Result<(), Error> {
        let disk = locked.site.disk;
        let (inside, outside, aside) = (self.inside(locked), self.outside(locked), self.aside(locked));
        let is_there = |path: &Path| path.symlink_metadata().is_ok();
        if self.is_ours(locked, &inside) && is_there(&outside) && !self.is_ours(locked, &outside) {
            disk.exchange(&outside, &inside).map_err(|source| Error::write(&inside, source))?;
        }
        if self.is_ours(locked, &outside) {
            disk.remove(&outside).map_err(|source| Error::write(&outside, source))?;
        }
        if is_there(&aside) && !is_there(&outside) {
            disk.rename_new(&aside, &outside).map_err(|source| Error::write(&outside, source))?;
        }
        Ok(())
    }

    /// What waited aside goes: it was empty, and another is in its place.
    pub(super) fn tidy(&self, locked: &LockedSite<'_>) {
        let aside = self.aside(locked);
        match std::fs::remove_dir(&aside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                log::warn!("`{}` stays: {error}", aside.display());
            }
            _ => {}
        }
    }
}

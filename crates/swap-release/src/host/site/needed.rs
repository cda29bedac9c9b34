//! What no verb removes or renames: whatever `current`, the way back and the shared paths resolve to, or lead through.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{LockedSite, Site};
use crate::Error;
use crate::host::disk::mounts::{Mounts, way};

/// The places that have to stay, each with what leads there.
pub(crate) struct Needed {
    places: Vec<(String, PathBuf)>,
    mounts: Mounts,
}

impl Needed {
    /// Why something cannot go: it, or something in it, is needed. Nothing is asked of what is not there.
    pub(crate) fn objection(&self, path: &Path) -> Option<String> {
        let unseen = |error| Some(format!("it cannot be looked at: {error}"));
        // A link itself goes, not what it leads to.
        let location = match path.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => return unseen(error),
            Ok(meta) if meta.is_symlink() => {
                let location = match path.parent()?.canonicalize() {
                    Ok(folder) => folder.join(path.file_name()?),
                    Err(error) => return unseen(error),
                };
                let needs = self.places.iter().find(|(_, place)| place.starts_with(&location));
                return needs.map(|(what, _)| format!("{what} leads through it"));
            }
            Ok(_) => match path.canonicalize() {
                Ok(location) => location,
                Err(error) => return unseen(error),
            },
        };
        if let Some((what, place)) =
            self.places.iter().find(|(_, place)| self.mounts.depth(&location, place).is_some())
        {
            return Some(format!("{what} leads to `{}`", place.display()));
        }
        let mounted = self.mounts.within(&location);
        mounted.first().map(|at| format!("something is mounted on `{}`: unmount it first", at.display()))
    }

    /// Adds every place that the way to `path` leads through. What is not there needs nothing.
    fn add(&mut self, what: &str, path: &Path) {
        let stops = way(path).unwrap_or_default();
        self.places.extend(stops.into_iter().map(|stop| (what.to_owned(), stop)));
    }
}

impl Site<'_> {
    /// What has to stay on this site.
    pub(crate) fn needed(&self) -> Result<Needed, Error> {
        let mut needed = Needed { places: Vec::new(), mounts: Mounts::read() };
        needed.add("`current`", &self.paths.current());
        let live = self.current().ok().and_then(super::Current::into_id);
        let known = self.all_known()?;
        let mut used = Vec::new();
        if let Some(live) = &live {
            used.push(live.clone());
            needed.add(&format!("`{live}`, which is live,"), &self.tree(live));
            let follows = known.iter().find(|file| file.id() == live).and_then(|file| file.follows.clone());
            if let Some(former) = follows {
                needed.add(&format!("the way back, `{former}`,"), &self.tree(&former));
                used.push(former);
            }
        }
        let mut shared: Vec<&String> = known.iter().flat_map(|file| &file.shared).collect();
        shared.sort_unstable();
        shared.dedup();
        for path in shared {
            needed.add(&format!("the shared path `{path}`"), &self.paths.shared().join(path));
        }
        // Of those that were never written down the names are not known; but a link among them is.
        for entry in fs::read_dir(self.paths.shared()).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                needed.add(&format!("`shared/{}`", entry.file_name().display()), &entry.path());
            }
        }
        for id in used {
            let tree = self.tree(&id);
            links(&tree, &mut |link| needed.add(&format!("`{}`", link.display()), link));
        }
        Ok(needed)
    }
}

/// Every link in a tree.
fn links(folder: &Path, tell: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => links(&entry.path(), tell),
            Ok(kind) if kind.is_symlink() => tell(&entry.path()),
            Ok(_) | Err(_) => {}
        }
    }
}

impl LockedSite<'_> {
    /// Removes what nobody needs any more: left of a staging, or received.
    pub(crate) fn clear(&self, path: &Path) -> Result<(), Error> {
        if path.symlink_metadata().is_err() {
            return Ok(());
        }
        self.expect_unneeded(&self.site.needed()?, path)?;
        self.site.disk.remove_tree(path).map_err(|source| Error::write(path, source))
    }

    /// The same where a failure must stop nothing: what stays is reported.
    pub(crate) fn clear_or_tell(&self, path: &Path) {
        if let Err(error) = self.clear(path) {
            log::warn!("{error}");
        }
    }

    /// Renames something out of the way, into the trash as `name`; or, where that is another file system, beside itself.
    pub(crate) fn discard(&self, needed: &Needed, path: &Path, name: &str) -> Result<(), Error> {
        if path.symlink_metadata().is_err() {
            return Ok(());
        }
        self.expect_unneeded(needed, path)?;
        let disk = self.site.disk;
        let trash = free_name(self.site.paths.trash().join(name));
        let moved = match disk.rename_new(path, &trash) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                disk.rename_new(path, &free_name(path.with_file_name(format!("{BESIDE}{name}"))))
            }
            moved => moved,
        };
        moved.map_err(|source| Error::write(path, source))
    }

    fn expect_unneeded(&self, needed: &Needed, path: &Path) -> Result<(), Error> {
        match needed.objection(path) {
            None => Ok(()),
            Some(why) => Err(Error::needed(path, &why)),
        }
    }
}

/// Begins the name of what is trash and could not be brought to the trash; no release id begins so.
pub(crate) const BESIDE: &str = ".trash-";

/// A release may have been pruned, built again and pruned again while its first tree could not be deleted.
fn free_name(path: PathBuf) -> PathBuf {
    let mut candidate = path.clone();
    let mut count = 1;
    while candidate.symlink_metadata().is_ok() {
        candidate = path.with_extension(count.to_string());
        count += 1;
    }
    candidate
}

//! What is live: what `current` resolves to, whatever its text.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use record::ReleaseId;

use super::{Site, reserve};
use crate::Error;
use crate::host::disk::mounts::{Inode, Mounts};

/// What `current` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Current {
    /// There is none: nothing is live yet.
    None,
    /// It resolves to a release, or to something in it.
    Release {
        /// Which.
        id: ReleaseId,
        /// Its text; none if it is no link, as where a release is mounted on it.
        link: Option<PathBuf>,
        /// Whether the text is what a switch to this release writes.
        right: bool,
    },
    /// It resolves to a directory that is no release.
    Foreign(Foreign),
    /// It is a link that leads nowhere.
    Dangling {
        /// Its text.
        target: PathBuf,
    },
}

/// A directory that `current` leads to, and that is no release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// The text of `current`; none if `current` is the directory itself.
    pub(crate) link: Option<PathBuf>,
    /// What it resolves to.
    pub(crate) at: PathBuf,
    /// The name of the directory in `releases/` that it is, or is in, as other tools lay them out; none elsewhere.
    pub(crate) name: Option<ReleaseId>,
}

impl Current {
    pub(crate) fn id(&self) -> Option<&ReleaseId> {
        match self {
            Self::Release { id, .. } => Some(id),
            Self::None | Self::Foreign(_) | Self::Dangling { .. } => None,
        }
    }

    pub(crate) fn into_id(self) -> Option<ReleaseId> {
        match self {
            Self::Release { id, .. } => Some(id),
            Self::None | Self::Foreign(_) | Self::Dangling { .. } => None,
        }
    }
}

impl Site<'_> {
    /// Resolves `current`.
    pub(crate) fn current(&self) -> Result<Current, Error> {
        let path = self.paths.current();
        let link = match fs::read_link(&path) {
            Ok(target) => Some(target),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Current::None),
            // EINVAL: it exists and is not a link.
            Err(error) if error.kind() == ErrorKind::InvalidInput => None,
            Err(source) => return Err(Error::Read { path, source }),
        };
        let at = match fs::canonicalize(&path) {
            Ok(at) => at,
            Err(error) => {
                return match link {
                    Some(target) if leads_nowhere(&error) => Ok(Current::Dangling { target }),
                    // Removed since we looked.
                    None if error.kind() == ErrorKind::NotFound => Ok(Current::None),
                    _ => Err(Error::Read { path, source: error }),
                };
            }
        };
        if !at.is_dir() {
            return Err(match link {
                Some(target) => Error::ForeignCurrent { path, target },
                None => Error::CurrentNotALink { path },
            });
        }
        match self.release_at(&at, link.as_deref())? {
            Some(id) => {
                let right = link.as_ref().is_some_and(|link| *link == self.link_to(&id));
                Ok(Current::Release { id, link, right })
            }
            None => Ok(Current::Foreign(self.foreign(link, at)?)),
        }
    }

    /// The release that has `at`, a path without links, in its tree: the innermost, where a release lies in another. Of two
    /// names of one tree it is that of the release that was built, else that which `text` has.
    fn release_at(&self, at: &Path, text: Option<&Path>) -> Result<Option<ReleaseId>, Error> {
        let mounts = Mounts::read();
        let named = |id: &ReleaseId| text.is_some_and(|text| text.ends_with(id.as_str()));
        let mut best: Option<((usize, bool, bool), ReleaseId)> = None;
        for id in self.known_ids()? {
            let known = match self.known(&id) {
                Ok(None) => continue,
                Ok(Some(file)) => Some(file),
                // Unreadable, and all the same what is live.
                Err(_) => None,
            };
            let Ok(tree) = self.tree_of(&id, known.as_ref()).canonicalize() else { continue };
            let Some(depth) = mounts.depth(&tree, at) else { continue };
            let adopted = known.is_some_and(|file| file.adopted.is_some());
            let rank = (depth, adopted, !named(&id));
            if best.as_ref().is_none_or(|(other, _)| rank < *other) {
                best = Some((rank, id));
            }
        }
        Ok(best.map(|(_, id)| id))
    }

    /// A directory that is no release.
    fn foreign(&self, link: Option<PathBuf>, at: PathBuf) -> Result<Foreign, Error> {
        let mut name = None;
        if let Ok(releases) = self.paths.releases().canonicalize()
            && let Ok(below) = at.strip_prefix(&releases)
            && let Some(first) = below.components().next()
            && let Some(id) = first.as_os_str().to_str().and_then(|text| text.parse::<ReleaseId>().ok())
            && self.known(&id)?.is_none()
        {
            name = Some(id);
        }
        Ok(Foreign { link, at, name })
    }

    /// The text of `current` for a release: `releases/<id>`; for one that was taken over what it was then, as long as that
    /// leads there.
    pub(crate) fn link_to(&self, id: &ReleaseId) -> PathBuf {
        let ours = Path::new("releases").join(id.as_str());
        let Ok(Some(file)) = self.known(id) else { return ours };
        let Some(adopted) = &file.adopted else { return ours };
        let tree = self.tree_of(id, Some(&file));
        let by_link = Inode::of(&self.paths.deploy_to().join(&adopted.link));
        if by_link.is_some() && by_link == Inode::of(&tree) { adopted.link.clone().into() } else { tree }
    }

    /// Points `current` to a release, or removes it.
    pub(crate) fn point_current(&self, to: Option<&ReleaseId>) -> Result<(), Error> {
        match to {
            Some(to) => self.link_current(&self.link_to(to)),
            None => {
                let current = self.paths.current();
                self.disk.remove(&current).map_err(|source| Error::write(&current, source))
            }
        }
    }

    /// Makes `current` a link with this text. Atomic: whoever opens `current/x` meanwhile gets the old file or the new.
    pub(crate) fn link_current(&self, target: &Path) -> Result<(), Error> {
        let (current, next) = (self.paths.current(), self.paths.next());
        let link = || self.disk.link_aside(target, &next);
        self.disk
            .remove(&next)
            .and_then(|()| reserve::or_give_up(&self.paths, link))
            .and_then(|()| self.disk.rename(&next, &current))
            .map_err(|source| Error::write(&current, source))
    }
}

/// A link to what is not there, to itself, or through a file.
fn leads_nowhere(error: &io::Error) -> bool {
    error.kind() == ErrorKind::NotFound
        || error.kind() == ErrorKind::NotADirectory
        || error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(test)]
mod tests;

//! The symlink that says what is live.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use record::ReleaseId;

use super::Site;
use crate::Error;

/// What `current` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Current {
    /// There is none: nothing is live yet.
    None,
    /// A link to `releases/<id>`.
    Release(ReleaseId),
}

impl Current {
    pub(crate) fn id(&self) -> Option<&ReleaseId> {
        match self {
            Self::None => None,
            Self::Release(id) => Some(id),
        }
    }

    pub(crate) fn into_id(self) -> Option<ReleaseId> {
        match self {
            Self::None => None,
            Self::Release(id) => Some(id),
        }
    }
}

impl Site<'_> {
    /// Reads `current`.
    pub(crate) fn current(&self) -> Result<Current, Error> {
        let path = self.paths.current();
        match std::fs::read_link(&path) {
            Ok(target) => {
                release_of(&target).map(Current::Release).ok_or(Error::ForeignCurrent { path, target })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Current::None),
            // EINVAL: it exists and is not a link.
            Err(error) if error.kind() == ErrorKind::InvalidInput => Err(Error::CurrentNotALink { path }),
            Err(source) => Err(Error::Read { path, source }),
        }
    }

    /// Where `current` points, if nothing is there: a release whose directory somebody deleted, a disk that is not mounted.
    pub(crate) fn dangling(&self) -> Option<PathBuf> {
        let current = self.paths.current();
        let target = std::fs::read_link(&current).ok()?;
        matches!(current.metadata(), Err(error) if error.kind() == ErrorKind::NotFound).then_some(target)
    }

    /// Points `current` to a release, or removes it. Atomic: whoever opens `current/x` meanwhile gets the old file
    /// or the new.
    pub(crate) fn point_current(&self, to: Option<&ReleaseId>) -> Result<(), Error> {
        let current = self.paths.current();
        let Some(to) = to else {
            return self.disk.remove(&current).map_err(|source| Error::write(&current, source));
        };
        let next = self.paths.next();
        let target = Path::new("releases").join(to.as_str());
        self.disk
            .remove(&next)
            .and_then(|()| self.disk.link_aside(&target, &next))
            .and_then(|()| self.disk.rename(&next, &current))
            .map_err(|source| Error::write(&current, source))
    }
}

/// The release that a link target of the form `releases/<id>` names; trailing slashes are what people's `ln -s` leave.
fn release_of(target: &Path) -> Option<ReleaseId> {
    let text = target.to_str()?.trim_end_matches('/');
    text.strip_prefix("releases/")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_into_releases_are_ours() {
        assert_eq!(release_of(Path::new("releases/r1")).unwrap().as_str(), "r1");
        assert_eq!(release_of(Path::new("releases/r1/")).unwrap().as_str(), "r1");
        for foreign in
            ["/srv/old", "releases/", "releases/../x", "r1", "releases/a/b", "releases/.staging-r1"]
        {
            assert_eq!(release_of(Path::new(foreign)), None, "{foreign}");
        }
    }
}

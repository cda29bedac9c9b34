//! What is known of a release on this server.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use record::host::{DatabaseUpdate, ReleaseState};
use record::{Build, Release, ReleaseId};
use serde::{Deserialize, Serialize};

use super::{LockedSite, Site, reserve};
use crate::Error;

/// The content of `.swap/releases/<id>/state.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseFile {
    /// The release as it was built; copied from the record that it was staged by.
    pub(crate) release: Release,
    /// The build that made it, by the same record.
    pub(crate) build: Option<Build>,
    pub(crate) state: ReleaseState,
    /// Kept by every prune.
    pub(crate) pinned: bool,
    /// Paths in the tree that are links to `shared/`.
    pub(crate) shared: Vec<String>,
    /// Counts up with every staging: the order of releases does not hang on clocks, mtimes or names.
    pub(crate) sequence: u64,
    /// The release that was live when this one was first activated: where `rollback` goes.
    pub(crate) follows: Option<ReleaseId>,
    /// When `state` was written.
    pub(crate) since: String,
    /// The database updates that it brought.
    #[serde(default)]
    pub(crate) database: Option<DatabaseUpdate>,
    /// Where it is, of one that was served here before and taken over; null for one that was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) adopted: Option<Adopted>,
}

/// How a release that was taken over is reached; a part of its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Adopted {
    /// The text of `current` that leads there.
    pub(crate) link: String,
    /// The directory, seen from deploy_to if it is in it; null for `releases/<id>`.
    pub(crate) at: Option<String>,
}

impl ReleaseFile {
    pub(crate) fn id(&self) -> &ReleaseId {
        &self.release.id
    }

    /// Version 0.1 did not say which releases were taken over; but no torrent carries one.
    fn with_what_is_untold(self) -> Self {
        let untold = self.adopted.is_none() && self.build.is_none();
        if !untold || self.release.infohash.as_bytes().iter().any(|byte| *byte != 0) {
            return self;
        }
        let adopted = Adopted { link: format!("releases/{}", self.release.id), at: None };
        Self { adopted: Some(adopted), pinned: true, ..self }
    }
}

impl Site<'_> {
    /// What is known of a release; `None` if nothing is.
    pub(crate) fn known(&self, id: &ReleaseId) -> Result<Option<ReleaseFile>, Error> {
        let path = self.paths.state_file(id);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(|file: ReleaseFile| Some(file.with_what_is_untold()))
                .map_err(|source| Error::State { path, source }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Read { path, source }),
        }
    }

    /// Every release that is known, oldest first. One whose state is unreadable is left out with a warning: it must
    /// not keep the others from being switched.
    pub(crate) fn all_known(&self) -> Result<Vec<ReleaseFile>, Error> {
        let mut all = Vec::new();
        for id in self.known_ids()? {
            match self.known(&id) {
                Ok(Some(file)) => all.push(file),
                Ok(None) => {}
                Err(error) => log::warn!("{error}"),
            }
        }
        all.sort_by(|one, other| (one.sequence, one.id()).cmp(&(other.sequence, other.id())));
        Ok(all)
    }

    /// The names of all of which anything is written down, readable or not.
    pub(super) fn known_ids(&self) -> Result<Vec<ReleaseId>, Error> {
        let folder = self.paths.known();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::Read { path: folder, source }),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|source| Error::Read { path: folder.clone(), source })?;
            ids.extend(entry.file_name().to_str().and_then(|name| name.parse().ok()));
        }
        Ok(ids)
    }

    /// The directory of a release, wherever it is.
    pub(crate) fn tree(&self, id: &ReleaseId) -> PathBuf {
        // One whose state is unreadable is where we put them.
        self.tree_of(id, self.known(id).ok().flatten().as_ref())
    }

    /// The same of one whose state was read.
    pub(super) fn tree_of(&self, id: &ReleaseId, file: Option<&ReleaseFile>) -> PathBuf {
        let adopted = file.and_then(|file| file.adopted.as_ref());
        match adopted.and_then(|adopted| adopted.at.as_ref()) {
            Some(at) => self.paths.deploy_to().join(at),
            None => self.paths.release(id),
        }
    }

    /// Whether nothing is left of a release but what is written down: its directory was removed, by another tool or by hand.
    pub(crate) fn is_gone(&self, file: &ReleaseFile) -> bool {
        let tree = self.tree_of(file.id(), Some(file));
        let missing = tree.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
        missing && file.state != ReleaseState::Staging
    }

    /// A release that is known, or an error that names those that are.
    pub(crate) fn expect_known(&self, id: &ReleaseId) -> Result<ReleaseFile, Error> {
        if let Some(file) = self.known(id)? {
            return Ok(file);
        }
        let known: Vec<String> = self.all_known()?.iter().map(|file| file.id().to_string()).collect();
        Err(Error::unknown_release(id, &known))
    }
}

impl LockedSite<'_> {
    /// Writes what is known of a release, with the time of its new state.
    pub(crate) fn remember(&self, file: &ReleaseFile) -> Result<(), Error> {
        self.amend(&ReleaseFile { since: record::now().to_string(), ..file.clone() })
    }

    /// Writes what is known of a release whose state stays as it is.
    pub(crate) fn amend(&self, file: &ReleaseFile) -> Result<(), Error> {
        let path = self.site.paths.state_file(file.id());
        let bytes = serde_json::to_vec(file).map_err(|source| Error::State { path: path.clone(), source })?;
        self.write(&path, &bytes)
    }

    /// Writes something small that a way back may need, on a full disk, too.
    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let write = || self.site.disk.write(path, bytes);
        reserve::or_give_up(&self.site.paths, write).map_err(|source| Error::write(path, source))
    }

    /// Writes another state for a release, if it is known and not in that state.
    pub(crate) fn set_state(&self, id: &ReleaseId, state: ReleaseState) -> Result<(), Error> {
        match self.site.known(id)? {
            Some(file) if file.state != state => self.remember(&ReleaseFile { state, ..file }),
            _ => Ok(()),
        }
    }

    /// Removes what is known of a release.
    pub(crate) fn forget(&self, id: &ReleaseId) -> Result<(), Error> {
        let path = self.site.paths.known_release(id);
        self.site.disk.remove_tree(&path).map_err(|source| Error::write(&path, source))
    }
}

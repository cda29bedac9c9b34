//! The operation that is going on: written before its first effect, removed after its last.

use std::fs;
use std::io::ErrorKind;

use record::ReleaseId;
use record::host::ReleaseState;
use serde::{Deserialize, Serialize};

use super::LockedSite;
use crate::Error;

/// One shared path that was no link and becomes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    /// The shared path.
    pub(crate) path: String,
    /// Where it is in the release, below deploy_to.
    pub(crate) inside: String,
}

/// Why `current` is being switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SwitchKind {
    /// A release goes live that follows the one before.
    Activate,
    /// A former release comes back.
    Rollback,
}

/// An operation under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Pending {
    /// A release is being unpacked.
    Stage {
        /// Which.
        release: ReleaseId,
    },
    /// `current` is being switched.
    Switch {
        /// Activation or rollback.
        kind: SwitchKind,
        /// The release that was live; null if none was.
        from: Option<ReleaseId>,
        /// The release that goes live.
        to: ReleaseId,
        /// What `to` was before, and is again if the switch is taken back and nobody says that it is bad.
        #[serde(default = "staged")]
        was: ReleaseState,
        /// The text of `current` before, which is put back as it was; null if none was live, or it is no text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        link: Option<String>,
        /// False as long as somebody may still ask to revert: then whoever finds this reverts. True is the point of
        /// no return: then whoever finds this goes on.
        confirmed: bool,
    },
    /// A directory that is served becomes a release.
    Adopt {
        /// Its name as a release.
        release: ReleaseId,
        /// What outlives releases.
        shared: Vec<String>,
        /// What of it moves to `shared/`; null in a journal of 0.1.
        #[serde(default)]
        moves: Option<Vec<Move>>,
        /// Directories that are made writable meanwhile, and their modes.
        #[serde(default)]
        protected: Vec<(String, u32)>,
        /// `current` is a directory, and becomes a link to it.
        #[serde(default = "yes")]
        directory: bool,
        /// It is a release already.
        #[serde(default)]
        known: bool,
    },
    /// A release's tree is being put right.
    Repair {
        /// Which.
        release: ReleaseId,
    },
    /// A release is being removed.
    Prune {
        /// Which.
        release: ReleaseId,
    },
}

/// What a journal of 0.1 without the field means.
fn staged() -> ReleaseState {
    ReleaseState::Staged
}

/// What a journal of 0.1 without the field means.
fn yes() -> bool {
    true
}

impl LockedSite<'_> {
    /// Reads the pending operation, if there is one.
    pub(crate) fn pending(&self) -> Result<Option<Pending>, Error> {
        let path = self.site.paths.pending();
        match fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map(Some).map_err(|source| Error::State { path, source })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Read { path, source }),
        }
    }

    /// Says what is about to be done.
    pub(crate) fn begin(&self, pending: &Pending) -> Result<(), Error> {
        // Every step begins here: an owner that was fenced off begins none.
        self.lock.check()?;
        let path = self.site.paths.pending();
        let bytes =
            serde_json::to_vec(pending).map_err(|source| Error::State { path: path.clone(), source })?;
        self.write(&path, &bytes)
    }

    /// Says that it is done, or undone.
    pub(crate) fn end(&self) -> Result<(), Error> {
        let path = self.site.paths.pending();
        self.site.disk.remove(&path).map_err(|source| Error::write(&path, source))
    }
}

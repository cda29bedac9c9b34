//! What this seeder's directory holds of ours, in the order in which it was published: `.published.json`.
//!
//! Only what is written here is ever removed; a directory may hold other things, too.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use metainfo::Infohash;
use record::{FileName, Release, ReleaseId, durable};
use serde::{Deserialize, Serialize};

use crate::error::Error;

const FILE: &str = ".published.json";
/// Thousands of releases.
const LARGEST: u64 = 16 << 20;

/// One published release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// The release.
    pub(crate) release: ReleaseId,
    /// Of its torrent, in hex.
    infohash: String,
    /// The torrent in the seeder's directory.
    pub(crate) torrent: FileName,
    /// The payload there.
    pub(crate) payload: FileName,
}

impl Entry {
    /// What is kept of a release.
    pub(crate) fn of(release: &Release) -> Self {
        Self {
            release: release.id.clone(),
            infohash: release.infohash.to_string(),
            torrent: release.torrent.file.clone(),
            payload: release.payload.file.clone(),
        }
    }

    /// Of its torrent.
    pub(crate) fn infohash(&self, ledger: &Ledger) -> Result<Infohash, Error> {
        self.infohash.parse().map_err(|_| ledger.damaged("an infohash is none"))
    }

    /// Whether both are the same torrent with the same files.
    pub(crate) fn shares_with(&self, other: &Self) -> bool {
        self.infohash == other.infohash || self.payload == other.payload
    }
}

/// The list of a seeder's directory.
#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
    /// Oldest first.
    pub(crate) entries: Vec<Entry>,
}

impl Ledger {
    /// Reads it; empty if there is none.
    pub(crate) fn load(directory: &Path) -> Result<Self, Error> {
        let path = directory.join(FILE);
        let mut ledger = Self { path, entries: Vec::new() };
        let text = match fs::metadata(&ledger.path) {
            Ok(metadata) if metadata.len() > LARGEST => return Err(ledger.damaged("it is too large")),
            Ok(_) => fs::read_to_string(&ledger.path),
            Err(error) => Err(error),
        };
        match text {
            Ok(text) => {
                ledger.entries =
                    serde_json::from_str(&text).map_err(|error| ledger.damaged(&error.to_string()))?;
                Ok(ledger)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(ledger),
            Err(source) => Err(Error::Read { path: ledger.path, source }),
        }
    }

    /// Makes the release the newest.
    pub(crate) fn add(&mut self, entry: Entry) -> Result<(), Error> {
        if self.entries.last() == Some(&entry) {
            return Ok(());
        }
        self.entries.retain(|known| known.release != entry.release);
        self.entries.push(entry);
        self.write()
    }

    /// Forgets a release.
    pub(crate) fn remove(&mut self, release: &ReleaseId) -> Result<(), Error> {
        self.entries.retain(|known| known.release != *release);
        self.write()
    }

    fn write(&self) -> Result<(), Error> {
        let write_error = |source| Error::Write { path: self.path.clone(), source };
        let mut text = serde_json::to_vec_pretty(&self.entries).map_err(|error| write_error(error.into()))?;
        text.push(b'\n');
        durable::write(&self.path, &text).map_err(write_error)
    }

    fn damaged(&self, reason: &str) -> Error {
        Error::Ledger { path: self.path.clone(), reason: reason.to_owned() }
    }
}

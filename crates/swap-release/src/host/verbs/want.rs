//! Wanted records: what a BitTorrent client's events may stage here. They come by SSH, or from the operator, and never
//! from the swarm.

use std::fs;
use std::io::ErrorKind;

use inventory::SharedPaths;
use record::{AnyRecord, Build, Release};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::host::site::{LockedSite, Site};

/// `.swap/wanted/<infohash>.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    pub(crate) release: Release,
    pub(crate) build: Option<Build>,
    pub(crate) shared: Vec<String>,
}

/// Writes down that a release is wanted.
pub(crate) fn want(locked: &LockedSite<'_>, record: AnyRecord, shared: &SharedPaths) -> Result<(), Error> {
    let AnyRecord { release, build } = record;
    let (paths, disk) = (&locked.site.paths, locked.site.disk);
    let path = paths.wanted(&release.infohash.to_string());
    let folder = paths.wanted_folder();
    disk.make_folder(&folder).map_err(|source| Error::write(&folder, source))?;
    let wanted = Wanted { release, build, shared: shared.iter().map(ToString::to_string).collect() };
    let bytes = serde_json::to_vec(&wanted).map_err(|source| Error::State { path: path.clone(), source })?;
    disk.write(&path, &bytes).map_err(|source| Error::write(&path, source))
}

impl LockedSite<'_> {
    /// Once it is staged no event needs to look for it.
    pub(crate) fn no_longer_want(&self, release: &Release) -> Result<(), Error> {
        let path = self.site.paths.wanted(&release.infohash.to_string());
        if !path.is_file() {
            return Ok(());
        }
        self.site.disk.remove(&path).map_err(|source| Error::write(&path, source))
    }
}

impl Site<'_> {
    /// What is wanted under an infohash, 40 hex digits of either case.
    pub(crate) fn wanted(&self, infohash: &str) -> Result<Option<Wanted>, Error> {
        let infohash = infohash.to_ascii_lowercase();
        if infohash.len() != 40 || !infohash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::Usage(format!("`{infohash}` is not an infohash: 40 hex digits")));
        }
        let path = self.paths.wanted(&infohash);
        match fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map(Some).map_err(|source| Error::State { path, source })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Read { path, source }),
        }
    }
}

//! Making a tree durable at once.

use std::path::Path;

use rustix::fs::syncfs;

use crate::Error;
use crate::disk::beneath::Beneath;

/// Writes everything that is cached for the file system of this directory to disk: one `syncfs`, where an `fsync` for
/// each of 20,000 files would take minutes.
///
/// # Errors
/// [`Error::Root`] when it cannot be opened; [`Error::Write`] when the disk refuses, which also reports earlier
/// write-back errors of the file system.
pub fn sync_tree(dir: &Path) -> Result<(), Error> {
    syncfs(Beneath::open(dir)?.dir("").map_err(|error| Error::write(&dir.to_string_lossy(), error))?)
        .map_err(|error| Error::write(&dir.to_string_lossy(), error))
}

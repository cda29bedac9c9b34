//! Unpacking what came out of a swarm.

use std::io::{Read, Write};
use std::path::Path;

use sha2::Digest;

use super::members::Members;
use super::writers::{SMALL, Writers};
use crate::content::entry::{Entry, FileMode, Kind};
use crate::digest::{Sha256, TreeDigest};
use crate::disk::beneath::{Beneath, finish_file};
use crate::disk::fresh::Fresh;
use crate::error::shown;
use crate::{Error, Manifest, Progress, tree};

/// Unpacks an archive into a directory that is not there yet, or is empty, and gives the manifest of what it made.
///
/// Reads the input once and to its end. The manifest's digest must be `expected` before anything is created; every
/// byte written is a byte that was hashed; only what the manifest lists is created, beneath the directory and
/// through no link; file modes do not depend on the umask. On any error, and on an abort, the directory is removed
/// again, or left empty if it was there. Does not sync, see [`crate::sync_tree`].
///
/// # Errors
/// [`Error::Twins`]; [`Error::Digest`], [`Error::Member`], [`Error::Content`], [`Error::Unpack`] or a fault of the manifest for an
/// archive that is damaged or not the expected one; [`Error::Occupied`]; [`Error::Write`]; [`Error::Aborted`].
pub fn unpack(
    input: impl Read,
    dest: &Path,
    expected: &TreeDigest,
    progress: &Progress<'_>,
) -> Result<Manifest, Error> {
    let mut members = Members::new(input)?;
    let manifest = members.manifest()?;
    manifest.expect(expected)?;
    manifest.check_twins()?;
    let fresh = Fresh::create(dest)?;
    let writers = Writers::new(fresh.dir());
    let read = std::thread::scope(|scope| {
        let sender = writers.start(scope)?;
        let mut buffer = Vec::new();
        for entry in manifest.entries() {
            if !progress(0) {
                return Err(Error::aborted(&entry.path));
            }
            if writers.failed() {
                return Ok(());
            }
            members.header(entry)?;
            match &entry.kind {
                Kind::Dir => {
                    let created = fresh.dir().create_dir(&entry.path);
                    created.map_err(|error| Error::write(&entry.path, error))?;
                }
                // Created last: while files are written there is no link that could lead them anywhere.
                Kind::Link { .. } => {}
                Kind::File { size, .. } if *size <= SMALL => {
                    let content = members.whole(&entry.path, usize::try_from(*size).unwrap_or_default())?;
                    members.padding(&entry.path, *size)?;
                    // The writers end only after the sender does, so this cannot fail.
                    let _ = sender.send((entry, content));
                    if !progress(*size) {
                        return Err(Error::aborted(&entry.path));
                    }
                }
                Kind::File { mode, size, sha256 } => {
                    large(&mut members, fresh.dir(), entry, (*mode, *size, sha256), &mut buffer, progress)?;
                    members.padding(&entry.path, *size)?;
                }
            }
        }
        members.end()
    });
    writers.into_result()?;
    read?;
    tree::finish(fresh.dir(), &manifest, progress)?;
    fresh.keep();
    Ok(manifest)
}

/// Writes a file as it is decompressed. Wrong content is found at its end, and the whole directory goes.
fn large(
    members: &mut Members<impl Read>,
    dir: &Beneath,
    entry: &Entry,
    (mode, size, sha256): (FileMode, u64, &Sha256),
    buffer: &mut Vec<u8>,
    progress: &Progress<'_>,
) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::write(&entry.path, error);
    let mut file = dir.create_file(&entry.path).map_err(|error| failed(error.into()))?;
    let mut hasher = sha2::Sha256::new();
    let mut left = size;
    while left > 0 {
        let got = members.content(&entry.path, buffer, left)?;
        hasher.update(got);
        file.write_all(got).map_err(failed)?;
        left -= got.len() as u64;
        if !progress(got.len() as u64) {
            return Err(Error::aborted(&entry.path));
        }
    }
    if Sha256::finish(hasher) != *sha256 {
        return Err(Error::Content { path: shown(&entry.path) });
    }
    finish_file(&file, mode.bits(), entry.mtime).map_err(|error| failed(error.into()))
}

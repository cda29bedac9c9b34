//! Taking a release from a plain directory that some client downloaded.

use std::io::Write;
use std::path::Path;

use rustix::fs::ioctl_ficlone;
use sha2::Digest;

use crate::content::entry::{Entry, Kind};
use crate::digest::{Sha256, TreeDigest};
use crate::disk::beneath::{Beneath, finish_file};
use crate::disk::fresh::Fresh;
use crate::disk::pool::{in_parts, readers};
use crate::disk::read::read_some;
use crate::error::shown;
use crate::listing::scan::TOGETHER;
use crate::{Error, Manifest, Progress};

/// Copies the files of a manifest into a directory that is not there yet, or is empty; directories, links, modes and
/// times, which a torrent does not carry, come from the manifest. What else lies in `src` is not looked at.
///
/// The same promises as [`crate::archive::unpack`]: the digest first, every byte hashed as it is copied, nothing
/// beyond the manifest, nothing left after an error, no sync.
///
/// # Errors
/// [`Error::Twins`]; [`Error::Digest`]; [`Error::Content`] for a file of another size or content; [`Error::Read`] for one that is
/// missing or is a link; [`Error::Occupied`]; [`Error::Write`]; [`Error::Aborted`].
pub fn copy(
    src: &Path,
    dest: &Path,
    manifest: &Manifest,
    expected: &TreeDigest,
    progress: &Progress<'_>,
) -> Result<(), Error> {
    manifest.expect(expected)?;
    manifest.check_twins()?;
    let src = Beneath::open(src)?;
    let fresh = Fresh::create(dest)?;
    for entry in manifest.entries().iter().filter(|entry| entry.kind == Kind::Dir) {
        if !progress(0) {
            return Err(Error::aborted(&entry.path));
        }
        fresh.dir().create_dir(&entry.path).map_err(|error| Error::write(&entry.path, error))?;
    }
    let entries = manifest.entries();
    in_parts(readers(), entries.len(), TOGETHER, |buffer, part| {
        entries.get(part).unwrap_or_default().iter().try_for_each(|entry| match &entry.kind {
            Kind::File { .. } => copy_file(&src, &entry.path, fresh.dir(), entry, buffer, progress),
            Kind::Dir | Kind::Link { .. } => Ok(()),
        })
    })?;
    finish(fresh.dir(), manifest, progress)?;
    fresh.keep();
    Ok(())
}

/// Copies the file that lies at `from` to where the entry is, and proves that it is what the entry says.
pub(crate) fn copy_file(
    src: &Beneath,
    from: &str,
    dest: &Beneath,
    entry: &Entry,
    buffer: &mut Vec<u8>,
    progress: &Progress<'_>,
) -> Result<(), Error> {
    let path = &entry.path;
    let wrong = || Error::Content { path: shown(from) };
    let Kind::File { mode, size, sha256 } = &entry.kind else { return Err(wrong()) };
    let size = *size;
    let failed = |error: std::io::Error| Error::write(path, error);
    let unread = |error: std::io::Error| Error::read(from, error);
    let from = src.read(from).map_err(|error| unread(error.into()))?;
    let metadata = from.metadata().map_err(unread)?;
    if !metadata.is_file() || metadata.len() != size {
        return Err(wrong());
    }
    let mut to = dest.create_file(path).map_err(|error| failed(error.into()))?;
    // A file system that can shares the blocks (never the inode: the client may go on writing). What is hashed then is
    // our copy, after the blocks were shared.
    let shared = ioctl_ficlone(&to, &from).is_ok();
    let mut from = if shared { dest.read(path).map_err(|error| failed(error.into()))? } else { from };
    if shared && from.metadata().map_err(failed)?.len() != size {
        return Err(wrong());
    }
    let mut hasher = sha2::Sha256::new();
    let mut left = size;
    // Once even for an empty file, so that an abort is noticed.
    loop {
        let got = read_some(&mut from, buffer, left).map_err(unread)?;
        if got.is_empty() && left > 0 {
            return Err(wrong());
        }
        hasher.update(got);
        if !shared {
            to.write_all(got).map_err(failed)?;
        }
        left -= got.len() as u64;
        if !progress(got.len() as u64) {
            return Err(Error::aborted(path));
        }
        if left == 0 {
            break;
        }
    }
    if Sha256::finish(hasher) != *sha256 {
        return Err(wrong());
    }
    finish_file(&to, mode.bits(), entry.mtime).map_err(|error| failed(error.into()))
}

/// Creates the links, then gives every directory its mode and time, the innermost first, and the root its mode.
pub(crate) fn finish(dest: &Beneath, manifest: &Manifest, progress: &Progress<'_>) -> Result<(), Error> {
    let stop = |entry: &Entry| if progress(0) { Ok(()) } else { Err(Error::aborted(&entry.path)) };
    for entry in manifest.entries() {
        if let Kind::Link { target } = &entry.kind {
            stop(entry)?;
            let created = dest.create_link(&entry.path, target, entry.mtime);
            created.map_err(|error| Error::write(&entry.path, error))?;
        }
    }
    for entry in manifest.entries().iter().rev().filter(|entry| entry.kind == Kind::Dir) {
        stop(entry)?;
        dest.finish_dir(&entry.path, entry.mtime).map_err(|error| Error::write(&entry.path, error))?;
    }
    // The root is not listed; it gets the time of the newest entry, so that no clock is read here either.
    let newest = manifest.entries().iter().map(|entry| entry.mtime).max().unwrap_or_default();
    dest.finish_dir("", newest).map_err(|error| Error::write(".", error))
}

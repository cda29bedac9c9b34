//! From a listed tree to its manifest.

use std::fs::File;

use rustix::fs::{FileType, fstat};
use sha2::Digest;

use crate::content::entry::{Entry, FileMode, Kind};
use crate::content::manifest::{MAX_MTIME, Manifest};
use crate::digest::Sha256;
use crate::disk::beneath::Beneath;
use crate::disk::pool::{in_parts, readers};
use crate::disk::read::read_some;
use crate::error::shown;
use crate::listing::list::{Found, FoundKind};
use crate::listing::scan::{Scan, TOGETHER};
use crate::listing::stamp::Stamp;
use crate::{Error, Progress};

/// Which modification times a release gets. Web servers build ETag and Last-Modified from them, and opcache its
/// freshness: what changed must change its time, and what did not should keep it. The clock is never read.
#[derive(Clone, Copy, Debug)]
pub struct Mtimes<'a> {
    /// Seconds since 1970 for everything that is new or changed.
    pub release: u64,
    /// The manifests of what is there today, one or several where servers differ: what is the same there keeps its time.
    pub bases: &'a [Manifest],
}

impl Mtimes<'_> {
    /// The time for an entry. Something that changed gets a later time than it had, even when the release's own time
    /// is not later: packed twice from one commit, or from an older one. Of several times of one content it is the latest
    /// that no other content has.
    pub(crate) fn of(&self, path: &str, kind: &Kind) -> u64 {
        let before = || self.before(path);
        let is_taken = |time| before().any(|entry| entry.mtime == time && !same_content(&entry.kind, kind));
        let same = before().filter(|entry| same_content(&entry.kind, kind)).map(|entry| entry.mtime);
        // 0 is no time that may be kept: PHP's opcache never keeps a file that has it.
        let kept = same.filter(|time| *time > 0 && !is_taken(*time)).max();
        let newest = before().map(|entry| entry.mtime).max();
        match (kept, newest) {
            (Some(time), _) => time,
            (None, Some(newest)) => self.release.max(newest + 1).min(MAX_MTIME),
            (None, None) => self.release,
        }
    }

    /// What is at a path today.
    pub(crate) fn before(&self, path: &str) -> impl Iterator<Item = &Entry> {
        self.bases.iter().filter_map(move |base| base.get(path))
    }
}

/// Whether a cache may go on using what it has; a mode does not matter to it.
fn same_content(a: &Kind, b: &Kind) -> bool {
    match (a, b) {
        (Kind::File { sha256: a, .. }, Kind::File { sha256: b, .. }) => a == b,
        (Kind::Dir, Kind::Dir) => true,
        (Kind::Link { target: a }, Kind::Link { target: b }) => a == b,
        _ => false,
    }
}

impl Scan {
    /// Reads and hashes every file, in parallel.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Changed`] for a file that is not as it was listed; [`Error::Empty`] for a tree
    /// without content; [`Error::Aborted`].
    pub fn manifest(&self, mtimes: Mtimes<'_>, progress: &Progress<'_>) -> Result<Manifest, Error> {
        if self.bytes() == 0 {
            return Err(Error::Empty { path: self.root.clone() });
        }
        let entry = |buffer: &mut Vec<u8>, found: &Found| {
            let kind = match &found.kind {
                FoundKind::Dir { .. } => Kind::Dir,
                FoundKind::Link { target } => {
                    Kind::Link { target: String::from_utf8_lossy(target).into_owned() }
                }
                FoundKind::File { mode, stamp, .. } => {
                    let sha256 = hash_file(&self.dir, &found.path, stamp, buffer, progress)?;
                    Kind::File { mode: FileMode::from_bits(*mode), size: stamp.size, sha256 }
                }
                // Refused by `walk`, without which there is no scan.
                FoundKind::Special(kind) => return Err(Error::Special { path: shown(&found.path), kind }),
                FoundKind::NotUtf8 => return Err(Error::NotUtf8 { path: shown(&found.path) }),
            };
            Ok(Entry { mtime: mtimes.of(&found.path, &kind), path: found.path.clone(), kind })
        };
        let parts = in_parts(readers(), self.entries(), TOGETHER, |buffer, part| {
            let found = self.found().get(part).unwrap_or_default().iter();
            found.map(|found| entry(buffer, found)).collect::<Result<Vec<_>, Error>>()
        })?;
        Manifest::new(parts.into_iter().flatten().collect())
    }
}

/// Hashes a file that must be, before and after, the one that was listed.
pub(crate) fn hash_file(
    dir: &Beneath,
    path: &str,
    listed: &Stamp,
    buffer: &mut Vec<u8>,
    progress: &Progress<'_>,
) -> Result<Sha256, Error> {
    let changed = || Error::Changed { path: shown(path) };
    let mut file = dir.read(path).map_err(|error| Error::read(path, error))?;
    if stamp(&file, path)? != Some(*listed) {
        return Err(changed());
    }
    let mut hasher = sha2::Sha256::new();
    let mut left = listed.size;
    while left > 0 {
        let got = read_some(&mut file, buffer, left).map_err(|error| Error::read(path, error))?;
        if got.is_empty() {
            return Err(changed());
        }
        hasher.update(got);
        left -= got.len() as u64;
        if !progress(got.len() as u64) {
            return Err(Error::aborted(path));
        }
    }
    if stamp(&file, path)? != Some(*listed) {
        return Err(changed());
    }
    Ok(Sha256::finish(hasher))
}

/// The stamp of an open file, or nothing when it is no regular file.
fn stamp(file: &File, path: &str) -> Result<Option<Stamp>, Error> {
    let stat = fstat(file).map_err(|error| Error::read(path, error))?;
    Ok((FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile).then(|| Stamp::of(&stat)))
}

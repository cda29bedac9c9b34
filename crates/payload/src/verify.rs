//! Whether a directory still is the tree of its manifest.

use std::borrow::Borrow;
use std::path::Path;

use sha2::Digest;

use crate::content::entry::{Entry, Kind};
use crate::content::manifest::Manifest;
use crate::content::path::{name, parent};
use crate::digest::Sha256;
use crate::disk::beneath::Beneath;
use crate::disk::pool::{in_parts, readers};
use crate::disk::read::{READ, read_some};
use crate::listing::list::{Found, FoundKind, list_reading};
use crate::{Error, Progress};

/// Things of a directory that one thread compares in a row.
const TOGETHER: usize = 64;
/// So many times that a thread takes at once, since most directories are small.
const CHUNKS: usize = 16;

/// How a directory differs from its manifest: paths in bytewise order, each in one list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the manifest and not on disk.
    pub missing: Vec<String>,
    /// On disk and not in the manifest. A name that is not UTF-8 is given lossily.
    pub extra: Vec<String>,
    /// Files with another size or content, and anything of another type.
    pub changed: Vec<String>,
    /// Files and directories with other permission bits.
    pub mode: Vec<String>,
    /// Links with another target.
    pub link: Vec<String>,
    /// What is as it should be, but belongs to another user than the root of the tree.
    pub owner: Vec<String>,
}

impl Report {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.differences() == 0
    }

    /// Number of paths that differ.
    #[must_use]
    pub fn differences(&self) -> usize {
        let Self { missing, extra, changed, mode, link, owner } = self;
        [missing, extra, changed, mode, link, owner].map(Vec::len).iter().sum()
    }
}

enum Finding {
    Extra(String),
    Changed(String),
    Mode(String),
    Link(String),
    Owner(String),
}

/// Compares a directory with a manifest, hashing every file, in parallel. Modification times are not compared.
///
/// `ignore` are paths that the host has replaced, such as links to shared/: they and all beneath them are neither
/// missing nor extra nor changed, and neither are directories that are there only to hold them. A trailing `/` does
/// not matter.
///
/// # Errors
/// [`Error::Root`]; [`Error::Read`] for what is there and cannot be read, which says nothing about its content;
/// [`Error::Changed`] when something goes away meanwhile; [`Error::Aborted`].
pub fn verify<S: AsRef<str>>(
    root: &Path,
    manifest: &Manifest,
    ignore: &[S],
    progress: &Progress<'_>,
) -> Result<Report, Error> {
    verify_with(root, || Ok(manifest), ignore, progress)
}

/// Like [`verify`]; the manifest is read while the directory is.
///
/// # Errors
/// Those of `manifest`, and those of [`verify`].
pub fn verify_with<S: AsRef<str>, M: Borrow<Manifest>, E: From<Error>>(
    root: &Path,
    manifest: impl FnOnce() -> Result<M, E>,
    ignore: &[S],
    progress: &Progress<'_>,
) -> Result<Report, E> {
    let ignore: Vec<&str> = ignore.iter().map(|path| path.as_ref().trim_end_matches('/')).collect();
    let ignored = |path: &str| ignore.iter().any(|ignored| is_at_or_beneath(path, ignored));
    let holds_ignored = |path: &str| ignore.iter().any(|ignored| is_at_or_beneath(ignored, path));
    let dir = Beneath::open(root)?;
    let owner = dir.owner().map_err(|error| Error::read(".", error))?;
    let (found, manifest) = std::thread::scope(|scope| {
        let listing = std::thread::Builder::new()
            .spawn_scoped(scope, || list_reading(&dir, |path, _| ignored(path), progress));
        let listing =
            listing.map_err(|error| Error::Threads { path: ".".into(), reason: error.to_string() })?;
        let manifest = manifest();
        // A panic of the other thread is one of this thread, too.
        let found = listing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?.found;
        Ok::<_, E>((found, manifest?))
    })?;
    let (pairs, missing) = pair(&found, manifest.borrow().entries());
    let site = Tree { dir: &dir, owner, progress };
    let compare = |buffer: &mut Vec<u8>, pairs: &[Pair<'_>]| {
        let expected = |(found, entry): &&Pair<'_>| {
            let extra_dir = entry.is_none() && matches!(found.kind, FoundKind::Dir { .. });
            !(extra_dir && holds_ignored(&found.path))
        };
        site.compare(pairs.iter().filter(expected), buffer)
    };
    let dirs = pairs.chunk_by(|(a, _), (b, _)| parent(&a.path) == parent(&b.path));
    let chunks: Vec<&[Pair<'_>]> = dirs.flat_map(|pairs| pairs.chunks(TOGETHER)).collect();
    let findings = in_parts(readers(), chunks.len(), CHUNKS, |buffer, part| {
        let chunks = chunks.get(part).unwrap_or_default().iter();
        chunks.map(|pairs| compare(buffer, pairs)).collect::<Result<Vec<_>, _>>()
    })?;
    let mut report = Report::default();
    for finding in findings.into_iter().flatten().flatten() {
        match finding {
            Finding::Extra(path) => report.extra.push(path),
            Finding::Changed(path) => report.changed.push(path),
            Finding::Mode(path) => report.mode.push(path),
            Finding::Link(path) => report.link.push(path),
            Finding::Owner(path) => report.owner.push(path),
        }
    }
    report.missing = missing.into_iter().filter(|path| !ignored(path)).map(str::to_owned).collect();
    Ok(report)
}

/// What is there, and what should be there by its name.
type Pair<'a> = (&'a Found, Option<&'a Entry>);

/// Goes through both lists, which have the same order, at once. Gives also what is not there.
fn pair<'a>(found: &'a [Found], entries: &'a [Entry]) -> (Vec<Pair<'a>>, Vec<&'a str>) {
    let mut entries = entries.iter().peekable();
    let mut pairs = Vec::with_capacity(found.len());
    let mut missing = Vec::new();
    for found in found {
        while let Some(entry) = entries.next_if(|entry| entry.path < found.path) {
            missing.push(entry.path.as_str());
        }
        // The path of a name that is not UTF-8 is not its own.
        let utf8 = !matches!(found.kind, FoundKind::NotUtf8);
        pairs.push((found, entries.next_if(|entry| utf8 && entry.path == found.path)));
    }
    missing.extend(entries.map(|entry| entry.path.as_str()));
    (pairs, missing)
}

fn is_at_or_beneath(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A directory that is compared.
struct Tree<'a> {
    dir: &'a Beneath,
    owner: u32,
    progress: &'a Progress<'a>,
}

impl Tree<'_> {
    /// Compares some things of one directory.
    fn compare<'p>(
        &self,
        pairs: impl Iterator<Item = &'p Pair<'p>> + Clone,
        buffer: &mut Vec<u8>,
    ) -> Result<Vec<Finding>, Error> {
        // Found once for all files in it: walking down to each is half of what reading a small file costs.
        let unread = |found: &Found| found.sha256.is_none() && matches!(found.kind, FoundKind::File { .. });
        let files = pairs.clone().filter(|(found, _)| unread(found));
        let dir = match files.clone().next() {
            Some((found, _)) if files.take(2).count() == 2 => {
                let path = parent(&found.path);
                Some(self.dir.beneath(path).map_err(|error| Error::read(path, error))?)
            }
            _ => None,
        };
        pairs.filter_map(|pair| self.compare_one(dir.as_ref(), pair, buffer).transpose()).collect()
    }

    fn compare_one(
        &self,
        dir: Option<&Beneath>,
        (found, entry): &Pair<'_>,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Finding>, Error> {
        let (path, known) = (&found.path, found.sha256);
        if !(self.progress)(0) {
            return Err(Error::aborted(path));
        }
        let Some(entry) = entry else { return Ok(Some(Finding::Extra(path.clone()))) };
        let finding = match (&entry.kind, &found.kind) {
            (Kind::Dir, FoundKind::Dir { mode, .. }) => {
                (*mode != 0o755).then_some(Finding::Mode as fn(_) -> _)
            }
            (Kind::Link { target }, FoundKind::Link { target: found }) => {
                (target.as_bytes() != found).then_some(Finding::Link as fn(_) -> _)
            }
            (Kind::File { mode, size, sha256 }, FoundKind::File { mode: found, stamp, .. }) => {
                let same = stamp.size == *size && {
                    let content = match known {
                        Some(content) => content,
                        None => self.hash(dir, path, *size, buffer)?,
                    };
                    content == *sha256
                };
                if !same {
                    Some(Finding::Changed as fn(_) -> _)
                } else {
                    (*found != mode.bits()).then_some(Finding::Mode as fn(_) -> _)
                }
            }
            _ => Some(Finding::Changed as fn(_) -> _),
        };
        let finding = finding.or_else(|| (found.owner != self.owner).then_some(Finding::Owner as fn(_) -> _));
        Ok(finding.map(|finding| finding(path.clone())))
    }

    /// Hashes a file as it is now, when it should have `size` bytes.
    fn hash(
        &self,
        dir: Option<&Beneath>,
        path: &str,
        size: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Sha256, Error> {
        let file = match dir {
            Some(dir) => dir.read(name(path)),
            None => self.dir.read(path),
        };
        let mut file = file.map_err(|error| Error::read(path, error))?;
        let mut hasher = sha2::Sha256::new();
        let mut read = 0;
        loop {
            let got = read_some(&mut file, buffer, u64::MAX).map_err(|error| Error::read(path, error))?;
            hasher.update(got);
            read += got.len() as u64;
            // Of a regular file less than was asked for is the end, and most need no second look.
            if got.is_empty() || (read == size && got.len() < READ) {
                return Ok(Sha256::finish(hasher));
            }
            if !(self.progress)(got.len() as u64) {
                return Err(Error::aborted(path));
            }
        }
    }
}

//! Whether a directory still is the tree of its manifest.

use crate::beneath::Beneath;
use crate::digest::Sha256;
use crate::entry::Kind;
use crate::hash::read_some;
use crate::list::{Found, FoundKind, list};
use crate::manifest::Manifest;
use crate::pool::in_pool;
use crate::{Error, Progress};
use rayon::prelude::*;
use sha2::Digest;
use std::path::Path;

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
    let ignore: Vec<&str> = ignore.iter().map(|path| path.as_ref().trim_end_matches('/')).collect();
    let ignored = |path: &str| ignore.iter().any(|ignored| is_at_or_beneath(path, ignored));
    let holds_ignored = |path: &str| ignore.iter().any(|ignored| is_at_or_beneath(ignored, path));
    let dir = Beneath::open(root)?;
    let owner = dir.owner().map_err(|error| Error::read(".", error))?;
    let found = list(&dir, |path, _| ignored(path), progress)?.found;
    let compare = |buffer: &mut Vec<u8>, found: &Found| {
        let extra_dir = matches!(found.kind, FoundKind::Dir { .. }) && manifest.get(&found.path).is_none();
        if extra_dir && holds_ignored(&found.path) {
            return Ok(None);
        }
        compare(&dir, found, owner, manifest, buffer, progress)
    };
    let findings = in_pool(".", || {
        found
            .par_iter()
            .map_init(Vec::new, compare)
            .filter_map(Result::transpose)
            .collect::<Result<Vec<_>, _>>()
    })??;
    let mut report = Report::default();
    for finding in findings {
        match finding {
            Finding::Extra(path) => report.extra.push(path),
            Finding::Changed(path) => report.changed.push(path),
            Finding::Mode(path) => report.mode.push(path),
            Finding::Link(path) => report.link.push(path),
            Finding::Owner(path) => report.owner.push(path),
        }
    }
    let there: std::collections::HashSet<&str> = found.iter().map(|found| found.path.as_str()).collect();
    let missing = manifest.entries().iter().map(|entry| entry.path.as_str());
    report.missing =
        missing.filter(|path| !there.contains(path) && !ignored(path)).map(str::to_owned).collect();
    Ok(report)
}

fn is_at_or_beneath(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn compare(
    dir: &Beneath,
    found: &Found,
    owner: u32,
    manifest: &Manifest,
    buffer: &mut Vec<u8>,
    progress: &Progress<'_>,
) -> Result<Option<Finding>, Error> {
    let path = &found.path;
    if !progress(0) {
        return Err(Error::aborted(path));
    }
    let Some(entry) = manifest.get(path).filter(|_| !matches!(found.kind, FoundKind::NotUtf8)) else {
        return Ok(Some(Finding::Extra(path.clone())));
    };
    let finding = match (&entry.kind, &found.kind) {
        (Kind::Dir, FoundKind::Dir { mode, .. }) => (*mode != 0o755).then_some(Finding::Mode as fn(_) -> _),
        (Kind::Link { target }, FoundKind::Link { target: found }) => {
            (target.as_bytes() != found).then_some(Finding::Link as fn(_) -> _)
        }
        (Kind::File { mode, size, sha256 }, FoundKind::File { mode: found, stamp }) => {
            if stamp.size != *size || hash(dir, path, buffer, progress)? != *sha256 {
                Some(Finding::Changed as fn(_) -> _)
            } else {
                (*found != mode.bits()).then_some(Finding::Mode as fn(_) -> _)
            }
        }
        _ => Some(Finding::Changed as fn(_) -> _),
    };
    let finding = finding.or_else(|| (found.owner != owner).then_some(Finding::Owner as fn(_) -> _));
    Ok(finding.map(|finding| finding(path.clone())))
}

/// Hashes a file as it is now.
fn hash(dir: &Beneath, path: &str, buffer: &mut Vec<u8>, progress: &Progress<'_>) -> Result<Sha256, Error> {
    let mut file = dir.read(path).map_err(|error| Error::read(path, error))?;
    let mut hasher = sha2::Sha256::new();
    loop {
        let got = read_some(&mut file, buffer, u64::MAX).map_err(|error| Error::read(path, error))?;
        if got.is_empty() {
            return Ok(Sha256::finish(hasher));
        }
        hasher.update(got);
        if !progress(got.len() as u64) {
            return Err(Error::aborted(path));
        }
    }
}

//! Listing what is in a tree.

use crate::beneath::{Beneath, stat};
use crate::error::shown;
use crate::exclude::Rules;
use crate::pool::in_pool;
use crate::{Error, Progress, keys, links, path};
use rayon::prelude::*;
use rustix::fs::{Dir, FileType, Stat, readlinkat};
use rustix::io::Errno;
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What to leave out of a tree and what to let in.
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {
    /// Patterns as in a `.gitignore` at the root, after the default `.git`.
    pub exclude: Vec<String>,
    /// Patterns of paths that look like the host's (`sites/*/settings.php`, `sites/*/files/**`, `.env`) or like a
    /// private key (`id_rsa`, a `.pem` with one in it) and are released all the same.
    pub allow: Vec<String>,
}

impl WalkOptions {
    /// Whether a path, or a directory above it, would be left out.
    ///
    /// # Errors
    /// [`Error::Pattern`].
    pub fn excludes(&self, path: &str, is_dir: bool) -> Result<bool, Error> {
        Ok(Rules::new(&self.exclude, &self.allow)?.excludes_at_or_above(path, is_dir))
    }
}

/// A tree that was listed and not yet read.
#[derive(Debug)]
pub struct Scan {
    pub(crate) root: PathBuf,
    pub(crate) dir: Beneath,
    rules: Rules,
    /// In bytewise order of the path.
    pub(crate) found: Vec<Found>,
    excluded: Vec<String>,
}

/// Something on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: String,
    /// The user who owns it.
    pub(crate) owner: u32,
    pub(crate) kind: FoundKind,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FoundKind {
    Dir { mode: u32 },
    File { mode: u32, stamp: Stamp },
    Link { target: Vec<u8> },
    Special(&'static str),
    NotUtf8,
}

/// By what a file is known to be the same file with the same content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(stat: &Stat) -> Self {
        // The types of these fields differ between architectures.
        #[allow(clippy::cast_possible_wrap, clippy::unnecessary_cast, trivial_numeric_casts)]
        Self {
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            inode: stat.st_ino as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }
}

impl Scan {
    /// Paths left out by a pattern; what lies beneath an excluded directory is not listed.
    #[must_use]
    pub fn excluded(&self) -> &[String] {
        &self.excluded
    }

    /// Lists the tree again and compares: for work that reads it for the second time.
    ///
    /// # Errors
    /// [`Error::Changed`] with the first path that came, went, or is not what it was; those of listing.
    pub fn check_unchanged(&self, progress: &Progress<'_>) -> Result<(), Error> {
        let (now, _) = list(&self.dir, |path, is_dir| self.rules.excludes(path, is_dir), progress)?;
        let mut pairs = self.found.iter().zip(&now);
        let at = pairs.position(|(before, now)| before != now).unwrap_or(self.found.len().min(now.len()));
        // Where one list has an entry more, the other is at a later path already, or at its end.
        let changed = [self.found.get(at), now.get(at)].into_iter().flatten().map(|found| &found.path).min();
        changed.map_or(Ok(()), |path| Err(Error::Changed { path: shown(path) }))
    }

    /// Entries found: files, directories and links.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.found.len()
    }

    /// Regular files with their size in bytes, in bytewise order of the path.
    pub fn files(&self) -> impl Iterator<Item = (&str, u64)> {
        self.found.iter().filter_map(|found| match found.kind {
            FoundKind::File { stamp, .. } => Some((found.path.as_str(), stamp.size)),
            _ => None,
        })
    }

    /// Number of links.
    #[must_use]
    pub fn links(&self) -> usize {
        self.found.iter().filter(|found| matches!(found.kind, FoundKind::Link { .. })).count()
    }

    /// Number of directories with nothing in them, which a torrent cannot hold.
    #[must_use]
    pub fn empty_dirs(&self) -> usize {
        let parents: HashSet<&str> = self.found.iter().map(|found| path::parent(&found.path)).collect();
        let dirs = self.found.iter().filter(|found| matches!(found.kind, FoundKind::Dir { .. }));
        dirs.filter(|found| !parents.contains(found.path.as_str())).count()
    }

    /// Sum of the file sizes in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let size = |found: &Found| match found.kind {
            FoundKind::File { stamp, .. } => stamp.size,
            _ => 0,
        };
        self.found.iter().map(size).sum()
    }
}

/// Lists a tree, in parallel and in an order that depends on nothing but the names.
///
/// # Errors
/// [`Error::Root`]; [`Error::Read`]; and for what a release must not hold [`Error::Special`], [`Error::NotUtf8`],
/// [`Error::Link`], [`Error::HostOwned`] and [`Error::Path`]. A bad pattern is [`Error::Pattern`]. Of several, the
/// first in order of the path is given, so that a second run gives the same one.
pub fn walk(root: &Path, options: &WalkOptions, progress: &Progress<'_>) -> Result<Scan, Error> {
    let rules = Rules::new(&options.exclude, &options.allow)?;
    let dir = Beneath::open(root)?;
    let (found, excluded) = list(&dir, |path, is_dir| rules.excludes(path, is_dir), progress)?;
    let mut known = BTreeMap::new();
    for Found { path, kind, .. } in &found {
        if !matches!(kind, FoundKind::NotUtf8) {
            path::check(path)?;
        }
        match kind {
            FoundKind::NotUtf8 => return Err(Error::NotUtf8 { path: shown(path) }),
            FoundKind::Special(kind) => return Err(Error::Special { path: shown(path), kind }),
            FoundKind::Dir { .. } => continue,
            FoundKind::Link { target } => {
                let utf8 = std::str::from_utf8(target);
                let target =
                    utf8.map_err(|_| Error::NotUtf8 { path: format!("{} (link target)", shown(path)) })?;
                path::check_target(path, target)?;
                known.insert(path.as_str(), target);
            }
            FoundKind::File { .. } => {}
        }
        if let Some(what) = rules.host_owned(path) {
            return Err(Error::HostOwned { path: shown(path), what });
        }
        if let FoundKind::File { stamp, .. } = kind
            && !rules.allows(path)
            && let Some(what) = keys::by_content(&dir, path, stamp.size)?
        {
            return Err(Error::HostOwned { path: shown(path), what });
        }
    }
    links::check(&known)?;
    Ok(Scan { root: root.into(), dir, rules, found, excluded })
}

/// Lists everything beneath a directory, level by level so that neither depth nor breadth decides the memory of a
/// stack. Gives what was found and what was skipped, both in bytewise order of the path.
pub(crate) fn list(
    root: &Beneath,
    skip: impl Fn(&str, bool) -> bool + Sync,
    progress: &Progress<'_>,
) -> Result<(Vec<Found>, Vec<String>), Error> {
    let (mut found, mut skipped) = (Vec::new(), Vec::new());
    in_pool(".", || {
        let mut level = vec![String::new()];
        while !level.is_empty() {
            let listed = level
                .par_iter()
                .map(|dir| if progress(0) { list_one(root, dir, &skip) } else { Err(Error::aborted(dir)) })
                .collect::<Result<Vec<_>, _>>()?;
            level.clear();
            for (more, left_out) in listed {
                let dirs = more.iter().filter(|found| matches!(found.kind, FoundKind::Dir { .. }));
                level.extend(dirs.map(|found| found.path.clone()));
                found.extend(more);
                skipped.extend(left_out);
            }
        }
        Ok::<_, Error>(())
    })??;
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    skipped.sort_unstable();
    Ok((found, skipped))
}

fn list_one(
    root: &Beneath,
    dir: &str,
    skip: &(impl Fn(&str, bool) -> bool + Sync),
) -> Result<(Vec<Found>, Vec<String>), Error> {
    let read = |error: Errno| Error::read(if dir.is_empty() { "." } else { dir }, error);
    let handle = root.dir(dir).map_err(read)?;
    let (mut found, mut skipped) = (Vec::new(), Vec::new());
    for entry in Dir::read_from(&handle).map_err(read)? {
        let entry = entry.map_err(read)?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        let path = path::join(dir, &String::from_utf8_lossy(name));
        let Some((kind, owner)) =
            look(&handle, OsStr::from_bytes(name)).map_err(|error| Error::read(&path, error))?
        else {
            return Err(Error::Changed { path: shown(&path) });
        };
        if skip(&path, matches!(kind, FoundKind::Dir { .. })) {
            skipped.push(path);
            continue;
        }
        let kind = if std::str::from_utf8(name).is_ok() { kind } else { FoundKind::NotUtf8 };
        found.push(Found { path, owner, kind });
    }
    Ok((found, skipped))
}

/// What a name stands for, or nothing when it went away meanwhile.
fn look(dir: &OwnedFd, name: &OsStr) -> Result<Option<(FoundKind, u32)>, Errno> {
    let stat = match stat(dir, name) {
        Err(Errno::NOENT) => return Ok(None),
        result => result?,
    };
    let mode = stat.st_mode & 0o7777;
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => FoundKind::Dir { mode },
        FileType::RegularFile => FoundKind::File { mode, stamp: Stamp::of(&stat) },
        FileType::Symlink => FoundKind::Link { target: readlinkat(dir, name, Vec::new())?.into_bytes() },
        FileType::Fifo => FoundKind::Special("FIFO"),
        FileType::Socket => FoundKind::Special("socket"),
        FileType::BlockDevice | FileType::CharacterDevice => FoundKind::Special("device node"),
        FileType::Unknown => FoundKind::Special("thing of unknown type"),
    };
    Ok(Some((kind, stat.st_uid)))
}

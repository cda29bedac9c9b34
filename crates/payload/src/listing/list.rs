//! Listing everything beneath a directory, by many threads.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Mutex, PoisonError};

use rayon::Scope;
use rayon::slice::ParallelSliceMut;
use rustix::fs::{FileType, RawDir, Stat, fstat, readlinkat};
use rustix::io::Errno;

use crate::content::path;
use crate::digest::Sha256;
use crate::disk::beneath::{Beneath, open_in, stat};
use crate::disk::pool::{on_cores, pool, readers};
use crate::disk::read::{READ, read_some};
use crate::error::shown;
use crate::listing::stamp::Stamp;
use crate::{Error, Progress};

/// Something on disk.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) path: String,
    /// The user who owns it.
    pub(crate) owner: u32,
    pub(crate) kind: FoundKind,
    /// Of a file that was read already.
    pub(crate) sha256: Option<Sha256>,
}

/// What it is.
#[derive(Clone, Debug)]
pub(crate) enum FoundKind {
    Dir {
        mode: u32,
        stamp: Stamp,
    },
    File {
        mode: u32,
        stamp: Stamp,
        /// Whether it has other names, in the tree or outside it.
        hard_linked: bool,
    },
    Link {
        target: Vec<u8>,
    },
    Special(&'static str),
    NotUtf8,
}

impl Found {
    /// Whether both are the same thing with the same content; a directory's content stands for itself.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let kind = match (&self.kind, &other.kind) {
            (FoundKind::Dir { mode: a, .. }, FoundKind::Dir { mode: b, .. }) => a == b,
            (FoundKind::File { mode: a, stamp: one, .. }, FoundKind::File { mode: b, stamp: two, .. }) => {
                a == b && one == two
            }
            (FoundKind::Link { target: a }, FoundKind::Link { target: b }) => a == b,
            (FoundKind::Special(a), FoundKind::Special(b)) => a == b,
            (FoundKind::NotUtf8, FoundKind::NotUtf8) => true,
            _ => false,
        };
        kind && self.path == other.path
    }
}

/// What a listing gives.
#[derive(Debug)]
pub(crate) struct Listing {
    /// The directory that was listed.
    pub(crate) root: Stamp,
    /// In bytewise order of the path.
    pub(crate) found: Vec<Found>,
    /// What was skipped, in the same order.
    pub(crate) skipped: Vec<String>,
    /// Directories in which nothing was found.
    pub(crate) empty_dirs: usize,
}

/// Bytes of names that one system call gives: most directories take one, and one more to see that it was all.
const NAMES: usize = 32 * 1024;
/// Things in a directory of which files are read while it is listed; of a larger one the rest is left to more threads.
const READ_AT_ONCE: usize = 256;

/// Lists everything beneath a directory, each directory by whoever is free: on a cold cache they wait for the disk, and
/// warm, listing takes as long as reading all of a site's small files.
///
/// `skip` is told a path and whether it is a directory; what lies beneath a skipped one is not listed.
pub(crate) fn list(
    root: &Beneath,
    skip: impl Fn(&str, bool) -> bool + Sync,
    progress: &Progress<'_>,
) -> Result<Listing, Error> {
    list_as(root, skip, progress, false)
}

/// Like [`list`], and reads small files while their directory is at hand: opened from there, one is looked at and read for
/// what finding it by its path costs. Not every file is, and one that cannot be read is not told here.
pub(crate) fn list_reading(
    root: &Beneath,
    skip: impl Fn(&str, bool) -> bool + Sync,
    progress: &Progress<'_>,
) -> Result<Listing, Error> {
    list_as(root, skip, progress, true)
}

fn list_as(
    root: &Beneath,
    skip: impl Fn(&str, bool) -> bool + Sync,
    progress: &Progress<'_>,
    reads: bool,
) -> Result<Listing, Error> {
    let lister = Lister { root, skip, progress, reads };
    let pool = pool(readers())?;
    let idle = Mutex::new(Vec::new());
    pool.scope(|scope| lister.tree(scope, String::new(), &idle));
    let mut results = Results::default();
    for own in idle.into_inner().unwrap_or_else(PoisonError::into_inner) {
        results.merge(own.results);
    }
    // In order of the path, so that a second run gives the same ones.
    results.errors.sort_by(|a, b| a.0.cmp(&b.0));
    Error::of_all(results.errors.into_iter().map(|(_, error)| error).collect())?;
    let Results { mut found, mut skipped, root, empty_dirs, .. } = results;
    on_cores(|| found.par_sort_unstable_by(|a, b| a.path.cmp(&b.path)))?;
    skipped.sort_unstable();
    let root = root.ok_or_else(|| Error::Changed { path: ".".into() })?;
    Ok(Listing { root, found, skipped, empty_dirs })
}

struct Lister<'a, S> {
    root: &'a Beneath,
    skip: S,
    progress: &'a Progress<'a>,
    reads: bool,
}

/// What one thread of a listing has for itself.
#[derive(Default)]
struct OfThread {
    results: Results,
    buffers: Buffers,
}

/// What a thread uses again and again.
#[derive(Default)]
struct Buffers {
    names: Vec<u8>,
    content: Vec<u8>,
}

/// What one thread, or all of them, have listed.
#[derive(Default)]
struct Results {
    root: Option<Stamp>,
    found: Vec<Found>,
    skipped: Vec<String>,
    empty_dirs: usize,
    errors: Vec<(String, Error)>,
}

impl Results {
    fn merge(&mut self, mut other: Self) {
        self.root = self.root.or(other.root);
        self.found.append(&mut other.found);
        self.skipped.append(&mut other.skipped);
        self.empty_dirs += other.empty_dirs;
        self.errors.append(&mut other.errors);
    }
}

/// One directory.
#[derive(Default)]
struct Names {
    found: Vec<Found>,
    skipped: Vec<String>,
    dirs: Vec<String>,
}

impl Names {
    fn is_empty(&self) -> bool {
        self.found.is_empty() && self.dirs.is_empty()
    }
}

impl<S: Fn(&str, bool) -> bool + Sync> Lister<'_, S> {
    /// Lists a directory and what is below it. `idle` has what no thread uses now.
    fn tree<'scope>(&'scope self, scope: &Scope<'scope>, dir: String, idle: &'scope Mutex<Vec<OfThread>>) {
        let idle_now = || idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own = idle_now().pop().unwrap_or_default();
        let below = self.dir(dir, &mut own.results, &mut own.buffers);
        idle_now().push(own);
        for dir in below {
            scope.spawn(move |scope| self.tree(scope, dir, idle));
        }
    }

    /// Lists a directory; gives the directories in it.
    fn dir(&self, dir: String, results: &mut Results, buffers: &mut Buffers) -> Vec<String> {
        let listed = if (self.progress)(0) { self.one(&dir, buffers) } else { Err(Error::aborted(&dir)) };
        match listed {
            Err(error) => {
                results.errors.push((dir, error));
                Vec::new()
            }
            Ok((stat, mut names)) => {
                let stamp = Stamp::of(&stat);
                if dir.is_empty() {
                    results.root = Some(stamp);
                } else {
                    results.empty_dirs += usize::from(names.is_empty());
                    let kind = FoundKind::Dir { mode: stat.st_mode & 0o7777, stamp };
                    results.found.push(Found { path: dir, owner: stat.st_uid, kind, sha256: None });
                }
                results.found.append(&mut names.found);
                results.skipped.append(&mut names.skipped);
                names.dirs
            }
        }
    }

    /// What lies in one directory, and what the directory was before that was read.
    fn one(&self, dir: &str, buffers: &mut Buffers) -> Result<(Stat, Names), Error> {
        let read = |error: Errno| match error {
            // It was listed a moment ago.
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP if !dir.is_empty() => {
                Error::Changed { path: shown(dir) }
            }
            error => Error::read(if dir.is_empty() { "." } else { dir }, error),
        };
        let handle = self.root.dir(dir).map_err(read)?;
        let before = fstat(&handle).map_err(read)?;
        let mut names = Names::default();
        buffers.names.reserve(NAMES);
        let mut entries = RawDir::new(&handle, buffers.names.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(read)?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                let reads = self.reads && names.found.len() < READ_AT_ONCE;
                let content = reads.then_some(&mut buffers.content);
                self.entry(&handle, dir, name, entry.file_type(), content, &mut names)?;
            }
        }
        Ok((before, names))
    }

    fn entry(
        &self,
        handle: &OwnedFd,
        dir: &str,
        name: &[u8],
        kind: FileType,
        content: Option<&mut Vec<u8>>,
        names: &mut Names,
    ) -> Result<(), Error> {
        let utf8 = std::str::from_utf8(name);
        let path = path::join(dir, utf8.map_or_else(|_| String::from_utf8_lossy(name), Into::into).as_ref());
        // A directory is looked at when its turn comes. Some file systems do not say what is one.
        let mut sha256 = None;
        let look = |kind| {
            if kind == FileType::Directory {
                return Ok(None);
            }
            if let (FileType::RegularFile, Some(buffer)) = (kind, content)
                && !(self.skip)(&path, false)
                && let Some((stat, content)) = read_small(handle, name, buffer)
            {
                (self.progress)(content.len() as u64);
                sha256 = Some(Sha256::of(content));
                return Ok(Some(file(&stat)));
            }
            look(handle, OsStr::from_bytes(name))
        };
        let kind = look(kind).map_err(|error| match error {
            Errno::NOENT => Error::Changed { path: shown(&path) },
            error => Error::read(&path, error),
        })?;
        if (self.skip)(&path, kind.is_none()) {
            names.skipped.push(path);
        } else if utf8.is_err() {
            let owner = kind.map_or(0, |(_, owner)| owner);
            names.found.push(Found { path, owner, kind: FoundKind::NotUtf8, sha256: None });
        } else if let Some((kind, owner)) = kind {
            names.found.push(Found { path, owner, kind, sha256 });
        } else {
            names.dirs.push(path);
        }
        Ok(())
    }
}

/// What a name stands for and whose it is; nothing for a directory.
fn look(dir: &OwnedFd, name: &OsStr) -> Result<Option<(FoundKind, u32)>, Errno> {
    let stat = stat(dir, name)?;
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => return Ok(None),
        FileType::RegularFile => return Ok(Some(file(&stat))),
        FileType::Symlink => FoundKind::Link { target: readlinkat(dir, name, Vec::new())?.into_bytes() },
        FileType::Fifo => FoundKind::Special("FIFO"),
        FileType::Socket => FoundKind::Special("socket"),
        FileType::BlockDevice | FileType::CharacterDevice => FoundKind::Special("device node"),
        FileType::Unknown => FoundKind::Special("thing of unknown type"),
    };
    Ok(Some((kind, stat.st_uid)))
}

fn file(stat: &Stat) -> (FoundKind, u32) {
    let (mode, hard_linked) = (stat.st_mode & 0o7777, stat.st_nlink > 1);
    (FoundKind::File { mode, stamp: Stamp::of(stat), hard_linked }, stat.st_uid)
}

/// A small regular file as a whole: one read, which gives less than was asked for, so that the file ends there.
fn read_small<'b>(dir: &OwnedFd, name: &[u8], buffer: &'b mut Vec<u8>) -> Option<(Stat, &'b [u8])> {
    let mut file = open_in(dir, name).ok()?;
    let stat = fstat(&file).ok()?;
    let size = usize::try_from(stat.st_size).ok().filter(|size| *size < READ)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return None;
    }
    let content = read_some(&mut file, buffer, READ as u64).ok()?;
    (content.len() == size).then_some((stat, content))
}

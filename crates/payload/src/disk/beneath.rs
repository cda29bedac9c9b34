//! A directory, and everything reached through it without ever leaving it or following a link.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{self as sys, AtFlags, Mode, OFlags, ResolveFlags, Stat, Timespec, Timestamps};
use rustix::io::Errno;

use crate::Error;
use crate::content::path::{name, parent};

/// The kernel resolves every path below the handle and refuses `..`, absolute paths and links in any component
/// (openat2(2), Linux 5.6): a link slipped in by somebody else leads nowhere.
const RESOLVE: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);
const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);
const READING: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// An open directory.
#[derive(Debug)]
pub(crate) struct Beneath(OwnedFd);

impl Beneath {
    /// Opens the directory; links in the path to it are followed, that is the caller's choice of a place.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        let fd = sys::open(root, OFlags::RDONLY | DIRECTORY, Mode::empty());
        fd.map(Self).map_err(|error| Error::Root { path: root.into(), source: error.into() })
    }

    /// A directory beneath this one.
    pub(crate) fn beneath(&self, path: &str) -> Result<Self, Errno> {
        self.dir(path).map(Self)
    }

    /// The user who owns the directory.
    pub(crate) fn owner(&self) -> Result<u32, Errno> {
        sys::fstat(&self.0).map(|stat| stat.st_uid)
    }

    /// Opens a file for reading. NONBLOCK: a FIFO put in its place must not hang the caller, who checks the type.
    pub(crate) fn read(&self, path: &str) -> Result<File, Errno> {
        self.at(path, READING, Mode::empty()).map(File::from)
    }

    /// Opens a directory, the root when the path is empty.
    pub(crate) fn dir(&self, path: &str) -> Result<OwnedFd, Errno> {
        self.at(
            if path.is_empty() { "." } else { path },
            OFlags::RDONLY | OFlags::NOFOLLOW | DIRECTORY,
            Mode::empty(),
        )
    }

    /// What `lstat` says of a path, the root when it is empty. Links in the way are followed: a cheap look, not a proof.
    pub(crate) fn stat(&self, path: &str) -> Result<Stat, Errno> {
        sys::statat(&self.0, if path.is_empty() { "." } else { path }, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Creates a file that must not be there, for writing; nobody else may read it until its mode is set.
    pub(crate) fn create_file(&self, path: &str) -> Result<File, Errno> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        self.at(path, flags, Mode::RUSR | Mode::WUSR).map(File::from)
    }

    /// Creates a directory that must not be there.
    pub(crate) fn create_dir(&self, path: &str) -> Result<(), Errno> {
        sys::mkdirat(self.dir(parent(path))?, name(path), Mode::RWXU)
    }

    /// Creates a link that must not be there, and sets its time.
    pub(crate) fn create_link(&self, path: &str, target: &str, mtime: u64) -> Result<(), Errno> {
        let dir = self.dir(parent(path))?;
        sys::symlinkat(target, &dir, name(path))?;
        sys::utimensat(&dir, name(path), &timestamps(mtime), AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Sets the final mode and time of a directory. Last of all, since creating something inside changes the time.
    pub(crate) fn finish_dir(&self, path: &str, mtime: u64) -> Result<(), Errno> {
        let dir = self.dir(path)?;
        sys::fchmod(&dir, Mode::from_bits_retain(0o755))?;
        sys::futimens(&dir, &timestamps(mtime))
    }

    fn at(&self, path: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        // EAGAIN: somebody renamed a directory while the kernel walked through it, so it could not prove the way.
        for _ in 0..16 {
            match sys::openat2(&self.0, path, flags | OFlags::CLOEXEC, mode, RESOLVE) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                result => return result,
            }
        }
        Err(Errno::AGAIN)
    }
}

/// Sets the final mode and time of a file that was just written.
pub(crate) fn finish_file(file: &File, mode: u32, mtime: u64) -> Result<(), Errno> {
    sys::fchmod(file, Mode::from_bits_retain(mode))?;
    sys::futimens(file, &timestamps(mtime))
}

/// Opens a file by its name in an open directory, as [`Beneath::read`] does.
pub(crate) fn open_in(dir: &OwnedFd, name: &[u8]) -> Result<File, Errno> {
    sys::openat2(dir, name, READING, Mode::empty(), RESOLVE).map(File::from)
}

/// What `lstat` says of a name in an open directory.
pub(crate) fn stat(dir: &OwnedFd, name: &OsStr) -> Result<Stat, Errno> {
    sys::statat(dir, name.as_bytes(), AtFlags::SYMLINK_NOFOLLOW)
}

fn timestamps(mtime: u64) -> Timestamps {
    // Manifests hold nothing later than the year 2242.
    let time = Timespec { tv_sec: i64::try_from(mtime).unwrap_or_default(), tv_nsec: 0 };
    Timestamps { last_access: time, last_modification: time }
}

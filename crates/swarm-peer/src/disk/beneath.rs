//! Opening what lies below a directory, and nothing else.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{self, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// openat2(2): the kernel refuses `..`, absolute paths and links in any component.
const RESOLVE: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);
/// NONBLOCK: a FIFO in a file's place must not hang us. The type is looked at before anything else is done.
const FLAGS: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// Opens a directory. Links on the way to it are the caller's choice, its last component is not one.
pub(super) fn directory(path: &Path) -> Result<OwnedFd, Errno> {
    fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | FLAGS, Mode::empty())
}

/// Opens a file below it for reading, and for writing if asked to.
pub(super) fn file(root: &OwnedFd, path: &str, write: bool) -> Result<File, Errno> {
    at(root, path, if write { OFlags::RDWR } else { OFlags::RDONLY }).map(File::from)
}

/// The same, creating it and the directories on the way where they are missing.
pub(super) fn create(root: &OwnedFd, path: &str) -> Result<File, Errno> {
    let mut parent = 0;
    while let Some(end) = path.get(parent..).and_then(|rest| rest.find('/')).map(|end| parent + end) {
        let directory = path.get(..end).unwrap_or_default();
        match at(root, directory, OFlags::RDONLY | OFlags::DIRECTORY) {
            Err(Errno::NOENT) => make_directory(root, directory)?,
            other => drop(other?),
        }
        parent = end + 1;
    }
    at(root, path, OFlags::RDWR | OFlags::CREATE).map(File::from)
}

fn make_directory(root: &OwnedFd, path: &str) -> Result<(), Errno> {
    let (parent, name) = path.rsplit_once('/').unwrap_or((".", path));
    fs::mkdirat(at(root, parent, OFlags::RDONLY | OFlags::DIRECTORY)?, name, Mode::RWXU)
}

fn at(root: &OwnedFd, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let mode = if flags.contains(OFlags::CREATE) { Mode::RUSR | Mode::WUSR } else { Mode::empty() };
    // EAGAIN: something was renamed while the kernel walked through it.
    for _ in 0..16 {
        match fs::openat2(root, path, flags | FLAGS, mode, RESOLVE) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            result => return result,
        }
    }
    Err(Errno::AGAIN)
}

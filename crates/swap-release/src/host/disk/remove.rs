//! Removing a tree without leaving its file system: what is mounted in it is somebody else's, however it came there.

use std::ffi::{CStr, CString, OsStr};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{self as sys, AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// The kernel refuses to cross a mount point, also that of a bind mount, where device numbers are the same on both sides
/// (openat2(2), Linux 5.6).
const RESOLVE: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);
const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Removes what is at `path`, and if it is a directory all below it, following no link. Whatever cannot be removed is left
/// with the directories above it, and all else goes; the first reason is given, [`ErrorKind::CrossesDevices`] for a mount
/// point.
///
/// Directories that their owner may not change (Drupal takes that right off `sites/default`) are given it back.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(ErrorKind::InvalidInput.into());
    };
    let parent = match sys::open(parent, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(()),
        parent => parent?,
    };
    let device = sys::fstat(&parent)?.st_dev;
    let name = CString::new(name.as_bytes())?;
    let kind = match sys::statat(&parent, &name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(()),
        stat => FileType::from_raw_mode(stat?.st_mode),
    };
    Removal { device }.remove(parent.as_fd(), &name, kind, path)
}

struct Removal {
    device: sys::Dev,
}

impl Removal {
    fn remove(&self, parent: BorrowedFd<'_>, name: &CStr, kind: FileType, path: &Path) -> io::Result<()> {
        let told = |errno: Errno| told(path, errno.into());
        if kind != FileType::Directory {
            return match sys::unlinkat(parent, name, AtFlags::empty()) {
                Err(Errno::BUSY) => Err(mounted(path)),
                // Somebody else was faster.
                Err(Errno::NOENT) => Ok(()),
                result => result.map_err(told),
            };
        }
        let folder = match self.open(parent, name) {
            Err(Errno::XDEV) => return Err(mounted(path)),
            folder => folder.map_err(told)?,
        };
        // A subvolume has a device number of its own, and is no mount.
        let stat = sys::fstat(&folder).map_err(told)?;
        if stat.st_dev != self.device {
            return Err(mounted(path));
        }
        if stat.st_mode & 0o700 != 0o700 {
            let _foreign = sys::fchmod(&folder, Mode::RWXU);
        }
        let mut first = None;
        for (child, kind) in children(&folder).map_err(told)? {
            let at = path.join(OsStr::from_bytes(child.to_bytes()));
            if let Err(error) = self.remove(folder.as_fd(), &child, kind, &at) {
                first.get_or_insert(error);
            }
        }
        match first {
            Some(error) => Err(error),
            None => sys::unlinkat(parent, name, AtFlags::REMOVEDIR).map_err(told),
        }
    }

    /// Opens a directory unless it is on the other side of a mount point.
    fn open(&self, parent: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
        match beneath(parent, name, OFlags::RDONLY) {
            Err(Errno::ACCESS) => {
                // One that its owner may not read; the link in /proc leads to what was opened, and nowhere else.
                let folder = beneath(parent, name, OFlags::PATH)?;
                sys::chmod(format!("/proc/self/fd/{}", folder.as_raw_fd()), Mode::RWXU)?;
                beneath(parent, name, OFlags::RDONLY)
            }
            folder => folder,
        }
    }
}

fn beneath(parent: BorrowedFd<'_>, name: &CStr, access: OFlags) -> Result<OwnedFd, Errno> {
    for _ in 0..16 {
        match sys::openat2(parent, name, access | DIRECTORY, Mode::empty(), RESOLVE) {
            // EAGAIN: somebody renamed a directory meanwhile.
            Err(Errno::AGAIN | Errno::INTR) => {}
            // Before Linux 5.6, and in sandboxes that do not know the call.
            Err(Errno::NOSYS | Errno::PERM) => return beneath_as_of_old(parent, name, access),
            folder => return folder,
        }
    }
    Err(Errno::AGAIN)
}

/// The same by asking afterwards which mount it is on.
fn beneath_as_of_old(parent: BorrowedFd<'_>, name: &CStr, access: OFlags) -> Result<OwnedFd, Errno> {
    let folder = sys::openat(parent, name, access | DIRECTORY, Mode::empty())?;
    match (mount_of(parent), mount_of(folder.as_fd())) {
        (Some(outer), Some(inner)) if outer == inner => Ok(folder),
        // Also where nobody can say.
        _ => Err(Errno::XDEV),
    }
}

/// The number of the mount that a descriptor is on.
fn mount_of(fd: BorrowedFd<'_>) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_raw_fd())).ok()?;
    text.lines().find_map(|line| line.strip_prefix("mnt_id:")).map(|number| number.trim().to_owned())
}

/// All at once: what is read while names go away is not defined.
fn children(folder: &OwnedFd) -> Result<Vec<(CString, FileType)>, Errno> {
    let mut all = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => {
                FileType::from_raw_mode(sys::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode)
            }
            kind => kind,
        };
        all.push((name.to_owned(), kind));
    }
    Ok(all)
}

fn mounted(path: &Path) -> io::Error {
    let text = format!("`{}` is on another file system, or something is mounted there", path.display());
    io::Error::new(ErrorKind::CrossesDevices, text)
}

/// Which of all paths it was.
fn told(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", PathBuf::from(path).display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn all_goes_but_what_links_lead_to() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("tree/a/b/c")).unwrap();
        fs::create_dir_all(at("kept")).unwrap();
        for file in ["tree/a/1", "tree/a/b/c/2", "kept/upload"] {
            fs::write(at(file), "x").unwrap();
        }
        symlink(at("kept"), at("tree/a/absolute")).unwrap();
        symlink("../../kept/upload", at("tree/a/file")).unwrap();
        for (folder, mode) in [("tree/a/b/c", 0o000), ("tree/a/b", 0o555), ("tree/a", 0o555)] {
            fs::set_permissions(at(folder), fs::Permissions::from_mode(mode)).unwrap();
        }
        remove_tree(&at("tree")).unwrap();
        assert!(!at("tree").exists() && at("kept/upload").exists());
        remove_tree(&at("tree")).unwrap();
        remove_tree(&at("gone/tree")).unwrap();
        symlink(at("kept"), at("link")).unwrap();
        remove_tree(&at("link")).unwrap();
        assert!(at("link").symlink_metadata().is_err() && at("kept/upload").exists());
    }

    #[test]
    fn the_mount_that_a_descriptor_is_on_is_told_apart_without_openat2() {
        let root = sys::open("/", OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        assert_eq!(beneath_as_of_old(root.as_fd(), c"proc", OFlags::RDONLY).unwrap_err(), Errno::XDEV);
        let inside = tempfile::tempdir().unwrap();
        fs::create_dir(inside.path().join("a")).unwrap();
        let folder = sys::open(inside.path(), OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        assert!(beneath_as_of_old(folder.as_fd(), c"a", OFlags::RDONLY).is_ok());
    }
}

//! The effects, for real.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::Path;

use record::durable;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::Disk;
use super::remove::remove_tree;

/// The disk of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        match fs::DirBuilder::new().mode(0o755).create(path) {
            Ok(()) => {
                // mkdir is subject to the umask; the web server's user must be able to enter.
                fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
                sync_parent(path)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        durable::write(path, bytes)
    }

    fn append(&self, path: &Path, line: &str) -> io::Result<()> {
        let is_new = !path.exists();
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_all()?;
        if is_new { sync_parent(path) } else { Ok(()) }
    }

    fn link(&self, target: &Path, path: &Path) -> io::Result<()> {
        symlink(target, path)?;
        sync_parent(path)
    }

    fn link_aside(&self, target: &Path, path: &Path) -> io::Result<()> {
        symlink(target, path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)?;
        sync_both(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // A file system that cannot, such as NFS. The lock keeps others of us away meanwhile.
            Err(Errno::INVAL) if to.symlink_metadata().is_err() => fs::rename(from, to)?,
            renamed => renamed?,
        }
        sync_both(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?;
        sync_both(one, other)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Ok(()) => sync_parent(path),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        if path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            return Ok(());
        }
        remove_tree(path)?;
        sync_parent(path)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        durable::sync_folder(path)
    }

    fn sync_tree(&self, path: &Path) -> io::Result<()> {
        Ok(rustix::fs::syncfs(fs::File::open(path)?)?)
    }
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), durable::sync_folder)
}

fn sync_both(from: &Path, to: &Path) -> io::Result<()> {
    sync_parent(to)?;
    if from.parent() == to.parent() { Ok(()) } else { sync_parent(from) }
}

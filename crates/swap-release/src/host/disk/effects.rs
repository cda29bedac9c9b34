//! The effects.

use std::io;
use std::path::Path;

/// Effects on the disk of a server. Each but [`Disk::link_aside`] is durable when it returns: a name that was made, replaced or removed
/// survives a power cut from then on.
pub(crate) trait Disk {
    /// Makes a directory; no error if it is there.
    fn make_folder(&self, path: &Path) -> io::Result<()>;
    /// Replaces a file's content as a whole.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Adds one line to a file.
    fn append(&self, path: &Path, line: &str) -> io::Result<()>;
    /// Makes a symlink that must not exist.
    fn link(&self, target: &Path, path: &Path) -> io::Result<()>;
    /// The same for a link that is renamed next: it becomes durable with its place, not before.
    fn link_aside(&self, target: &Path, path: &Path) -> io::Result<()>;
    /// Renames; replaces a file or symlink of the new name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Renames; fails if the new name exists.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Two names, of whatever, change places: at every moment both are there.
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()>;
    /// Removes a file or symlink; no error if there is none.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory and all below it, following no link and leaving what is mounted in it with the directories above;
    /// no error if there is none.
    fn remove_tree(&self, path: &Path) -> io::Result<()>;
    /// Gives a directory other permission bits.
    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()>;
    /// Makes everything written so far on this file system durable (one syncfs).
    fn sync_tree(&self, path: &Path) -> io::Result<()>;
}

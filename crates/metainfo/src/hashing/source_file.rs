//! A file that is hashed, and how it is known to be still the same.

use std::path::{Path, PathBuf};

use rustix::fs::Stat;

use crate::Error;

/// A file on disk that is part of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceFile<'a> {
    /// The file itself, or the directory that `path` starts from.
    pub root: &'a Path,
    /// Below `root`; empty for `root` itself.
    pub path: &'a str,
    /// The bytes it has; another size when it is read is an error.
    pub length: u64,
    /// What it was when it was listed, if that is known; another one when all of it was read is an error too.
    pub stamp: Option<&'a Stamp>,
}

/// By what a file is known to be the same file with the same content, as stat(2) has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Inode number.
    pub inode: u64,
    /// Modification time, seconds and nanoseconds since 1970.
    pub modified: (i64, i64),
    /// Change time, which nobody can set back.
    pub changed: (i64, i64),
}

impl Stamp {
    fn of(stat: &Stat) -> Self {
        // The types of these fields differ between architectures.
        #[allow(clippy::cast_possible_wrap, clippy::unnecessary_cast, trivial_numeric_casts)]
        Self {
            inode: stat.st_ino as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }
}

impl SourceFile<'_> {
    /// Where to read it.
    #[must_use]
    pub fn location(&self) -> PathBuf {
        if self.path.is_empty() { self.root.into() } else { self.root.join(self.path) }
    }

    /// Fails unless the file that was read is the one that was listed.
    pub(crate) fn expect(&self, found: &Stat) -> Result<(), Error> {
        let length = u64::try_from(found.st_size).unwrap_or_default();
        if length != self.length {
            let (path, expected) = (self.location(), self.length);
            return Err(Error::Changed { path, expected, found: length });
        }
        match self.stamp {
            Some(listed) if *listed != Stamp::of(found) => Err(Error::Touched { path: self.location() }),
            _ => Ok(()),
        }
    }
}

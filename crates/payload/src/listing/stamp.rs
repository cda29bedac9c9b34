//! Whether a file still is what it was.

use rustix::fs::Stat;

/// By what a file is known to be the same file with the same content, as stat(2) has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Inode number.
    pub inode: u64,
    /// Modification time, seconds and nanoseconds since 1970.
    pub modified: (i64, i64),
    /// Change time, which nobody can set back.
    pub changed: (i64, i64),
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

    /// Whether names came to a directory or went from it. Its inode may have another number each time it is asked for,
    /// on file systems laid over others.
    pub(crate) fn has_same_names(&self, other: &Self) -> bool {
        (self.modified, self.changed) == (other.modified, other.changed)
    }
}

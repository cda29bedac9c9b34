//! One line of a manifest.

use crate::digest::Sha256;

/// Something in a tree: a file, a directory or a link. The root itself is not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the root, UTF-8, `/` between components.
    pub path: String,
    /// Modification time in whole seconds since 1970. Not part of the tree digest.
    pub mtime: u64,
    /// What it is.
    pub kind: Kind,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory, always with mode 0755.
    Dir,
    /// A regular file.
    File {
        /// Normalised mode.
        mode: FileMode,
        /// Bytes.
        size: u64,
        /// Of the content.
        sha256: Sha256,
    },
    /// A symbolic link.
    Link {
        /// As `readlink` gives it: relative, and inside the tree.
        target: String,
    },
}

/// A file is executable or it is not; owner, group and other bits are the host's affair (as in Git).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileMode {
    /// 0644
    Plain,
    /// 0755
    Executable,
}

impl FileMode {
    /// Normalises a mode from a file system: the owner's execute bit decides.
    #[must_use]
    pub const fn from_bits(mode: u32) -> Self {
        if mode & 0o100 == 0 { Self::Plain } else { Self::Executable }
    }

    /// Permission bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Plain => 0o644,
            Self::Executable => 0o755,
        }
    }

    /// Four octal digits, as in the manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "0644",
            Self::Executable => "0755",
        }
    }
}

impl Entry {
    /// Bytes of content; 0 for all but files.
    #[must_use]
    pub const fn size(&self) -> u64 {
        match self.kind {
            Kind::File { size, .. } => size,
            Kind::Dir | Kind::Link { .. } => 0,
        }
    }
}

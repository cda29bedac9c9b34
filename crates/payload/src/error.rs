//! What can be wrong with a tree, a manifest or an archive.

use std::io;
use std::path::PathBuf;

use crate::difference::Difference;
use crate::digest::TreeDigest;

/// Every way in which packing, unpacking or verifying fails. Paths inside a tree are relative to its root and have
/// their control characters escaped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The root of a tree is not a directory, or not there.
    #[error("tree `{}` cannot be opened: {source}", .path.display())]
    Root {
        /// The root.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Something in a tree could not be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The path.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
    /// Something could not be created or written.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// The path.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A name that is not UTF-8, which no manifest can hold.
    #[error("the name of `{path}` is not UTF-8")]
    NotUtf8 {
        /// The path, lossily.
        path: String,
    },
    /// A device node, a socket or a FIFO.
    #[error("`{path}` is a {kind}: only files, directories and links can be released")]
    Special {
        /// The path.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// A link that leads out of the tree.
    #[error("link `{path}` points to `{target}`: {reason}")]
    Link {
        /// The link.
        path: String,
        /// Its target.
        target: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// A file that belongs to the host and not to the release.
    #[error("`{path}` belongs to the host, not to the release ({what})")]
    HostOwned {
        /// The path.
        path: String,
        /// Why it is suspected.
        what: &'static str,
    },
    /// An exclude or allow pattern that cannot be read.
    #[error("pattern `{pattern}` cannot be read: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// The parser's words.
        reason: String,
    },
    /// The tree has no file with content.
    #[error("tree `{}` has no file with content", .path.display())]
    Empty {
        /// The root.
        path: PathBuf,
    },
    /// A file is not what it was when it was listed.
    #[error("`{path}` changed while it was read")]
    Changed {
        /// The file.
        path: String,
    },
    /// A path that is not safe or not possible.
    #[error("path `{path}` is not allowed: {reason}")]
    Path {
        /// The path.
        path: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// Two paths of which some file systems would keep one.
    #[error("`{first}` and `{second}` differ in {difference} only")]
    Twins {
        /// The one that comes first.
        first: String,
        /// The other one.
        second: String,
        /// What keeps them apart here.
        difference: Difference,
    },
    /// More than one thing is wrong; in order of the path.
    #[error("{} things are wrong, the first: {}", .all.len(), .all.first().map(ToString::to_string).unwrap_or_default())]
    Several {
        /// Each of them, at least two.
        all: Vec<Self>,
    },
    /// A manifest that is not well formed.
    #[error("manifest line {line}: {reason}")]
    Manifest {
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// A manifest could not be read or written.
    #[error("manifest `{action}` failed: {source}")]
    ManifestIo {
        /// `read` or `write`.
        action: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// The manifest describes another tree than the one expected.
    #[error("tree digest `{found}` is not the expected `{expected}`")]
    Digest {
        /// From the record.
        expected: TreeDigest,
        /// From the manifest.
        found: TreeDigest,
    },
    /// The archive could not be written.
    #[error("cannot write the archive at `{path}`: {source}")]
    Pack {
        /// The member that was being written.
        path: String,
        /// The system's or the compressor's answer.
        source: io::Error,
    },
    /// The archive could not be read or decompressed, or ends too early.
    #[error("cannot read the archive at `{path}`: {source}")]
    Unpack {
        /// The member that was being read.
        path: String,
        /// The system's or the decompressor's answer.
        source: io::Error,
    },
    /// The archive holds something else than its manifest says.
    #[error("the archive has {found} where `{expected}` belongs")]
    Member {
        /// The member the manifest calls for.
        expected: String,
        /// What is there.
        found: String,
    },
    /// What claims to be a patch is none, or not a whole one.
    #[error("the patch cannot be used: {reason}")]
    Patch {
        /// What is wrong.
        reason: String,
    },
    /// A patch is for another base than the one that is here.
    #[error(
        "the patch is for the tree `{expected}` with the times that its manifest has, and this is `{found}`"
    )]
    OtherBase {
        /// From the patch.
        expected: TreeDigest,
        /// Of the base that is here.
        found: TreeDigest,
    },
    /// A file has another content than the manifest says.
    #[error("the content of `{path}` is not what the manifest says")]
    Content {
        /// The file.
        path: String,
    },
    /// The destination must be new.
    #[error("destination `{}` is there already and not an empty directory", .path.display())]
    Occupied {
        /// The destination.
        path: PathBuf,
    },
    /// The threads that hash and write could not be started.
    #[error("cannot start threads for `{path}`: {reason}")]
    Threads {
        /// What should have been worked on.
        path: String,
        /// The system's answer.
        reason: String,
    },
    /// The progress callback asked to stop.
    #[error("work on `{path}` was stopped on request")]
    Aborted {
        /// What was being worked on.
        path: String,
    },
}

impl Error {
    /// Whether the progress callback ended the work, so that a caller can tell an abort from a fault.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        match self {
            Self::Aborted { .. } => true,
            Self::Several { all } => all.iter().any(Self::is_aborted),
            _ => false,
        }
    }

    /// Whether the content itself is wrong, and not the system that reads or writes it: a corrupt or foreign
    /// payload stays wrong when it is tried again.
    #[must_use]
    pub fn is_mismatch(&self) -> bool {
        match self {
            Self::Digest { .. }
            | Self::Patch { .. }
            | Self::OtherBase { .. }
            | Self::Member { .. }
            | Self::Content { .. }
            | Self::Manifest { .. }
            | Self::Path { .. }
            | Self::Twins { .. }
            | Self::Link { .. } => true,
            // The decompressor's own errors, and an end that comes too early, are faults of the data.
            Self::Unpack { source, .. } => source.raw_os_error().is_none(),
            Self::Several { all } => all.iter().any(Self::is_mismatch),
            Self::Root { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::NotUtf8 { .. }
            | Self::Special { .. }
            | Self::HostOwned { .. }
            | Self::Pattern { .. }
            | Self::Empty { .. }
            | Self::Changed { .. }
            | Self::ManifestIo { .. }
            | Self::Pack { .. }
            | Self::Occupied { .. }
            | Self::Threads { .. }
            | Self::Aborted { .. } => false,
        }
    }

    /// Nothing for none, the one, or [`Self::Several`]; an abort counts for all.
    pub(crate) fn of_all(mut all: Vec<Self>) -> Result<(), Self> {
        if let Some(at) = all.iter().position(Self::is_aborted) {
            return Err(all.swap_remove(at));
        }
        match all.len() {
            0 => Ok(()),
            1 => all.pop().map_or(Ok(()), Err),
            _ => Err(Self::Several { all }),
        }
    }

    pub(crate) fn read(path: &str, source: impl Into<io::Error>) -> Self {
        Self::Read { path: shown(path), source: source.into() }
    }

    pub(crate) fn write(path: &str, source: impl Into<io::Error>) -> Self {
        Self::Write { path: shown(path), source: source.into() }
    }

    pub(crate) fn unpack(path: &str, source: io::Error) -> Self {
        Self::Unpack { path: shown(path), source }
    }

    pub(crate) fn aborted(path: &str) -> Self {
        Self::Aborted { path: shown(path) }
    }
}

/// A path from outside, fit for an error: shortened, control characters escaped.
pub(crate) fn shown(path: &str) -> String {
    let mut text = String::new();
    for c in path.chars().take(300) {
        if c.is_control() {
            text.extend(c.escape_debug());
        } else {
            text.push(c);
        }
    }
    text
}

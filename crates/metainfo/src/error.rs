//! What can be wrong with a torrent or with the files it describes.

use std::path::PathBuf;

use crate::limits::{MAX_PIECE, MIN_PIECE};

/// Every way in which reading, building or checking a torrent fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file holds a torrent with a fault.
    #[error("torrent `{}` is refused: {source}", .path.display())]
    Torrent {
        /// The `.torrent`.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// More bytes than a torrent may have.
    #[error("`{what}` is larger than the {limit} that are read")]
    TooLarge {
        /// The file or field.
        what: String,
        /// The bound, with its unit.
        limit: String,
    },
    /// Not bencode (BEP 3), or bencode that is not canonical.
    #[error("`{field}` is not canonical bencode: {reason}")]
    Bencode {
        /// The part that was being read.
        field: String,
        /// The decoder's words.
        reason: String,
    },
    /// A field that must be there is not.
    #[error("field `{field}` is missing")]
    Missing {
        /// Its key, with the keys around it.
        field: String,
    },
    /// A field has another type or range than BEP 3 gives it.
    #[error("field `{field}` is not {expected}")]
    Field {
        /// Its key, with the keys around it.
        field: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A name or path that could lead outside the download directory or that no file system takes.
    #[error("path `{path}` is not safe: {reason}")]
    UnsafePath {
        /// The path, control characters escaped.
        path: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// One path twice: this ends the rtorrent process that loads it.
    #[error("path `{path}` is listed twice")]
    DuplicatePath {
        /// The path.
        path: String,
    },
    /// A path is a file and a directory at once: this ends the rtorrent process that loads it.
    #[error("path `{path}` is listed as a file, and files are listed beneath it")]
    PathClash {
        /// The path that is both.
        path: String,
    },
    /// The number of piece hashes does not fit the sizes.
    #[error("`{name}` has {found} piece hashes where its {bytes} bytes need {expected}")]
    PieceCount {
        /// Name in the info dict.
        name: String,
        /// Sum of the file sizes.
        bytes: u64,
        /// Pieces for that many bytes.
        expected: u64,
        /// Pieces listed.
        found: u64,
    },
    /// No byte in any file: rtorrent refuses such a torrent.
    #[error("`{name}` has no content: a torrent needs at least one byte")]
    Empty {
        /// Name in the info dict.
        name: String,
    },
    /// Not a usable piece length.
    #[error("piece length `{text}` is not a power of two from {} KiB to {} MiB", MIN_PIECE >> 10, MAX_PIECE >> 20)]
    PieceLength {
        /// What was given.
        text: String,
    },
    /// Not a usable announce URL. The URL is shown without its path, which may hold a passkey.
    #[error("announce URL `{url}` is refused: {reason}")]
    Announce {
        /// The redacted URL.
        url: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// A file could not be read.
    #[error("cannot read `{}`: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A file is not the size it had when it was listed.
    #[error("`{}` changed while it was hashed: {expected} bytes expected, {found} found", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// Size when listed.
        expected: u64,
        /// Size now.
        found: u64,
    },
    /// A file is not the one that was listed, or was written to since.
    #[error("`{}` changed while it was hashed", .path.display())]
    Touched {
        /// The file.
        path: PathBuf,
    },
    /// The threads that hash could not be started.
    #[error("cannot start the hashing threads for `{name}`: {reason}")]
    Threads {
        /// What should have been hashed.
        name: String,
        /// The system's answer.
        reason: String,
    },
    /// The progress callback asked to stop.
    #[error("hashing of `{name}` was stopped on request")]
    Aborted {
        /// What was being hashed.
        name: String,
    },
}

impl Error {
    pub(crate) fn bencode(field: &str, error: impl std::fmt::Display) -> Self {
        Self::Bencode { field: field.into(), reason: error.to_string() }
    }

    /// Whether the progress callback ended the work, so that a caller can tell an abort from a fault.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        matches!(self, Self::Aborted { .. })
    }
}

//! What was asked for, checked as far as it can be without looking at the site.

use metainfo::{AnnounceUrl, PieceLength};
use payload::WalkOptions;
use record::ReleaseId;
use std::path::PathBuf;

/// Everything a pack depends on but the tree itself and the environment.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) site: PathBuf,
    pub(crate) records: PathBuf,
    pub(crate) copy: Option<RecordCopy>,
    pub(crate) release_id: Option<ReleaseId>,
    pub(crate) layout: LayoutSettings,
    /// Nothing: chosen for the size.
    pub(crate) piece_length: Option<PieceLength>,
    pub(crate) private: bool,
    pub(crate) source: Option<String>,
    pub(crate) announce: Option<AnnounceUrl>,
    pub(crate) walk: WalkOptions,
    pub(crate) base: Option<PathBuf>,
}

/// How the payload is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LayoutSettings {
    /// One archive.
    Archive {
        /// zstd level.
        level: i32,
    },
    /// The plain files.
    Tree,
}

/// Where else the record goes.
#[derive(Debug)]
pub(crate) enum RecordCopy {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

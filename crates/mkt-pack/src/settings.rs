//! What was asked for, checked as far as it can be without looking at the site.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use metainfo::{AnnounceUrl, Builder, PieceLength};
use payload::WalkOptions;
use record::ReleaseId;

/// Everything a release depends on but the tree itself and the environment.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) site: PathBuf,
    pub(crate) records: PathBuf,
    /// Where the torrent goes beside the folder of records.
    pub(crate) torrent_file: Option<NewFile>,
    pub(crate) copy: Option<RecordCopy>,
    pub(crate) release_id: Option<ReleaseId>,
    pub(crate) layout: LayoutSettings,
    pub(crate) torrent: TorrentSettings,
    pub(crate) walk: WalkOptions,
    pub(crate) base: Base,
}

/// What the torrent says beside its content.
#[derive(Debug)]
pub(crate) struct TorrentSettings {
    /// Nothing: chosen.
    pub(crate) piece_length: Option<PieceLength>,
    pub(crate) private: bool,
    pub(crate) source: Option<String>,
    /// Tiers.
    pub(crate) announce: Vec<Vec<AnnounceUrl>>,
    pub(crate) comment: Option<String>,
    pub(crate) web_seeds: Vec<String>,
    /// Threads that hash, at most.
    pub(crate) threads: Option<NonZeroUsize>,
}

impl TorrentSettings {
    /// A builder that knows all of this; it has no tracker if none was given.
    pub(crate) fn builder(&self, name: &str, piece_length: PieceLength) -> Builder {
        Builder::new(name, piece_length)
            .private(self.private)
            .source(self.source.clone())
            .announce_list(self.announce.clone())
            .comment(self.comment.clone())
            .web_seeds(self.web_seeds.clone())
            .threads(self.threads)
            .created_by(concat!("mkt-pack ", env!("CARGO_PKG_VERSION")))
    }
}

/// Where an output outside the folder of records goes.
#[derive(Debug, Clone)]
pub(crate) struct NewFile {
    pub(crate) path: PathBuf,
    /// Whether one that is there is replaced.
    pub(crate) force: bool,
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

/// The release before, from which what did not change inherits its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    /// The last one that was packed into this folder of records, if there is one.
    Last,
    /// What was named: a record, or a file of manifests; `-` is standard input.
    Named(PathBuf),
    /// None: everything gets the release's time.
    None,
}

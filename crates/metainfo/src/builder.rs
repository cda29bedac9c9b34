//! Making a torrent from files.

use std::num::NonZeroUsize;
use std::path::Path;

use crate::file::encode;
use crate::hashing::pieces::hash_with;
use crate::info_dict::info::CheckedContent;
use crate::{AnnounceUrl, Content, Error, FileEntry, Info, Metainfo, PieceLength, Progress, SourceFile};

/// Collects what a torrent shall say, then hashes the files. Without a date or a mark, equal input gives
/// equal bytes.
#[derive(Clone, Debug)]
pub struct Builder {
    name: String,
    piece_length: PieceLength,
    private: bool,
    source: Option<String>,
    announce: Vec<Vec<AnnounceUrl>>,
    created_by: Option<String>,
    comment: Option<String>,
    creation_date: Option<u64>,
    web_seeds: Vec<String>,
    cross_seed: Option<String>,
    threads: Option<NonZeroUsize>,
}

impl Builder {
    /// `name` is the file or directory that clients will create.
    #[must_use]
    pub fn new(name: impl Into<String>, piece_length: PieceLength) -> Self {
        let name = name.into();
        Self {
            name,
            piece_length,
            private: false,
            source: None,
            announce: Vec::new(),
            created_by: None,
            comment: None,
            creation_date: None,
            web_seeds: Vec::new(),
            cross_seed: None,
            threads: None,
        }
    }

    /// Sets the private flag (BEP 27); part of the infohash.
    #[must_use]
    pub fn private(mut self, private: bool) -> Self {
        self.private = private;
        self
    }

    /// Sets the tracker's mark; part of the infohash.
    #[must_use]
    pub fn source(mut self, source: Option<String>) -> Self {
        self.source = source;
        self
    }

    /// Sets the tracker; not part of the infohash.
    #[must_use]
    pub fn announce(mut self, url: Option<AnnounceUrl>) -> Self {
        self.announce = url.map(|url| vec![vec![url]]).unwrap_or_default();
        self
    }

    /// Sets tiers of trackers (BEP 12); not part of the infohash. One URL in all makes no `announce-list`.
    #[must_use]
    pub fn announce_list(mut self, tiers: Vec<Vec<AnnounceUrl>>) -> Self {
        self.announce = tiers;
        self
    }

    /// Sets a text about the torrent; not part of the infohash.
    #[must_use]
    pub fn comment(mut self, text: Option<String>) -> Self {
        self.comment = text;
        self
    }

    /// Sets when the torrent was made, in seconds since 1970; not part of the infohash. Without it equal input gives
    /// equal bytes.
    #[must_use]
    pub fn creation_date(mut self, seconds: Option<u64>) -> Self {
        self.creation_date = seconds;
        self
    }

    /// Sets where the content can be had over HTTP (BEP 19); not part of the infohash.
    #[must_use]
    pub fn web_seeds(mut self, urls: Vec<String>) -> Self {
        self.web_seeds = urls;
        self
    }

    /// Sets a mark that gives the same content another infohash.
    #[must_use]
    pub fn cross_seed(mut self, mark: Option<String>) -> Self {
        self.cross_seed = mark;
        self
    }

    /// Sets who made the torrent; not part of the infohash.
    #[must_use]
    pub fn created_by(mut self, text: impl Into<String>) -> Self {
        self.created_by = Some(text.into());
        self
    }

    /// Hashes with at most this many threads. `None`: as many as keep the disk and the cores busy.
    #[must_use]
    pub fn threads(mut self, most: Option<NonZeroUsize>) -> Self {
        self.threads = most;
        self
    }

    /// A torrent of one file, hashed now.
    ///
    /// # Errors
    /// A file that cannot be read, is empty, or changes meanwhile; an unsafe name; an abort.
    pub fn from_file(self, path: &Path, progress: &Progress<'_>) -> Result<Metainfo, Error> {
        let metadata = std::fs::metadata(path).map_err(|source| Error::Read { path: path.into(), source })?;
        let length = metadata.len();
        let files = [SourceFile { root: path, path: "", length, stamp: None }];
        self.hashed(&files, || Content::File { length }, progress)
    }

    /// A torrent of the files below `root`, hashed now, listed in mktorrent's order: bytewise by whole path, so that
    /// `a-b/x` and `a.b` come before `a/x`.
    ///
    /// # Errors
    /// A file that cannot be read or changes meanwhile; an unsafe or clashing path; no content; an abort.
    pub fn from_tree(
        self,
        root: &Path,
        files: &[FileEntry],
        progress: &Progress<'_>,
    ) -> Result<Metainfo, Error> {
        self.from_sources(
            files.iter().map(|file| SourceFile { root, path: &file.path, length: file.length, stamp: None }),
            progress,
        )
    }

    /// The same of files that may be known by their [`Stamp`](crate::Stamp), and must then still be what they were.
    ///
    /// # Errors
    /// Those of [`Self::from_tree`], and [`Error::Touched`].
    pub fn from_sources<'a>(
        self,
        files: impl Iterator<Item = SourceFile<'a>>,
        progress: &Progress<'_>,
    ) -> Result<Metainfo, Error> {
        let mut files: Vec<SourceFile<'a>> = files.collect();
        if !files.is_sorted_by_key(|file| file.path) {
            files.sort_unstable_by_key(|file| file.path);
        }
        let entry = |file: &SourceFile<'_>| FileEntry { path: file.path.into(), length: file.length };
        self.hashed(&files, || Content::Tree { files: files.iter().map(entry).collect() }, progress)
    }

    /// Checks and encodes what the torrent will say of its files on one thread, while others hash them: in a tree of
    /// small files that takes a tenth as long.
    fn hashed(
        self,
        files: &[SourceFile<'_>],
        content: impl FnOnce() -> Content + Send,
        progress: &Progress<'_>,
    ) -> Result<Metainfo, Error> {
        let (name, length, threads) = (&self.name, self.piece_length, self.threads);
        let (checked, pieces) = std::thread::scope(|scope| {
            let check = move || {
                let checked = CheckedContent::new(name.clone(), content())?;
                let encoded = encode::content(checked.content());
                Ok::<_, Error>((checked, encoded))
            };
            let checking = std::thread::Builder::new().spawn_scoped(scope, check);
            let pieces = hash_with(name, files, length, threads, progress);
            let failed = |reason| Error::Threads { name: name.clone(), reason };
            let checking = checking.map_err(|error| failed(error.to_string()))?;
            let checked =
                checking.join().map_err(|_| failed("the thread that checks the paths died".into()))?;
            Ok::<_, Error>((checked, pieces))
        })?;
        // A path that no torrent can hold says more than a file that could not be read.
        let (checked, encoded) = checked?;
        let info = Info::of_checked(checked, length, pieces?)?
            .with_private(self.private)
            .with_source(self.source)?
            .with_cross_seed(self.cross_seed);
        let mut torrent = Metainfo::with_encoded(info, encoded)?.with_web_seeds(&self.web_seeds)?;
        if let Some(created_by) = &self.created_by {
            torrent = torrent.with_created_by(created_by)?;
        }
        if let Some(comment) = &self.comment {
            torrent = torrent.with_comment(comment)?;
        }
        if let Some(seconds) = self.creation_date {
            torrent = torrent.with_creation_date(seconds);
        }
        torrent.announced(&self.announce)
    }
}

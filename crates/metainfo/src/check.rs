//! Whether what is on disk is what the torrent describes.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use rayon::prelude::*;

use crate::hashing::pieces::{Job, TOGETHER};
use crate::hashing::spans::Spans;
use crate::hashing::threads::pool;
use crate::{Content, Error, Metainfo, Progress, SourceFile};

/// What a check found. Files that are on disk and not in the torrent are not looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the torrent's order; empty when everything is there and whole.
    pub damaged: Vec<DamagedFile>,
    /// Indexes of the pieces that are not what they should be, or could not be proved.
    pub bad_pieces: Vec<u64>,
}

/// A file that is not as the torrent says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedFile {
    /// Path in the torrent; the torrent's name for a torrent of one file.
    pub path: String,
    /// What is wrong with it.
    pub damage: Damage,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It is not there.
    Missing,
    /// Something else is there: a directory, a link, a device.
    NotAFile,
    /// It has another size.
    Size {
        /// Bytes in the torrent.
        expected: u64,
        /// Bytes on disk.
        found: u64,
    },
    /// So many of its pieces have another hash. The fault may lie in a file that shares the piece.
    Content {
        /// Pieces.
        bad_pieces: u64,
    },
    /// It may be whole, but shares a piece with a file that is missing or has another size.
    Unproved,
}

impl Report {
    /// Whether everything is there and whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damaged.is_empty() && self.bad_pieces.is_empty()
    }
}

impl Metainfo {
    /// Hashes what is on disk piece by piece. `location` is the file itself, or the directory that holds the files.
    ///
    /// Links are not followed in the last component of a path.
    ///
    /// # Errors
    /// [`Error::Read`] for a file that is there and cannot be read, which says nothing about its content;
    /// [`Error::Changed`] for one that changes its size meanwhile; [`Error::Aborted`].
    pub fn check(&self, location: &Path, progress: &Progress<'_>) -> Result<Report, Error> {
        let info = self.info();
        let file = |path, length| SourceFile { root: location, path, length, stamp: None };
        let files: Vec<_> = match info.content() {
            Content::File { length } => vec![file("", *length)],
            Content::Tree { files } => {
                files.iter().map(|entry| file(entry.path.as_str(), entry.length)).collect()
            }
        };
        let spans = Spans::new(&files, info.piece_length());
        let pool = pool(info.name(), None)?;
        let seen = pool.install(|| {
            let files = files.par_iter().with_min_len(TOGETHER).enumerate();
            files.map(|(index, file)| Ok((index, look(file)?))).collect::<Result<Vec<_>, Error>>()
        })?;
        let damaged = seen.into_iter().filter_map(|(index, damage)| Some((index, damage?)));
        let mut damage: BTreeMap<_, _> = damaged.collect();
        // What is not there in full is bad without being read.
        let whole = |piece| !spans.of_piece(piece).any(|span| damage.contains_key(&span.file));
        let job = Job { name: info.name(), files: &files, spans: &spans, progress };
        let found: BTreeMap<_, _> = job.run(&pool, whole)?.into_iter().collect();
        let bad = (0_u64..).zip(info.pieces()).filter(|(piece, expected)| found.get(piece) != Some(expected));
        let bad_pieces: Vec<u64> = bad.map(|(piece, _)| piece).collect();
        for &piece in &bad_pieces {
            let unproved = spans.of_piece(piece).any(|span| {
                damage
                    .get(&span.file)
                    .is_some_and(|d| !matches!(d, Damage::Content { .. } | Damage::Unproved))
            });
            for span in spans.of_piece(piece) {
                let entry = damage.entry(span.file);
                if unproved {
                    entry.or_insert(Damage::Unproved);
                    continue;
                }
                match entry.or_insert(Damage::Unproved) {
                    Damage::Content { bad_pieces } => *bad_pieces += 1,
                    other => *other = Damage::Content { bad_pieces: 1 },
                }
            }
        }
        let damaged = damage.into_iter().filter_map(|(index, damage)| {
            let path = files.get(index).map(|file| file.path)?;
            // A torrent of one file calls it by the torrent's own name.
            Some(DamagedFile { path: if path.is_empty() { info.name() } else { path }.into(), damage })
        });
        Ok(Report { damaged: damaged.collect(), bad_pieces })
    }
}

/// What can be seen without reading the file.
fn look(file: &SourceFile<'_>) -> Result<Option<Damage>, Error> {
    let metadata = match fs::symlink_metadata(file.location()) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Some(Damage::Missing));
        }
        Err(source) => return Err(Error::Read { path: file.location(), source }),
    };
    Ok(match metadata.len() {
        _ if !metadata.is_file() => Some(Damage::NotAFile),
        found if found != file.length => Some(Damage::Size { expected: file.length, found }),
        _ => None,
    })
}

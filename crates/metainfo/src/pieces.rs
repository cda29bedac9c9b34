//! Hashing files into pieces, on all cores.

use crate::spans::{Span, Spans};
use crate::{Error, PieceLength, Progress};
use rayon::prelude::*;
use sha1::{Digest, Sha1};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// SHA-1 of one piece.
pub type Piece = [u8; 20];

/// A file on disk that is part of the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where to read it.
    pub path: PathBuf,
    /// The bytes it has; another size when it is read is an error.
    pub length: u64,
}

/// Bytes a read: large enough that system calls do not count, small enough that memory does not.
const READ: usize = 128 * 1024;
/// Readers. A cold page cache wants more of them than there are cores: they hide latency, and cost nothing warm.
const READERS: usize = 8;

/// Hashes the files, laid end to end in the order given, piece by piece and in parallel.
///
/// Memory is a few hundred KiB whatever the piece length, and each thread holds one file open.
///
/// # Errors
/// [`Error::Read`]; [`Error::Changed`] for a file that is not its listed size; [`Error::Aborted`].
pub fn hash_pieces(
    name: &str,
    files: &[SourceFile],
    piece_length: PieceLength,
    progress: &Progress<'_>,
) -> Result<Vec<Piece>, Error> {
    let spans = Spans::new(files, piece_length);
    let pieces = in_pool(name, || {
        // Pieces are handed out in runs so that a thread reads on where it stopped, in a file it has open.
        (0..spans.pieces())
            .into_par_iter()
            .map_init(Reader::default, |reader, piece| {
                let hash = reader.hash(files, spans.of_piece(piece), true)?;
                let bytes = spans.of_piece(piece).map(|span| span.length).sum();
                if progress(bytes) { Ok(hash) } else { Err(Error::Aborted { name: name.into() }) }
            })
            .collect::<Result<Vec<_>, _>>()
    })??;
    // Files that were empty when listed are in no piece; one that has grown since would be lost without a word.
    files.par_iter().filter(|file| file.length == 0).try_for_each(|file| {
        let metadata = std::fs::metadata(&file.path);
        let found = metadata.map_err(|source| Error::Read { path: file.path.clone(), source })?.len();
        match found {
            0 => Ok(()),
            _ => Err(Error::Changed { path: file.path.clone(), expected: 0, found }),
        }
    })?;
    Ok(pieces)
}

/// Runs the work on threads of its own, more than rayon's default, which counts cores.
pub(crate) fn in_pool<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(cores.max(READERS)).build();
    let pool = pool.map_err(|error| Error::Threads { name: name.into(), reason: error.to_string() })?;
    Ok(pool.install(work))
}

/// One thread's buffer and the file it read last.
#[derive(Default)]
pub(crate) struct Reader {
    buffer: Vec<u8>,
    open: Option<(usize, File)>,
}

impl Reader {
    /// Hashes the spans of one piece. With `exact`, a file whose end is reached must end there.
    pub(crate) fn hash(
        &mut self,
        files: &[SourceFile],
        spans: impl Iterator<Item = Span>,
        exact: bool,
    ) -> Result<Piece, Error> {
        self.buffer.resize(READ, 0);
        let mut hasher = Sha1::new();
        for span in spans {
            let Some(source) = files.get(span.file) else { continue };
            let read = |error| Error::Read { path: source.path.clone(), source: error };
            let file = match self.open.take() {
                Some((index, file)) if index == span.file => file,
                _ => File::open(&source.path).map_err(read)?,
            };
            let (mut offset, end) = (span.offset, span.offset + span.length);
            while offset < end {
                let wanted = usize::try_from(end - offset).unwrap_or(READ).min(READ);
                let got = match self.buffer.get_mut(..wanted) {
                    Some(part) => file.read_at(part, offset).map_err(read)?,
                    None => 0,
                };
                if got == 0 {
                    return Err(Error::Changed {
                        path: source.path.clone(),
                        expected: source.length,
                        found: offset,
                    });
                }
                hasher.update(self.buffer.get(..got).unwrap_or_default());
                offset += got as u64;
            }
            if exact && end == source.length {
                let found = file.metadata().map_err(read)?.len();
                if found != source.length {
                    return Err(Error::Changed { path: source.path.clone(), expected: source.length, found });
                }
            }
            self.open = Some((span.file, file));
        }
        Ok(hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn write(dir: &std::path::Path, contents: &[Vec<u8>]) -> Vec<SourceFile> {
        contents
            .iter()
            .enumerate()
            .map(|(index, content)| {
                let path = dir.join(index.to_string());
                std::fs::write(&path, content).unwrap();
                SourceFile { path, length: content.len() as u64 }
            })
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn equals_hashing_the_concatenation(
            contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40_000), 0..8),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let files = write(dir.path(), &contents);
            let pieces = hash_pieces("x", &files, PieceLength::MIN, &|_| true).unwrap();
            let expected: Vec<Piece> =
                contents.concat().chunks(16_384).map(|piece| Sha1::digest(piece).into()).collect();
            prop_assert_eq!(pieces, expected);
        }
    }

    #[test]
    fn a_file_longer_shorter_or_no_longer_empty_has_changed() {
        let dir = tempfile::tempdir().unwrap();
        for (listed, actual) in [(5, 4), (5, 6), (0, 1), (16_384, 16_385), (20_000, 16_384)] {
            let mut files = write(dir.path(), &[vec![1; 10], vec![2; actual], vec![3; 10]]);
            files[1].length = listed;
            let error = hash_pieces("x", &files, PieceLength::MIN, &|_| true).unwrap_err();
            assert!(matches!(&error, Error::Changed { path, .. } if path.ends_with("1")), "{error}");
        }
    }

    #[test]
    fn names_the_file_it_cannot_read() {
        let files = [SourceFile { path: "/nonexistent/file".into(), length: 1 }];
        let error = hash_pieces("x", &files, PieceLength::MIN, &|_| true).unwrap_err();
        assert!(error.to_string().contains("`/nonexistent/file`"), "{error}");
    }

    #[test]
    fn reports_every_byte_once_and_stops_on_request() {
        let dir = tempfile::tempdir().unwrap();
        let files = write(dir.path(), &[vec![0; 100_000], vec![1; 3]]);
        let seen = std::sync::atomic::AtomicU64::new(0);
        hash_pieces("x", &files, PieceLength::MIN, &|n| {
            seen.fetch_add(n, std::sync::atomic::Ordering::Relaxed);
            true
        })
        .unwrap();
        assert_eq!(seen.into_inner(), 100_003);
        assert!(hash_pieces("x", &files, PieceLength::MIN, &|_| false).unwrap_err().is_aborted());
    }
}
